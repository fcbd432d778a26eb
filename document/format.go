// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"path/filepath"
	"strings"
)

// kind is a kind of file: how its bytes become documents.
type kind uint8

const (
	unread kind = iota // not a kind that is read
	plainFile
	markdownFile
	codeFile
	htmlFile
	pdfFile
	docxFile
	jsonLines // rows: many documents in a file, read as a stream
	csvRows
	tsvRows
)

// rows reports whether files of the kind hold many documents.
func (k kind) rows() bool { return k >= jsonLines }

// kindsRead names the kinds in error messages.
const kindsRead = "Markdown, text, HTML, PDF, DOCX, CSV, JSON lines or source code"

// walked are the extensions read wherever they are found; named those read only when the user named the file: data and
// settings, of which folders are full.
var walked, named = extensions(map[kind]string{
	markdownFile: "md markdown mdown mkd",
	plainFile:    "txt text rst adoc asciidoc org tex textile wiki",
	htmlFile:     "html htm xhtml",
	pdfFile:      "pdf",
	docxFile:     "docx",
	jsonLines:    "jsonl ndjson",
	csvRows:      "csv",
	tsvRows:      "tsv",
	codeFile: `asm bash c cc cjs clj cpp cs cxx dart erl ex exs fish go graphql h hh hpp hs java jl js jsx kt kts lisp lua m mjs
		ml mli nim pas php pl pm proto ps1 py pyi r rb rs s scala sh sql svelte swift tcl tf ts tsx vue zig zsh`,
}), extensions(map[kind]string{
	plainFile: "bib cfg cmake conf css diff env gradle ini json log nix patch properties scss srt toml vtt xml yaml yml",
})

func extensions(lists map[kind]string) map[string]kind {
	m := map[string]kind{}
	for k, list := range lists {
		for ext := range strings.FieldsSeq(list) {
			m[ext] = k
		}
	}
	return m
}

// extension is the extension in lower case and without its dot. .bashrc has a name, not an extension. Files of rows may
// be compressed: gz is true for x.jsonl.gz, whose extension is jsonl.
func extension(path string) (ext string, gz bool) {
	name := strings.ToLower(filepath.Base(path))
	if rest, ok := strings.CutSuffix(name, ".gz"); ok {
		if e := strings.TrimPrefix(filepath.Ext(rest), "."); walked[e].rows() {
			return e, true
		}
	}
	dot := filepath.Ext(name)
	if dot == name {
		return "", false
	}
	return strings.TrimPrefix(dot, "."), false
}

// kindOf says how a path is read. Files without an extension (LICENSE, Makefile) count as plain text when named.
func kindOf(path string, isNamed bool) kind {
	ext, _ := extension(path)
	if k := walked[ext]; k != unread || !isNamed {
		return k
	}
	if ext == "" {
		return plainFile
	}
	return named[ext]
}

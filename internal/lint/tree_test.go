// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lint

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// modulePath is the import path of the repository's root.
const modulePath = "github.com/winnow-search/winnow"

// source is one text file somebody wrote: not generated, not test data. Paths are relative to the root, with slashes.
type source struct {
	path string
	text string
}

// lines returns the text's lines without their ends.
func (s source) lines() []string { return strings.Split(strings.TrimSuffix(s.text, "\n"), "\n") }

// is reports whether the file has one of the extensions.
func (s source) is(extensions ...string) bool {
	for _, e := range extensions {
		if path.Ext(s.path) == e {
			return true
		}
	}
	return false
}

// written are the extensions of files people write; files without extension count if they are listed.
var written = map[string]bool{
	".go": true, ".py": true, ".md": true, ".sh": true, ".yml": true, ".yaml": true, ".mod": true, ".txt": true,
	".html": true, ".css": true, ".js": true, "Makefile": true, "run": true, "NOTICE": true, "LICENSE": true,
	".gitignore": true, ".gitattributes": true, ".editorconfig": true,
}

// skipped are directories with nothing written by hand in them.
var skipped = map[string]bool{".git": true, ".cache": true, "bin": true, "dist": true, "testdata": true, ".winnow": true, "__pycache__": true}

// sources reads every written file of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	found, err := walk(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	// A rule that reads nothing finds nothing.
	if len(found) < 20 {
		t.Fatalf("only %d files below %s: is this the repository?", len(found), root)
	}
	return found
}

func walk(root fs.FS) ([]source, error) {
	var found []source
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() {
			if name != "." && skipped[base] {
				return fs.SkipDir
			}
			return nil
		}
		if !written[base] && !written[path.Ext(base)] {
			return nil
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if generated(data) {
			return nil
		}
		found = append(found, source{path: name, text: string(data)})
		return nil
	})
	return found, err
}

// generated reports whether the file says so in the form that Go tools look for.
func generated(data []byte) bool {
	head := data[:min(len(data), 2048)]
	for line := range bytes.Lines(head) {
		if bytes.HasPrefix(line, []byte("// Code generated ")) && bytes.HasSuffix(bytes.TrimSpace(line), []byte(" DO NOT EDIT.")) {
			return true
		}
	}
	return false
}

// report fails the test once for every complaint.
func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}

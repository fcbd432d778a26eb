// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/winnow-search/winnow/index/segment"
)

// waitFor FILE REGEXP waits until a file that something in the background writes matches.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE REGEXP")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	const patience = 2 * time.Minute // for a machine with much else to do; it fails in the end instead of hanging
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && pattern.Match(data) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s has no match for %s after %s:\n%s", args[0], args[1], patience, data)
		}
	}
}

// flip DB SECTION changes one bit in the middle of a section of an index's only segment.
func flipBit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip DB SECTION")
	}
	names, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "seg-*.win"))
	ts.Check(err)
	if len(names) != 1 {
		ts.Fatalf("%s: %d segments, want one", args[0], len(names))
	}
	data, err := os.ReadFile(names[0])
	ts.Check(err)
	f, err := segment.OpenBytes(names[0], data)
	ts.Check(err)
	section, err := f.Section(args[1])
	ts.Check(err)
	at := section.Corrupt(section.Len()/2, io.ErrUnexpectedEOF).Offset
	ts.Check(f.Close())
	data[at] ^= 0x10
	ts.Check(os.WriteFile(names[0], data, 0o644))
}

// zipbomb FILE writes a DOCX file of some hundred kilobytes that unpacks to 128 MiB.
func zipBomb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: zipbomb FILE")
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
	} {
		w, err := z.Create(name)
		ts.Check(err)
		_, err = io.WriteString(w, text)
		ts.Check(err)
	}
	w, err := z.Create("word/document.xml")
	ts.Check(err)
	_, err = io.WriteString(w, `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>`)
	ts.Check(err)
	mebibyte := []byte(strings.Repeat("boom ", 1<<20/5))
	for range 128 {
		_, err = w.Write(mebibyte)
		ts.Check(err)
	}
	_, err = io.WriteString(w, `</w:t></w:r></w:p></w:body></w:document>`)
	ts.Check(err)
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o644))
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
)

// A document that `winnow index` would refuse as a row is exported, and named.
func TestExportNamesLinesThatAreTooLong(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	e, err := winnow.Open(dir, winnow.Models("", ""))
	if err != nil {
		t.Fatal(err)
	}
	long := "a" + strings.Repeat("\x01", document.DefaultMaxLine/len(`\u0001`)) // short as a text
	if err := e.Add(t.Context(), winnow.Document{ID: "long", Text: long}, winnow.Document{ID: "short", Text: long[1<<10:]}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var out, messages bytes.Buffer
	a := &app{stdout: term.New(&out), stderr: term.New(&messages)}
	root := a.root()
	root.SetArgs([]string{"export", "--db", dir})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.stdout.Flush(); err != nil {
		t.Fatal(err)
	}
	var tooLong, read int
	for line := range strings.Lines(out.String()) {
		if _, err := document.ReadLines(strings.NewReader(line), document.LineOptions{}); err != nil {
			tooLong++
		} else {
			read++
		}
	}
	if tooLong != 1 || read != 1 || strings.Count(messages.String(), "warning: document ") != 1 || !strings.Contains(messages.String(), `"long" is a line of 16.8 MB`) {
		t.Errorf("%d lines too long, %d read, printed:\n%s", tooLong, read, messages.String())
	}
}

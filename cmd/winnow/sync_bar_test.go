// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// The bar says how much is done, how fast, and how long the rest takes, in any width.
func TestSyncBarLine(t *testing.T) {
	a := &app{stderr: term.New(&bytes.Buffer{})}
	b := a.newSyncBar()
	b.begin()
	b.update(winnow.SyncProgress{Phase: "scan", Files: 12, Current: "notes/a.md"})
	now := b.phase.Add(10 * time.Second)
	if got := b.line(now, 80); got != "looking at 12 files · notes/a.md" {
		t.Errorf("%q", got)
	}
	s := winnow.SyncProgress{Phase: "index", Files: 3, Total: 8, AllBytes: 1000, Passages: 100}
	b.update(s)
	s.Bytes, s.Passages, s.Batches = 250, 200, 1 // a batch is safe
	b.update(s)
	now = b.phase.Add(10 * time.Second)
	if got := b.line(now, 80); got != "indexing █████░░░░░░░░░░░░░░░ · 3/8 files · 200 passages, 20/s · 30s left" {
		t.Errorf("%q", got)
	}
	s.Bytes, s.Current = 750, "notes/a/long/path/to/a/file.md" // read, and half of it encoded
	b.update(s)
	b.encoded(50, 100)
	if got := b.line(now, 110); got != "indexing ██████████░░░░░░░░░░ · 3/8 files · 250 passages, 25/s · 10s left · notes/a/long/path/to/a/file.md" {
		t.Errorf("%q", got)
	}
	if got := b.line(now, 90); !strings.HasSuffix(got, "left · …/to/a/file.md") || term.Width(got) > 90 {
		t.Errorf("%q", got)
	}
	for columns := 1; columns < 120; columns++ {
		if got := b.line(now, columns); term.Width(got) > columns {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
	b.update(winnow.SyncProgress{Phase: "merge", Merged: 1000, Merging: 4000})
	if got := b.line(b.phase.Add(2*time.Second), 80); got != "merging  █████░░░░░░░░░░░░░░░ · 1,000 of 4,000 vectors · 6s left" {
		t.Errorf("%q", got)
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// One pass finds the rows that lie in the part held out, whichever part that turns out to be, and counts all others.
func TestHeldOutRowsAreFoundInOnePass(t *testing.T) {
	const rows, holdOut = 3000, 150
	var files [2]bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&files[i%2], "{\"query\":\"q%d\",\"positive\":\"p%d\"}\n", i/3, i)
	}
	var paths []string
	for i := range files {
		paths = append(paths, filepath.Join(t.TempDir(), fmt.Sprintf("%d.jsonl", i)))
		if err := os.WriteFile(paths[i], files[i].Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := 0
	f := trainFlags{holdOut: holdOut, seed: 5}
	r, err := f.splitRows(t.Context(), paths, func(n int) { read = n })
	if err != nil {
		t.Fatal(err)
	}
	held, trained, counts := map[string]bool{}, 0, map[string]int{}
	for _, row := range r.held {
		held[row.Anchor] = true
	}
	for row, err := range r.rows() {
		if err != nil {
			t.Fatal(err)
		}
		if held[row.Anchor] {
			t.Fatalf("%s is trained on and measured on", row.Anchor)
		}
		trained++
		counts[row.Place.File]++
	}
	want := 0
	for i := range rows {
		if share(fmt.Sprintf("q%d", i/3), 5) < float64(holdOut)/rows {
			want++
		}
	}
	if read != rows || trained+len(r.held) != rows || r.left != trained || len(r.held) != want {
		t.Errorf("%d rows read, %d of %d trained on, %d of %d held out", read, trained, r.left, len(r.held), want)
	}
	if math.Abs(float64(len(r.held)-holdOut)) > 60 {
		t.Errorf("%d rows held out, about %d were asked for", len(r.held), holdOut)
	}
	for _, d := range r.sources(append(paths, paths[0]), counts, &licences{others: "CC0"}) {
		if d.Rows != rows/2 || d.Licence != "CC0" {
			t.Errorf("%+v", d)
		}
	}
	f.holdOut = rows
	if _, err := f.splitRows(t.Context(), paths, func(int) {}); err == nil || !strings.Contains(err.Error(), "3000 of 3000 rows") {
		t.Errorf("all rows held out: %v", err)
	}
}

func TestRowsReadLine(t *testing.T) {
	for _, tt := range []struct {
		done, total int
		want        string
	}{
		{1, 0, "1 row read"},
		{250_000, 0, "250,000 rows read · 25,000/s"},
		{250_000, 1_000_000, "250,000 of 1,000,000 rows read · 25,000/s · 30s left"},
	} {
		took := 10 * time.Second
		if tt.done == 1 {
			took = 400 * time.Millisecond
		}
		if got := strings.Join(rowsRead(tt.done, tt.total, took), " · "); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

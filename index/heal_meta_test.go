// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"os"
	"path/filepath"
	"testing"
)

// TestHealMetaPages damages every byte of both meta pages of index.db.
func TestHealMetaPages(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	makeSpecimen(t, dir, "flat", 16)
	path := filepath.Join(dir, ledgerName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (metaPage, bool) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		m, sure, err := salvageMeta(f)
		if err != nil {
			t.Fatal(err)
		}
		return m, sure
	}
	want, sure := read()
	if !sure {
		t.Fatal("both pages are whole")
	}
	size := want.pageSize
	for _, page := range []int{0, size} {
		for at := page + pageHeader; at < page+pageHeader+metaBytes; at++ {
			patch(t, path, at, whole[at]^0x24)
			if m, sure := read(); !sure || m != want {
				t.Errorf("byte %d: %+v, %v, want %+v", at, m, sure, want)
			}
			patch(t, path, at, whole[at])
		}
		// Two bytes are beyond that, and the other page may be the older one.
		patch(t, path, page+pageHeader+50, whole[page+pageHeader+50]^1)
		patch(t, path, page+pageHeader+51, whole[page+pageHeader+51]^1)
		if _, sure := read(); sure {
			t.Errorf("page at %d: two damaged bytes and no doubt", page)
		}
		replaceFile(t, path, whole)
	}
}

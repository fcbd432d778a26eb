// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestHealContainer damages what a segment file has beside its sections. The healed file is the one that was written.
func TestHealContainer(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	makeSpecimen(t, dir, "hnsw8,int8", 60)
	db, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	record := db.manifest.Segments[0]
	sections := db.current.parts[0].file.Sections()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, record.Name))
	if err != nil {
		t.Fatal(err)
	}
	blocks := (len(whole) - segFooter - segEntry*len(sections) + segBlock - 1) / segBlock
	tables := len(whole) - segFooter - segEntry*len(sections) - 4*blocks
	var places []int
	for at := 0; at < segHeader; at += 5 {
		places = append(places, at)
	}
	for at := tables; at < len(whole); at += 29 {
		places = append(places, at)
	}
	for _, at := range append(places, len(whole)-1, len(whole)-4, len(whole)-5) {
		bad := slices.Clone(whole)
		bad[at] ^= 0x81
		parts, ok := heal(bad, record)
		if !ok || !bytes.Equal(slices.Concat(parts...), whole) {
			t.Errorf("byte %d of %d was not put right", at, len(whole))
		}
	}
	// A longer file, and one without its last bytes, of which the manifest has a copy.
	for _, bad := range [][]byte{append(slices.Clone(whole), 1, 2, 3), whole[:len(whole)-1], whole[:len(whole)-4]} {
		if parts, ok := heal(bad, record); !ok || !bytes.Equal(slices.Concat(parts...), whole) {
			t.Errorf("%d bytes of %d were not put right", len(bad), len(whole))
		}
	}
	// Bytes missing or too many among the sections: everything is at its place again but for the block it happened in.
	for at := segHeader; at < tables-segBlock; at += tables / 40 {
		for name, bad := range map[string][]byte{
			"missing":  slices.Concat(whole[:at], whole[at+3:]),
			"too many": slices.Concat(whole[:at], []byte("xyz"), whole[at:]),
		} {
			parts, ok := heal(bad, record)
			healed := slices.Concat(parts...)
			if !ok || len(healed) != len(whole) {
				t.Errorf("%s bytes at %d: not put right", name, at)
				continue
			}
			from, to := at/segBlock*segBlock, min((at/segBlock+2)*segBlock, len(whole))
			if !bytes.Equal(healed[:from], whole[:from]) || !bytes.Equal(healed[to:], whole[to:]) {
				t.Errorf("%s bytes at %d: more is damaged than a block", name, at)
			}
		}
	}
	if _, ok := heal(bytes.Repeat([]byte{7}, len(whole)), record); ok {
		t.Error("a segment out of nothing")
	}
}

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

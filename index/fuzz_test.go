// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/winnow-search/winnow/internal/vfs"
)

// FuzzRecord reads documents: what is accepted can be cut into its passages.
func FuzzRecord(f *testing.F) {
	e := entry("a", 2, 1)
	b, err := appendRecord(nil, &e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{recordVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseRecord(b)
		if err != nil {
			return
		}
		for i, c := range s.chunks {
			if s.doc.Text[c.Start:c.End] != c.Text {
				t.Fatalf("passage %d is %q", i, c.Text)
			}
		}
	})
}

// FuzzTree reads index.db with a patch somewhere: no panic, no endless loop, and no value that was not written.
func FuzzTree(f *testing.F) {
	dir := f.TempDir()
	makeSpecimen(f, filepath.Join(dir, "db"), "flat", 16)
	whole, err := os.ReadFile(filepath.Join(dir, "db", ledgerName))
	if err != nil {
		f.Fatal(err)
	}
	want, err := newBoltLedger(vfs.OS, filepath.Join(dir, "db")).load()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), []byte{1})
	f.Add(uint16(4096*3), []byte{0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, at uint16, patch []byte) {
		b := bytes.Clone(whole)
		copy(b[int(at)%len(b):], patch)
		l := newBoltLedger(vfs.OS, t.TempDir())
		if err := os.WriteFile(l.path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := l.load()
		if err == nil && m.Generation != want.Generation {
			t.Fatalf("generation %d, want %d", m.Generation, want.Generation)
		}
		_ = l.readTree((*tree).all)
		l.salvage()
	})
}

// FuzzSalvage looks for documents in any bytes.
func FuzzSalvage(f *testing.F) {
	dir := f.TempDir()
	makeSpecimen(f, filepath.Join(dir, "db"), "flat", 16)
	whole, err := os.ReadFile(filepath.Join(dir, "db", "seg-00000005.win"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(zstdMagic)
	reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlockBytes))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		recordsAt(reader, b)
	})
}

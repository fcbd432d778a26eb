// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/internal/vfs"
)

// healSpecimen is a segment file of several sections, one of them apart, and what Finish said of it.
func healSpecimen(t testing.TB) ([]byte, Info) {
	path := filepath.Join(t.TempDir(), "seg")
	w, err := Create(vfs.OS, path)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{100, 9000, 0, 30000, 41} {
		out, err := w.section(string(rune('a'+i)), i == 3)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, n)
		for j := range b {
			b[j] = byte(j*j>>3 + i)
		}
		if _, err := out.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	want, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole, want
}

// TestHealContainer damages what a segment file has beside its sections. The healed file is the one that was written.
func TestHealContainer(t *testing.T) {
	whole, want := healSpecimen(t)
	tables := int(decodeFooter(whole[len(whole)-footerSize:]).dataLen)
	var places []int
	for at := 0; at < headerSize; at += 5 {
		places = append(places, at)
	}
	for at := tables; at < len(whole); at += 29 {
		places = append(places, at)
	}
	for _, at := range append(places, len(whole)-1, len(whole)-4, len(whole)-5) {
		bad := slices.Clone(whole)
		bad[at] ^= 0x81
		parts, ok := heal(bad, want)
		if !ok || !bytes.Equal(slices.Concat(parts...), whole) {
			t.Errorf("byte %d of %d was not put right", at, len(whole))
		}
	}
	// A longer file, and one without its last bytes, of which want has a copy.
	for _, bad := range [][]byte{append(slices.Clone(whole), 1, 2, 3), whole[:len(whole)-1], whole[:len(whole)-4]} {
		if parts, ok := heal(bad, want); !ok || !bytes.Equal(slices.Concat(parts...), whole) {
			t.Errorf("%d bytes of %d were not put right", len(bad), len(whole))
		}
	}
	// Bytes missing or too many among the sections: everything is at its place again but for the block it happened in.
	for at := headerSize; at < tables-blockSize; at += tables / 40 {
		for name, bad := range map[string][]byte{
			"missing":  slices.Concat(whole[:at], whole[at+3:]),
			"too many": slices.Concat(whole[:at], []byte("xyz"), whole[at:]),
		} {
			parts, ok := heal(bad, want)
			healed := slices.Concat(parts...)
			if !ok || len(healed) != len(whole) {
				t.Errorf("%s bytes at %d: not put right", name, at)
				continue
			}
			from, to := at/blockSize*blockSize, min((at/blockSize+2)*blockSize, len(whole))
			if !bytes.Equal(healed[:from], whole[:from]) || !bytes.Equal(healed[to:], whole[to:]) {
				t.Errorf("%s bytes at %d: more is damaged than a block", name, at)
			}
		}
	}
	if _, ok := heal(bytes.Repeat([]byte{7}, len(whole)), want); ok {
		t.Error("a segment out of nothing")
	}
}

// FuzzHeal puts arbitrary bytes right: what comes out is no segment, or opens.
func FuzzHeal(f *testing.F) {
	whole, want := healSpecimen(f)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(slices.Concat(whole[:5000], whole[5003:]))
	f.Fuzz(func(t *testing.T, b []byte) {
		parts, ok := heal(b, want)
		if !ok {
			return
		}
		if healed := slices.Concat(parts...); len(healed) != int(want.Size) {
			t.Errorf("%d bytes, want %d", len(healed), want.Size)
		}
	})
}

// TestOpenDamaged reads through damage of the container and leaves nothing behind.
func TestOpenDamaged(t *testing.T) {
	whole, want := healSpecimen(t)
	tables := int(decodeFooter(whole[len(whole)-footerSize:]).dataLen)
	for name, bad := range map[string][]byte{
		"whole":   whole,
		"header":  slices.Concat([]byte("x"), whole[1:]),
		"padding": slices.Concat(whole[:headerSize+100], []byte{1}, whole[headerSize+101:]),
		"table":   slices.Concat(whole[:tables+3], []byte{whole[tables+3] ^ 8}, whole[tables+4:]),
	} {
		dir := t.TempDir()
		path, scratch := filepath.Join(dir, "seg"), filepath.Join(dir, "scratch")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := OpenDamaged(vfs.OS, path, scratch, want)
		if err != nil || d.File == nil || !bytes.Equal(d.Scan, bad) {
			t.Fatalf("%s: %v, %+v", name, err, d)
		}
		if err := d.File.VerifyAll(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(scratch); err == nil {
			t.Errorf("%s: the copy is left", name)
		}
	}
	d, err := OpenDamaged(vfs.OS, filepath.Join(t.TempDir(), "none"), "", want)
	if err != nil || d.File != nil || d.Err == nil || d.Close() != nil {
		t.Errorf("a missing file: %+v, %v", d, err)
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// TestFlippedBytesOfFile flips bytes of a segment file. No search may answer otherwise than with the answer for the good file or
// with an error that names a place.
func TestFlippedBytesOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "good.win")
	w, err := segment.Create(vfs.OS, path)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(nil)
	for _, r := range zipfRows(5, 3000, 500) {
		if err := b.AddTokens(tokens(r.title), tokens(r.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Write(w); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	q := query("w3 w1 w7 w44 w2~w0")
	search := func(b []byte) ([]Hit, error) {
		file, err := segment.OpenBytes("seg.win", b)
		if err != nil {
			return nil, err
		}
		x, err := Open(file)
		if err != nil {
			return nil, err
		}
		hits, _, err := Search(t.Context(), []Part{{Index: x}}, q, Params{}, 20)
		return hits, err
	}
	want, err := search(good)
	if err != nil || len(want) != 20 {
		t.Fatalf("%d hits, %v", len(want), err)
	}
	caught := 0
	for at := 0; at < len(good); at += max(1, len(good)/300) {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0x10
		got, err := search(bad)
		switch c := (*segment.CorruptionError)(nil); {
		case err == nil:
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("byte %d flipped: %s", at, d)
			}
		case errors.As(err, &c) || errors.Is(err, segment.ErrForeign):
			caught++
		default:
			if v := (*segment.VersionError)(nil); !errors.As(err, &v) {
				t.Fatalf("byte %d flipped: %v", at, err)
			}
		}
	}
	if caught < 20 {
		t.Errorf("only %d of 300 flips were met", caught)
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// TestFlippedBytes changes every byte of a segment file: no question may get another answer without an error.
func TestFlippedBytes(t *testing.T) {
	var b Builder
	docs := []map[string]any{{"s": "en", "n": 1, "b": true, "when": "2020-05-01"}, {"s": []any{"de", "fr"}, "n": 2.5}, {"s": "x", "n": 3, "b": false}}
	for _, meta := range docs {
		if err := b.Add(meta); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "seg-1.win")
	w, err := segment.Create(vfs.OS, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Write(w); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	questions := []string{`s = "en"`, `s > "a"`, `s like "*e*"`, `n >= 2`, `b = true`, `when > 2020-04`, `not exists when`}
	want := answers(t, file, len(docs), questions)
	for i := range want {
		if want[i] == nil {
			t.Fatalf("no answer to %s", questions[i])
		}
	}
	for i := range file {
		file[i] ^= 0x10
		for j, got := range answers(t, file, len(docs), questions) {
			if got != nil && !cmp.Equal(got, want[j]) {
				t.Fatalf("byte %d: %s gives %v, want %v", i, questions[j], got, want[j])
			}
		}
		file[i] ^= 0x10
	}
}

// answers returns the documents for each question, nil where there was an error.
func answers(t *testing.T, file []byte, docs int, questions []string) [][]int {
	t.Helper()
	result := make([][]int, len(questions))
	f, err := segment.OpenBytes("seg-1.win", file)
	if err != nil {
		return result
	}
	c, err := Open(f, docs)
	if err != nil {
		return result
	}
	for i, q := range questions {
		set, err := c.Eval(t.Context(), parse(t, q))
		var corrupt *segment.CorruptionError
		if err != nil && !errors.As(err, &corrupt) {
			t.Fatalf("error %v", err)
		}
		if err == nil {
			result[i] = []int{}
			for d := range set.All() {
				result[i] = append(result[i], d)
			}
		}
	}
	return result
}

func TestConcurrentEval(t *testing.T) {
	m, docs, questions := sample(t)
	c := open(t, m, docs)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, q := range questions {
				if _, err := c.Eval(t.Context(), parse(t, q)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

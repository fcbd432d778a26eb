// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/internal/proctest"
	"github.com/winnow-search/winnow/model"
)

// TestSingleAdditions adds documents one by one while a second engine reads: segments and open files stay few, and closing does not
// wait for what is still to be merged.
func TestSingleAdditions(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(base, "db")
	report := MergeFailed(func(err error) { t.Errorf("a merge failed: %v", err) })
	e, err := Open(dir, model.Pair{}, report)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := Open(dir, model.Pair{}, ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	const docs = 200
	for n := range docs {
		if err := e.Add(t.Context(), Document{ID: fmt.Sprint(n), Text: fmt.Sprintf("Page %d of number%d.", n, n)}); err != nil {
			t.Fatal(err)
		}
		if n%50 == 7 { // in the middle of what goes on behind
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			if e, err = Open(dir, model.Pair{}, report); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := reader.Index().Refresh(); err != nil {
			t.Fatal(err)
		}
		if n := proctest.OpenFiles(t, dir); n > 8 { // the lock, what a commit or a merge is writing
			t.Fatalf("%d files are open", n)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Index().Refresh(); err != nil {
		t.Fatal(err)
	}
	s, err := reader.Index().Stats()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Segments) > 16 || s.Documents != docs {
		t.Errorf("%d segments of %d documents", len(s.Segments), s.Documents)
	}
	for n := range docs {
		r, err := reader.Search(t.Context(), fmt.Sprintf("number%d", n), TopK(1), Rerank(Off))
		if err != nil || len(r.Hits) != 1 || r.Hits[0].ID != fmt.Sprint(n) {
			t.Fatalf("%d: %+v, %v", n, r, err)
		}
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err := index.Check(t.Context(), dir, index.Options{}); err != nil || len(c.Problems) > 0 {
		t.Errorf("%v, %v", errors.Join(c.Problems...), err)
	}
}

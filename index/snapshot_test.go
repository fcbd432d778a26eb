// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/lexical/analysis"
)

// TestRefreshOfDirectoryMadeAnew has segments of the same names, and once the same generation, in the place of what a
// reader has open.
func TestRefreshOfDirectoryMadeAnew(t *testing.T) {
	for _, commits := range []int{1, 2} {
		dir := filepath.Join(t.TempDir(), "db")
		fill := func(ids ...string) {
			db, err := Create(dir, testSettings(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				mustApply(t, db, Change{Add: []Entry{entry(id, 2, 1)}})
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		fill("old")
		reader, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = reader.Close() })
		if changed, err := reader.Refresh(); changed || err != nil {
			t.Errorf("nothing has changed: %v, %v", changed, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		fill([]string{"new1", "new2"}[:commits]...)
		if changed, err := reader.Refresh(); !changed || err != nil {
			t.Errorf("%d commits: %v, %v", commits, changed, err)
		}
		s := mustSnapshot(t, reader)
		old, err1 := s.Get("old")
		fresh, err2 := s.Get("new1")
		if err1 != nil || err2 != nil || old != nil || fresh == nil {
			t.Errorf("%d commits: old %v, new %v, %v, %v", commits, old, fresh, err1, err2)
		}
	}
}

func TestReleaseTwice(t *testing.T) {
	db := mustOpenKind(t, false)
	mustApply(t, db, Change{Add: []Entry{entry("a", 1, 1)}})
	s, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.Release(); err != nil {
			t.Error(err)
		}
	}
	if d, err := mustSnapshot(t, db).Get("a"); err != nil || d == nil {
		t.Errorf("%v, %v", d, err)
	}
}

// Words scores some passages as a search for the same words does, over segments, and none that has none of them.
func TestWordsOfSomePassages(t *testing.T) {
	db := mustOpenKind(t, true)
	for _, id := range []string{"a", "b", "c"} {
		mustApply(t, db, Change{Add: []Entry{entry(id, 3, 1)}})
	}
	s := mustSnapshot(t, db)
	p := lexical.DefaultParams()
	query := analysis.Words("-title +1 \"nothing", db.Analyzer())
	all, _, err := s.Lexical(t.Context(), query, s.Rows(), LexicalParams{Params: p})
	if err != nil || len(all) < 2 {
		t.Fatal(all, err)
	}
	want := map[Ref]float32{}
	for _, h := range all {
		want[h.Ref] = h.Score
	}
	refs := []Ref{all[1].Ref, all[0].Ref}
	if err := s.Refs(func(r Ref) error {
		if _, ok := want[r]; !ok {
			refs = append(refs, r)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Words(t.Context(), query, p, refs)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range refs {
		if got[i] != want[r] {
			t.Errorf("passage %v: %v, a search gives %v", r, got[i], want[r])
		}
	}
	if _, err := s.Words(t.Context(), query, p, []Ref{{99, 0}}); err == nil {
		t.Error("a passage of no segment")
	}
	if got, err := s.Words(t.Context(), analysis.Words("", db.Analyzer()), p, refs); err != nil || got[0] != 0 {
		t.Errorf("of no words %v, %v", got, err)
	}
}

// TestSelectionOfAnotherSnapshot gives selections and passages of one snapshot to another, with fewer and other segments.
func TestSelectionOfAnotherSnapshot(t *testing.T) {
	db := mustOpenKind(t, true)
	mustApply(t, db, Change{Add: []Entry{entry("a", 2, 1)}})
	before := mustSnapshot(t, db)
	mustApply(t, db, Change{Add: []Entry{entry("b", 3, 1)}})
	after := mustSnapshot(t, db)
	all, err := filter.Parse("exists id")
	if err != nil {
		t.Fatal(err)
	}
	query, err := analysis.ParseQuery("+title -nothing", db.Analyzer())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range [][2]*Snapshot{{before, after}, {after, before}} {
		own, other := s[0], s[1]
		sel, err := other.Filter(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		words := LexicalParams{Params: lexical.DefaultParams(), Only: sel}
		vector := entry("q", 1, 1).Vectors
		try := func(s *Snapshot) map[string]error {
			_, _, dense := s.Dense(t.Context(), vector, 3, DenseParams{Only: sel})
			_, _, lex := s.Lexical(t.Context(), query, 3, words)
			_, explain := s.Explain(t.Context(), query, words, Ref{0, 1})
			_, operators := s.Operators(t.Context(), query, sel)
			entries := s.Entries(t.Context(), sel, func(Entry) error { return nil })
			return map[string]error{"dense": dense, "lexical": lex, "explain": explain, "operators": operators, "entries": entries}
		}
		for what, err := range try(own) {
			if err == nil {
				t.Errorf("%s took a selection of another snapshot", what)
			}
		}
		for what, err := range try(other) {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	refs, err := after.Find("b")
	if err != nil || len(refs) != 3 {
		t.Fatal(refs, err)
	}
	if _, err := before.Passages(t.Context(), refs); err == nil {
		t.Error("passages of another snapshot")
	}
	if _, err := before.Vector(refs[0]); err == nil {
		t.Error("a vector of another snapshot")
	}
	// Another handle of the same state is the same snapshot.
	sel, err := after.Filter(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := mustSnapshot(t, db).Dense(t.Context(), entry("q", 1, 1).Vectors, 3, DenseParams{Only: sel}); err != nil {
		t.Error(err)
	}
}

// TestEntriesOfAll has no selection: all live documents.
func TestEntriesOfAll(t *testing.T) {
	for _, memory := range []bool{true, false} {
		db := mustOpenKind(t, memory)
		var add []Entry
		for i := range 5 {
			add = append(add, entry(fmt.Sprintf("d%d", i), 1+i, uint64(i)))
		}
		mustApply(t, db, Change{Add: add})
		mustApply(t, db, Change{Add: []Entry{entry("later", 1, 1)}, Delete: []string{"d3"}})
		got := map[string]Entry{}
		if err := mustSnapshot(t, db).Entries(t.Context(), nil, func(e Entry) error {
			got[e.Document.ID] = e
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		sameEntries(t, contents(t, db), got)
	}
}

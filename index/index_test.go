// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
)

const testDim = 8

func testSettings() Settings {
	return Settings{Model: "test", Fingerprint: "sha256:test", Dim: testDim, Metric: vector.Cosine, Vectors: "flat", Analyzer: analysis.Default()}
}

// randomVector is near the axis that a number names, so that tests know what is near what.
func randomVector(r *rand.Rand, axis int) []float32 {
	v := make([]float32, testDim)
	for i := range v {
		v[i] = float32(r.NormFloat64()) * 0.1
	}
	v[axis%testDim]++
	return v
}

// entry is a document with n passages: its vectors and words follow from id and seed.
func entry(id string, n int, seed uint64) Entry {
	r := rand.New(rand.NewPCG(seed, hashID(id)))
	e := Entry{Document: document.Document{ID: id, Title: "Title of " + id, Format: document.Plain, Meta: map[string]any{"seed": float64(seed), "even": seed%2 == 0}}}
	for i := range n {
		text := fmt.Sprintf("passage%d of %s with word%d and seed%d", i, id, r.IntN(20), seed)
		start := len(e.Document.Text)
		e.Document.Text += text + "\n\n"
		e.Chunks = append(e.Chunks, document.Chunk{
			Text: text, Prefix: e.Document.Title + "\n", Heading: []string{"H"}, Start: start, End: start + len(text), StartLine: 2*i + 1, EndLine: 2*i + 1, Tokens: 7,
		})
		e.Truncated = append(e.Truncated, i)
		e.Vectors = append(e.Vectors, randomVector(r, int(seed)+i)...)
	}
	e.Document.Source.Path = "dir/" + id
	return e
}

func mustCreate(t testing.TB, dir string) *DB {
	t.Helper()
	db, err := Create(dir, testSettings(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func mustApply(t testing.TB, db *DB, c Change) Applied {
	t.Helper()
	a, err := db.Apply(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustSnapshot(t testing.TB, db *DB) *Snapshot {
	t.Helper()
	s, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Release(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// contents is what an index holds, by id.
func contents(t testing.TB, db *DB) map[string]Entry {
	t.Helper()
	s, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	all, err := filter.Parse("exists id")
	if err != nil {
		t.Fatal(err)
	}
	sel, err := s.Filter(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Entry{}
	if err := s.Entries(t.Context(), sel, func(e Entry) error {
		if _, twice := out[e.Document.ID]; twice {
			return fmt.Errorf("%q twice", e.Document.ID)
		}
		out[e.Document.ID] = e
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// checkWhole runs Check and compares the counts.
func checkWhole(t testing.TB, dir string, docs int) {
	t.Helper()
	r, err := Check(context.WithoutCancel(t.Context()), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		t.Errorf("check: %v", p)
	}
	if docs >= 0 && r.Documents != docs {
		t.Errorf("check found %d documents, expected %d", r.Documents, docs)
	}
}

// sameEntries compares what was added with what is there: vectors are normalised on the way, metadata are read from JSON.
func sameEntries(t testing.TB, want, got map[string]Entry) {
	t.Helper()
	ids := func(m map[string]Entry) (list []string) {
		for id := range m {
			list = append(list, id)
		}
		slices.Sort(list)
		return list
	}
	if d := cmp.Diff(ids(want), ids(got)); d != "" {
		t.Fatal(d)
	}
	for id, w := range want {
		g := got[id]
		if w.Document.Text != g.Document.Text || w.Document.Title != g.Document.Title || w.Document.Source != g.Document.Source ||
			fmt.Sprint(w.Document.Meta) != fmt.Sprint(g.Document.Meta) {
			t.Fatalf("%q: %+v, want %+v", id, g.Document, w.Document)
		}
		if d := cmp.Diff(w.Chunks, g.Chunks); d != "" {
			t.Fatalf("%q: %s", id, d)
		}
		if d := cmp.Diff(w.Truncated, g.Truncated); d != "" {
			t.Fatalf("%q: %s", id, d)
		}
		settings := testSettings()
		if err := sameVectors(&settings, w.Vectors, g.Vectors); err != nil {
			t.Fatalf("%q: %v", id, err)
		}
	}
}

func TestLifeOfAnIndex(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	db := mustCreate(t, dir)
	want := map[string]Entry{}
	add := func(list ...Entry) Applied {
		for _, e := range list {
			want[e.Document.ID] = e
		}
		return mustApply(t, db, Change{Add: list})
	}
	if a := add(entry("a", 2, 1), entry("b", 1, 2), entry("c", 3, 3)); a.Added != 3 || a.Replaced != 0 || a.Rows != 6 {
		t.Errorf("%+v", a)
	}
	old := mustSnapshot(t, db)
	if a := add(entry("b", 2, 4), entry("d", 1, 5)); a.Added != 1 || a.Replaced != 1 {
		t.Errorf("%+v", a)
	}
	if a := mustApply(t, db, Change{Delete: []string{"a", "nobody"}}); a.Deleted != 1 || !slices.Equal(a.Unknown, []string{"nobody"}) {
		t.Errorf("%+v", a)
	}
	delete(want, "a")
	sameEntries(t, want, contents(t, db))
	if old.Rows() != 6 {
		t.Errorf("an older snapshot has %d rows, had 6", old.Rows())
	}
	if n, err := old.Docs(); n != 3 || err != nil {
		t.Errorf("an older snapshot has %d documents, had 3; %v", n, err)
	}
	checkWhole(t, dir, 3)

	if err := db.Merge(t.Context(), MergeOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	sameEntries(t, want, contents(t, db))
	if s := mustSnapshot(t, db); len(s.parts) != 1 || s.live[0] != nil {
		t.Errorf("%d segments after a merge of all", len(s.parts))
	}
	if old.Rows() != 6 {
		t.Errorf("an older snapshot has %d rows after the merge, had 6", old.Rows())
	}
	checkWhole(t, dir, 3)

	reader, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	sameEntries(t, want, contents(t, reader))
	if _, err := reader.Apply(t.Context(), Change{Add: []Entry{entry("x", 1, 1)}}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("writing to a reader: %v", err)
	}
	if _, err := Open(dir, Options{Write: true}); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "process "+fmt.Sprint(os.Getpid())) {
		t.Errorf("a second writer: %v", err)
	}
	add(entry("e", 1, 9))
	if changed, err := reader.Refresh(); !changed || err != nil {
		t.Errorf("refresh: %v, %v", changed, err)
	}
	if changed, err := reader.Refresh(); changed || err != nil {
		t.Errorf("nothing new: %v, %v", changed, err)
	}
	sameEntries(t, want, contents(t, reader))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	sameEntries(t, want, contents(t, again))
	checkWhole(t, dir, 4)
}

func TestSearchAllWays(t *testing.T) {
	for _, memory := range []bool{true, false} {
		db := mustOpenKind(t, memory)
		for i := range 30 {
			mustApply(t, db, Change{Add: []Entry{entry(fmt.Sprintf("doc%02d", i), 2, uint64(i))}})
		}
		mustApply(t, db, Change{Delete: []string{"doc03"}})
		s := mustSnapshot(t, db)
		q := make([]float32, testDim)
		q[3] = 1
		hits, plans, err := s.Dense(t.Context(), q, 5, DenseParams{})
		if err != nil || len(hits) != 5 || len(plans) != len(s.parts) {
			t.Fatalf("%d hits, %d plans, %v", len(hits), len(plans), err)
		}
		passages, err := s.Passages(t.Context(), []Ref{hits[4].Ref, hits[0].Ref})
		if err != nil || len(passages) != 2 {
			t.Fatal(err)
		}
		for i, h := range hits {
			v, err := s.Vector(h.Ref)
			if err != nil || v[3] < 0.8 {
				t.Errorf("hit %d: vector %v, %v", i, v, err)
			}
		}
		words, err := analysis.ParseQuery(`"passage1 of doc07"`, db.Analyzer())
		if err != nil {
			t.Fatal(err)
		}
		found, _, err := s.Lexical(t.Context(), words, 5, LexicalParams{})
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		if p, err := s.Passages(t.Context(), []Ref{found[0].Ref}); err != nil || p[0].ID != "doc07#2" || !strings.HasPrefix(p[0].Chunk.Text, "passage1 of doc07") {
			t.Errorf("%+v, %v", p, err)
		}
		e, err := filter.Parse(`even = true and id in ("doc02", "doc03", "doc04", "doc05")`)
		if err != nil {
			t.Fatal(err)
		}
		sel, err := s.Filter(t.Context(), e)
		if err != nil || sel.Docs != 2 || sel.Count != 4 {
			t.Fatalf("%+v, %v", sel, err)
		}
		hits, _, err = s.Dense(t.Context(), q, 100, DenseParams{Only: sel})
		if err != nil || len(hits) != 4 {
			t.Errorf("%d hits of 4 passages, %v", len(hits), err)
		}
		refs, err := s.Find("doc05#2")
		if err != nil || len(refs) != 1 {
			t.Errorf("%v, %v", refs, err)
		}
		if refs, err := s.Find("doc03"); err != nil || refs != nil {
			t.Errorf("a deleted document: %v, %v", refs, err)
		}
	}
}

func mustOpenKind(t testing.TB, memory bool) *DB {
	t.Helper()
	if !memory {
		return mustCreate(t, filepath.Join(t.TempDir(), "db"))
	}
	db, err := Memory(testSettings(), 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestRefusals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrNoIndex) {
		t.Errorf("no index: %v", err)
	}
	db := mustCreate(t, dir)
	if _, err := Create(dir, testSettings(), Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("creating what is there: %v", err)
	}
	two := entry("a", 2, 1)
	nan := entry("n", 1, 1)
	nan.Vectors[3] = float32(nanValue())
	short := entry("s", 2, 1)
	short.Vectors = short.Vectors[1:]
	outside := entry("o", 1, 1)
	outside.Chunks[0].End = 1000
	mustApply(t, db, Change{Add: []Entry{two}})
	for _, c := range []struct {
		change Change
		want   string
	}{
		{Change{Add: []Entry{{}}}, "no id"},
		{Change{Add: []Entry{{Document: document.Document{ID: "x"}}}}, "no passages"},
		{Change{Add: []Entry{entry("b", 1, 1), entry("b", 1, 2)}}, `two documents have the id "b"`},
		{Change{Add: []Entry{entry("b", 1, 1)}, Delete: []string{"b"}}, "added and deleted at once"},
		{Change{Add: []Entry{entry("a#2", 1, 1)}}, `passage 2 of "a"`},
		{Change{Add: []Entry{nan}}, "not a finite number"},
		{Change{Add: []Entry{short}}, "are not 2 vectors of dimension 8"},
		{Change{Add: []Entry{outside}}, "not a range of the text"},
	} {
		if _, err := db.Apply(t.Context(), c.change); err == nil || !errors.Is(err, ErrEntry) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	mustApply(t, db, Change{Add: []Entry{entry("a#3", 1, 1)}}) // no passage has that id
	if err := db.Match("other", "sha256:other"); err == nil || !strings.Contains(err.Error(), "use -m test") {
		t.Errorf("another model: %v", err)
	}
	if err := db.Match("test", "sha256:other"); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("another version of the model: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Snapshot(); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := Create(dir, testSettings(), Options{}); !errors.Is(err, ErrExists) {
		t.Errorf("creating what is there: %v", err)
	}
}

func nanValue() float64 {
	zero := 0.0
	return zero / zero
}

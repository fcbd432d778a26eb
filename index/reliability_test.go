// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/index/vector"
)

// The tests of reliability have a short form, which runs with all other tests, and a long one, whose figures are in
// docs/reliability.md: WINNOW_LONG=1, or make reliability.
func long() bool { return os.Getenv("WINNOW_LONG") != "" }

// pick is how often something is tried: in the short form, of which go test -short does a quarter, or in the long one.
func pick(short, longer int) int {
	switch {
	case long():
		return longer
	case testing.Short() && short >= 8:
		return (short + 3) / 4
	}
	return short
}

// fastDir is a new directory in memory where there is such a thing: power cuts are simulated, and processes killed, alike
// everywhere, and syncing a disk takes most of the time otherwise.
func fastDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "winnow-test-") //nolint:usetesting // not where TempDir makes it
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// model is what an index must hold: documents by id, each told from its older versions by its seed.
type model map[string]uint64

// with is the model after a change.
func (m model) with(c Change) model {
	n := maps.Clone(m)
	if n == nil {
		n = model{}
	}
	for _, id := range c.Delete {
		delete(n, id)
	}
	for i := range c.Add {
		n[c.Add[i].Document.ID], _ = c.Add[i].Document.Meta["version"].(uint64)
	}
	return n
}

// versioned is a document whose passages, words and vectors follow from id and version.
func versioned(id string, version uint64) Entry {
	e := entry(id, 1+int(version%3), version)
	e.Document.Meta = map[string]any{"version": version}
	return e
}

// nthChange is the nth change of a script: some documents among ids, added, replaced and deleted, and their file records.
func nthChange(seed uint64, n, ids int) Change {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	var c Change
	order := r.Perm(ids)
	adds, deletes := 1+r.IntN(4), r.IntN(3)
	for _, i := range order[:min(adds, ids)] {
		id := fmt.Sprintf("doc%d", i)
		version := uint64(n)*1000 + seed%1000
		c.Add = append(c.Add, versioned(id, version))
		c.Files = append(c.Files, FileRecord{Path: "dir/" + id, Size: int64(version), Hash: fmt.Sprint(version), Docs: 1})
	}
	for _, i := range order[min(adds, ids):min(adds+deletes, ids)] {
		id := fmt.Sprintf("doc%d", i)
		c.Delete = append(c.Delete, id)
		c.Files = append(c.Files, FileRecord{Path: "dir/" + id})
	}
	return c
}

// sameVectors compares vectors that were added with those that an index of these settings gives back: normalised under cosine, and as exact
// as the finest that it keeps.
func sameVectors(s *Settings, added, stored []float32) error {
	spec, err := s.spec()
	if err != nil {
		return err
	}
	finest, tolerance := spec.Fine, 1e-5
	if finest == vector.None {
		finest = spec.Encoding
	}
	if finest != vector.Float32 {
		tolerance = 1e-2
	}
	if len(added) != len(stored) {
		return fmt.Errorf("%d numbers of vectors, want %d", len(stored), len(added))
	}
	for at := 0; at < len(added); at += s.Dim {
		length := 1.0
		if s.Metric == vector.Cosine {
			sum := 0.0
			for _, x := range added[at : at+s.Dim] {
				sum += float64(x) * float64(x)
			}
			if math.Abs(sum-1) >= 0.01 { // what is nearer to 1 counts as normalised and then rounded
				length = math.Sqrt(sum)
			}
		}
		for i := at; i < at+s.Dim; i++ {
			if want := float64(added[i]) / length; !(math.Abs(float64(stored[i])-want) <= tolerance) {
				return fmt.Errorf("component %d of vector %d is %v, want %v", i-at, at/s.Dim, stored[i], want)
			}
		}
	}
	return nil
}

// inspect reads everything in an index and compares each document with what was added under its version. It returns what
// documents there are.
func inspect(db *DB) (model, error) { return inspectAll(db, true) }

// inspectAll lets file records be missing unless all are asked for: a repair may lose some, and their files are read again.
func inspectAll(db *DB, allFiles bool) (model, error) {
	s, err := db.Snapshot()
	if err != nil {
		return nil, err
	}
	defer s.Release()
	all, err := filter.Parse("exists id")
	if err != nil {
		return nil, err
	}
	sel, err := s.Filter(background, all)
	if err != nil {
		return nil, err
	}
	found := model{}
	err = s.Entries(background, sel, func(e Entry) error {
		id := e.Document.ID
		if _, twice := found[id]; twice {
			return fmt.Errorf("%q is there twice", id)
		}
		n, _ := e.Document.Meta["version"].(interface{ Int64() (int64, error) })
		if n == nil {
			return fmt.Errorf("%q has no version: %v", id, e.Document.Meta)
		}
		version, err := n.Int64()
		if err != nil {
			return err
		}
		found[id] = uint64(version)
		want := versioned(id, uint64(version))
		if e.Document.Text != want.Document.Text || len(e.Chunks) != len(want.Chunks) || len(e.Vectors) != len(want.Vectors) {
			return fmt.Errorf("%q is not what was added: %q", id, e.Document.Text)
		}
		if err := sameVectors(&db.settings, want.Vectors, e.Vectors); err != nil {
			return fmt.Errorf("%q: %w", id, err)
		}
		refs, err := s.Find(id)
		if err == nil && len(refs) != len(want.Chunks) {
			err = fmt.Errorf("%q has %d passages when it is looked up, expected %d", id, len(refs), len(want.Chunks))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// Whoever lists the files finds those of the documents that are there, as they were committed together.
	records := model{}
	if err := db.Files(func(f FileRecord) error { records[f.Path] = uint64(f.Size); return nil }); err != nil {
		return nil, err
	}
	for id, version := range found {
		if r, ok := records["dir/"+id]; r != version && (ok || allFiles) {
			return nil, fmt.Errorf("%q has version %d and a file record of %d", id, version, records["dir/"+id])
		}
	}
	if len(records) > len(found) || allFiles && len(records) < len(found) {
		return nil, fmt.Errorf("%d file records for %d documents", len(records), len(found))
	}
	return found, nil
}

// survey checks a directory after an accident: Check finds nothing, and the index holds one of the wanted states. It returns
// which.
func survey(dir string, wanted ...model) (int, error) { return surveyAll(dir, true, wanted...) }

func surveyAll(dir string, allFiles bool, wanted ...model) (int, error) {
	r, err := Check(background, dir, Options{})
	if err != nil {
		return 0, fmt.Errorf("check: %w", err)
	}
	if len(r.Problems) > 0 {
		return 0, fmt.Errorf("check: %w", errors.Join(r.Problems...))
	}
	db, err := Open(dir, Options{Threads: 1})
	if err != nil {
		return 0, err
	}
	found, err := inspectAll(db, allFiles)
	if err := errors.Join(err, db.Close()); err != nil {
		return 0, err
	}
	if r.Documents != len(found) {
		return 0, fmt.Errorf("check counted %d documents of %d", r.Documents, len(found))
	}
	for i, w := range wanted {
		if maps.Equal(w, found) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the index holds %v, expected one of %v", found, wanted)
}

// writable makes a change and a merge in a directory after an accident.
func writable(dir string, is model) error {
	db, err := Open(dir, Options{Write: true, Threads: 1})
	if err != nil {
		return err
	}
	c := nthChange(77, 1000, 12)
	_, err = db.Apply(background, c)
	if err == nil {
		err = db.Merge(background, MergeOptions{All: true})
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("writing again: %w", err)
	}
	_, err = survey(dir, is.with(c))
	return err
}

// kindSettings are settings for a factory string.
func kindSettings(vectors string) Settings {
	s := testSettings()
	s.Vectors = vectors
	return s
}

// answers are what an index says to some questions, each with the error instead if there is one.
func answers(db *DB) (list []string) {
	say := func(err error, format string, args ...any) {
		if err != nil {
			list = append(list, "error")
			return
		}
		list = append(list, fmt.Sprintf(format, args...))
	}
	s, err := db.Snapshot()
	if err != nil {
		return nil
	}
	defer s.Release()
	for axis := range 4 {
		q := make([]float32, testDim)
		q[axis] = 1
		hits, _, err := s.Dense(background, q, 5, DenseParams{Params: vector.Params{Ef: 16, Probes: 2}})
		var ids []string
		if err == nil {
			ids, err = passageIDs(s, hits)
		}
		say(err, "dense %v", ids)
	}
	for _, query := range []string{"word3 word5", `"passage1 of doc7"`, "seed2001 +title"} {
		words, err := analysis.ParseQuery(query, db.Analyzer())
		var ids []string
		if err == nil {
			var hits []Hit
			if hits, _, err = s.Lexical(background, words, 5, LexicalParams{}); err == nil {
				ids, err = passageIDs(s, hits)
			}
		}
		say(err, "lexical %v", ids)
	}
	for _, text := range []string{"exists id", `id in ("doc1", "doc2", "doc3")`, "version > 3000", `path = "dir/doc5"`} {
		e, err := filter.Parse(text)
		var sel *Selection
		if err == nil {
			sel, err = s.Filter(background, e)
		}
		if err != nil {
			sel = &Selection{}
		}
		say(err, "filter %d %d", sel.Docs, sel.Count)
	}
	for i := range 6 {
		d, err := s.Get(fmt.Sprintf("doc%d", i))
		if d == nil {
			d = &document.Document{}
		}
		say(err, "document %q %q %q %q %v %q", d.ID, d.Title, d.Format, d.Source.Path, d.Meta, d.Text)
	}
	docs, err := s.Docs()
	say(err, "%d documents", docs)
	found, err := inspect(db)
	say(err, "contents %v", found)
	return list
}

func passageIDs(s *Snapshot, hits []Hit) (ids []string, err error) {
	refs := make([]Ref, len(hits))
	for i, h := range hits {
		refs[i] = h.Ref
	}
	passages, err := s.Passages(background, refs)
	for _, p := range passages {
		ids = append(ids, p.ID+" "+p.Chunk.Text)
	}
	return ids, err
}

// indexFiles are the files of an index that hold data.
func indexFiles(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != lockName && filepath.Ext(e.Name()) != damagedSuffix {
			names = append(names, e.Name())
		}
	}
	return names
}

func copyDir(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// names reports whether one of the problems is about a file, and none about another.
func namesFile(problems []error, name string) bool {
	named := false
	for _, p := range problems {
		if e, ok := errors.AsType[*segment.CorruptionError](p); ok && filepath.Base(e.File) == name {
			named = true
		}
	}
	return named
}

func sortedIDs(m model) []string { return slices.Sorted(maps.Keys(m)) }

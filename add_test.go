// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model/builtin"
)

// What comes again is not encoded again: only its metadata change.
func TestVectorsAreUsedAgain(t *testing.T) {
	encoded := -1
	e, err := New(builtin.Models(), Progress(func(_, total int) { encoded = total }))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx := t.Context()
	a, b := Document{ID: "a", Title: "Bread", Text: "Flour, water, salt and yeast."}, Document{ID: "b", Text: "Cats sleep."}
	for i, step := range []struct {
		change func()
		want   int // passages that are encoded
	}{
		{func() {}, 2},
		{func() {}, 0},
		{func() { a.Meta = Meta{"lang": "en"} }, 0},
		{func() { b.Text = "Cats sleep for most of the day." }, 1},
		{func() { a.Title = "Loaf" }, 1},
	} {
		step.change()
		before := vectorsOf(t, e, "a")
		if err := e.Add(ctx, a, b); err != nil {
			t.Fatal(err)
		}
		if encoded != step.want {
			t.Errorf("step %d: %d passages encoded, want %d", i, encoded, step.want)
		}
		if after := vectorsOf(t, e, "a"); step.want == 0 && !slices.Equal(before, after) {
			t.Errorf("step %d: other vectors", i)
		}
	}
	if got := search(t, e, "bread", Filter(`lang = "en"`), Rerank(Off)).Order(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("found %v", got)
	}
}

func vectorsOf(t *testing.T, e *Engine, id string) []float32 {
	t.Helper()
	s, err := e.Index().Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	entry, err := s.Entry(id)
	if err != nil {
		t.Fatal(err)
	}
	if entry == nil {
		return nil
	}
	return entry.Vectors
}

// Of a file that has changed in one place only the passages there are encoded, and the index is that of a first run.
func TestSyncEncodesWhatHasChanged(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "notes.md")
	section := func(name, verb string) string {
		return "# " + name + "\n\n" + strings.Repeat("The "+name+" "+verb+" through the long valley before the first light of the morning. ", 30) + "\n\n"
	}
	sync := func(db string, o SyncOptions) (SyncReport, []float32) {
		e, err := Open(filepath.Join(root, db), builtin.Models())
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		r, err := e.Sync(t.Context(), []string{path}, o)
		if err != nil {
			t.Fatal(err)
		}
		return r, vectorsOf(t, e, "notes.md")
	}
	write(t, path, section("River", "runs")+section("Train", "rolls")+section("Wind", "blows"))
	all, _ := sync("db", SyncOptions{})
	write(t, path, section("River", "runs")+section("Train", "goes")+section("Wind", "blows"))
	changed, vectors := sync("db", SyncOptions{})
	if changed.Updated != 1 || changed.Passages < 1 || changed.Passages > all.Passages/2 {
		t.Errorf("%d of %d passages encoded: %+v", changed.Passages, all.Passages, changed)
	}
	if again, _ := sync("db", SyncOptions{Again: true}); again.Passages != all.Passages {
		t.Errorf("%d of %d passages encoded again", again.Passages, all.Passages)
	}
	if _, want := sync("fresh", SyncOptions{}); !slices.Equal(vectors, want) {
		t.Error("the vectors are not those of a first run")
	}
}

// An index that has nothing finer than 8 bits would round again what it gives back.
func TestRoundedVectorsAreNotUsedAgain(t *testing.T) {
	passages := 0
	e, err := New(builtin.Models(), Vectors("flat,int8,none"), Progress(func(_, total int) { passages = total }))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for range 2 {
		if err := e.Add(t.Context(), Document{ID: "a", Text: "Cats sleep."}); err != nil {
			t.Fatal(err)
		}
		if passages != 1 {
			t.Errorf("%d passages encoded", passages)
		}
	}
}

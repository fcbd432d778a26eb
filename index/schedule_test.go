// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSchedules runs random changes, merges and reopenings beside a map.
func TestSchedules(t *testing.T) {
	base, runs := fastDir(t), 0
	rapid.Check(t, func(r *rapid.T) {
		dir := filepath.Join(base, fmt.Sprint(runs))
		runs++
		db, err := Create(dir, testSettings(), Options{Threads: 1})
		if err != nil {
			r.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		want := map[string]Entry{}
		seed := uint64(0)
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			switch rapid.IntRange(0, 9).Draw(r, "step") {
			case 0:
				if err := db.Merge(t.Context(), MergeOptions{All: rapid.Bool().Draw(r, "all")}); err != nil {
					r.Fatal(err)
				}
			case 1:
				if err := db.Close(); err != nil {
					r.Fatal(err)
				}
				if db, err = Open(dir, Options{Write: true, Threads: 1}); err != nil {
					r.Fatal(err)
				}
			default:
				c := Change{}
				used := map[string]bool{}
				for range rapid.IntRange(0, 3).Draw(r, "adds") {
					seed++
					id := fmt.Sprintf("doc%d", rapid.IntRange(0, 12).Draw(r, "id"))
					if used[id] {
						continue
					}
					used[id] = true
					e := entry(id, rapid.IntRange(1, 3).Draw(r, "passages"), seed)
					c.Add = append(c.Add, e)
					want[id] = e
				}
				for range rapid.IntRange(0, 3).Draw(r, "deletes") {
					id := fmt.Sprintf("doc%d", rapid.IntRange(0, 12).Draw(r, "gone"))
					if !used[id] {
						c.Delete = append(c.Delete, id)
						delete(want, id)
					}
				}
				c.Delete = slices.Compact(slices.Sorted(slices.Values(c.Delete)))
				if _, err := db.Apply(t.Context(), c); err != nil {
					r.Fatal(err)
				}
			}
		}
		sameEntries(t, want, contents(t, db))
		s, err := db.Snapshot()
		if err != nil {
			r.Fatal(err)
		}
		rows := 0
		for _, e := range want {
			rows += len(e.Chunks)
		}
		if docs, err := s.Docs(); err != nil || docs != len(want) || s.Rows() != rows {
			r.Fatalf("%d documents and %d rows, want %d and %d; %v", docs, s.Rows(), len(want), rows, err)
		}
		if err := s.Release(); err != nil {
			r.Fatal(err)
		}
		checkWhole(t, dir, len(want))
	})
}

// TestTogether has readers, a writer and merges at work at once. Run with -race.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	db := mustCreate(t, dir)
	reader, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	start := time.Now()
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		defer close(done)
		for i := 0; i < 40 || time.Since(start) < time.Duration(pick(0, 150))*time.Second; i++ {
			// Every document has two passages and a twin: whoever sees one half sees all of it.
			_, err := db.Apply(t.Context(), Change{
				Add:    []Entry{entry(fmt.Sprintf("left%d", i%10), 2, uint64(i)), entry(fmt.Sprintf("right%d", i%10), 2, uint64(i))},
				Delete: []string{fmt.Sprintf("left%d", (i+5)%10), fmt.Sprintf("right%d", (i+5)%10)},
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	group.Go(func() {
		for {
			if err := db.Merge(t.Context(), MergeOptions{All: true}); err != nil {
				t.Error(err)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for _, from := range []*DB{db, reader} {
		group.Go(func() {
			for {
				if _, err := from.Refresh(); err != nil {
					t.Error(err)
				}
				got := map[string]uint64{}
				for id, e := range contents(t, from) {
					if len(e.Chunks) != 2 {
						t.Errorf("%q with %d passages", id, len(e.Chunks))
					}
					n, _ := e.Document.Meta["seed"].(interface{ Int64() (int64, error) })
					seed, _ := n.Int64()
					got[id] = uint64(seed)
				}
				for i := range 10 {
					if got[fmt.Sprintf("left%d", i)] != got[fmt.Sprintf("right%d", i)] {
						t.Errorf("half a change: %v", slices.Sorted(maps.Keys(got)))
					}
				}
				s, err := from.Snapshot()
				if err != nil {
					t.Error(err)
					return
				}
				q := make([]float32, testDim)
				q[1] = 1
				if hits, _, err := s.Dense(t.Context(), q, 1000, DenseParams{}); err != nil || len(hits) != s.Rows() {
					t.Errorf("%d hits of %d passages, %v", len(hits), s.Rows(), err)
				}
				if err := s.Release(); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	group.Wait()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	checkWhole(t, dir, -1)
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/internal/vfs"
)

// TestMergePolicy adds segments of several kinds of sizes, and counts how many stay and how often rows are written again.
func TestMergePolicy(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for name, size := range map[string]func(n int) int{
		"one by one":          func(int) int { return 1 },
		"one large, then few": func(n int) int { return 1 + 100_000*max(0, 1-n) },
		"all sizes":           func(int) int { return 1 << random.IntN(12) },
		"small and large":     func(n int) int { return 1 + n%2*5000 },
		"ever larger":         func(n int) int { return n + 1 },
		"ever smaller":        func(n int) int { return 4000 - n },
	} {
		var live []int
		total, written, most := 0, 0, 0
		for n := range 4000 {
			live = append(live, size(n))
			total += size(n)
			for {
				from, to := choose(live, live, anyRange)
				if from == to {
					break
				}
				rows := 0
				for _, n := range live[from:to] {
					rows += n
				}
				written += rows
				live = slices.Replace(live, from, to, rows)
			}
			most = max(most, len(live))
		}
		levels := bits.Len(uint(total))
		if most > mergeWidth+levels {
			t.Errorf("%s: %d segments of %d rows", name, most, total)
		}
		if written > total*levels {
			t.Errorf("%s: %d rows were written again %.1f times", name, total, float64(written)/float64(total))
		}
		t.Logf("%s: %d rows, at most %d segments, written again %.1f times", name, total, most, float64(written)/float64(total))
	}
}

// TestMergePolicyChoices are single ones.
func TestMergePolicyChoices(t *testing.T) {
	for _, c := range []struct {
		live, rows []int
		from, to   int
	}{
		{nil, nil, 0, 0},
		{[]int{1, 1, 1, 1, 1, 1, 1}, nil, 0, 0},
		{[]int{1, 1, 1, 1, 1, 1, 1, 1}, nil, 0, 8},
		{[]int{30_000, 1, 1, 1, 1, 1, 1, 1}, nil, 0, 0}, // a graph is not built anew for seven rows
		{[]int{30_000, 1, 1, 1, 1, 1, 1, 1, 1}, nil, 1, 9},
		{[]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 900, 900}, nil, 0, 12}, // all that cost the same at once
		{[]int{800, 5}, []int{1000, 5}, 0, 0},
		{[]int{5, 700}, []int{5, 1000}, 1, 2},
		{[]int{maxRows, maxRows, maxRows, maxRows, maxRows, maxRows, maxRows, maxRows}, nil, 0, 0},
	} {
		if c.rows == nil {
			c.rows = c.live
		}
		if from, to := choose(c.live, c.rows, anyRange); from != c.from || to != c.to {
			t.Errorf("%v of %v: %d to %d, expected %d to %d", c.live, c.rows, from, to, c.from, c.to)
		}
	}
}

// anyRange lets one segment hold every range.
func anyRange(int, int) bool { return true }

// TestMergeLeavesWhatOneSegmentCannotHold: segments whose fields together are too many stay beside each other, and all else goes on.
func TestMergeLeavesWhatOneSegmentCannotHold(t *testing.T) {
	db, err := Create(filepath.Join(fastDir(t), "db"), kindSettings("flat"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 * mergeWidth {
		e := entry(fmt.Sprintf("votes%d", n), 1, uint64(n))
		votes := map[string]any{}
		for i := range 8000 + n/mergeWidth*1000 { // 64,000 fields in the first eight, 72,000 in the others
			votes[fmt.Sprintf("user%d-%d", n, i)] = 1
		}
		e.Document.Meta = map[string]any{"votes": votes}
		mustApply(t, db, Change{Add: []Entry{e}})
	}
	if err := db.Merge(t.Context(), MergeOptions{}); err != nil {
		t.Fatal(err)
	}
	s := mustSnapshot(t, db)
	if n := len(s.parts); n != mergeWidth+1 || s.Rows() != 2*mergeWidth {
		t.Errorf("%d segments of %d rows: want the eight that fit as one", n, s.Rows())
	}
	if err := db.Merge(t.Context(), MergeOptions{All: true}); err == nil || !strings.Contains(err.Error(), "give what has keys without end") {
		t.Errorf("one segment of all: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// settled waits until no merge goes on.
func settled(db *DB) {
	db.behind.done.Wait()
}

// TestMergeBehind makes single additions to an index and looks at how many segments there are.
func TestMergeBehind(t *testing.T) {
	for _, vectors := range []string{"flat", "hnsw8,int8"} {
		dir := filepath.Join(fastDir(t), "db")
		db, err := Create(dir, kindSettings(vectors), Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		is := model{}
		const docs = 150
		for n := range docs {
			id := fmt.Sprintf("doc%d", n%(docs-20)) // the last ones replace the first
			c := Change{Add: []Entry{versioned(id, uint64(n))}, Files: []FileRecord{{Path: "dir/" + id, Size: int64(n), Hash: "h", Docs: 1}}}
			mustApply(t, db, c)
			db.MergeBehind(nil)
			is = is.with(c)
		}
		settled(db)
		s := mustSnapshot(t, db)
		if most := mergeWidth + bits.Len(uint(s.Rows())); len(s.parts) > most {
			t.Errorf("%s: %d segments", vectors, len(s.parts))
		}
		if db.Merging() {
			t.Error("a merge goes on")
		}
		if err := errors.Join(s.Release(), db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := survey(dir, is); err != nil {
			t.Error(err)
		}
	}
}

// TestMergeBehindOpenings has a program that opens the index for each of its changes.
func TestMergeBehindOpenings(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	if err := mustCreate(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	const openings = 24
	for n := range openings {
		db, err := Open(dir, Options{Write: true, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		mustApply(t, db, Change{Add: []Entry{entry(fmt.Sprint(n), 1, uint64(n))}})
		db.MergeBehind(nil)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if names := indexFiles(t, dir); len(names) > mergeWidth+bits.Len(openings)+2 {
		t.Errorf("%d files", len(names))
	}
	checkWhole(t, dir, openings)
}

// crowd makes an index of enough rows for a merge that is not small, in so many segments that there is something to merge.
func crowd(t *testing.T, dir string, o Options) (*DB, int) {
	t.Helper()
	db, err := Create(dir, kindSettings("hnsw8,int8"), o)
	if err != nil {
		t.Fatal(err)
	}
	const each = smallMerge/mergeWidth + 1
	for n := range mergeWidth {
		c := Change{}
		for i := range each {
			c.Add = append(c.Add, entry(fmt.Sprintf("%d-%d", n, i), 1, uint64(n*each+i)))
		}
		mustApply(t, db, c)
	}
	return db, mergeWidth * each
}

// TestCloseInMergeBehind closes an index at a moment when its background merge is writing the new segment.
func TestCloseInMergeBehind(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	fault := vfs.NewFault(vfs.OS, nil)
	db, docs := crowd(t, dir, Options{FS: fault, Threads: 2})
	segments := func() []string {
		return slices.DeleteFunc(indexFiles(t, dir), func(name string) bool { return !isSegmentName(name) })
	}
	before := segments()
	begun := make(chan struct{})
	var once atomic.Bool
	fault.SetRule(func(op vfs.Op, path string, _ int) error {
		if op == vfs.OpWrite && isSegmentName(filepath.Base(path)) && !once.Swap(true) {
			close(begun)
			<-db.behind.ctx.Done() // until Close has begun
		}
		return nil
	})
	db.MergeBehind(func(err error) { t.Errorf("a merge that was given up was reported: %v", err) })
	<-begun
	if !db.Merging() {
		t.Error("no merge goes on")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if after := segments(); !slices.Equal(before, after) {
		t.Errorf("left behind: %v, before %v", after, before)
	}
	checkWhole(t, dir, docs)
	db.MergeBehind(nil) // of a closed index
	if db.Merging() {
		t.Error("a closed index merges")
	}
}

// TestChangeInMergeBehind makes a change at a moment when the background merge is writing: it does not wait.
func TestChangeInMergeBehind(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	fault := vfs.NewFault(vfs.OS, nil)
	db, docs := crowd(t, dir, Options{FS: fault, Threads: 2})
	begun, changed := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	fault.SetRule(func(op vfs.Op, path string, _ int) error {
		if op == vfs.OpWrite && isSegmentName(filepath.Base(path)) && !once.Swap(true) {
			close(begun)
			<-changed
		}
		return nil
	})
	db.MergeBehind(func(err error) { t.Error(err) })
	<-begun
	mustApply(t, db, Change{Add: []Entry{entry("new", 1, 1), entry("3-4", 1, 2)}, Delete: []string{"0-0"}})
	close(changed)
	settled(db)
	s := mustSnapshot(t, db)
	if len(s.parts) != 2 {
		t.Errorf("%d segments", len(s.parts))
	}
	if err := errors.Join(s.Release(), db.Close()); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, dir, docs)
}

// TestMergeBehindFails has a full disk, and damage.
func TestMergeBehindFails(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	fault := vfs.NewFault(vfs.OS, nil)
	db, docs := crowd(t, dir, Options{FS: fault, Threads: 1})
	var told []error
	failed := func(err error) { told = append(told, err) }
	again := func() {
		db.MergeBehind(failed)
		settled(db)
	}
	fault.SetRule(vfs.FailWriting(0, syscall.ENOSPC))
	again()
	again() // too soon
	if len(told) != 1 || !errors.Is(told[0], syscall.ENOSPC) {
		t.Fatalf("told of %v", told)
	}
	db.behind.until = db.behind.until.Add(-mergePause)
	db.MergeBehind(nil)
	settled(db)
	if err := db.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closing: %v", err)
	}
	checkWhole(t, dir, docs)

	// A byte of each block of a segment is another one now: whatever a merge reads first.
	names := indexFiles(t, dir)
	path := filepath.Join(dir, names[slices.IndexFunc(names, isSegmentName)])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if db, err = Open(dir, Options{Write: true, Threads: 1}); err != nil {
		t.Fatal(err)
	}
	for at := len(whole) / 4; at < len(whole)*3/4; at += 4096 {
		patch(t, path, at, whole[at]^1)
	}
	told = nil
	again()
	db.behind.until = db.behind.until.Add(-math.MaxInt64)
	again()
	if len(told) != 1 {
		t.Errorf("told of %v", told)
	}
	if _, ok := errors.AsType[*CorruptionError](errors.Join(told...)); !ok {
		t.Errorf("not about damage: %v", told)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

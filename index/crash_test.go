// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/winnow-search/winnow/internal/vfs"
)

var background = context.Background()

// crashRun looks at what power cuts leave, while a script runs.
type crashRun struct {
	t        *testing.T
	seeds    int
	scratch  string
	made     bool  // Create has returned
	acked    model // what the changes that returned have promised
	pending  model // what the change that runs would make of it
	points   int
	clones   int
	overlaps int // merges with a change in the middle
	failed   bool
}

func (c *crashRun) look(p *vfs.Point) {
	if c.failed {
		return
	}
	c.points++
	for seed := range uint64(c.seeds) {
		clone := filepath.Join(c.scratch, fmt.Sprintf("%d-%d", p.N, seed))
		if err := p.Clone(clone, seed); err != nil {
			c.t.Fatal(err)
		}
		c.clones++
		if err := c.lookAt(filepath.Join(clone, "db"), p.N%5 == 0 || seed > 1); err != nil {
			c.t.Errorf("%v, seed %d: %v", p, seed, err)
			c.failed = true
		}
		if err := os.RemoveAll(clone); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *crashRun) lookAt(dir string, write bool) error {
	if !c.made {
		// Nothing is promised, except that it can be made.
		db, err := Create(dir, testSettings(), Options{})
		if err == nil {
			return db.Close()
		}
		c.acked = model{} // it may be there already
	}
	wanted := []model{c.acked}
	if c.pending != nil {
		wanted = append(wanted, c.pending)
	}
	which, err := survey(dir, wanted...)
	if err != nil || !write {
		return err
	}
	return writable(dir, wanted[which])
}

// TestCrashPoints cuts the power at every point of a script: creating, changing, merging, closing, opening again, and repairing.
func TestCrashPoints(t *testing.T) {
	total := crashRun{}
	for script := range uint64(pick(2, 4)) {
		run := &crashRun{t: t, seeds: pick(3, 8), scratch: fastDir(t), acked: model{}}
		root := fastDir(t)
		crash, err := vfs.NewCrash(root)
		if err != nil {
			t.Fatal(err)
		}
		crash.OnPoint(run.look)
		runCrashScript(t, run, crash, filepath.Join(root, "db"), script)
		total.points, total.clones, total.overlaps = total.points+run.points, total.clones+run.clones, total.overlaps+run.overlaps
		if _, err := survey(filepath.Join(root, "db"), run.acked); err != nil {
			t.Error(err)
		}
	}
	if total.overlaps == 0 {
		t.Error("no change came in the middle of a merge")
	}
	t.Logf("%d points, %d power cuts, %d changes in the middle of a merge", total.points, total.clones, total.overlaps)
}

func runCrashScript(t *testing.T, run *crashRun, fs vfs.FS, dir string, script uint64) {
	t.Helper()
	vectors := []string{"flat", "hnsw8,int8", "flat,int8", "ivf2,pq4"}[script%4]
	db, err := Create(dir, kindSettings(vectors), Options{FS: fs, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	run.made = true
	for n := range pick(7, 16) {
		c := nthChange(script, n, 10)
		apply := func() {
			run.pending = run.acked.with(c)
			if _, err := db.Apply(background, c); err != nil {
				t.Fatal(err)
			}
			run.acked, run.pending = run.pending, nil
		}
		if n%5 == 4 { // the change comes in when the rows to merge have been chosen, and the merge ends after it
			if err := db.Merge(background, MergeOptions{All: true, Started: func(int, int) { apply(); run.overlaps++ }}); err != nil {
				t.Fatal(err)
			}
		}
		if run.acked[c.Add[0].Document.ID] != c.Add[0].Document.Meta["version"] {
			apply()
		}
		if n%3 == 2 {
			if err := db.Merge(background, MergeOptions{All: n%2 == 0}); err != nil {
				t.Fatal(err)
			}
		}
		if n%5 == 3 {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if db, err = Open(dir, Options{Write: true, FS: fs, Threads: 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCrashInRepair cuts the power at every point of a repair. Repairing again brings everything back.
func TestCrashInRepair(t *testing.T) {
	points, clones := 0, 0
	for _, damaged := range []string{ledgerName, "seg-00000005.win"} {
		root, scratch := fastDir(t), fastDir(t)
		dir := filepath.Join(root, "db")
		is := makeSpecimen(t, dir, "hnsw8,int8", 16)
		path := filepath.Join(dir, damaged)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// In a segment, the vectors; in index.db, the last byte of the manifest's page.
		at := len(whole) * 2 / 3
		patch(t, path, at, whole[at]^1)
		crash, err := vfs.NewCrash(root)
		if err != nil {
			t.Fatal(err)
		}
		crash.OnPoint(func(p *vfs.Point) {
			points++
			for seed := range uint64(pick(3, 8)) {
				clones++
				clone := filepath.Join(scratch, fmt.Sprintf("%d-%d", p.N, seed))
				if err := p.Clone(clone, seed); err != nil {
					t.Fatal(err)
				}
				to := filepath.Join(clone, "db")
				if err := keptDamaged(to, damaged); err != nil {
					t.Errorf("%s, %v, seed %d: %v", damaged, p, seed, err)
				}
				r, err := Repair(background, to, reembed(t))
				if err == nil {
					_, err = surveyAll(to, false, is)
				}
				if err != nil {
					t.Errorf("%s, %v, seed %d: %v (%+v)", damaged, p, seed, err, r)
				}
				if err := os.RemoveAll(clone); err != nil {
					t.Fatal(err)
				}
			}
		})
		o := reembed(t)
		o.FS = crash
		r, err := Repair(background, dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Manifest && len(r.Segments) == 0 {
			t.Errorf("%s: nothing was repaired", damaged)
		}
		if _, err := surveyAll(dir, false, is); err != nil {
			t.Errorf("%s: %v", damaged, err)
		}
	}
	t.Logf("%d points, %d power cuts", points, clones)
}

// keptDamaged returns an error unless a damaged segment is there, under its own name or with .damaged after it, once a writer
// has swept away what no commit names.
func keptDamaged(dir, name string) error {
	if !isSegmentName(name) {
		return nil
	}
	if db, err := Open(dir, Options{Write: true, Threads: 1}); err == nil {
		if err := db.Close(); err != nil {
			return err
		}
	}
	_, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		_, err = os.Stat(filepath.Join(dir, name+damagedSuffix))
	}
	return err
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/internal/vfs"
)

// faultSteps is what TestFaults does with an index: each step leads from one state to the next.
func faultSteps() []Change {
	var steps []Change
	for n := range 3 {
		steps = append(steps, nthChange(5, n, 8))
	}
	return append(steps, Change{}) // stands for a merge of all
}

func faultStep(db *DB, c Change) error {
	if len(c.Add) == 0 {
		return db.Merge(background, MergeOptions{All: true})
	}
	_, err := db.Apply(background, c)
	return err
}

// faultOutcome counts what TestFaults has seen.
type faultOutcome struct{ faults, reported, survived int }

// runFaults does the steps on a copy of base with a rule of faults. After a reported error the index must be as it was, and
// the step must work when the disk does again, with the same DB.
func runFaults(base string, before model, rule vfs.Rule) (ops int, o faultOutcome, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(base), "run")
	if err != nil {
		return 0, o, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
		return 0, o, err
	}
	hit := false
	fault := vfs.NewFault(vfs.OS, nil)
	counting := func(op vfs.Op, path string, n int) error {
		err := rule(op, path, n)
		hit = hit || err != nil
		return err
	}
	is := before
	db, err := Open(dir, Options{Write: true, FS: fault, Threads: 1})
	if err != nil {
		return 0, o, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	start := fault.Ops()
	fault.SetRule(func(op vfs.Op, path string, n int) error { return counting(op, path, n-start) })
	for i, c := range faultSteps() {
		hit = false
		err := faultStep(db, c)
		if hit {
			o.faults++
		}
		if err == nil {
			is = is.with(c)
			if hit {
				o.survived++
			}
			continue
		}
		if !hit {
			return 0, o, fmt.Errorf("step %d failed without a fault: %w", i, err)
		}
		o.reported++
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EIO) {
			return 0, o, fmt.Errorf("step %d: the error does not say what happened: %w", i, err)
		}
		now, bad := inspect(db)
		if bad != nil {
			return 0, o, fmt.Errorf("step %d, after %w: %w", i, err, bad)
		}
		if !maps.Equal(now, is) {
			return 0, o, fmt.Errorf("step %d, after %w: the index holds %v, held %v", i, err, now, is)
		}
		if _, bad := survey(dir, is); bad != nil {
			return 0, o, fmt.Errorf("step %d, after %w: %w", i, err, bad)
		}
		fault.SetRule(nil)
		if err := faultStep(db, c); err != nil {
			return 0, o, fmt.Errorf("step %d, when the disk works again: %w", i, err)
		}
		is = is.with(c)
	}
	ops = fault.Ops() - start
	fault.SetRule(nil)
	now, err := inspect(db)
	if err != nil {
		return 0, o, err
	}
	if !maps.Equal(now, is) {
		return 0, o, fmt.Errorf("in the end the index holds %v, expected %v", now, is)
	}
	_, err = survey(dir, is)
	return ops, o, err
}

// TestFaults lets every operation of the file system fail in turn, in several ways.
func TestFaults(t *testing.T) {
	base := filepath.Join(fastDir(t), "base")
	db, err := Create(base, kindSettings("hnsw8,int8"), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	before := model{}
	for n := range 3 {
		c := nthChange(4, n, 8)
		mustApply(t, db, c)
		before = before.with(c)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ops, _, err := runFaults(base, before, func(vfs.Op, string, int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var total faultOutcome
	for name, rule := range map[string]func(n int) vfs.Rule{
		"no space, once":  func(n int) vfs.Rule { return vfs.FailOnce(n, syscall.ENOSPC) },
		"I/O error, once": func(n int) vfs.Rule { return vfs.FailOnce(n, syscall.EIO) },
		"short write":     func(n int) vfs.Rule { return vfs.FailOnce(n, &vfs.ShortWrite{Bytes: 7, Err: syscall.ENOSPC}) },
		"full from here":  func(n int) vfs.Rule { return vfs.FailWriting(n, syscall.ENOSPC) },
		"all from here": func(n int) vfs.Rule {
			return func(op vfs.Op, _ string, i int) error {
				if i >= n && op != vfs.OpUpdated && op != vfs.OpOpen && op != vfs.OpRead && op != vfs.OpList {
					return syscall.EIO
				}
				return nil
			}
		},
	} {
		for n := range ops {
			_, o, err := runFaults(base, before, rule(n))
			if err != nil {
				t.Fatalf("%s, operation %d: %v", name, n, err)
			}
			total.faults, total.reported, total.survived = total.faults+o.faults, total.reported+o.reported, total.survived+o.survived
		}
	}
	t.Logf("%d operations; %d faults, %d reported, %d did not matter", ops, total.faults, total.reported, total.survived)
}

// TestLastSyncFails has commits that come through although the last sync reports an error, once and every time.
func TestLastSyncFails(t *testing.T) {
	for _, times := range []int{1, 2, 3} {
		dir := filepath.Join(fastDir(t), "db")
		fault := vfs.NewFault(vfs.OS, nil)
		db, err := Create(dir, testSettings(), Options{FS: fault, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		first, second := nthChange(3, 0, 6), nthChange(3, 1, 6)
		mustApply(t, db, first)
		left := times
		fault.SetRule(func(op vfs.Op, _ string, _ int) error {
			if op == vfs.OpUpdated && left > 0 {
				left--
				return syscall.EIO
			}
			return nil
		})
		_, err = db.Apply(background, second)
		if times == 1 && err != nil {
			t.Errorf("a commit that worked the second time: %v", err)
		}
		if times > 1 && (!errors.Is(err, syscall.EIO) || !errors.Is(err, ErrNotDurable)) {
			t.Errorf("a commit that failed twice: %v", err)
		}
		// Memory and disk agree whatever was reported.
		want := model{}.with(first).with(second)
		if now, err := inspect(db); err != nil || !maps.Equal(now, want) {
			t.Errorf("%v, %v", now, err)
		}
		fault.SetRule(nil)
		third := nthChange(3, 2, 6)
		mustApply(t, db, third)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := survey(dir, want.with(third)); err != nil {
			t.Error(err)
		}
	}
}

// TestCommitInDoubt has a commit fail when index.db cannot be read either. Nothing is written until it is known what became of
// it, and its segment stays.
func TestCommitInDoubt(t *testing.T) {
	for _, through := range []bool{true, false} {
		dir := filepath.Join(fastDir(t), "db")
		fault := vfs.NewFault(vfs.OS, nil)
		db, err := Create(dir, testSettings(), Options{FS: fault, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		first, second, third := nthChange(3, 0, 6), nthChange(3, 1, 6), nthChange(3, 2, 6)
		mustApply(t, db, first)
		path, away := filepath.Join(dir, ledgerName), filepath.Join(dir, "away")
		fault.SetRule(func(op vfs.Op, _ string, _ int) error {
			if through && op == vfs.OpUpdated || !through && op == vfs.OpUpdate {
				if err := os.Rename(path, away); err != nil {
					t.Error(err)
				}
				return syscall.EIO
			}
			return nil
		})
		if _, err := db.Apply(background, second); !errors.Is(err, syscall.EIO) || !errors.Is(err, ErrInDoubt) {
			t.Errorf("through %v: %v", through, err)
		}
		fault.SetRule(nil)
		if _, err := db.Apply(background, third); !errors.Is(err, ErrInDoubt) {
			t.Errorf("through %v: a change on top of one in doubt: %v", through, err)
		}
		if err := os.Rename(away, path); err != nil {
			t.Fatal(err)
		}
		mustApply(t, db, third)
		want := model{}.with(first).with(third)
		if through {
			want = model{}.with(first).with(second).with(third)
		}
		if now, err := inspect(db); err != nil || !maps.Equal(now, want) {
			t.Errorf("through %v: %v, %v", through, now, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := survey(dir, want); err != nil {
			t.Error(err)
		}
	}
}

// TestCreateFails lets every operation of making an index fail. It can be made afterwards.
func TestCreateFails(t *testing.T) {
	for n := 0; ; n++ {
		dir := filepath.Join(fastDir(t), "db")
		fault := vfs.NewFault(vfs.OS, vfs.FailOnce(n, syscall.ENOSPC))
		db, err := Create(dir, testSettings(), Options{FS: fault})
		if err == nil {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if fault.Ops() <= n {
				return
			}
			continue
		}
		if db, err = Create(dir, testSettings(), Options{}); err != nil {
			t.Fatalf("operation %d: when there is space again: %v", n, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

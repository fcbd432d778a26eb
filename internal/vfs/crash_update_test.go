// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/winnow-search/winnow/internal/vfs"
)

var bucket = []byte("b")

// commit writes n and some bulk, so that commits take several pages and the file grows.
func commit(db *bbolt.DB, n int) error {
	return db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucket)
		if err != nil {
			return err
		}
		for i := range 10 {
			if err := b.Put([]byte{byte(n), byte(i)}, bytes.Repeat([]byte{byte(n)}, 900)); err != nil {
				return err
			}
			if n > 3 { // pages are freed and used again
				if err := b.Delete([]byte{byte(n - 3), byte(i)}); err != nil {
					return err
				}
			}
		}
		return b.Put([]byte("n"), binary.LittleEndian.AppendUint64(nil, uint64(n)))
	})
}

// committed opens a clone, checks all of it and returns what the last commit wrote.
func committed(path string) (n int, err error) {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return 0, err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		if b := tx.Bucket(bucket); b != nil {
			n = int(binary.LittleEndian.Uint64(b.Get([]byte("n"))))
		}
		for i := range 10 {
			if n > 0 && !bytes.Equal(tx.Bucket(bucket).Get([]byte{byte(n), byte(i)}), bytes.Repeat([]byte{byte(n)}, 900)) {
				errs = append(errs, errors.New("a value is damaged"))
			}
		}
		return errors.Join(errs...)
	})
	return n, errors.Join(err, db.Close())
}

// TestCrashUpdateOfBbolt cuts the power in all the states of commits that Crash plays: bbolt must come up with the last
// acknowledged commit, or with the one in progress if its meta page may be written.
func TestCrashUpdateOfBbolt(t *testing.T) {
	dir := t.TempDir()
	c, err := vfs.NewCrash(dir)
	must(t, err)
	path := filepath.Join(dir, "index.db")
	var db *bbolt.DB
	must(t, c.Update(path, func() (err error) {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoGrowSync: true})
		return err
	}))
	must(t, c.SyncDir(dir))
	acknowledged, steps, torn := 0, map[string]int{}, 0
	outcomes := map[int]int{}
	c.OnPoint(func(p *vfs.Point) {
		steps[p.Step]++
		before, err := os.ReadFile(path)
		must(t, err)
		for seed := range uint64(10) {
			to := filepath.Join(t.TempDir(), "clone")
			must(t, p.Clone(to, seed))
			image, err := os.ReadFile(filepath.Join(to, "index.db"))
			must(t, err)
			if p.Step == "data" && !bytes.Equal(before, image) {
				torn++
			}
			n, err := committed(filepath.Join(to, "index.db"))
			if err != nil {
				t.Fatalf("%v, seed %d: %v", p, seed, err)
			}
			switch p.Step {
			case "meta":
				outcomes[n-acknowledged]++
				if n != acknowledged && n != acknowledged+1 {
					t.Errorf("%v, seed %d: commit %d, %d was acknowledged", p, seed, n, acknowledged)
				}
			case "done":
				if n != acknowledged+1 {
					t.Errorf("%v, seed %d: commit %d is lost, there is %d", p, seed, acknowledged+1, n)
				}
			default:
				if n != acknowledged {
					t.Errorf("%v, seed %d: commit %d, %d was acknowledged", p, seed, n, acknowledged)
				}
			}
		}
	})
	const commits = 12
	for n := range commits {
		must(t, c.Update(path, func() error { return commit(db, n+1) }))
		acknowledged = n + 1
	}
	must(t, db.Close())
	for _, step := range []string{"data", "synced", "meta", "done"} {
		if steps[step] != commits {
			t.Errorf("step %s: %d points, want %d", step, steps[step], commits)
		}
	}
	if outcomes[0] == 0 || outcomes[1] == 0 || torn == 0 {
		t.Errorf("outcomes %v, %d torn files: not all states were played", outcomes, torn)
	}
}

func TestCrashUpdateRefusesTwoCommits(t *testing.T) {
	dir := t.TempDir()
	c, err := vfs.NewCrash(dir)
	must(t, err)
	path := filepath.Join(dir, "index.db")
	must(t, c.Update(path, func() error {
		db, err := bbolt.Open(path, 0o600, nil)
		must(t, err)
		return errors.Join(commit(db, 1), db.Close()) // making the file may include the first commit
	}))
	err = c.Update(path, func() error {
		db, err := bbolt.Open(path, 0o600, nil)
		must(t, err)
		return errors.Join(commit(db, 2), commit(db, 3), db.Close())
	})
	if err == nil {
		t.Error("two commits in one update were not noticed")
	}
}

func TestCrashUpdateThatMakesAFile(t *testing.T) {
	var missing, partial, whole int
	script(t, 40, func(c *vfs.Crash, dir string) {
		path := filepath.Join(dir, "f")
		must(t, c.Update(path, func() error { return os.WriteFile(path, []byte(long), 0o600) }))
		must(t, c.SyncDir(dir))
	}, func(p *vfs.Point, seed uint64, files map[string]string) {
		got, ok := files["f"]
		switch {
		case !ok:
			missing++
		case got == long:
			whole++
		case p.Step == "create":
			partial++
		default:
			t.Errorf("%v, seed %d: the update was done", p, seed)
		}
		if p.Op == vfs.OpSyncDir && got != long {
			t.Errorf("%v, seed %d: lost", p, seed)
		}
	})
	if missing == 0 || partial == 0 || whole == 0 {
		t.Errorf("%d clones without, %d with a part of and %d with the file", missing, partial, whole)
	}
}

func TestCrashUpdateErrors(t *testing.T) {
	dir := t.TempDir()
	c, err := vfs.NewCrash(dir)
	must(t, err)
	path := filepath.Join(dir, "f")
	want := errors.New("from inside")
	if err := c.Update(path, func() error { return want }); !errors.Is(err, want) || c.Points() != 0 {
		t.Errorf("got %v and %d points", err, c.Points())
	}
	err = c.Update(path, func() error { return c.Update(path, func() error { return nil }) })
	if err == nil {
		t.Error("two updates at the same time")
	}
	must(t, c.Update(path, func() error { return os.WriteFile(path, []byte(long), 0o600) }))
	points := c.Points()
	must(t, c.Update(path, func() error { return nil }))
	if c.Points() != points {
		t.Error("an update without a change has points")
	}
	if err := c.Update(path, func() error { return os.Remove(path) }); err == nil {
		t.Error("a file that vanished in its update")
	}
}

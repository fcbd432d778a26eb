// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build linux

package index

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// fullRun fills a disk until a change fails, looks whether the index is as it was, makes room, and goes on.
func fullRun(dir string, fill, free func() error) error {
	db, err := Create(dir, kindSettings("flat,int8"), Options{Threads: 1})
	if err != nil {
		return err
	}
	is, n, failures := model{}, 0, 0
	for round := range 6 {
		if err := fill(); err != nil {
			return err
		}
		for ; ; n++ {
			c := nthChange(uint64(round), n, 200)
			// File records with long paths make index.db itself grow.
			for i := range 20 {
				c.Files = append(c.Files, FileRecord{Path: fmt.Sprintf("dir/%d-%d-%s", n, i, strings.Repeat("x", 500)), Hash: "h"})
			}
			_, err := db.Apply(background, c)
			if err == nil {
				is = is.with(c)
				if n > 100000 {
					return errors.New("the disk never got full")
				}
				continue
			}
			if !isFull(err) {
				return fmt.Errorf("not the error of a full disk: %w", err)
			}
			failures++
			if err := sameDocuments(db, is); err != nil {
				return fmt.Errorf("after %w: %w", err, err)
			}
			if err := checkClean(dir); err != nil {
				return fmt.Errorf("disk full: %w", err)
			}
			break
		}
		// A merge needs room as well, and must leave everything as it was.
		if err := db.Merge(background, MergeOptions{All: true}); err != nil && !isFull(err) {
			return fmt.Errorf("not the error of a full disk: %w", err)
		}
		if err := sameDocuments(db, is); err != nil {
			return err
		}
		if err := free(); err != nil {
			return err
		}
		c := nthChange(uint64(round), n, 200)
		n++
		if _, err := db.Apply(background, c); err != nil {
			return fmt.Errorf("after there is room again: %w", err)
		}
		is = is.with(c)
		if err := db.Merge(background, MergeOptions{All: true}); err != nil {
			return fmt.Errorf("after there is room again: %w", err)
		}
		if err := sameDocuments(db, is); err != nil {
			return err
		}
	}
	if err := db.Close(); err != nil {
		return err
	}
	if err := checkClean(dir); err != nil {
		return err
	}
	fmt.Printf("%d changes, %d refused\n", n, failures)
	return nil
}

// isFull also knows what bbolt says, which does not wrap the system's error everywhere.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG) || strings.Contains(err.Error(), syscall.EFBIG.Error())
}

// sameDocuments compares the documents alone, and their versions.
func sameDocuments(db *DB, want model) error {
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	docs, err := s.Docs()
	if err == nil && docs != len(want) {
		err = fmt.Errorf("%d documents, expected %d", docs, len(want))
	}
	if err != nil {
		return err
	}
	for _, id := range sortedIDs(want) {
		d, err := s.Get(id)
		if err != nil || d == nil {
			return fmt.Errorf("%q: %v, %w", id, d, err)
		}
		if fmt.Sprint(d.Meta["version"]) != fmt.Sprint(want[id]) {
			return fmt.Errorf("%q has version %v, expected %d", id, d.Meta["version"], want[id])
		}
	}
	return nil
}

func checkClean(dir string) error {
	r, err := Check(background, dir, Options{})
	if err != nil {
		return err
	}
	return errors.Join(r.Problems...)
}

// fullChild runs with a limit on the size of files, which refuses writes as a full disk does.
func fullChild() error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(n uint64) error {
		return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: n, Max: math.MaxUint64})
	}
	size := uint64(96 << 10)
	return fullRun("db",
		func() error { size += 32 << 10; return limit(size) },
		func() error { return limit(math.MaxUint64) })
}

// TestFullDisk fills a small file system in memory if it may mount one, and runs into a limit on file sizes in any case.
func TestFullDisk(t *testing.T) {
	out, err := childProcess(t, "full", fastDir(t)).CombinedOutput()
	t.Logf("limited file size: %s", out)
	if err != nil {
		t.Error(err)
	}
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=4m"); err != nil {
		t.Logf("a small file system cannot be mounted here (%v): the limit on file sizes was the test", err)
		return
	}
	defer func() {
		if err := unix.Unmount(small, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(small, "ballast")
	if err := fullRun(filepath.Join(small, "db"),
		func() error { return fillDisk(ballast, small) },
		func() error { return os.Remove(ballast) }); err != nil {
		t.Error(err)
	}
}

// fillDisk leaves a few hundred KiB.
func fillDisk(ballast, dir string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return err
	}
	free := int64(s.Bavail) * s.Bsize
	return os.WriteFile(ballast, make([]byte, max(0, free-300<<10)), 0o600)
}

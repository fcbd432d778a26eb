// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// readChild opens the index again and again, checks that every change is there wholly, and ends when its standard input does.
func readChild() error {
	const dir = "."
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	opened, refreshed := 0, 0
	for {
		db, err := Open(dir, Options{Threads: 1})
		if err != nil {
			return err
		}
		opened++
		for range 5 {
			if err := pairsWhole(db); err != nil {
				return err
			}
			changed, err := db.Refresh()
			if err != nil {
				return err
			}
			if changed {
				refreshed++
			}
		}
		if err := db.Close(); err != nil {
			return err
		}
		r, err := Check(background, dir, Options{})
		if err := errors.Join(append(r.Problems, err)...); err != nil {
			return fmt.Errorf("check beside a writer: %w", err)
		}
		if _, err := Open(dir, Options{Write: true}); !errors.Is(err, ErrLocked) {
			return fmt.Errorf("a second writer got %w", err)
		}
		select {
		case <-done:
			fmt.Printf("opened %d times, %d new states\n", opened, refreshed)
			return nil
		default:
		}
	}
}

// pairsWhole looks for documents without their twin, which is always added, replaced and deleted together with them.
func pairsWhole(db *DB) error {
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	for i := range 10 {
		left, err := s.Get(fmt.Sprintf("left%d", i))
		if err != nil {
			return err
		}
		right, err := s.Get(fmt.Sprintf("right%d", i))
		if err != nil {
			return err
		}
		if (left == nil) != (right == nil) || left != nil && fmt.Sprint(left.Meta["version"]) != fmt.Sprint(right.Meta["version"]) {
			return fmt.Errorf("half a change: left%d is %v, right%d is %v", i, left, i, right)
		}
	}
	q := make([]float32, testDim)
	q[1] = 1
	hits, _, err := s.Dense(background, q, 1000, DenseParams{})
	if err == nil && len(hits) != s.Rows() {
		err = fmt.Errorf("%d hits of %d passages", len(hits), s.Rows())
	}
	return err
}

// TestProcesses has readers in other processes open the index while this one writes, merges and removes segments.
func TestProcesses(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	db, err := Create(dir, kindSettings("hnsw8,int8"), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	type reader struct {
		*exec.Cmd
		in  io.Closer
		out *outputBuffer
	}
	var readers []reader
	for range 2 {
		r := reader{Cmd: childProcess(t, "read", dir), out: &outputBuffer{}}
		r.Stdout, r.Stderr = r.out, r.out
		in, err := r.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		r.in = in
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	changes := 0
	for end := time.Now().Add(time.Duration(pick(3, 60)) * time.Second); time.Now().Before(end); changes++ {
		i := changes % 10
		c := Change{Delete: []string{fmt.Sprintf("left%d", (i+5)%10), fmt.Sprintf("right%d", (i+5)%10)}}
		for _, side := range []string{"left", "right"} {
			c.Add = append(c.Add, versioned(fmt.Sprintf("%s%d", side, i), uint64(changes)))
		}
		if _, err := db.Apply(background, c); err != nil {
			t.Fatal(err)
		}
		if changes%4 == 3 {
			if err := db.Merge(background, MergeOptions{All: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, r := range readers {
		if err := r.in.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Wait(); err != nil {
			t.Errorf("a reader in another process: %v: %s", err, r.out.data)
		}
		t.Logf("%d changes; a reader: %s", changes, r.out.data)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

type outputBuffer struct{ data []byte }

func (b *outputBuffer) Write(p []byte) (int, error) {
	b.data = append(b.data, p...)
	return len(p), nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Child processes are this test binary again, told by the environment what to do in their working directory.
const (
	childRole = "WINNOW_TEST_CHILD"
	killSeed  = "WINNOW_KILL_SEED"
	killFirst = "WINNOW_KILL_FIRST"
	killIDs   = 40
)

// killChanges are acknowledged on standard output, one line each, as soon as Apply has returned. Merges run beside them.
func killChanges(dir string, seed uint64, first int) error {
	db, err := Open(dir, Options{Write: true, Threads: 2})
	if err != nil {
		return err
	}
	fmt.Println("open")
	failed := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			if err := db.Merge(background, MergeOptions{All: n%3 != 0, Started: func(int, int) { fmt.Println("merge") }}); err != nil {
				failed <- err
				return
			}
			fmt.Println("merged")
			time.Sleep(time.Duration(n%4) * 15 * time.Millisecond)
		}
	}()
	for n := first; ; n++ {
		select {
		case err := <-failed:
			return err
		default:
		}
		if _, err := db.Apply(background, nthChange(seed, n, killIDs)); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func TestMain(m *testing.M) {
	run := map[string]func() error{"kill": killChild, "full": fullChild, "read": readChild}[os.Getenv(childRole)]
	if run == nil {
		os.Exit(m.Run())
	}
	if err := run(); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// childProcess is this test binary in a role and directory.
func childProcess(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Dir, c.Env = dir, append(os.Environ(), childRole+"="+role)
	return c
}

func killChild() error {
	seed, err := strconv.ParseUint(os.Getenv(killSeed), 10, 64)
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(os.Getenv(killFirst))
	if err != nil {
		return err
	}
	return killChanges(".", seed, first)
}

// childOutput is what a child has said until it was killed.
type childOutput struct {
	acked   int // the last change, -1 for none
	lines   int
	merging bool // in the middle of a merge
	failed  string
}

// killAfter starts a child, kills it after some time, and reads what it has acknowledged.
func killAfter(t *testing.T, dir string, seed uint64, first int, wait time.Duration) childOutput {
	t.Helper()
	child := childProcess(t, "kill", dir)
	child.Env = append(child.Env, fmt.Sprintf("%s=%d", killSeed, seed), fmt.Sprintf("%s=%d", killFirst, first))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(wait, func() { _ = child.Process.Kill() })
	o := childOutput{acked: first - 1}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		o.lines++
		line = strings.TrimSpace(line)
		switch n, err := strconv.Atoi(line); {
		case err == nil:
			o.acked = n
		case line == "merge":
			o.merging = true
		case line == "merged":
			o.merging = false
		case strings.HasPrefix(line, "failed"):
			o.failed = line
		}
	}
	_ = child.Wait() // it was killed
	kill.Stop()
	return o
}

// TestKill kills a process that adds, replaces, deletes and merges, again and again on the same index.
func TestKill(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	s := kindSettings("hnsw8,int8")
	db, err := Create(dir, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	const seed = 11
	random := rand.New(rand.NewPCG(seed, 0))
	is, next := model{}, 0
	merging, idle, unacknowledged := 0, 0, 0
	kills := pick(30, 1200)
	for round := range kills {
		// Starting takes some of it; a few are killed before they have opened the index, or while they do.
		o := killAfter(t, dir, seed, next, time.Duration(10+random.IntN(110))*time.Millisecond)
		if o.failed != "" {
			t.Fatalf("round %d: %s", round, o.failed)
		}
		if o.merging {
			merging++
		}
		if o.lines == 0 {
			idle++
		}
		for ; next <= o.acked; next++ {
			is = is.with(nthChange(seed, next, killIDs))
		}
		which, err := survey(dir, is, is.with(nthChange(seed, next, killIDs)))
		if err != nil {
			t.Fatalf("round %d, after change %d: %v", round, o.acked, err)
		}
		if which == 1 {
			unacknowledged++
			is = is.with(nthChange(seed, next, killIDs))
			next++
		}
	}
	if err := writable(dir, is); err != nil {
		t.Error(err)
	}
	if next == 0 {
		t.Error("no change was acknowledged in any round")
	}
	t.Logf("%d kills, %d in the middle of a merge, %d before the index was open; %d changes acknowledged, %d there without", kills, merging, idle, next-unacknowledged, unacknowledged)
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/index"
)

// indexed is how many documents an index holds.
func indexed(dir string) (int, error) {
	db, err := index.Open(dir, index.Options{})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	s, err := db.Stats()
	if err != nil {
		return 0, err
	}
	return s.Documents, nil
}

// A run that is stopped, politely or not, keeps what it has done; the next one does only the rest.
func TestStoppedIndexingGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes much: the run of all tests has it")
	}
	const rows = 6000
	var corpus bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&corpus, "{\"id\":\"row%d\",\"text\":%q}\n", i, fmt.Sprintf("Row %d. %s", i, strings.Repeat(fmt.Sprintf("some text %d, ", i%97), 30)))
	}
	model, err := filepath.Abs("../../internal/parity/testdata/bi-mean")
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			db, file := filepath.Join(dir, "db"), filepath.Join(dir, "corpus.jsonl")
			if err := os.WriteFile(file, corpus.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			command := func() (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
				var out, messages bytes.Buffer
				c := exec.CommandContext(t.Context(), "winnow", "index", file, "--db", db, "-m", model, "--threads", "1", "--json")
				c.Stdout, c.Stderr = &out, &messages
				return c, &out, &messages
			}
			first, _, messages := command()
			if err := first.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- first.Wait() }()
			for n := 0; n == 0; n, _ = indexed(db) { // errors are those of an index that is just being made
				select {
				case err := <-ended:
					t.Fatalf("over before anything could be stopped: %v\n%s", err, messages)
				case <-time.After(time.Millisecond):
				}
			}
			if err := first.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			stopped := <-ended
			if signal == syscall.SIGINT {
				if code := first.ProcessState.ExitCode(); code != 130 {
					t.Errorf("exit code %d, want 130 (%v)\n%s", code, stopped, messages)
				}
				if m := messages.String(); !strings.Contains(m, "are safe in "+db+": run the command again to go on\n") || !strings.HasSuffix(m, "winnow: stopped by signal: interrupt\n") {
					t.Errorf("messages: %s", m)
				}
			}
			before, err := indexed(db)
			if err != nil || before == 0 || before >= rows {
				t.Fatalf("%d of %d documents after the run was stopped, %v", before, rows, err)
			}
			report, err := index.Check(t.Context(), db, index.Options{})
			if err != nil || len(report.Problems) > 0 {
				t.Fatalf("check: %v, %v", report, err)
			}
			second, out, messages := command()
			if err := second.Run(); err != nil {
				t.Fatalf("%v\n%s", err, messages)
			}
			var done winnow.SyncReport
			if err := json.Unmarshal(out.Bytes(), &done); err != nil {
				t.Fatal(err)
			}
			after, err := indexed(db)
			if err != nil || done.Added != rows-before || done.Same != before || done.Updated != 0 || after != rows {
				t.Errorf("%d documents at first, then %+v, %d in the end, %v; want %d", before, done, after, err, rows)
			}
		})
	}
}

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
)

// Mining that is stopped, politely or not, is ended by the same command, with the same rows and counts as a run that was not.
func TestStoppedMiningGoesOn(t *testing.T) {
	const rows = 1200
	var data bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&data, "{\"query\":\"what is number %d\",\"positive\":\"the text of number %d, %s\"}\n", i, i, strings.Repeat(fmt.Sprintf("with words %d, ", i%97), 10))
	}
	models, err := filepath.Abs("../../internal/parity/testdata")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rows.jsonl")
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(out string, more ...string) (c *exec.Cmd, printed, messages *bytes.Buffer) {
		printed, messages = &bytes.Buffer{}, &bytes.Buffer{}
		args := append([]string{"mine", file, "--mode", "lexical", "--rerank", filepath.Join(models, "cross-identity"), "--out", out, "--threads", "1", "--random", "--relative-margin", "0", "--json"}, more...)
		c = exec.CommandContext(t.Context(), "winnow", args...)
		c.Stdout, c.Stderr = printed, messages
		return c, printed, messages
	}
	// report is what a run prints, without what differs between runs.
	report := func(printed *bytes.Buffer) (r minedReport) {
		t.Helper()
		if err := json.Unmarshal(printed.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		r.Seconds, r.Out = 0, ""
		return r
	}
	read := func(path string) []byte {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole := filepath.Join(t.TempDir(), "mined.jsonl")
	c, wholePrinted, messages := command(whole)
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, messages)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "mined.jsonl")
			partial := out + ".partial"
			first, _, messages := command(out)
			if err := first.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- first.Wait() }()
			for lines := 0; lines < 2; {
				b, _ := os.ReadFile(partial) // it is not there at first
				lines = bytes.Count(b, []byte("\n"))
				select {
				case err := <-ended:
					t.Fatalf("over before anything could be stopped: %v\n%s", err, messages)
				case <-time.After(time.Millisecond):
				}
			}
			if err := first.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				t.Fatal("the run was over before it was stopped")
			}
			if _, err := os.Stat(out); err == nil {
				t.Fatal("the run was over before it was stopped")
			}
			kept := bytes.Count(read(partial), []byte("\n")) - 1
			if kept < 1 || kept >= rows {
				t.Fatalf("%d rows are kept", kept)
			}
			if signal == syscall.SIGINT {
				if code := first.ProcessState.ExitCode(); code != 130 {
					t.Errorf("exit code %d, want 130\n%s", code, messages)
				}
				if m := messages.String(); !strings.Contains(m, " of 1,200 rows are kept in "+partial+": the same command goes on from there\n") {
					t.Errorf("messages: %s", m)
				}
			}
			other, _, messages := command(out, "--negatives", "2")
			if err := other.Run(); err == nil || !strings.Contains(messages.String(), "negatives: 5, now 2") {
				t.Errorf("other settings: %v, %s", err, messages)
			}
			second, printed, messages := command(out)
			if err := second.Run(); err != nil {
				t.Fatalf("%v\n%s", err, messages)
			}
			if !bytes.Equal(read(out), read(whole)) {
				t.Error("the rows are not those of a run that was not stopped")
			}
			if got, want := report(printed), report(wholePrinted); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			if _, err := os.Stat(partial); !os.IsNotExist(err) {
				t.Errorf("the rows kept are still there: %v", err)
			}
		})
	}
}

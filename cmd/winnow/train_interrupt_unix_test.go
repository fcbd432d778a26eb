// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A training run that is stopped, politely or not, is ended by the same command, with the same weights as one that was not.
func TestStoppedTrainingGoesOn(t *testing.T) {
	const rows, steps = 200, 150
	var data bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&data, "{\"query\":\"what is number %d\",\"positive\":\"the text of number %d\",\"negatives\":[\"no number but %d\"]}\n", i, i, i%7)
	}
	model, err := filepath.Abs("../../internal/parity/testdata/bi-mean")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rows.jsonl")
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(out string) (*exec.Cmd, *bytes.Buffer) {
		var messages bytes.Buffer
		c := exec.CommandContext(t.Context(), "winnow", "train", "bi", file, "-m", model, "--out", out, "--threads", "1",
			"--steps", fmt.Sprint(steps), "--batch", "8", "--accumulate", "2", "--average", "0.9", "--hold-out", "20", "--checkpoint-every", "3")
		c.Stderr = &messages
		return c, &messages
	}
	weights := func(dir string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", sha256.Sum256(b))
	}
	whole := filepath.Join(t.TempDir(), "tuned")
	if c, messages := command(whole); c.Run() != nil {
		t.Fatal(messages)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "tuned")
			first, messages := command(out)
			if err := first.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- first.Wait() }()
			for there := false; !there; {
				_, err := os.Stat(filepath.Join(out+".checkpoint", "state.safetensors"))
				there = err == nil
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
			if signal == syscall.SIGINT {
				if code := first.ProcessState.ExitCode(); code != 130 {
					t.Errorf("exit code %d, want 130\n%s", code, messages)
				}
				if m := messages.String(); !strings.Contains(m, "is kept in "+out+".checkpoint: the same command goes on from there\n") {
					t.Errorf("messages: %s", m)
				}
			}
			if c, messages := command(out); c.Run() != nil {
				t.Fatal(messages)
			}
			if weights(out) != weights(whole) {
				t.Error("the weights are not those of a run that was not stopped")
			}
			if _, err := os.Stat(out + ".checkpoint"); !os.IsNotExist(err) {
				t.Errorf("the checkpoint is still there: %v", err)
			}
		})
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/document"
)

// A signal ends a command that waits for input nobody sends, with 128 and the signal's number.
func TestSignalsEndACommandThatWaits(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		ctx, stop := interruptible(t.Context())
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		started := make(chan error)
		go func() { // the read below begins before or after this: both have to end
			started <- syscall.Kill(os.Getpid(), s)
		}()
		_, err = document.ReadLines(&cancelReader{ctx: ctx, r: r}, document.LineOptions{})
		if err := <-started; err != nil {
			t.Fatal(err)
		}
		var cause *interrupt
		if !errors.As(err, &cause) || cause.signal != s {
			t.Errorf("%v: reading ended with %v", s, err)
		}
		a, printed := testApp(t)
		if code := a.report(ctx, err); code != 128+int(s) {
			t.Errorf("%v: exit code %d", s, code)
		}
		if got := printed(); !strings.Contains(got, "winnow: stopped by signal: "+s.String()) {
			t.Errorf("%v: printed %q", s, got)
		}
		stop()
		if err := errors.Join(w.Close(), r.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// A reader that went away is no failure.
func TestBrokenPipeIsQuiet(t *testing.T) {
	a, printed := testApp(t)
	err := &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}
	if code := a.report(context.Background(), err); code != exitDone || printed() != "" {
		t.Errorf("exit code %d, printed %q", code, printed())
	}
}

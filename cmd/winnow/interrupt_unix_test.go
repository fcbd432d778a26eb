// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
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

// A reader that went away is no failure; the other end of a connection that did is one.
func TestBrokenPipeIsQuiet(t *testing.T) {
	pipe := &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}
	connection := &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	for _, c := range []struct {
		err  error
		code int
		want string
	}{
		{pipe, exitDone, ""},
		{fmt.Errorf("standard output: %w", pipe), exitDone, ""},
		{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}, exitFailed, "winnow: write /dev/stdout: no space left on device\n"},
		{syscall.EPIPE, exitFailed, "winnow: broken pipe\n"},
		{&url.Error{Op: "Post", URL: "http://localhost/v1", Err: connection}, exitFailed, "winnow: Post \"http://localhost/v1\": write tcp: write: broken pipe\n"},
		{errors.Join(pipe, connection), exitFailed, "winnow: write /dev/stdout: broken pipe\nwrite tcp: write: broken pipe\n"},
	} {
		a, printed := testApp(t)
		if code := a.report(context.Background(), c.err); code != c.code || printed() != c.want {
			t.Errorf("%v: exit code %d, printed %q", c.err, code, printed())
		}
	}
}

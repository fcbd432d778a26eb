// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command winnow searches and ranks text on this machine: a bi-encoder retrieves, a cross-encoder
// reranks. `winnow --help` lists what it does.
//
// One file holds one command: flags and printing. root.go lists the commands.
package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
)

// Exit codes. An interrupt gives 128 and the signal's number, as shells count.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args[1:])) }

// app is what commands share: the three standard streams. Results go to stdout, all else to stderr.
type app struct {
	stdin  *os.File
	stdout *term.Output
	stderr *term.Output
}

// run runs one command line and returns the exit code. What a command that failed had not flushed
// is dropped: output that looks whole is whole.
func run(args []string) int {
	// A reader that has seen enough (head) is no failure: the write then gives an error to look at,
	// and deferred work is done.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := interruptible(context.Background())
	defer stop()
	a := &app{stdin: os.Stdin, stdout: term.Open(os.Stdout), stderr: term.Open(os.Stderr)}
	err := a.execute(ctx, args)
	if err == nil {
		err = a.stdout.Flush()
	}
	return a.report(ctx, err)
}

// interrupt is the cause of a context that a signal ended.
type interrupt struct{ signal syscall.Signal }

func (i *interrupt) Error() string { return "stopped by signal: " + i.signal.String() }

// interruptible returns a context that ends with the first interrupt or request to terminate. The
// second one ends the program at once.
func interruptible(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			number, _ := s.(syscall.Signal)
			cancel(&interrupt{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// report says on stderr what went wrong and returns the exit code.
func (a *app) report(ctx context.Context, err error) int {
	if err == nil || brokenPipe(err) {
		return exitDone
	}
	code := exitFailed
	var usage *usageError
	var option *encoder.OptionError
	var stopped *interrupt
	switch {
	case errors.As(context.Cause(ctx), &stopped):
		code = 128 + int(stopped.signal)
		a.complain("winnow:", term.Red, stopped.Error())
	case errors.As(err, &option):
		code = exitUsage
		a.complain("winnow:", term.Red, err.Error())
	case errors.As(err, &usage):
		code = exitUsage
		a.complain("winnow:", term.Red, usage.message)
		a.stderr.Println(`Run "` + usage.command + ` --help" for help.`)
	default:
		a.complain("winnow:", term.Red, err.Error())
	}
	if a.stderr.Flush() != nil {
		return exitFailed // nobody is left to tell
	}
	return code
}

// warn prints a warning: the result may not be what was meant.
func (a *app) warn(message string) {
	a.complain("winnow: warning:", term.Yellow, message)
}

// note prints a remark on the result.
func (a *app) note(message string) {
	a.complain("winnow: note:", term.Cyan, message)
}

// complain prints a message with its head. What cannot be printed to stderr has nowhere to go.
func (a *app) complain(head string, style term.Style, message string) {
	a.stderr.Println(a.stderr.Paint(style, head) + " " + a.stderr.Clean(message))
	_ = a.stderr.Flush()
}

// brokenPipe tells whether a write to a file failed because the reader of a pipe has gone. A connection that breaks may give the same
// number, and is a failure.
func brokenPipe(err error) bool {
	if _, network := errors.AsType[*net.OpError](err); network {
		return false
	}
	write, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return false
	}
	number, ok := errors.AsType[syscall.Errno](write)
	// ERROR_BROKEN_PIPE and ERROR_NO_DATA, which package syscall does not name on other systems.
	return ok && (number == syscall.EPIPE || runtime.GOOS == "windows" && (number == 109 || number == 232))
}

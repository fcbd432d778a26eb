// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
)

// A window is how much of standard input is read before it is worked on: enough to keep all
// processors busy, and a bound on memory however long the input is.
const (
	windowTexts = 1024
	windowBytes = 4 << 20
)

// input is standard input as texts: plain lines, or JSON objects with "id" and "text".
type input struct {
	next func() (document.Line, error, bool)
	stop func()
	done bool

	texts        int // read so far
	line         int // number of the last line read
	blank        int // lines without text, which are left out
	invalidTexts int // texts in which bytes that are not UTF-8 were replaced
	invalidBytes int
}

// openInput begins to read standard input. A terminal at the other end is bad usage: it would look
// as if the program hung.
func (a *app) openInput(ctx context.Context, cmd *cobra.Command) (*input, error) {
	if term.IsTerminal(a.stdin) {
		return nil, misuse(cmd, "nothing is piped in: %q reads one text a line from standard input, as in: %s < texts.txt", cmd.CommandPath(), cmd.CommandPath())
	}
	in := &input{}
	in.next, in.stop = iter.Pull2(document.Lines(&cancelReader{ctx: ctx, r: a.stdin}, document.LineOptions{}))
	return in, nil
}

// window returns the next texts, none at the end. With an error no texts are returned.
func (in *input) window() ([]document.Line, error) {
	var lines []document.Line
	for size := 0; !in.done && len(lines) < windowTexts && size < windowBytes; {
		l, err, ok := in.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			in.done = true
			break
		}
		in.count(l)
		size += len(l.Text)
		lines = append(lines, l)
	}
	if in.texts == 0 {
		return nil, fmt.Errorf("standard input: %w: give one text a line, or JSON objects like {\"id\":\"a\",\"text\":\"…\"}", document.ErrEmpty)
	}
	return lines, nil
}

func (in *input) count(l document.Line) {
	in.texts++
	in.blank += l.Number - in.line - 1
	in.line = l.Number
	if l.InvalidBytes > 0 {
		in.invalidTexts++
		in.invalidBytes += l.InvalidBytes
	}
}

// all returns the texts that are left.
func (in *input) all() ([]document.Line, error) {
	var lines []document.Line
	for {
		w, err := in.window()
		if err != nil {
			return nil, err
		}
		if len(w) == 0 {
			return lines, nil
		}
		lines = append(lines, w...)
	}
}

// report says on stderr what was not read as it stood.
func (in *input) report(a *app) {
	if in.blank > 0 {
		a.note(term.Plural(in.blank, "blank line was", "blank lines were") + " left out; an index counts texts, not lines")
	}
	if in.invalidTexts > 0 {
		a.warn(fmt.Sprintf("%s not valid UTF-8, in %s; U+FFFD stands in for each",
			term.Plural(in.invalidBytes, "byte was", "bytes were"), term.Plural(in.invalidTexts, "text", "texts")))
	}
}

// cut counts texts that were longer than the model takes.
type cut struct{ texts, tokens int }

func (c *cut) add(tokens int) {
	if tokens > 0 {
		c.texts++
		c.tokens += tokens
	}
}

// report says on stderr how much was left out of how many texts; limit is in tokens.
func (c *cut) report(a *app, of, limit int, limited string) {
	if c.texts > 0 {
		a.note(fmt.Sprintf("%s of %s %s longer than %s; %s left out", term.Count(c.texts), term.Plural(of, limited, limited+"s"),
			map[bool]string{true: "was", false: "were"}[c.texts == 1], term.Plural(limit, "token", "tokens"), term.Plural(c.tokens, "token", "tokens")))
	}
}

// cancelReader reads until a context ends: a read that waits for a slow pipe cannot be interrupted
// otherwise. It reads into a buffer of its own, which an abandoned read keeps.
type cancelReader struct {
	ctx  context.Context
	r    *os.File
	buf  []byte
	done chan readResult
}

type readResult struct {
	n   int
	err error
}

// Read implements io.Reader.
func (c *cancelReader) Read(p []byte) (int, error) {
	if c.done == nil {
		c.buf, c.done = make([]byte, 64<<10), make(chan readResult, 1)
	}
	buf := c.buf[:min(len(p), len(c.buf))]
	go func() {
		n, err := c.r.Read(buf)
		c.done <- readResult{n, err}
	}()
	select {
	case <-c.ctx.Done():
		return 0, context.Cause(c.ctx)
	case r := <-c.done:
		copy(p, buf[:r.n])
		return r.n, r.err
	}
}

var _ io.Reader = (*cancelReader)(nil)

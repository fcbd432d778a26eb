// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package term

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"

	xterm "golang.org/x/term"
)

// Output is a stream that a person or a program reads. What is written is kept until Flush or
// until the buffer of 64 KiB is full, so that a command that fails early has printed nothing.
type Output struct {
	Terminal bool // a person looks at it
	Color    bool // styles are shown
	Width    int  // columns of the terminal; 0 where lines may have any length

	w *bufio.Writer
}

// New returns an output that is no terminal.
func New(w io.Writer) *Output { return &Output{w: bufio.NewWriterSize(w, 64<<10)} }

// Open returns an output on a file, with what it can show. Colours need a terminal, NO_COLOR unset
// or empty (https://no-color.org) and a TERM other than "dumb".
func Open(f *os.File) *Output {
	o := New(f)
	o.Terminal = IsTerminal(f)
	if !o.Terminal {
		return o
	}
	o.Width = 80
	if w, _, err := xterm.GetSize(int(f.Fd())); err == nil && w > 0 {
		o.Width = w
	}
	o.Color = colorful(os.Getenv, runtime.GOOS)
	return o
}

// IsTerminal tells whether a file is a terminal.
func IsTerminal(f *os.File) bool { return xterm.IsTerminal(int(f.Fd())) }

func colorful(getenv func(string) string, system string) bool {
	if getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false
	}
	// Older Windows consoles print escape sequences as text; those that understand them say so.
	return system != "windows" || getenv("WT_SESSION") != "" || getenv("TERM") != ""
}

// Write implements io.Writer. Nothing is cleaned: see Clean.
func (o *Output) Write(p []byte) (int, error) { return o.w.Write(p) }

// Printf prints text as it is, without cleaning.
func (o *Output) Printf(format string, args ...any) { fmt.Fprintf(o.w, format, args...) }

// Println prints one line of text as it is.
func (o *Output) Println(text string) { fmt.Fprintln(o.w, text) }

// Flush delivers what was written. Its error is the first of any write.
func (o *Output) Flush() error { return o.w.Flush() }

// Columns is the width to lay out running text for: the terminal's, at most 100, and 100 where
// there is none. Longer lines are hard to read.
func (o *Output) Columns() int {
	const widest = 100
	if o.Width == 0 {
		return widest
	}
	return min(o.Width, widest)
}

// Style is how text looks on a terminal: the parameters of an SGR escape sequence (ECMA-48).
type Style string

// The styles. Plain changes nothing.
const (
	Plain     Style = ""
	Bold      Style = "1"
	Faint     Style = "2"
	Underline Style = "4"
	Red       Style = "31"
	Green     Style = "32"
	Yellow    Style = "33"
	Cyan      Style = "36"
)

// And is both styles at once.
func (s Style) And(other Style) Style {
	if s == Plain || other == Plain {
		return s + other
	}
	return s + ";" + other
}

// Paint gives text a style where the output shows styles.
func (o *Output) Paint(s Style, text string) string {
	if !o.Color || s == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/index"
)

// onScreen is the line that a terminal shows after what was written to it.
func onScreen(t *testing.T, written string) string {
	t.Helper()
	var cells []rune
	at := 0
	for _, r := range written {
		switch {
		case r == '\r':
			at = 0
			continue
		case r < ' ':
			t.Fatalf("%q leaves the line", written)
		case at == len(cells):
			cells = append(cells, 0)
		}
		cells[at] = r
		at++
	}
	return strings.TrimRight(string(cells), " ")
}

// barOn is a bar on a terminal of so many columns.
func barOn(columns int) (*indexBar, *bytes.Buffer) {
	var screen bytes.Buffer
	a := &app{stderr: term.New(&screen)}
	a.stderr.Terminal, a.stderr.Width = true, columns
	return a.newIndexBar(), &screen
}

// The bar of a check or a repair says how much is done, how fast and how long the rest takes, from when its phase began, and goes when
// the work ends.
func TestIndexBar(t *testing.T) {
	const mib = 1 << 20
	synctest.Test(t, func(t *testing.T) {
		bar, screen := barOn(80)
		for _, step := range []struct {
			after       time.Duration
			phase       string
			done, total int64
			want        string
		}{
			{0, "check", 0, 4096 * mib, ""},
			{299 * time.Millisecond, "check", 80 * mib, 4096 * mib, ""}, // too soon to wonder
			{time.Millisecond, "check", 100 * mib, 4096 * mib, "checking ▍░░░░░░░░░░░░░░░░░░░ · 100 of 4,096 MiB"},
			{99 * time.Millisecond, "check", 120 * mib, 4096 * mib, "checking ▍░░░░░░░░░░░░░░░░░░░ · 100 of 4,096 MiB"}, // too soon to look again
			{3601 * time.Millisecond, "check", 1024*mib + 1, 4096 * mib, "checking █████░░░░░░░░░░░░░░░ · 1,024 of 4,096 MiB · 256/s · 12s left"},
			{4 * time.Second, "check", 2048 * mib, 4096 * mib, "checking ██████████░░░░░░░░░░ · 2,048 of 4,096 MiB · 256/s · 8s left"},
			{8 * time.Second, "check", 4096 * mib, 4096 * mib, "checking ████████████████████ · 4,096 of 4,096 MiB · 256/s"},
			// A phase of its own begins anew, and a shorter line leaves nothing of the longer one.
			{0, "rebuild", 1, 120, "checking ████████████████████ · 4,096 of 4,096 MiB · 256/s"},
			{400 * time.Millisecond, "rebuild", 6, 120, "rebuilding █░░░░░░░░░░░░░░░░░░░ · 6 of 120 documents"},
			{2600 * time.Millisecond, "rebuild", 30, 120, "rebuilding █████░░░░░░░░░░░░░░░ · 30 of 120 documents · 10/s · 9s left"},
			// Checking goes on behind what was checked before, which says nothing of the rate.
			{time.Second, "check", 2048 * mib, 4096 * mib, "rebuilding █████░░░░░░░░░░░░░░░ · 30 of 120 documents · 10/s · 9s left"},
			{4 * time.Second, "check", 3072 * mib, 4096 * mib, "checking ███████████████░░░░░ · 3,072 of 4,096 MiB · 256/s · 4s left"},
			{0, "delete", 1, 1, "checking ███████████████░░░░░ · 3,072 of 4,096 MiB · 256/s · 4s left"},
			{time.Second, "delete", 1, 1, "deleting ████████████████████ · 1 of 1 document · 1.0/s"},
		} {
			time.Sleep(step.after)
			bar.update(index.Progress{Phase: step.phase, Done: step.done, Total: step.total})
			if got := onScreen(t, screen.String()); got != step.want {
				t.Errorf("%s, %d of %d: %q, want %q", step.phase, step.done, step.total, got, step.want)
			}
		}
		bar.clear()
		if got := onScreen(t, screen.String()); got != "" {
			t.Errorf("%q stays at the end", got)
		}
	})
}

// What takes no time shows nothing, nor does what nobody watches.
func TestIndexBarIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, quickly := barOn(80)
		for i := range int64(100) {
			quick.update(index.Progress{Phase: "delete", Done: i + 1, Total: 100})
			time.Sleep(time.Millisecond)
		}
		unseen, written := barOn(80)
		unseen.out.Terminal = false
		for i := range int64(100) {
			unseen.update(index.Progress{Phase: "delete", Done: i + 1, Total: 100})
			time.Sleep(time.Second)
		}
		quick.clear()
		unseen.clear()
		if quickly.Len()+written.Len() > 0 {
			t.Errorf("%q, %q", quickly, written)
		}
	})
}

// No line is wider than the terminal, whose last columns stay free: a line that wraps cannot be taken back.
func TestIndexBarIsNarrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for columns := 1; columns <= 100; columns++ {
			bar, screen := barOn(columns)
			for i := range int64(5) {
				bar.update(index.Progress{Phase: "rebuild", Done: i * 1000, Total: 1_000_000})
				time.Sleep(10 * time.Second)
			}
			got := onScreen(t, screen.String())
			if width := term.Width(got); width == 0 || width > max(columns-3, 1) {
				t.Errorf("%d columns: %q", columns, got)
			}
			if bar.clear(); onScreen(t, screen.String()) != "" {
				t.Errorf("%d columns: %q", columns, fmt.Sprint(screen))
			}
		}
	})
}

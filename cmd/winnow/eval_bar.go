// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/index"
)

// evalBar shows how far a measurement is: one line on stderr with a bar, rate and time left, on a terminal only.
type evalBar struct {
	progress
	what string
	from int // what was done when it began
	last time.Time
}

// begin starts with something new.
func (b *evalBar) begin(what string) {
	b.what, b.from, b.start, b.last = what, 0, time.Now(), time.Time{}
}

// encoding is told how many passages are encoded.
func (b *evalBar) encoding(done, total int) {
	b.draw("encoding "+b.what, done, total, "passage", "passages")
}

// running is told how many queries a system has run.
func (b *evalBar) running(name string, done, total int) {
	if done == 0 {
		b.begin(name)
	}
	b.draw(b.what, done, total, "query", "queries")
	if done == total {
		b.clear()
	}
}

// draw shows the line, ten times a second at most, once the work takes long enough to wonder.
func (b *evalBar) draw(what string, done, total int, one, many string) {
	now := time.Now()
	if !b.out.Terminal || total == 0 || now.Sub(b.start) < 300*time.Millisecond || now.Sub(b.last) < 100*time.Millisecond {
		return
	}
	b.last = now
	b.show(term.Truncate(evalLine(b.out.Line(what), b.from, done, total, one, many, now.Sub(b.start)), max(b.out.Columns()-3, 1)))
}

// evalLine is what is shown after some time, in which it came from one number to another.
func evalLine(what string, from, done, total int, one, many string, took time.Duration) string {
	share := float64(done) / float64(total)
	parts := []string{what + " " + progressBar(share), fmt.Sprintf("%s of %s", term.Count(done), term.Plural(total, one, many))}
	if seconds := took.Seconds(); seconds > 0.5 && done > from {
		parts = append(parts, figures(float64(done-from)/seconds, 2)+"/s")
	}
	return strings.Join(append(parts, left(took, float64(done-from)/float64(max(total-from, 1)))...), " · ")
}

// indexBar is the same for a check, a repair, a deletion or an export of an index.
type indexBar struct {
	evalBar
	phase string
}

func (a *app) newIndexBar() *indexBar {
	return &indexBar{evalBar: evalBar{progress: progress{out: a.stderr, start: time.Now()}}}
}

func (b *indexBar) update(p index.Progress) {
	if p.Phase != b.phase {
		b.phase = p.Phase
		b.begin(map[string]string{"check": "checking", "rebuild": "rebuilding", "delete": "deleting"}[p.Phase])
		if p.Phase == "check" {
			b.from = int(p.Done >> 20) // a repair goes on with checking after it has rebuilt a segment
		}
	}
	if p.Phase == "check" {
		b.draw(b.what, int(p.Done>>20), int(p.Total>>20), "MiB", "MiB")
		return
	}
	b.draw(b.what, int(p.Done), int(p.Total), "document", "documents")
}

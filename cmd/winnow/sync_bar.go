// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// syncBar shows how far indexing is: one line on stderr with a bar, rate and time left. Only a terminal gets it, and only
// when the work takes long enough to wonder.
type syncBar struct {
	progress
	state    winnow.SyncProgress
	encoding int       // passages of the current batch that are encoded
	batch    int       // passages of the current batch; 0 while it is being read
	safe     int64     // bytes of files whose passages are in the index
	phase    time.Time // when the phase began
	last     time.Time // when the line was drawn
}

func (a *app) newSyncBar() *syncBar {
	return &syncBar{progress: progress{out: a.stderr, start: time.Now()}}
}

// begin starts anew.
func (b *syncBar) begin() {
	*b = syncBar{progress: progress{out: b.out, start: time.Now()}, phase: time.Now()}
}

// update takes over a state and draws it.
func (b *syncBar) update(s winnow.SyncProgress) {
	if s.Phase != b.state.Phase {
		b.phase, b.safe = time.Now(), s.Bytes
	}
	if s.Batches != b.state.Batches {
		b.safe = s.Bytes
	}
	b.state, b.encoding, b.batch = s, 0, 0
	b.draw()
}

// encoded takes over how many passages of the current batch are encoded. The next update counts all of them.
func (b *syncBar) encoded(done, total int) {
	b.encoding, b.batch = done, total
	b.draw()
}

// draw shows the line, ten times a second at most.
func (b *syncBar) draw() {
	now := time.Now()
	if !b.out.Terminal || now.Sub(b.start) < 300*time.Millisecond || now.Sub(b.last) < 100*time.Millisecond {
		return
	}
	b.last = now
	b.show(b.line(now, max(b.out.Columns()-3, 1)))
}

// line is what is shown in so many columns.
func (b *syncBar) line(now time.Time, columns int) string {
	s, took := &b.state, now.Sub(b.phase)
	var parts []string
	switch s.Phase {
	case "scan":
		parts = []string{"looking at " + term.Plural(s.Files, "file", "files")}
	case "merge":
		share := float64(s.Merged) / float64(max(s.Merging, 1))
		parts = []string{"merging  " + progressBar(share), fmt.Sprintf("%s of %s", term.Count(s.Merged), term.Plural(s.Merging, "vector", "vectors"))}
		parts = append(parts, left(took, share)...)
	default:
		done := float64(b.safe)
		if b.batch > 0 {
			done += float64(s.Bytes-b.safe) * float64(b.encoding) / float64(b.batch)
		}
		share := 1.0
		if s.AllBytes > 0 {
			share = done / float64(s.AllBytes)
		}
		parts = []string{"indexing " + progressBar(share), fmt.Sprintf("%s/%s", term.Count(s.Files), term.Plural(s.Total, "file", "files"))}
		if passages := s.Passages + b.encoding; passages > 0 {
			text := term.Plural(passages, "passage", "passages")
			if seconds := took.Seconds(); seconds > 0.5 {
				text += fmt.Sprintf(", %.0f/s", float64(passages)/seconds)
			}
			parts = append(parts, text)
		}
		parts = append(parts, left(took, share)...)
	}
	line := strings.Join(parts, " · ")
	const least = 12 // columns for the name of a file that say something
	if room := columns - term.Width(line) - 3; s.Phase != "merge" && s.Current != "" && room >= least {
		line += " · " + shortenLeft(b.out.Line(s.Current), room)
	}
	return term.Truncate(line, columns)
}

// shortenLeft cuts a path at its beginning, which says less than its end.
func shortenLeft(path string, width int) string {
	if term.Width(path) <= width {
		return path
	}
	runes := []rune(path)
	for term.Width(string(runes)) > width-1 {
		runes = runes[1:]
	}
	return "…" + string(runes)
}

// progressWidth is the number of columns of a bar.
const progressWidth = 20

// progressBar draws a share from 0 to 1, in eighths of a column.
func progressBar(share float64) string {
	eighths := int(min(max(share, 0), 1) * progressWidth * 8)
	full := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		full += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return full + strings.Repeat("░", max(progressWidth-term.Width(full), 0))
}

// left estimates the time that is left from the share that is done and the time that it took; nothing as long as that is
// a guess.
func left(took time.Duration, share float64) []string {
	if share < 0.01 || share >= 1 || took < time.Second {
		return nil
	}
	rest := time.Duration(float64(took) * (1 - share) / share).Round(time.Second)
	if rest < time.Second {
		return nil
	}
	return []string{rest.String() + " left"}
}

// above runs f, which prints to stderr, without the line in its way.
func (b *syncBar) above(f func()) {
	b.clear()
	b.last = time.Time{}
	f()
}

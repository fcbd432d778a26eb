// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
)

// syncRun brings paths into an index, once or again and again.
type syncRun struct {
	*app
	engine *winnow.Engine
	bar    *syncBar
	flags  *indexFlags
	paths  []string
	dir    string

	told, named map[string]bool // by watch: problems told by the last run and by this one
	invalid     invalidBytes
}

// invalidBytes counts bytes that were replaced, in how many files.
type invalidBytes struct {
	first        string
	files, bytes int
}

func (v *invalidBytes) add(path string, bytes int) {
	if v.files == 0 {
		v.first = path
	}
	v.files++
	v.bytes += bytes
}

// report warns if there are any.
func (v *invalidBytes) report(a *app) {
	if v.files == 0 {
		return
	}
	where := v.first
	if n := v.files - 1; n > 0 {
		where = fmt.Sprintf("%s and %s", where, term.Plural(n, "other file", "other files"))
	}
	a.warn(fmt.Sprintf("%s: %s not valid UTF-8; U+FFFD stands in for each", where, term.Plural(v.bytes, "byte was", "bytes were")))
}

// run brings the paths up to date and says what was done. --again and --compact count the first time.
func (s *syncRun) run(ctx context.Context, first bool) (failures int, err error) {
	start := time.Now()
	s.bar.begin()
	s.told, s.named, s.invalid = s.named, map[string]bool{}, invalidBytes{}
	r, err := s.engine.Sync(ctx, s.paths, winnow.SyncOptions{Again: first && s.flags.again, Problem: s.problem, Invalid: s.invalid.add, Progress: s.bar.update})
	if err == nil && first && s.flags.compact {
		err = s.engine.Index().Merge(ctx, index.MergeOptions{All: true, Progress: func(done, total int) {
			s.bar.update(winnow.SyncProgress{Phase: "merge", Merged: done, Merging: total})
		}})
	}
	s.bar.clear()
	if err != nil {
		if r.Passages > 0 {
			s.note(fmt.Sprintf("%s are safe in %s: run the command again to go on", term.Plural(r.Passages, "new passage", "new passages"), s.dir))
		}
		return r.Failures, err
	}
	s.invalid.report(s.app)
	switch {
	case s.flags.json && s.flags.watch:
		err = s.printJSONLine(r) // one of a stream
	case s.flags.json:
		err = s.printJSON(r)
	default:
		s.print(r, time.Since(start))
	}
	if err == nil {
		err = s.stdout.Flush()
	}
	return r.Failures, err
}

func (s *syncRun) printJSONLine(r winnow.SyncReport) error {
	data, err := marshal(r)
	if err == nil {
		s.stdout.Println(string(data))
	}
	return err
}

// problem names what was skipped. Watching, what the last run named is not named again.
func (s *syncRun) problem(p document.Problem) {
	s.named[p.Error()] = true
	if s.flags.watch && s.told[p.Error()] {
		return
	}
	s.bar.above(func() {
		if p.Failure {
			s.warn(p.Error())
		} else {
			s.note(p.Error())
		}
	})
}

// print says in one line what changed, and in one what there is.
func (s *syncRun) print(r winnow.SyncReport, took time.Duration) {
	var parts []string
	for _, c := range []struct {
		n    int
		verb string
	}{{r.Added, "added"}, {r.Updated, "updated"}, {r.Removed, "removed"}} {
		if c.n > 0 {
			parts = append(parts, term.Plural(c.n, "document", "documents")+" "+c.verb)
		}
	}
	if r.Renamed > 0 {
		parts = append(parts, term.Plural(r.Renamed, "file", "files")+" renamed")
	}
	switch {
	case len(parts) > 0:
	case r.Failures > 0: // whether that has changed is beside the point
		parts = append(parts, "nothing was added")
	default:
		parts = append(parts, "nothing has changed")
	}
	if r.Passages > 0 {
		verb := "encoded"
		if s.engine.Retriever() == nil {
			verb = "indexed"
		}
		parts = append(parts, fmt.Sprintf("%s %s in %s", term.Plural(r.Passages, "passage", "passages"), verb, duration(took)))
	}
	s.stdout.Println(strings.Join(parts, ", "))
	counts := []string{term.Plural(r.Files, "file", "files") + " looked at"}
	if r.Failures > 0 {
		counts = append(counts, term.Plural(r.Failures, "file or row", "files or rows")+" skipped")
	}
	faint(s.stdout, strings.Join(append(counts, s.dir+" holds "+term.Plural(s.engine.Len(), "passage", "passages")), " · "))
}

// gone says that a folder went or came back.
func (s *syncRun) gone(path string, gone bool) {
	if gone {
		s.note(path + " is gone or may not be read: what the index has of it stays, and it is watched again when it is back")
	} else {
		s.note("watching " + path + " again")
	}
}

// watch brings everything up to date, and then what changes, until the program is stopped.
func (s *syncRun) watch(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var broken error
	update := func(first bool) {
		_, err := s.run(ctx, first)
		switch {
		case err == nil:
			_ = s.engine.Index().Idle() // until the next change, which may be a day away
		case ctx.Err() != nil:
		case damaged(err):
			broken = explainDB(s.dir, err)
			stop()
		default: // what cannot be done now, as on a full disk, may be possible after the next change
			s.warn(err.Error())
		}
	}
	err := document.Watch(ctx, s.paths, document.WatchOptions{Gone: s.gone}, func() {
		update(true)
		if ctx.Err() == nil {
			s.note("watching " + strings.Join(s.paths, ", ") + "; stop with Ctrl-C")
		}
	}, func() { update(false) })
	return errors.Join(err, broken, s.engine.Close())
}

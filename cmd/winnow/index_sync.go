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
}

// run brings the paths up to date and says what was done. --again and --compact count the first time.
func (s *syncRun) run(ctx context.Context, first bool) (failures int, err error) {
	start := time.Now()
	s.bar.begin()
	r, err := s.engine.Sync(ctx, s.paths, winnow.SyncOptions{Again: first && s.flags.again, Problem: s.problem, Progress: s.bar.update})
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
	if s.flags.json {
		err = s.printJSON(r)
	} else {
		s.print(r, time.Since(start))
	}
	if err == nil {
		err = s.stdout.Flush()
	}
	return r.Failures, err
}

// problem names what was skipped.
func (s *syncRun) problem(p document.Problem) {
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
	if len(parts) == 0 {
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
	faint(s.stdout, fmt.Sprintf("%s looked at · %s holds %s", term.Plural(r.Files, "file", "files"), s.dir, term.Plural(s.engine.Len(), "passage", "passages")))
}

// watch brings everything up to date, and then what changes, until the program is stopped.
func (s *syncRun) watch(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var broken error
	update := func(first bool) {
		_, err := s.run(ctx, first)
		switch {
		case err == nil || ctx.Err() != nil:
		case damaged(err):
			broken = explainDB(s.dir, err)
			stop()
		default: // what cannot be done now, as on a full disk, may be possible after the next change
			s.warn(err.Error())
		}
	}
	err := document.Watch(ctx, s.paths, document.WatchOptions{}, func() {
		update(true)
		if ctx.Err() == nil {
			s.note("watching " + strings.Join(s.paths, ", ") + "; stop with Ctrl-C")
		}
	}, func([]string) { update(false) })
	return errors.Join(err, broken, s.engine.Close())
}

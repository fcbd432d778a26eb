// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
)

// texts are what a command was given to search.
type texts struct {
	docs    []document.Document
	missing int // paths and rows that could not be read and are named already
}

// failed is the error that ends a command which went on without some of its files.
func (t *texts) failed() error {
	if t.missing == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be read; the result is without", term.Plural(t.missing, "path or row", "paths or rows"))
}

// loadPaths reads files and folders. What cannot be read is named on stderr at once.
func (a *app) loadPaths(ctx context.Context, paths []string) (*texts, error) {
	docs, problems, err := document.Load(ctx, paths, document.LoadOptions{})
	if err != nil {
		return nil, err
	}
	t := &texts{docs: docs}
	for _, p := range problems {
		if p.Failure {
			t.missing += max(p.Rows, 1)
			a.warn(p.Error())
		} else {
			a.note(p.Error())
		}
	}
	if len(docs) == 0 {
		return nil, errors.New("nothing to search: no file could be read")
	}
	invalid, of := invalidBytes{}, map[string]int{} // rows are of one file
	var files []string
	for _, d := range docs {
		if d.InvalidBytes > 0 {
			if of[d.Source.Path] == 0 {
				files = append(files, d.Source.Path)
			}
			of[d.Source.Path] += d.InvalidBytes
		}
	}
	for _, path := range files {
		invalid.add(path, of[path])
	}
	invalid.report(a)
	return t, nil
}

// addTexts adds the documents to the engine and returns how long that took.
func (a *app) addTexts(ctx context.Context, e *winnow.Engine, t *texts, p *progress) (time.Duration, error) {
	start := time.Now()
	err := e.Add(ctx, t.docs...)
	p.clear()
	if err != nil {
		return 0, err
	}
	if e.Len() == 0 {
		return 0, fmt.Errorf("nothing to search: no text in %s", term.Plural(len(t.docs), "file", "files"))
	}
	return time.Since(start), nil
}

// loadTexts reads a file or folder, JSON lines, or standard input for "-".
func (a *app) loadTexts(ctx context.Context, cmd *cobra.Command, file string) (*texts, error) {
	if file != "-" && !isJSONLines(file) {
		return a.loadPaths(ctx, []string{file})
	}
	lines, err := a.readLines(ctx, cmd, file)
	if err != nil {
		return nil, err
	}
	t := &texts{}
	for _, l := range lines {
		t.docs = append(t.docs, l.Document())
	}
	return t, nil
}

// readLines reads a file that holds a text a line, or a JSON object a line, or standard input for "-".
// Lines without an id are given their number.
func (a *app) readLines(ctx context.Context, cmd *cobra.Command, name string) (lines []document.Line, err error) {
	o := document.LineOptions{}
	if name == "-" {
		in, err := a.openInput(ctx, cmd)
		if err != nil {
			return nil, err
		}
		defer in.stop()
		if lines, err = in.all(); err != nil {
			return nil, err
		}
		in.report(a)
	} else {
		o.Name = name
		if isJSONLines(name) {
			o.Format = document.JSONLine
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, fileError(name, err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() && info.IsDir() {
			return nil, fmt.Errorf("%s is a folder: name a file with one text a line", name)
		}
		if lines, err = document.ReadLines(f, o); err != nil {
			return nil, err
		}
		invalid := 0
		for _, l := range lines {
			invalid += l.InvalidBytes
		}
		if invalid > 0 {
			a.warn(fmt.Sprintf("%s: %s not valid UTF-8; U+FFFD stands in for each", name, term.Plural(invalid, "byte was", "bytes were")))
		}
	}
	for i := range lines {
		if lines[i].ID == "" {
			lines[i].ID = strconv.Itoa(lines[i].Number)
		}
	}
	return lines, nil
}

func isJSONLines(name string) bool { return strings.EqualFold(filepath.Ext(name), ".jsonl") }

// fileError says what to do about a file that does not open.
func fileError(name string, err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s: %w: check the spelling", name, err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s: %w: give this user the right to read it", name, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// progress is one line on stderr while passages are encoded. Only a terminal gets it, and only when
// the work takes long enough to wonder.
type progress struct {
	out   *term.Output
	start time.Time
	shown int // width of what is on the screen
}

func (p *progress) report(done, total int) {
	if done == 0 {
		p.start = time.Now()
	}
	if !p.out.Terminal || total == 0 || time.Since(p.start) < 300*time.Millisecond {
		return
	}
	line := fmt.Sprintf("encoding: %s of %s passages", term.Count(done), term.Count(total))
	if left := time.Duration(float64(time.Since(p.start)) / float64(max(done, 1)) * float64(total-done)); done > 0 && left > time.Second {
		line += fmt.Sprintf(", about %s left", left.Round(time.Second))
	}
	p.show(term.Truncate(line, max(p.out.Columns()-3, 1)))
}

// clear removes the line.
func (p *progress) clear() {
	if p.shown > 0 {
		p.show("")
		p.out.Printf("\r")
		_ = p.out.Flush()
	}
}

func (p *progress) show(line string) {
	width := term.Width(line)
	p.out.Printf("\r%s%s", line, strings.Repeat(" ", max(p.shown-width, 0)))
	p.shown = width
	_ = p.out.Flush() // what cannot be shown has nowhere to go
}

func candidatesFlag(fs *pflag.FlagSet, n *int) {
	whole(fs, n, "candidates", "", 100, "rerank the nearest `N` passages: more miss less and take longer")
}

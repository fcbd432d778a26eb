// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
)

// evalFiles is what is settled of a collection before the work.
type evalFiles struct {
	subject *evalSubject // kept of the first collection only: others are read again, so that not all are in memory
	runs    []string     // of --run, one a run
	plot    string
	shift   bool // it runs the query of --shift
}

// prepare reads every collection, so that what is wrong with the last one is found before the first is measured, and
// settles which files are written.
func (f *evalFlags) prepare(cmd *cobra.Command, dirs []string, p experiment.Plan) ([]evalFiles, error) {
	out := make([]evalFiles, len(dirs))
	set := &fileSet{}
	shifts := 0
	for i, dir := range dirs {
		s, err := f.loadSubject(dir)
		if err != nil {
			return nil, err
		}
		if err := eval.CheckScale(f.measured, s.Qrels); err != nil {
			return nil, fmt.Errorf("--measures, %s: %w", s.Name, err)
		}
		names, err := f.runNames(s, p)
		if err != nil {
			return nil, misuse(cmd, "%v", err)
		}
		x := &out[i]
		if i == 0 {
			x.subject = s
		}
		if x.shift = slices.ContainsFunc(s.Queries, func(q eval.Query) bool { return q.ID == f.shift && s.Qrels[q.ID] != nil }); x.shift {
			shifts++
		}
		if f.run != "" {
			if err := writable(s); err != nil {
				return nil, fmt.Errorf("--run: %w", err)
			}
			if x.runs, err = f.runPaths(s.Name, dirs, names); err != nil {
				return nil, misuse(cmd, "--run: %v", err)
			}
		}
		if x.plot = f.plot; f.plot != "" && len(dirs) > 1 {
			ext := filepath.Ext(f.plot)
			x.plot = strings.TrimSuffix(f.plot, ext) + "." + experiment.FileName(s.Name) + ext
		}
		if err := set.inputs(s.inputs); err != nil {
			return nil, err
		}
	}
	if f.shift != "" && shifts == 0 {
		where := "any collection"
		if len(dirs) == 1 {
			where = out[0].subject.Name
		}
		how := "take the id of a judged query"
		if f.sample > 0 {
			how += ", and one that --queries-limit leaves in"
		}
		return nil, fmt.Errorf("--shift: query %q is not run on %s: %s", f.shift, where, how)
	}
	if err := f.claim(set, out, dirs); err != nil {
		return nil, misuse(cmd, "%v", err)
	}
	return out, nil
}

// writable refuses ids that a TREC file cannot hold, before the work that would be lost.
func writable(s *evalSubject) error {
	for _, q := range s.Queries {
		if strings.ContainsFunc(q.ID, unicode.IsSpace) {
			return fmt.Errorf("%s: query id %q holds white space, which separates the columns of a TREC file", s.Name, q.ID)
		}
	}
	if s.collection == nil {
		return nil
	}
	for i := range s.collection.Docs {
		if id := s.collection.Docs[i].ID; strings.ContainsFunc(id, unicode.IsSpace) {
			return fmt.Errorf("%s: document id %q holds white space, which separates the columns of a TREC file", s.Name, id)
		}
	}
	return nil
}

// claim makes sure that no output is written into another one, or into what is read.
func (f *evalFlags) claim(set *fileSet, files []evalFiles, dirs []string) error {
	if f.db != "" {
		abs, err := filepath.Abs(f.db)
		if err != nil {
			return err
		}
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			abs = real
		}
		set.index = abs
	}
	for i := range files {
		of := ""
		if len(dirs) > 1 {
			of = " of " + dirs[i]
		}
		for _, path := range files[i].runs {
			if err := errors.Join(set.output("--run"+of, path), set.output("the manifest"+of, path+".json")); err != nil {
				return err
			}
		}
		if files[i].plot != "" {
			if err := set.output("--plot"+of, files[i].plot); err != nil {
				return err
			}
		}
	}
	for _, x := range []struct{ flag, path string }{{"--per-query", f.perQuery}, {"--html", f.html}} {
		if x.path != "" {
			if err := set.output(x.flag, x.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// fileSet holds the files of a call, by absolute path and by what the file system says is the same.
type fileSet struct {
	index string // directory of --db, absolute
	files []claimed
}

type claimed struct {
	what, path, key string
	info            os.FileInfo // nil: there is no such file yet
}

// inputs adds files that are read, as far as there are any.
func (s *fileSet) inputs(paths []string) error {
	for _, path := range paths {
		x, err := claimFile("an input", path)
		if err != nil {
			return err
		}
		if x.info != nil {
			s.files = append(s.files, x)
		}
	}
	return nil
}

// output adds a file that is written; one of the files that are known is an error.
func (s *fileSet) output(what, path string) error {
	x, err := claimFile(what, path)
	if err != nil {
		return err
	}
	if x.info != nil && !x.info.Mode().IsRegular() {
		return fmt.Errorf("%s: %s is not a regular file: name another one", what, path)
	}
	if s.index != "" {
		if rel, err := filepath.Rel(s.index, filepath.Dir(x.path)); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return fmt.Errorf("%s: %s would be written into the index of --db: name a file elsewhere", what, path)
		}
	}
	if i := s.find(x); i >= 0 {
		return fmt.Errorf("%s would be written to %s, which is %s: name another file", what, path, s.files[i].what)
	}
	x.what = "also the file of " + what
	s.files = append(s.files, x)
	return nil
}

// find is the place of a file among those that are known; -1 if it is none of them.
func (s *fileSet) find(x claimed) int {
	return slices.IndexFunc(s.files, func(other claimed) bool {
		return other.key == x.key || other.info != nil && x.info != nil && os.SameFile(other.info, x.info)
	})
}

// claimFile looks at a file. Its key has the directory without symbolic links, in one case: file systems may not tell them apart.
func claimFile(what, path string) (claimed, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return claimed{}, err
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(dir, filepath.Base(abs))
	}
	x := claimed{what: what, path: abs, key: strings.ToLower(abs)}
	info, err := os.Stat(abs)
	if err == nil {
		x.info = info
	} else if !errors.Is(err, os.ErrNotExist) {
		return x, err
	}
	return x, nil
}

// runPaths names the files of one collection's runs.
func (f *evalFlags) runPaths(name string, dirs, names []string) ([]string, error) {
	collections, runs := []string{name}, [][]string{names}
	for range dirs[1:] { // their runs have the same names; only whether there are several counts
		collections, runs = append(collections, ""), append(runs, nil)
	}
	paths, err := experiment.RunFiles(f.run, collections, runs)
	if err != nil {
		return nil, err
	}
	return paths[0], nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/model/builtin"
)

// noLanguage stands for text of any language: no stop words, no stemming.
const noLanguage = "none"

type indexFlags struct {
	modelFlags
	db, vectors, language string
	watch, again, compact bool
	json                  bool
}

func (a *app) indexCommand() *cobra.Command {
	var f indexFlags
	cmd := &cobra.Command{
		Use:     "index PATH... [--db DIR] [--watch]",
		Short:   "bring files and folders into an index directory",
		GroupID: groupIndex,
		Long: "Reads files and folders, cuts them into passages, encodes them, and keeps them in an index directory, where `winnow search` finds them at once. " +
			"Run it again whenever something has changed: files that have not are left alone, documents of files that are gone are removed, renamed files are not encoded again, and of changed ones only the passages that have changed. An id stays with the file that gave it while that file is as it was read: another document with the same id is refused.\n\n" +
			"Files: " + "Markdown, text, HTML, PDF, DOCX, CSV, JSON lines (also .gz) and source code" + ". Folders: what .gitignore and .winnowignore leave out is left out.\n\n" +
			"What is reported as indexed survives a crash or a power cut. A run that was stopped goes on where it was when it is started again; searching goes on meanwhile. Ctrl-C ends it with exit code 130, and --watch, which is ended so, with 0.\n\n" +
			"--precision is what a new index's passages are encoded in, and what it goes on with. --vectors says how it keeps its vectors: flat, hnsw16, ivf1024, and after a comma fp16, int8, pq48 or binary; auto chooses by size. --language is that of the text, for stop words and stemming.\n\n" +
			"What cannot be read is named on standard error, in every run while it is there; the rest is indexed, and the exit code is 1.",
		Example: `winnow index notes/ docs/
			winnow index . --watch
			winnow index corpus.jsonl --db corpus.winnow -m sentence-transformers/all-MiniLM-L6-v2 --precision auto`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse(cmd, "PATH is missing: name the files or folders to index, as in: %s .", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.index(cmd, &f, args) },
	}
	f.add(cmd, "none for an index of words alone, or the bi-encoder", builtin.Retriever)
	dbFlag(cmd, &f.db)
	fs := cmd.Flags()
	fs.BoolVar(&f.watch, "watch", false, "stay, and bring in what changes")
	fs.BoolVar(&f.again, "again", false, "read every file, even those that look unchanged, and encode all anew")
	fs.BoolVar(&f.compact, "compact", false, "merge everything into one segment in the end: the fastest to search")
	fs.StringVar(&f.vectors, "vectors", "auto", "how a new index keeps vectors (`SPEC`)")
	fs.StringVar(&f.language, "language", "en", "language of the text in a new index (`CODE`); none: no stop words, no stemming")
	jsonFlag(cmd, &f.json)
	return cmd
}

func (a *app) index(cmd *cobra.Command, f *indexFlags, paths []string) error {
	ctx := cmd.Context()
	if _, err := vector.ParseSpec(f.vectors); err != nil {
		return misuse(cmd, "--vectors: %v", err)
	}
	words := winnow.DefaultAnalyzer()
	if words.Language = f.language; f.language == noLanguage {
		words = analysis.Options{Code: true}
	}
	if _, err := analysis.New(words); err != nil {
		return misuse(cmd, "--language: %v", err)
	}
	dir, found, err := findDB(f.db)
	if err != nil {
		return err
	}
	if !found {
		if err := somethingThere(paths); err != nil { // before an index is made for nothing
			return err
		}
	}
	bar := a.newSyncBar()
	opts := []winnow.Option{winnow.Analyzer(words)}
	if f.model != noModel {
		opts = append(opts, winnow.Vectors(f.vectors))
	}
	if a.stderr.Terminal { // who looks at no bar need not wait for it
		opts = append(opts, winnow.Progress(bar.encoded))
	}
	e, err := a.openDB(cmd, &f.modelFlags, dir, winnow.Off, opts...)
	if err != nil {
		return err
	}
	defer e.Close()
	if found {
		a.noteFixed(cmd, dir, f, e.Index().Settings())
	}
	s := &syncRun{app: a, engine: e, bar: bar, flags: f, paths: paths, dir: dir}
	if f.watch {
		return s.watch(ctx)
	}
	failures, err := s.run(ctx, true)
	if err != nil {
		return explainDB(dir, err)
	}
	if err := e.Close(); err != nil {
		return err
	}
	if failures > 0 {
		return fmt.Errorf("%s could not be indexed; all else is", term.Plural(failures, "file or row", "files or rows"))
	}
	return nil
}

// somethingThere returns an error if none of the paths exists.
func somethingThere(paths []string) error {
	var first error
	for _, p := range paths {
		_, err := os.Stat(p)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return fmt.Errorf("there is nothing to index: %w", first)
}

// noteFixed points out flags that have no effect on an index that is there.
func (a *app) noteFixed(cmd *cobra.Command, dir string, f *indexFlags, made index.Settings) {
	language := made.Analyzer.Language
	if language == "" {
		language = noLanguage
	}
	for _, flag := range []struct{ name, given, kept string }{{"vectors", f.vectors, made.Vectors}, {"language", f.language, language}} {
		if cmd.Flags().Changed(flag.name) && flag.given != flag.kept && flag.kept != "" {
			a.warn(fmt.Sprintf("--%s %s has no effect: %s was made with %s and keeps it; for another, index into another directory", flag.name, flag.given, dir, flag.kept))
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
)

// defaultDB is the index directory that commands look for when --db does not name one.
const defaultDB = ".winnow"

// noModel stands for no bi-encoder: an index of words alone.
const noModel = "none"

func dbFlag(cmd *cobra.Command, p *string) {
	cmd.Flags().StringVar(p, "db", "", "the index directory `DIR`; the default is "+defaultDB+" here or in the nearest parent that has one")
}

// findDB is the index directory that a command means. It need not be there: then it is where one would be made.
func findDB(named string) (dir string, found bool, err error) {
	if named != "" {
		return named, index.Exists(named), nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", false, err
	}
	for at := here; ; at = filepath.Dir(at) {
		if dir := filepath.Join(at, defaultDB); index.Exists(dir) {
			if rel, err := filepath.Rel(here, dir); err == nil && !strings.HasPrefix(rel, "..") {
				dir = rel
			}
			return dir, true, nil
		}
		if at == filepath.Dir(at) {
			return defaultDB, false, nil
		}
	}
}

// needDB is findDB for commands that need an index.
//
// A command that can read files instead says how.
func needDB(cmd *cobra.Command, named, instead string) (string, error) {
	dir, found, err := findDB(named)
	switch {
	case err != nil:
		return "", err
	case found:
		return dir, nil
	case named != "":
		if _, err := os.Stat(named); err == nil {
			return "", fmt.Errorf("%s is not an index directory: make one with `winnow index PATH... --db %s`", named, named)
		}
		return "", fmt.Errorf("there is no index directory %s: make one with `winnow index PATH... --db %s`", named, named)
	}
	message := fmt.Sprintf("there is no %s here or in a parent directory: make one with `winnow index PATH...`, ", defaultDB)
	if instead == "" {
		return "", misuse(cmd, "%sor name one with --db", message)
	}
	return "", misuse(cmd, "%sname one with --db, or name %s", message, instead)
}

// openIndex opens the index that a command needs, without models.
func openIndex(cmd *cobra.Command, named string, o index.Options) (dir string, db *index.DB, err error) {
	if dir, err = needDB(cmd, named, ""); err != nil {
		return "", nil, err
	}
	if db, err = index.Open(dir, o); err != nil {
		return "", nil, explainDB(dir, err)
	}
	return dir, db, nil
}

// openDB opens an engine on an index directory. Unless -m is given, it takes the model that the index was made with.
func (a *app) openDB(cmd *cobra.Command, f *modelFlags, dir, rerank string, opts ...winnow.Option) (*winnow.Engine, error) {
	return a.openDBFor(cmd, f, dir, rerank, false, opts...)
}

// openDBFor is openDB that leaves out the bi-encoder if only words are searched.
func (a *app) openDBFor(cmd *cobra.Command, f *modelFlags, dir, rerank string, words bool, opts ...winnow.Option) (*winnow.Engine, error) {
	pair := model.Pair{Retriever: f.model, Reranker: builtin.Reranker, Fuse: true}
	if f.model == noModel {
		pair.Retriever = ""
	}
	var made index.Settings
	if index.Exists(dir) {
		s, err := index.Peek(dir)
		if err != nil {
			return nil, explainDB(dir, err)
		}
		made = s
		switch given := cmd.Flags().Changed("model"); {
		case given && s.Dim > 0 && f.model == noModel && !words:
			return nil, fmt.Errorf("index %s has vectors, of the model %s: leave out -m %s, or make another index without", dir, s.Model, noModel)
		case given && s.Dim == 0 && f.model != noModel:
			return nil, fmt.Errorf("index %s has no vectors: leave out -m, or index the documents anew with %s into another directory", dir, f.model)
		case !given:
			pair.Retriever = s.Model
		}
		if words {
			pair.Retriever = ""
		}
	}
	e, err := a.openPair(cmd, f, pair, rerank, func(opts ...winnow.Option) (*winnow.Engine, error) {
		e, err := winnow.Open(dir, pair, opts...)
		return e, explainDB(dir, err)
	}, opts...)
	if err == nil && made.Dim > 0 && e.Retriever() != nil {
		a.noteOwnPrecision(cmd, f, dir, encoder.Precision(made.VectorPrecision()), e.Retriever().Precision())
	}
	return e, err
}

// noteOwnPrecision says when the query of a search is encoded in another precision than the index's own, or when this
// processor has no instructions for that.
func (a *app) noteOwnPrecision(cmd *cobra.Command, f *modelFlags, dir string, own, inUse encoder.Precision) {
	switch given := cmd.Flags().Changed("precision"); {
	case !given:
		f.precision = "" // nothing was asked for that notes could be about
		if own != inUse {
			a.notePrecision(string(own), inUse)
		}
	case own != inUse:
		a.note(fmt.Sprintf("the passages of %s were encoded in %s, the query is in %s", dir, own, inUse))
	}
}

// openPair opens an engine and the cross-encoder that a command names, so that a wrong name is found before work begins.
func (a *app) openPair(cmd *cobra.Command, f *modelFlags, pair model.Pair, rerank string, open func(...winnow.Option) (*winnow.Engine, error), opts ...winnow.Option) (*winnow.Engine, error) {
	stages, err := winnow.ParseStages(rerank)
	if err != nil {
		return nil, misuse(cmd, "--rerank: %v", err)
	}
	opts = append(opts, winnow.Threads(f.threads), winnow.MaxTokens(f.maxTokens))
	if cmd.Flags().Changed("precision") { // else it is the index's own
		opts = append(opts, winnow.AtPrecision(encoder.Precision(f.precision)))
	}
	e, err := await(cmd.Context(), func() (*winnow.Engine, error) { return open(opts...) })
	if err != nil {
		return nil, err
	}
	if b := e.Retriever(); b != nil {
		a.checkMaxTokens(&modelFlags{model: pair.Retriever, maxTokens: f.maxTokens}, b.Model())
	}
	for _, stage := range stages {
		c, err := await(cmd.Context(), func() (*encoder.CrossEncoder, error) { return e.Reranker(stage.Model) })
		if err != nil {
			_ = e.Close() // the first error is the one to read
			return nil, err
		}
		a.checkMaxTokens(&modelFlags{model: c.Model().Name, maxTokens: f.maxTokens}, c.Model())
	}
	return e, nil
}

// openTexts opens the index for searching, or makes one in memory of the file. dir is the index directory, if it is that.
func (a *app) openTexts(cmd *cobra.Command, f *modelFlags, db, arguments string, files []string, rerank string, opts ...winnow.Option) (e *winnow.Engine, t *texts, dir string, err error) {
	if len(files) == 0 {
		if dir, err = needDB(cmd, db, "a file: "+cmd.CommandPath()+" "+strings.TrimSpace(arguments+" FILE")); err != nil {
			return nil, nil, "", err
		}
		e, err = a.openDB(cmd, f, dir, rerank, append(opts, winnow.ReadOnly())...)
		return e, &texts{}, dir, err
	}
	p := progress{out: a.stderr}
	if e, err = a.openEngine(cmd, f, rerank, append(opts, winnow.Progress(p.report))...); err != nil {
		return nil, nil, "", err
	}
	if t, err = a.loadTexts(cmd.Context(), cmd, files[0]); err == nil {
		_, err = a.addTexts(cmd.Context(), e, t, &p)
	}
	if err != nil {
		_ = e.Close() // the first error is the one to read
		return nil, nil, "", err
	}
	return e, t, "", nil
}

// explainDB adds to what went wrong with an index what can be done about it.
func explainDB(dir string, err error) error {
	if damaged(err) {
		return fmt.Errorf("%w\nRun `winnow check --db %s` to see all that is damaged, `winnow repair --db %s` to rebuild it", err, dir, dir)
	}
	return err
}

// damaged reports whether an error is about damaged files.
func damaged(err error) bool {
	_, ok := errors.AsType[*index.CorruptionError](err)
	return ok
}

// relativePath is a path of the index as it is written from here.
func relativePath(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	base, err := filepath.Abs(filepath.Dir(filepath.Clean(dir)))
	if err != nil {
		return path
	}
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	full := filepath.Join(base, filepath.FromSlash(path))
	rel, err := filepath.Rel(here, full)
	if err != nil {
		return full
	}
	return filepath.ToSlash(rel)
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

// evalStages is one value of --rerank with its models.
type evalStages struct {
	stages []winnow.Stage
}

// evalSubject is a collection with what is measured on it.
type evalSubject struct {
	experiment.Subject
	collection *eval.Collection // nil for an index, or for runs alone
	inputs     []string         // files that were read
	engine     *winnow.Engine   // nil for runs alone
	systems    []experiment.System
	reused     bool // the index was kept from before
}

func (s *evalSubject) close() error {
	if s.engine == nil {
		return nil
	}
	return s.engine.Close()
}

// openCrosses opens the cross-encoders that --rerank names, by name.
func (a *app) openCrosses(cmd *cobra.Command, f *evalFlags) (map[string]*encoder.CrossEncoder, error) {
	opened := map[string]*encoder.CrossEncoder{}
	for _, text := range f.reranks {
		for _, stage := range f.stages[text].stages {
			name := crossName(stage.Model)
			if opened[name] != nil {
				continue
			}
			c, err := await(cmd.Context(), func() (*encoder.CrossEncoder, error) { return encoder.OpenCross(name, f.options()...) })
			if err == nil && c.Labels() != 1 {
				err = errors.Join(fmt.Errorf("model %s has %d labels; a reranker has one", name, c.Labels()), c.Close())
			}
			if err != nil {
				closeCrosses(opened)
				return nil, fmt.Errorf("--rerank %s: %w", text, err)
			}
			a.checkMaxTokens(&modelFlags{model: name, maxTokens: f.maxTokens}, c.Model())
			opened[name] = c
		}
	}
	return opened, nil
}

func closeCrosses(opened map[string]*encoder.CrossEncoder) {
	for _, c := range opened {
		_ = c.Close() // a model is only read: nothing can be lost
	}
}

// crossName is the model that auto stands for, or the one named.
func crossName(name string) string {
	if name == winnow.Auto {
		return builtin.Reranker
	}
	return name
}

// loadSubject reads queries and judgments, and the documents of a BEIR folder.
func (f *evalFlags) loadSubject(dir string) (*evalSubject, error) {
	s := &evalSubject{}
	var err error
	switch {
	case dir != "":
		err = s.loadFolder(f, dir)
	case f.db != "":
		err = s.loadQueries(f)
	default:
		if s.Qrels, err = loadJudgments(f.qrels); err != nil {
			return nil, err
		}
		s.Name = strings.TrimSuffix(filepath.Base(f.qrels), filepath.Ext(f.qrels))
		for _, id := range slices.Sorted(maps.Keys(s.Qrels)) {
			s.Queries = append(s.Queries, eval.Query{ID: id})
		}
	}
	if err != nil {
		return nil, err
	}
	if f.qrels != "" {
		s.inputs = append(s.inputs, f.qrels)
	}
	s.inputs = append(s.inputs, f.runFiles...)
	s.Queries = experiment.Sample(s.Queries, f.sample, uint64(f.seed))
	return s, nil
}

func loadJudgments(path string) (map[string]eval.Judgments, error) {
	qrels, err := eval.LoadQrels(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fileError(path, err)
	}
	return qrels, err
}

// loadFolder reads a folder in the layout of BEIR.
func (s *evalSubject) loadFolder(f *evalFlags, dir string) error {
	c, err := f.loadCollection(dir)
	if err != nil {
		return err
	}
	s.collection, s.Name, s.Documents, s.Queries, s.Qrels = c, c.Name, len(c.Docs), c.Queries, c.Qrels
	for _, part := range []string{"corpus.jsonl", "queries.jsonl"} {
		s.inputs = append(s.inputs, filepath.Join(dir, part), filepath.Join(dir, part+".gz"))
	}
	at := make(map[string]int, len(c.Docs))
	for i := range c.Docs {
		at[c.Docs[i].ID] = i
	}
	s.Text = func(id string) string {
		i, ok := at[id]
		if !ok {
			return ""
		}
		return shortText(c.Docs[i].Title, c.Docs[i].Text)
	}
	if f.qrels == "" {
		qrels := filepath.Join(dir, "qrels", f.split+".tsv")
		s.inputs = append(s.inputs, qrels, qrels+".gz")
	}
	return nil
}

// loadCollection reads a folder with the judgments of --qrels, or of its split.
func (f *evalFlags) loadCollection(dir string) (*eval.Collection, error) {
	if f.qrels == "" {
		return eval.LoadBEIRSplit(dir, f.split)
	}
	if _, err := os.Stat(f.qrels); err != nil {
		return nil, fileError(f.qrels, err)
	}
	return eval.LoadBEIRQrels(dir, f.qrels)
}

// shortText is a title, or the beginning of a text.
func shortText(title, text string) string {
	if title == "" {
		title = text
	}
	return term.Truncate(strings.Join(strings.Fields(strings.ToValidUTF8(title[:min(len(title), 400)], "")), " "), 80)
}

// loadQueries reads what --db is measured with.
func (s *evalSubject) loadQueries(f *evalFlags) error {
	file, err := os.Open(f.queries)
	if err != nil {
		return fileError(f.queries, err)
	}
	defer file.Close()
	if s.Qrels, err = loadJudgments(f.qrels); err != nil {
		return err
	}
	seen := map[string]bool{}
	for l, err := range document.Lines(file, document.LineOptions{Name: f.queries, Format: document.JSONLine}) {
		if err != nil {
			return err
		}
		switch {
		case l.ID == "":
			err = errors.New(`field "_id" is missing or empty`)
		case seen[l.ID]:
			err = fmt.Errorf("id %q was already used: ids must differ", l.ID)
		case strings.TrimSpace(l.Text) == "":
			err = fmt.Errorf("query %q is empty", l.ID)
		}
		if err != nil {
			return &document.LineError{Name: f.queries, Number: l.Number, Err: err}
		}
		seen[l.ID] = true
		if s.Qrels[l.ID] != nil {
			s.Queries = append(s.Queries, eval.Query{ID: l.ID, Text: l.Text})
		}
	}
	if len(s.Queries) == 0 {
		return fmt.Errorf("no query of %s has judgments in %s: their ids must be the same", f.queries, f.qrels)
	}
	abs, err := filepath.Abs(f.db)
	if err != nil {
		return err
	}
	if s.Name = filepath.Base(abs); s.Name == defaultDB {
		s.Name = filepath.Base(filepath.Dir(abs))
	}
	s.inputs = append(s.inputs, f.queries)
	return nil
}

// bases are the first stages to be measured, without retrievers.
func (f *evalFlags) bases(s *evalSubject) []experiment.System {
	var out []experiment.System
	if s.collection != nil || f.db != "" {
		for _, mode := range f.modes {
			out = append(out, experiment.System{Mode: mode})
		}
	}
	names := map[string]bool{}
	for _, path := range f.runFiles {
		base := experiment.System{Mode: runName(path), External: true, Candidates: experiment.Unlimited}
		if names[base.Mode] {
			base.Mode = filepath.ToSlash(path)
		}
		names[base.Mode] = true
		out = append(out, base)
	}
	return out
}

// runNames are the names that runs will have. What cannot be is found here, before the work.
func (f *evalFlags) runNames(s *evalSubject, p experiment.Plan) ([]string, error) {
	skeleton := &evalSubject{}
	for _, base := range f.bases(s) {
		skeleton.addSystems(f, base, nil)
	}
	return p.Names(skeleton.systems)
}

// openSubject makes or opens the index, and the systems to be measured.
func (a *app) openSubject(cmd *cobra.Command, f *evalFlags, s *evalSubject, crosses map[string]*encoder.CrossEncoder, bar *evalBar) error {
	bases := f.bases(s)
	if len(bases) > len(f.runFiles) {
		if err := a.openEvalEngine(cmd, f, s, bar); err != nil {
			return err
		}
	}
	files := f.runFiles
	fused := slices.ContainsFunc(f.reranks, func(text string) bool { return slices.ContainsFunc(f.stages[text].stages, winnow.Stage.Automatic) })
	for _, base := range bases {
		if base.External {
			run, err := loadRunFile(s.collection, files[0])
			if err != nil {
				return err
			}
			files = files[1:]
			base.Retriever = experiment.RunFile(run, s.collection)
			s.addSystems(f, base, crosses)
			continue
		}
		settings := winnow.Settings{Mode: winnow.Mode(base.Mode)}
		fusion := winnow.DefaultFusion()
		fusion.Method = rank.Method(f.fusion)
		settings.Fusion = &fusion
		var err error
		if base.Retriever, err = experiment.Engine(s.engine, settings, fused); err != nil {
			return err
		}
		if b := s.engine.Retriever(); b != nil && settings.Mode != winnow.Lexical {
			base.Model = b.Model().Name
		}
		s.addSystems(f, base, crosses)
	}
	return nil
}

// loadRunFile reads a run; with a collection ids it does not have are errors.
func loadRunFile(c *eval.Collection, path string) (run *eval.Run, err error) {
	if c != nil {
		run, err = c.LoadRun(path)
	} else {
		run, err = eval.LoadRun(path)
	}
	if errors.Is(err, os.ErrNotExist) {
		err = fileError(path, err)
	}
	return run, err
}

// runName names a run file's run: the file without folder and extensions.
func runName(path string) string {
	name := filepath.Base(path)
	for _, ext := range []string{".gz", ".trec", ".run", ".txt", ".res"} {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// addSystems adds a first stage with every value of --rerank.
func (s *evalSubject) addSystems(f *evalFlags, base experiment.System, crosses map[string]*encoder.CrossEncoder) {
	merged := map[string]int{} // values that differ in the depth of the first stage alone are one system
	for _, text := range f.reranks {
		stages := slices.Clone(f.stages[text].stages)
		system := base
		if len(stages) == 0 {
			s.systems = append(s.systems, system)
			continue
		}
		fixed := stages[0].Depth
		stages[0].Depth = 0
		system.Reranker = stageNames(stages)
		if at, ok := merged[system.Reranker]; ok {
			s.systems[at].Depths = append(slices.Clone(s.systems[at].Depths), f.depthsOf(fixed)...)
			continue
		}
		for _, stage := range stages {
			system.Stages = append(system.Stages, experiment.Stage{Reranker: experiment.Cross(crosses[crossName(stage.Model)]), Depth: stage.Depth, Fuse: stage.Automatic()})
		}
		system.Depths = f.depthsOf(fixed)
		merged[system.Reranker] = len(s.systems)
		s.systems = append(s.systems, system)
	}
}

// depthsOf are those of a first stage: its own, those of --depths, or all candidates.
func (f *evalFlags) depthsOf(fixed int) []int {
	switch {
	case fixed > 0:
		return []int{fixed}
	case len(f.depths) > 0:
		return f.depths
	}
	return []int{f.candidates}
}

// stageNames is how reports call stages.
func stageNames(stages []winnow.Stage) string {
	names := make([]string, len(stages))
	for i, s := range stages {
		names[i] = s.String()
	}
	return strings.Join(names, ",")
}

// openEvalEngine makes the index of a collection, or opens that of --db.
func (a *app) openEvalEngine(cmd *cobra.Command, f *evalFlags, s *evalSubject, bar *evalBar) (err error) {
	words := !slices.ContainsFunc(f.modes, func(m string) bool { return m != string(winnow.Lexical) })
	if f.db != "" {
		return a.openEvalDB(cmd, f, s, words)
	}
	pair := model.Pair{Retriever: f.model, Reranker: builtin.Reranker, Fuse: true}
	if words {
		pair.Retriever = ""
	}
	x := experiment.Index{
		Models: pair, Vectors: f.vectors, Split: f.passages == "split", Precision: encoder.Precision(f.precision), Threads: f.threads,
		MaxTokens: f.maxTokens, Cache: f.cache, Progress: bar.encoding,
	}
	bar.begin(s.Name)
	s.engine, s.reused, err = experiment.Build(cmd.Context(), s.collection, x)
	bar.clear()
	if err != nil {
		return explainDB(f.cache, err)
	}
	if b := s.engine.Retriever(); b != nil {
		a.checkMaxTokens(&f.modelFlags, b.Model())
	}
	return nil
}

// openEvalDB opens an index that is there, whose document ids judgments must have.
func (a *app) openEvalDB(cmd *cobra.Command, f *evalFlags, s *evalSubject, words bool) error {
	dir, err := needDB(cmd, f.db, "")
	if err != nil {
		return err
	}
	if s.engine, err = a.openDBFor(cmd, &f.modelFlags, dir, winnow.Off, words, winnow.ReadOnly()); err != nil {
		return err
	}
	if s.Documents, err = experiment.Documents(s.engine); err != nil {
		return err
	}
	snapshot, err := s.engine.Index().Snapshot()
	if err != nil {
		return err
	}
	defer snapshot.Release()
	all, missing, example := 0, 0, ""
	for _, query := range slices.Sorted(maps.Keys(s.Qrels)) {
		for _, id := range slices.Sorted(maps.Keys(s.Qrels[query])) {
			refs, err := snapshot.Find(id)
			if err != nil {
				return err
			}
			all++
			if len(refs) == 0 {
				missing++
				if example == "" {
					example = id
				}
			}
		}
	}
	switch {
	case missing == all:
		return fmt.Errorf("no document of %s is in the index %s: %q, for one, is not; `winnow export --db %s` prints the ids there are (files have their paths as ids)", f.qrels, dir, example, dir)
	case missing > 0:
		a.warn(fmt.Sprintf("%s of %s judged are not in the index and cannot be found: %q, for one", term.Count(missing), term.Plural(all, "document", "documents"), example))
	}
	s.Text = s.titleInIndex(cmd.Context())
	return nil
}

// titleInIndex finds a short text of a document of the index.
func (s *evalSubject) titleInIndex(ctx context.Context) func(id string) string {
	return func(id string) string {
		snapshot, err := s.engine.Index().Snapshot()
		if err != nil {
			return ""
		}
		defer snapshot.Release()
		refs, err := snapshot.Find(id)
		if err != nil || len(refs) == 0 {
			return ""
		}
		passages, err := snapshot.Passages(ctx, refs[:1])
		if err != nil {
			return ""
		}
		return shortText(passages[0].Document.Title, passages[0].Chunk.Text)
	}
}

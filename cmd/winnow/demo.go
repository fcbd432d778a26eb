// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/notebook"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

type demoFlags struct {
	modelFlags
	rerank string
	config string
	json   bool
}

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:     "demo [--json]",
		Short:   "the whole story on a small corpus: retrieve, rerank, measure",
		GroupID: groupSearch,
		Long: "Runs two-stage search on the small corpus of the notebooks that winnow follows, and measures every step on this machine: " +
			"retrieval, reranking, how ranks shift, P@3 and MRR before and after, bi-encoder and cross-encoder side by side on two tricky examples, a relevance matrix, score bands, and speed.\n\n" +
			"What the notebooks print is shown beside what was measured. Where the models used do not show what the notebooks say, the output says so.",
		Example: `winnow demo
			winnow demo -m sentence-transformers/all-MiniLM-L6-v2 --rerank cross-encoder/ms-marco-MiniLM-L-6-v2
			winnow demo --json | jq .measures`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd, &f) },
	}
	f.add(cmd, "the bi-encoder", builtin.Retriever)
	fs := cmd.Flags()
	fs.StringVar(&f.rerank, "rerank", builtin.Reranker, "the cross-encoder `MODEL`, which orders alone, as the notebook's: a directory, a Hub id, or a built-in name; auto: the built-in one, fused, as searches do")
	jsonFlag(cmd, &f.json)
	configFlag(cmd, &f.config)
	return cmd
}

func (a *app) demo(cmd *cobra.Command, f *demoFlags) error {
	if f.rerank == winnow.Off {
		return misuse(cmd, "--rerank is off: the demo shows what reranking does; name a cross-encoder, or leave the flag out")
	}
	v, err := notebook.Load()
	if err != nil {
		return err
	}
	k, err := a.configure(cmd, f.config)
	if err != nil {
		return err
	}
	open := func() (*winnow.Engine, error) {
		return a.openEngine(cmd, &f.modelFlags, f.rerank, k.calibrated())
	}
	s, err := tell(cmd.Context(), v, open, f.rerank)
	if err != nil {
		return err
	}
	if f.json {
		err = a.printJSON(s)
	} else {
		a.printStory(v, s)
	}
	if err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	a.notePrecisions(f.precision, s.Precision)
	return nil
}

// story is what the demo measured: the sections of its JSON.
type story struct {
	Retriever string            `json:"retriever"`
	Reranker  string            `json:"reranker"`
	Precision winnow.Precisions `json:"precision"`
	Order     rank.ScoreKind    `json:"order"` // what reranked lists are ordered by
	Corpus    struct {
		Documents []labelled `json:"documents"`
		EncodedMS float64    `json:"encoded_ms"`
	} `json:"corpus"`
	Retrieve  *winnow.Result  `json:"retrieve"` // for the smoke query
	Rerank    *winnow.Result  `json:"rerank"`   // the same candidates
	Shift     rankShift       `json:"rank_shift"`
	Measures  measured        `json:"measures"`
	Examples  []tricky        `json:"side_by_side"`
	Matrix    *relevance      `json:"matrix"`
	Bands     banded          `json:"bands"`
	Speed     demoSpeed       `json:"speed"`
	Reference printedNotebook `json:"printed_in_the_notebook"`

	dim  int
	kind encoder.Similarity
}

type rankShift struct {
	Query  string   `json:"query"`
	Before []string `json:"before"`
	After  []string `json:"after"`
}

type measured struct {
	Queries    []measuredQuery `json:"queries"`
	Candidates int             `json:"candidates"`
	HitAt3     notebook.Stages `json:"P@3"` // as the notebook defines it: is the answer in the first three
	MRR        notebook.Stages `json:"MRR"`
	TimeMS     notebook.Stages `json:"mean_ms"` // of retrieval, and of reranking alone
}

type measuredQuery struct {
	Text   string `json:"text"`
	Gold   string `json:"gold"`
	Before int    `json:"rank_before"` // 0: not among the candidates
	After  int    `json:"rank_after"`
}

// tricky is an example whose first document is the one that should win.
type tricky struct {
	Name       string             `json:"name"`
	Claim      string             `json:"expected"`
	Comparison *winnow.Comparison `json:"comparison"`
	Right      map[string]bool    `json:"right"` // by encoder

	model string // that the notebook uses
	said  string // about it, where another model was run
}

type banded struct {
	Query   string      `json:"query"`
	Applies string      `json:"applies_to"` // empty if the reranker has no bands
	Rows    []bandedRow `json:"rows"`
}

type bandedRow struct {
	Text  string  `json:"text"`
	Logit float32 `json:"logit"`
	Band  string  `json:"band,omitempty"`
}

// demoSpeed is the notebook's comparison, in milliseconds.
type demoSpeed struct {
	Documents int     `json:"documents"`
	EncodeAll float64 `json:"bi_encoder_ms"`        // query and documents
	Cached    float64 `json:"bi_encoder_cached_ms"` // query alone, the documents' vectors being there
	Cross     float64 `json:"cross_encoder_ms"`     // every document beside the query
}

type printedNotebook struct {
	BiEncoder     string            `json:"bi_encoder"`
	CrossEncoder  string            `json:"cross_encoder"`
	Retrieve      []notebook.Scored `json:"retrieve"`
	Rerank        []notebook.Scored `json:"rerank"`
	ShiftBefore   []string          `json:"rank_shift_before"`
	ShiftReranked []string          `json:"rank_shift_after"`
	HitAt3        notebook.Stages   `json:"P@3"`
	MRR           notebook.Stages   `json:"MRR"`
}

// tell measures everything. open opens an engine with the models to use.
func tell(ctx context.Context, v *notebook.Values, open func() (*winnow.Engine, error), rerank string) (s *story, err error) {
	p := &v.Printed
	s = &story{Reference: printedNotebook{
		notebook.BiEncoder, notebook.CrossEncoder, p.Top, p.Reranked, p.ShiftTop, p.ShiftReranked, p.PAt3, p.MRR,
	}}
	e, err := open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	cross, err := e.Reranker(rerank)
	if err != nil {
		return nil, err
	}
	b := e.Retriever()
	s.Retriever, s.Reranker, s.dim, s.kind = b.Model().Name, cross.Model().Name, b.Dim(), b.Similarity()
	s.Precision = winnow.Precisions{Retriever: b.Precision(), Reranker: cross.Precision()}
	var docs []winnow.Document
	for _, d := range v.Corpus {
		s.Corpus.Documents = append(s.Corpus.Documents, labelled{d.ID, d.Text})
		docs = append(docs, winnow.Document{ID: d.ID, Text: d.Text})
	}
	// The first call of a process touches the weights for the first time; that is no part of the story.
	if _, err := b.Encode(ctx, []string{v.Smoke.Text}); err != nil {
		return nil, err
	}
	if _, err := cross.Predict(ctx, []encoder.Pair{{Query: v.Smoke.Text, Document: docs[0].Text}}); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := e.Add(ctx, docs...); err != nil {
		return nil, err
	}
	s.Corpus.EncodedMS = since(start)
	search := func(query, rerank string) (*winnow.Result, error) {
		return e.Search(ctx, query, winnow.TopK(notebook.Candidates), winnow.Candidates(notebook.Candidates), winnow.Rerank(rerank))
	}
	if s.Retrieve, err = search(v.Smoke.Text, winnow.Off); err != nil {
		return nil, err
	}
	if s.Rerank, err = search(v.Smoke.Text, rerank); err != nil {
		return nil, err
	}
	s.Order = s.Rerank.Hits[0].ScoreKind
	s.Shift.Query = v.Shift.Text
	before, err := search(v.Shift.Text, winnow.Off)
	if err != nil {
		return nil, err
	}
	after, err := search(v.Shift.Text, rerank)
	if err != nil {
		return nil, err
	}
	s.Shift.Before, s.Shift.After = before.Order(), after.Order()
	if err := s.measure(v, func(query string) (*winnow.Result, error) { return search(query, rerank) }); err != nil {
		return nil, err
	}
	for _, t := range []struct {
		name, claim, model, said string
		notebook.Example
	}{
		{
			"a question among the documents", "the answer first, not the question repeated", notebook.LargeCrossEncoder,
			"The notebook uses " + notebook.LargeCrossEncoder + ", which was not run here.", v.Eiffel,
		},
		{
			"keyword stuffing", "the answer in other words first, not the text stuffed with the query's words", notebook.CrossEncoder,
			"The notebook says that " + notebook.CrossEncoder + " gets this right; it was not run here.", v.Tricky,
		},
	} {
		example, err := compareExample(ctx, open, rerank, t.Example)
		if err != nil {
			return nil, err
		}
		example.Name, example.Claim, example.model, example.said = t.name, t.claim, t.model, t.said
		s.Examples = append(s.Examples, *example)
	}
	s.Matrix = &relevance{Model: s.Reranker, Kind: string(rank.Logit), Precision: cross.Precision(), Queries: numbered(v.Matrix.Queries), Documents: numbered(v.Matrix.Documents)}
	if err := s.Matrix.byPairs(ctx, cross); err != nil {
		return nil, err
	}
	if err := s.band(ctx, v, e, cross); err != nil {
		return nil, err
	}
	return s, s.Speed.measure(ctx, v, b, cross)
}

func since(start time.Time) float64 { return float64(time.Since(start)) / float64(time.Millisecond) }

// measure evaluates the queries whose answers are known.
func (s *story) measure(v *notebook.Values, search func(query string) (*winnow.Result, error)) error {
	var hit, reciprocal, ms [2][]float64
	for _, q := range v.Queries {
		r, err := search(q.Text)
		if err != nil {
			return err
		}
		before := make([]string, len(r.Hits))
		m := measuredQuery{Text: q.Text, Gold: q.Gold}
		for _, h := range r.Hits {
			before[h.RankBefore-1] = h.ID
			if h.ID == q.Gold {
				m.Before, m.After = h.RankBefore, h.Rank
			}
		}
		gold := eval.Judgments{q.Gold: 1}
		for i, list := range [][]string{before, r.Order()} {
			hit[i] = append(hit[i], eval.SuccessAt(list, gold, notebook.Cutoff, 1))
			reciprocal[i] = append(reciprocal[i], eval.ReciprocalRank(list, gold, 0, 1))
		}
		ms[0], ms[1] = append(ms[0], r.Timing.Encode+r.Timing.Retrieve), append(ms[1], r.Timing.Rerank)
		s.Measures.Queries = append(s.Measures.Queries, m)
	}
	s.Measures.Candidates = notebook.Candidates
	for _, m := range []struct {
		into *notebook.Stages
		of   [2][]float64
	}{{&s.Measures.HitAt3, hit}, {&s.Measures.MRR, reciprocal}, {&s.Measures.TimeMS, ms}} {
		*m.into = notebook.Stages{Bi: eval.Mean(m.of[0]), Reranked: eval.Mean(m.of[1])}
	}
	return nil
}

// compareExample sets both encoders side by side on an example whose first document should win.
func compareExample(ctx context.Context, open func() (*winnow.Engine, error), rerank string, x notebook.Example) (*tricky, error) {
	e, err := open()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	t := &tricky{Right: map[string]bool{}}
	var docs []winnow.Document
	for _, d := range numbered(x.Documents) {
		docs = append(docs, winnow.Document{ID: d.ID, Text: d.Text})
	}
	if err := e.Add(ctx, docs...); err != nil {
		return nil, err
	}
	if t.Comparison, err = e.Compare(ctx, x.Query, winnow.Rerank(rerank)); err != nil {
		return nil, err
	}
	for _, r := range t.Comparison.Rows {
		if r.ID == docs[0].ID {
			t.Right["bi_encoder"], t.Right["cross_encoder"] = r.Bi.Rank == 1, r.Cross.Rank == 1
		}
	}
	return t, nil
}

// band scores the example of the bands, and names the bands if the model has any.
func (s *story) band(ctx context.Context, v *notebook.Values, e *winnow.Engine, c *encoder.CrossEncoder) error {
	ranked, err := c.Rank(ctx, v.Weather.Query, v.Weather.Documents)
	if err != nil {
		return err
	}
	bands, ok, err := e.Bands(s.Reranker)
	if err != nil {
		return err
	}
	s.Bands = banded{Query: v.Weather.Query, Applies: bands.About}
	for _, r := range ranked {
		row := bandedRow{Text: v.Weather.Documents[r.Index], Logit: r.Logit}
		if ok {
			row.Band = bands.Name(r.Logit)
		}
		s.Bands.Rows = append(s.Bands.Rows, row)
	}
	return nil
}

// measure times the three ways to score 150 documents. Each is run three times and the median taken.
func (s *demoSpeed) measure(ctx context.Context, v *notebook.Values, b *encoder.BiEncoder, c *encoder.CrossEncoder) error {
	documents := slices.Repeat(v.Basics.Documents, notebook.Repeats)
	s.Documents = len(documents)
	pairs := make([]encoder.Pair, len(documents))
	for i, d := range documents {
		pairs[i] = encoder.Pair{Query: notebook.SpeedQuery, Document: d}
	}
	cached, err := b.Encode(ctx, documents, encoder.As(encoder.Document))
	if err != nil {
		return err
	}
	compare := func(vectors *encoder.Embeddings) error {
		q, err := b.Encode(ctx, []string{notebook.SpeedQuery}, encoder.As(encoder.Query))
		if err != nil {
			return err
		}
		for i := range vectors.Len() {
			b.Similarity().Compare(q.Vector(0), vectors.Vector(i))
		}
		return nil
	}
	for _, way := range []struct {
		into *float64
		run  func() error
	}{
		{&s.EncodeAll, func() error {
			fresh, err := b.Encode(ctx, documents, encoder.As(encoder.Document))
			if err != nil {
				return err
			}
			return compare(fresh)
		}},
		{&s.Cached, func() error { return compare(cached) }},
		{&s.Cross, func() error {
			_, err := c.Predict(ctx, pairs)
			return err
		}},
	} {
		var times []float64
		for range 3 {
			start := time.Now()
			if err := way.run(); err != nil {
				return err
			}
			times = append(times, since(start))
		}
		slices.Sort(times)
		*way.into = times[1]
	}
	return nil
}

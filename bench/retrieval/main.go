// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command retrieval measures what the index finds on judged collections: nDCG@10 and recall@100 of vectors, words and both,
// as a Markdown table, beside baselines if a file of them is given.
//
//	go run ./bench/retrieval -m MODEL -cache .cache/retrieval -baselines BASELINES.md BEIR_DIR…
//
// -runs DIR keeps the runs in TREC's format. Every document is one passage, title and text. nDCG has linear gain, as in
// trec_eval; relevant is a score of at least 1, of at least 2 for collections whose name begins with trec-dl.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
	_ "github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

const (
	gainDepth   = 10
	recallDepth = 100
)

type options struct {
	model, precision, cache, baselines, vectors, runs string
	code                                              bool
	list                                              int
}

func main() {
	var o options
	flag.StringVar(&o.model, "m", "builtin:retriever", "bi-encoder")
	flag.StringVar(&o.precision, "precision", "int16", "precision of the bi-encoder")
	flag.StringVar(&o.cache, "cache", "", "keep embeddings in this directory")
	flag.StringVar(&o.baselines, "baselines", "", "Markdown table to compare with")
	flag.StringVar(&o.vectors, "vectors", "flat", "factory string of the vectors")
	flag.StringVar(&o.runs, "runs", "", "write a TREC run of each row into this directory")
	flag.BoolVar(&o.code, "code", false, "parts of identifiers as terms of their own")
	flag.IntVar(&o.list, "list", 1000, "entries of a list that is fused")
	flag.Parse()
	if err := run(context.Background(), o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "retrieval:", err)
		os.Exit(1)
	}
}

// setting is one row of the table for every collection.
type setting struct {
	name   string
	params *lexical.Params // nil: vectors alone
	dense  bool
	method rank.Method
}

func settings() []setting {
	bm25 := func(k1, b float64) *lexical.Params {
		p := lexical.DefaultParams()
		p.K1, p.B = k1, b
		return &p
	}
	out := []setting{{name: "dense", dense: true}}
	for _, p := range []*lexical.Params{bm25(0.9, 0.4), bm25(1.2, 0.75), bm25(1.5, 0.75)} {
		out = append(out, setting{name: fmt.Sprintf("BM25 k1=%g b=%g", p.K1, p.B), params: p})
	}
	for _, p := range []*lexical.Params{bm25(0.9, 0.4), bm25(1.2, 0.75)} {
		out = append(out, setting{name: fmt.Sprintf("RRF(BM25 %g/%g, dense)", p.K1, p.B), params: p, dense: true, method: rank.MethodReciprocalRank})
	}
	for _, m := range []rank.Method{rank.MethodRelativeScore, rank.MethodZScore} {
		for _, p := range []*lexical.Params{bm25(0.9, 0.4), bm25(1.2, 0.75)} {
			out = append(out, setting{name: fmt.Sprintf("%s(BM25 %g/%g, dense)", m, p.K1, p.B), params: p, dense: true, method: m})
		}
	}
	return out
}

func run(ctx context.Context, o options, dirs []string) error {
	words := analysis.Default()
	words.Code = o.code
	known, err := readBaselines(o.baselines)
	if err != nil {
		return err
	}
	bi, err := encoder.OpenBi(o.model, encoder.AtPrecision(encoder.Precision(o.precision)))
	if err != nil {
		return err
	}
	defer bi.Close()
	fmt.Println("| collection | run | nDCG@10 | baseline | recall@100 | baseline | ms/query |")
	fmt.Println("| --- | --- | --: | --: | --: | --: | --: |")
	for _, dir := range dirs {
		c, err := eval.LoadBEIR(dir)
		if err != nil {
			return err
		}
		if err := measure(ctx, c, bi, o, words, known); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

// measure prints the rows of one collection.
func measure(ctx context.Context, c *eval.Collection, bi *encoder.BiEncoder, o options, words analysis.Options, known map[string]figures) error {
	db, queries, err := build(ctx, c, bi, o, words)
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	level := 1
	if strings.HasPrefix(c.Name, "trec-dl") {
		level = 2
	}
	for _, set := range settings() {
		var gains, recalls []float64
		found := &eval.Run{Tag: "winnow"}
		start := time.Now()
		for i, q := range c.Queries {
			list, err := search(ctx, db, s, set, o.list, q.Text, queries[i*bi.Dim():(i+1)*bi.Dim()])
			if err == nil {
				err = found.Add(q.ID, list)
			}
			if err != nil {
				return err
			}
			var ids []string
			for _, d := range found.Lists[q.ID] { // equal scores as trec_eval orders them, so that figures compare
				ids = append(ids, d.ID)
			}
			judged := c.Qrels[q.ID]
			gains = append(gains, eval.NDCG(ids, judged, gainDepth, eval.Linear))
			recalls = append(recalls, eval.RecallAt(ids, judged, recallDepth, level))
		}
		took := float64(time.Since(start).Microseconds()) / 1000 / float64(len(c.Queries))
		if o.runs != "" {
			if err := writeRun(found, o.runs, c.Name, set.name); err != nil {
				return err
			}
		}
		b := known[c.Name+" "+strings.ReplaceAll(strings.ReplaceAll(set.name, "dense", "MiniLM"), ", ", " ")]
		fmt.Printf("| %s | %s | %.4f | %s | %.4f | %s | %.2f |\n", c.Name, set.name, eval.Mean(gains), b.gain, eval.Mean(recalls), b.recall, took)
	}
	return nil
}

// build makes an index in memory of one passage a document, and the vectors of the queries.
func build(ctx context.Context, c *eval.Collection, bi *encoder.BiEncoder, o options, words analysis.Options) (*index.DB, []float32, error) {
	texts := make([]string, len(c.Docs))
	entries := make([]index.Entry, len(c.Docs))
	for i, d := range c.Docs {
		texts[i] = d.FullText()
		entries[i] = index.Entry{
			Document: document.Document{ID: d.ID, Title: d.Title, Text: d.Text, Format: document.Plain},
			Chunks:   []document.Chunk{{Text: d.Text, Prefix: d.Title, End: len(d.Text), StartLine: 1, EndLine: 1}},
		}
	}
	questions := make([]string, len(c.Queries))
	for i, q := range c.Queries {
		questions[i] = q.Text
	}
	vectors, err := embed(ctx, bi, o, c.Name+"-documents", texts, encoder.Document)
	if err != nil {
		return nil, nil, err
	}
	queries, err := embed(ctx, bi, o, c.Name+"-queries", questions, encoder.Query)
	if err != nil {
		return nil, nil, err
	}
	dim := bi.Dim()
	for i := range entries {
		entries[i].Vectors = vectors[i*dim : (i+1)*dim]
	}
	db, err := index.Memory(index.Settings{Dim: dim, Metric: vector.Metric(bi.Similarity()), Vectors: o.vectors, Analyzer: words}, 0)
	if err != nil {
		return nil, nil, err
	}
	_, err = db.Apply(ctx, index.Change{Add: entries})
	return db, queries, err
}

// search returns the best documents.
func search(ctx context.Context, db *index.DB, s *index.Snapshot, set setting, length int, query string, vector []float32) ([]eval.Scored, error) {
	var lists []rank.List
	names := map[string]index.Ref{}
	add := func(hits []index.Hit) {
		l := rank.List{Weight: 1}
		for _, h := range hits {
			name := h.Ref.String()
			names[name] = h.Ref
			l.Items = append(l.Items, rank.Item{ID: name, Score: h.Score})
		}
		lists = append(lists, l)
	}
	if set.params != nil {
		q, err := analysis.ParseQuery(query, db.Analyzer())
		if err != nil {
			return nil, err
		}
		hits, _, err := s.Lexical(ctx, q, length, index.LexicalParams{Params: *set.params})
		if err != nil {
			return nil, err
		}
		add(hits)
	}
	if set.dense {
		hits, _, err := s.Dense(ctx, vector, length, index.DenseParams{})
		if err != nil {
			return nil, err
		}
		add(hits)
	}
	items := lists[0].Items
	if len(lists) > 1 {
		fused, err := rank.Fuse(lists, set.method, 0)
		if err != nil {
			return nil, err
		}
		items = items[:0:0]
		for _, f := range fused {
			items = append(items, f.Item)
		}
	}
	items = items[:min(2*recallDepth, len(items))] // and ties across the cut
	refs := make([]index.Ref, len(items))
	for i, item := range items {
		refs[i] = names[item.ID]
	}
	passages, err := s.Passages(ctx, refs)
	if err != nil {
		return nil, err
	}
	best := make([]eval.Scored, len(passages))
	for i := range passages {
		best[i] = eval.Scored{ID: passages[i].Document.ID, Score: float64(items[i].Score)}
	}
	return best, nil
}

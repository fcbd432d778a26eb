// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/speed"
	"github.com/winnow-search/winnow/rank"
)

// Candidate is one entry of a first-stage list.
type Candidate struct {
	ID    string  // of the document
	Text  string  // what a cross-encoder reads: of the document's best passage
	Score float32 // finite
	Words float32 // what a score by words adds in fused reranking, see rank.Item
}

// Retrieved is a first-stage list, best first, each document once.
type Retrieved struct {
	Candidates       []Candidate
	Kind             rank.ScoreKind // of the scores; "" if not known
	Encode, Retrieve time.Duration
}

// Retriever finds candidates for a query.
type Retriever interface {
	Name() string
	// Retrieve returns at most n candidates, fewer if there are not more. The list belongs to the caller, who changes it.
	Retrieve(ctx context.Context, q eval.Query, n int) (Retrieved, error)
}

// Engine is the retrieval of an engine, dense (exact, HNSW or IVF as its index is), lexical or hybrid, as settings say.
// Their reranking and number of candidates do not count. A document stands where its best passage stands. Candidates have words
// only if asked for, which takes time: a fused stage needs them, see [Stage.Fuse].
func Engine(e *winnow.Engine, settings winnow.Settings, words bool) (Retriever, error) {
	if settings.Mode == "" {
		settings.Mode = winnow.Dense
		if e.Retriever() == nil {
			settings.Mode = winnow.Lexical
		}
	}
	opts, err := settings.Options()
	if err != nil {
		return nil, err
	}
	opts = append(opts, winnow.Rerank(winnow.Off), winnow.Budget(0))
	if words {
		opts = append(opts, winnow.Evidence())
	}
	r := &engine{Engine: e, mode: settings.Mode, opts: opts}
	snapshot, err := e.Index().Snapshot()
	if err != nil {
		return nil, err
	}
	defer snapshot.Release()
	docs, err := snapshot.Docs()
	if err != nil {
		return nil, err
	}
	r.passages, r.perDocument = snapshot.Rows(), max(1, (snapshot.Rows()+docs-1)/max(docs, 1))
	return r, nil
}

type engine struct {
	*winnow.Engine
	mode        winnow.Mode
	opts        []winnow.SearchOption
	passages    int
	perDocument int // passages of a document, rounded up
}

func (r *engine) Name() string { return string(r.mode) }

// Retrieve asks for passages until they are of n documents. What is measured is the search that gave as many.
func (r *engine) Retrieve(ctx context.Context, q eval.Query, n int) (Retrieved, error) {
	for ask := min(max(n, 1), max(r.passages/r.perDocument, 1)) * r.perDocument; ; ask *= 2 {
		ask = min(ask, max(r.passages, 1))
		res, err := r.Search(ctx, q.Text, append(slices.Clip(r.opts), winnow.Candidates(ask), winnow.TopK(ask))...)
		if err != nil {
			return Retrieved{}, err
		}
		out := Retrieved{Encode: speed.Duration(res.Timing.Encode), Retrieve: speed.Duration(res.Timing.Retrieve)}
		out.Candidates = bestPassages(res, n)
		if len(res.Hits) > 0 {
			out.Kind = res.Hits[0].ScoreKind
		}
		if len(out.Candidates) >= n || len(res.Hits) < ask || ask >= r.passages {
			return out, nil
		}
	}
}

// bestPassages keeps the best passage of each of the first n documents.
func bestPassages(r *winnow.Result, n int) []Candidate {
	hits := r.Hits
	out := make([]Candidate, 0, min(n, len(hits)))
	seen := make(map[string]bool, len(hits))
	for i := range hits {
		id := hits[i].Document
		if seen[id] {
			continue
		}
		if len(out) == n {
			break
		}
		seen[id] = true
		out = append(out, Candidate{ID: id, Text: hits[i].Context, Score: hits[i].Score, Words: r.Words(&hits[i])})
	}
	return out
}

// RunFile gives the lists of a run, which took no time that is known. Texts are those of the collection's documents; without a
// collection (nil) there are none, and nothing can be reranked.
func RunFile(run *eval.Run, collection *eval.Collection) Retriever {
	r := &runFile{run: run}
	if collection != nil {
		r.docs, r.where = make(map[string]*document.Document, len(collection.Docs)), collection.Name
		for i := range collection.Docs {
			r.docs[collection.Docs[i].ID] = &collection.Docs[i]
		}
	}
	return r
}

type runFile struct {
	run   *eval.Run
	docs  map[string]*document.Document // nil: there are no texts
	where string                        // the collection's name
}

func (r *runFile) Name() string { return r.run.Tag }

// Retrieve never fails for want of a list: a query that the run does not have has no candidates.
func (r *runFile) Retrieve(_ context.Context, q eval.Query, n int) (Retrieved, error) {
	list := r.run.Lists[q.ID]
	list = list[:min(n, len(list))]
	out := make([]Candidate, len(list))
	for i, s := range list {
		out[i] = Candidate{ID: s.ID, Score: float32(s.Score)}
		if r.docs == nil {
			continue
		}
		d, ok := r.docs[s.ID]
		if !ok {
			return Retrieved{}, fmt.Errorf("run %s, query %q: document %q is not in the corpus of %s", r.run.Tag, q.ID, s.ID, r.where)
		}
		out[i].Text = d.FullText()
	}
	return Retrieved{Candidates: out}, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/model"
)

const (
	randomBi    = "../internal/parity/testdata/bi-mean"
	randomCross = "../internal/parity/testdata/cross-identity"
	otherCross  = "../internal/parity/testdata/cross-sigmoid"
)

var words = strings.Fields("stone eight water silver paper bridge north has to passage two while a the of river glass seven harbour cold")

func sentence(r *rand.Rand, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = words[r.IntN(len(words))]
	}
	return strings.Join(out, " ")
}

// smallCollection has 60 documents of random words, two of them alike, and 6 queries with a few judgments each.
func smallCollection() *eval.Collection {
	r := rand.New(rand.NewPCG(7, 7))
	c := &eval.Collection{Name: "small", Split: "test", Qrels: map[string]eval.Judgments{}}
	for i := range 60 {
		c.Docs = append(c.Docs, document.Document{ID: fmt.Sprintf("d%02d", i), Title: sentence(r, 2), Text: sentence(r, 4+r.IntN(30)), Format: document.Plain})
	}
	c.Docs[41].Title, c.Docs[41].Text = c.Docs[40].Title, c.Docs[40].Text
	for i := range 6 {
		q := eval.Query{ID: fmt.Sprintf("q%d", i), Text: sentence(r, 3+i)}
		c.Queries = append(c.Queries, q)
		j := eval.Judgments{}
		for range 6 {
			j[c.Docs[r.IntN(len(c.Docs))].ID] = r.IntN(3)
		}
		j[c.Docs[i].ID] = 2
		c.Qrels[q.ID] = j
	}
	return c
}

func subject(c *eval.Collection) *Subject {
	return &Subject{Name: c.Name, Documents: len(c.Docs), Queries: c.Queries, Qrels: c.Qrels}
}

func build(t *testing.T, c *eval.Collection, x Index) *winnow.Engine {
	t.Helper()
	if x.Models == (model.Pair{}) {
		x.Models = model.Pair{Retriever: randomBi, Reranker: randomCross, Fuse: true}
	}
	e, _, err := Build(t.Context(), c, x)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func openCross(t *testing.T, name string, opts ...encoder.Option) Reranker {
	t.Helper()
	c, err := encoder.OpenCross(name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return Cross(c)
}

func retriever(t *testing.T, e *winnow.Engine, mode winnow.Mode) Retriever {
	t.Helper()
	r, err := Engine(e, winnow.Settings{Mode: mode}, true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// listRetriever gives the same list for every query.
type listRetriever []Candidate

func (l listRetriever) Name() string { return "list" }

func (l listRetriever) Retrieve(_ context.Context, _ eval.Query, n int) (Retrieved, error) {
	return Retrieved{Candidates: append([]Candidate(nil), l[:min(n, len(l))]...)}, nil
}

// textScore is a reranker whose logit is in the text.
type textScore struct{ fail int } // the query, from 1, that it fails at; 0: none

var errBroken = errors.New("broken")

func (s *textScore) Name() string { return "text" }

func (s *textScore) Score(ctx context.Context, _ string, texts []string) (Scores, error) {
	if s.fail > 0 {
		if s.fail--; s.fail == 0 {
			return Scores{}, errBroken
		}
	}
	var out Scores
	for _, t := range texts {
		var v float32
		if _, err := fmt.Sscan(t, &v); err != nil {
			return Scores{}, err
		}
		out.Logits, out.Tokens = append(out.Logits, v), append(out.Tokens, 1)
	}
	return out, ctx.Err()
}

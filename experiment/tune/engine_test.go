// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/model"
)

// What is put together of observations is what a search gives, for every setting.
func TestSettingsAreWhatSearchesGive(t *testing.T) {
	const bi, cross, other = "../../internal/parity/testdata/bi-mean", "../../internal/parity/testdata/cross-identity", "../../internal/parity/testdata/cross-sigmoid"
	words := strings.Fields("stone eight water silver paper bridge north has to passage two while a the of river glass seven harbour cold")
	r := rand.New(rand.NewPCG(7, 8))
	sentence := func(n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = words[r.IntN(len(words))]
		}
		return strings.Join(out, " ")
	}
	c := &eval.Collection{Name: "small", Qrels: map[string]eval.Judgments{}}
	for i := range 40 {
		c.Docs = append(c.Docs, document.Document{ID: fmt.Sprintf("d%02d", i), Text: sentence(4 + r.IntN(12)), Format: document.Plain})
	}
	for i := range 3 {
		q := eval.Query{ID: fmt.Sprint(i), Text: sentence(4)}
		c.Queries = append(c.Queries, q)
		c.Qrels[q.ID] = eval.Judgments{c.Docs[r.IntN(40)].ID: 2, c.Docs[r.IntN(40)].ID: 1}
	}
	e, _, err := experiment.Build(t.Context(), c, experiment.Index{Models: model.Pair{Retriever: bi, Reranker: cross, Fuse: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	space := Space{
		Modes: winnow.Modes(), Candidates: []int{20}, Depths: []int{3, 12}, Rerankers: []Reranker{{Name: cross, Fused: winnow.Auto}, {Name: other}},
	}
	m := eval.Measure{Kind: eval.KindNDCG, Cut: 10}
	o, err := NewObservations(space, m.Cut)
	if err != nil {
		t.Fatal(err)
	}
	var scorers []Scorer
	for _, name := range []string{winnow.Auto, other} {
		c, err := e.Reranker(name)
		if err != nil {
			t.Fatal(err)
		}
		scorers = append(scorers, Cross(c))
	}
	subject := Subject{Name: c.Name, Queries: c.Queries, Qrels: c.Qrels}
	if err := o.Observe(t.Context(), subject, encoder.FP32, Engine(e), scorers, nil); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range o.space.firsts(coarseWeights) {
		rows, err := o.compute(f, o.space.stages(f.candidates), m)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if i%4 != checked%4 && f.mode == winnow.Hybrid { // enough of them
				continue
			}
			for q, query := range c.Queries {
				found, took, err := Run(t.Context(), e, query.Text, row.setting())
				if err != nil {
					t.Fatal(err)
				}
				if got := Value(found, c.Qrels[query.ID], m, 1); got != row.values[q] {
					t.Errorf("%s, %d candidates, query %d: search gives %v, recombination %v", row.setting().Label(), row.candidates, q, got, row.values[q])
				}
				if took <= 0 || row.times[q] <= 0 {
					t.Errorf("%s: times %v and %v", row.setting().Label(), took, row.times[q])
				}
			}
		}
		checked++
	}
	if checked != o.space.count() {
		t.Errorf("%d first stages", checked)
	}
}

func (s *Space) count() int { return len(s.Candidates) * (2 + len(s.Methods)*len(coarseWeights)) }

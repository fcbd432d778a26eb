// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/backprop"
	"github.com/winnow-search/winnow/train/dataset"
)

// outputs runs the network as it is, without dropout, over sequences.
func (t *Task) outputs(ctx context.Context, s *sequences) ([]float32, error) {
	width := t.network.width()
	out := make([]float32, s.batch.Len()*width)
	for _, p := range s.batch.parts(t.options.ChunkTokens) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := t.network.forward(out[p[0]*width:p[1]*width], s.batch.slice(p[0], p[1]), backprop.Pass{}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Embed returns the vectors of texts by the model as it is, a row of Dim floats for each.
func (t *Task) Embed(ctx context.Context, texts []string, kind encoder.Kind) (vectors []float32, dim int, err error) {
	prompt := t.query
	if kind == encoder.Document {
		prompt = t.document
	}
	s := t.sequences()
	places := make([]int, len(texts))
	for i, text := range texts {
		places[i] = s.text(prompt, text)
	}
	distinct, err := t.outputs(ctx, s)
	if err != nil {
		return nil, 0, err
	}
	dim = t.network.width()
	vectors = make([]float32, len(texts)*dim)
	for i, p := range places {
		copy(vectors[i*dim:][:dim], distinct[p*dim:])
	}
	return vectors, dim, nil
}

// Score returns the logits of a query's documents by the model as it is.
func (t *Task) Score(ctx context.Context, query string, documents []string) ([]float32, error) {
	s := t.sequences()
	for _, d := range documents {
		s.pair(query, d)
	}
	return t.outputs(ctx, s)
}

// Judge measures a model on a collection while it is trained.
type Judge struct {
	Collection *eval.Collection
	// Candidates are the documents to be ordered for each query, with the scores of what found them, which only Prior reads.
	// Without any, a bi-encoder searches all; a cross-encoder needs them.
	Candidates map[string][]eval.Scored
	// Prior is what the candidates' scores count beside a cross-encoder's logit, as Prior of [loss.Softmax]; 0: nothing.
	Prior   float64
	Measure eval.Measure
}

// DefaultMeasure is nDCG@10.
func DefaultMeasure() eval.Measure { return eval.Measure{Kind: eval.KindNDCG, Cut: 10} }

// Validate is for [Plan]: the mean of the measure over the queries.
func (j *Judge) Validate(ctx context.Context, t *Task) (float64, error) {
	if t.cross != nil && (j.Candidates == nil || t.network.width() > 1) {
		return 0, errors.New("a cross-encoder is judged by how its one logit orders candidates, and there are none, or several logits")
	}
	v := &validation{task: t, judge: j, places: make(map[string]int, len(j.Collection.Docs))}
	for i, d := range j.Collection.Docs {
		v.texts, v.places[d.ID] = append(v.texts, d.FullText()), i
	}
	if t.cross == nil {
		if err := v.embed(ctx); err != nil {
			return 0, err
		}
	}
	var sum float64
	for i, q := range j.Collection.Queries {
		list, err := v.scores(ctx, i)
		if err != nil {
			return 0, fmt.Errorf("query %s: %w", q.ID, err)
		}
		ordered, err := eval.Order(list)
		if err != nil {
			return 0, fmt.Errorf("query %s: %w", q.ID, err)
		}
		sum += j.Measure.Of(ordered, j.Collection.Qrels[q.ID])
	}
	return sum / float64(len(j.Collection.Queries)), nil
}

// validation is one measurement under way.
type validation struct {
	task          *Task
	judge         *Judge
	texts         []string       // of the documents
	places        map[string]int // of documents, by id
	docs, queries []float32      // vectors, of a bi-encoder
	dim           int
}

// embed computes the vectors of all documents and queries.
func (v *validation) embed(ctx context.Context) (err error) {
	if v.docs, v.dim, err = v.task.Embed(ctx, v.texts, encoder.Document); err != nil {
		return err
	}
	var queries []string
	for _, q := range v.judge.Collection.Queries {
		queries = append(queries, q.Text)
	}
	v.queries, _, err = v.task.Embed(ctx, queries, encoder.Query)
	return err
}

// scores are those of the documents in the running for query i.
func (v *validation) scores(ctx context.Context, i int) ([]eval.Scored, error) {
	q := v.judge.Collection.Queries[i]
	list := slices.Clone(v.judge.Candidates[q.ID])
	if v.judge.Candidates == nil {
		for _, d := range v.judge.Collection.Docs {
			list = append(list, eval.Scored{ID: d.ID})
		}
	}
	chosen := make([]string, len(list))
	similarity := encoder.Similarity(v.task.network.model.Similarity)
	for k, c := range list {
		place, ok := v.places[c.ID]
		if !ok {
			return nil, fmt.Errorf("candidate %s is not in collection %s", c.ID, v.judge.Collection.Name)
		}
		chosen[k] = v.texts[place]
		if v.task.cross == nil {
			list[k].Score = float64(similarity.Compare(v.queries[i*v.dim:][:v.dim], v.docs[place*v.dim:][:v.dim]))
		}
	}
	if v.task.cross == nil {
		return list, nil
	}
	logits, err := v.task.Score(ctx, q.Text, chosen)
	if err != nil {
		return nil, err
	}
	for k := range list {
		list[k].Score = float64(logits[k]) + v.judge.Prior*list[k].Score
	}
	return list, nil
}

// HoldOut makes a judge of rows that are kept out of training. A query's relevant texts are its positives, with the nearest whole
// grade to their label if they have one; its candidates are these and its negatives, with the row's scores. Where no query has another
// candidate than relevant ones, as in pairs of question and answer, all texts of the rows are everybody's candidates, which
// suits a bi-encoder only.
func HoldOut(rows []dataset.Row, cross bool, m eval.Measure) (*Judge, error) {
	held := dataset.NewCollector("held out")
	scores := map[[2]string]float64{} // of a query and a document's id
	for _, r := range rows {
		grade := 1
		if r.HasLabel {
			grade = int(math.Round(min(max(r.Label, 0), 100)))
		}
		if r.Positive != "" {
			held.Judge(r.Anchor, r.Positive, grade)
		}
		for _, text := range r.Negatives {
			held.Judge(r.Anchor, text, 0)
		}
		for i, score := range r.Scores { // of the positive, then of each negative
			text := r.Positive
			if i > 0 {
				text = r.Negatives[i-1]
			}
			scores[[2]string{r.Anchor, held.Text(text)}] = score
		}
	}
	c := held.Collection
	j := &Judge{Collection: c, Candidates: map[string][]eval.Scored{}, Measure: m}
	for _, q := range c.Queries {
		for _, id := range held.Judged[q.ID] {
			j.Candidates[q.ID] = append(j.Candidates[q.ID], eval.Scored{ID: id, Score: scores[[2]string{q.Text, id}]})
		}
	}
	choice := false
	c.Queries = slices.DeleteFunc(c.Queries, func(q eval.Query) bool {
		relevant := c.Qrels[q.ID].Relevant(1)
		choice = choice || relevant > 0 && relevant < len(j.Candidates[q.ID])
		return relevant == 0 // there is nothing to be found
	})
	switch {
	case len(c.Queries) == 0:
		return nil, fmt.Errorf("none of the %d rows that are held out has a text that answers: there is nothing to measure; hold out more, or validate on a BEIR folder", len(rows))
	case choice:
		return j, nil
	case cross || len(c.Docs) < 2:
		return nil, errors.New("no row that is held out has a negative: there is nothing to order; `winnow mine` finds negatives, or validate on a BEIR folder")
	}
	j.Candidates = nil
	return j, nil
}

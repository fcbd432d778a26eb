// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/winnow-search/winnow/internal/transformer"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/tokenizer"
)

// CrossEncoder scores pairs of texts. It is safe for concurrent use until closed.
type CrossEncoder struct {
	model      *model.Model
	encoder    *transformer.Encoder
	pooler     *dense // tanh layer on the first token
	classifier *dense
	options    options
	use        use
}

// OpenCross opens a cross-encoder by name: a directory, a Hub id in the Hugging
// Face cache, or a registered model such as builtin:reranker (see [model.Open]).
func OpenCross(name string, opts ...Option) (*CrossEncoder, error) {
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	m, err := model.Open(name)
	if err != nil {
		return nil, err
	}
	c, err := newCross(m, o)
	if err != nil {
		return nil, closing(err, m)
	}
	return c, nil
}

func newCross(m *model.Model, o options) (*CrossEncoder, error) {
	if m.Config.Architecture != model.BertForSequenceClassification {
		return nil, fmt.Errorf("model %s is a bi-encoder (%s): it gives vectors and scores no pairs; a cross-encoder is a %s", m.Name, m.Config.Architecture, model.BertForSequenceClassification)
	}
	if err := o.checkLimit(m, 2); err != nil {
		return nil, err
	}
	c := &CrossEncoder{model: m, options: o}
	hidden := m.Config.Hidden
	var err error
	if c.pooler, err = namedDense(m.Weights, m.Prefix+"pooler.dense", hidden, hidden, model.Tanh); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	if c.classifier, err = namedDense(m.Weights, "classifier", hidden, len(m.Config.Labels), model.Identity); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	if c.options.precision, err = o.settle(m); err != nil {
		return nil, err
	}
	c.encoder, err = open(m, c.options, true)
	return c, err
}

// Model is the model behind the encoder; its fields must not be changed.
func (c *CrossEncoder) Model() *model.Model { return c.model }

// Labels is the number of scores of a pair: 1 for a ranker.
func (c *CrossEncoder) Labels() int { return c.classifier.out }

// Precision is what products with weights are computed in: never [Auto], and
// not what was asked for if the processor has no instructions for that.
func (c *CrossEncoder) Precision() Precision { return c.options.precision }

// MaxTokens is the longest pair in tokens, special ones included.
func (c *CrossEncoder) MaxTokens() int { return c.options.limit(c.model) }

// Close waits for running calls and releases the model. Later calls return [ErrClosed].
func (c *CrossEncoder) Close() error { return c.use.close(c.model) }

// Pair is a query and a document, to be read together.
type Pair struct{ Query, Document string }

// Pairs are those of a query with each of some documents.
func Pairs(query string, documents []string) []Pair {
	pairs := make([]Pair, len(documents))
	for i, d := range documents {
		pairs[i] = Pair{query, d}
	}
	return pairs
}

// Scores are the outputs for a number of pairs, in order.
type Scores struct {
	Labels         int
	Logits         []float32 // Len() rows of Labels floats, before the activation
	Tokens         []int     // for each pair the tokens run, special ones included
	Truncated      []int     // for each pair the document's tokens that did not fit
	QueryTruncated []int     // for each pair the query's tokens that did not fit

	activation model.Activation
}

// Len is the number of pairs.
func (s *Scores) Len() int { return len(s.Tokens) }

// Logit is the logits of pair i. It shares memory with Logits.
func (s *Scores) Logit(i int) []float32 {
	return s.Logits[i*s.Labels : (i+1)*s.Labels : (i+1)*s.Labels]
}

// Score is the logits of pair i after the model's own activation: what
// CrossEncoder.predict of sentence-transformers returns.
func (s *Scores) Score(i int) []float32 {
	out := slices.Clone(s.Logit(i))
	s.activation.Apply(out)
	return out
}

// Probability is the logits of pair i as probabilities: 1/(1+exp(-x)) for one
// label, exp(xᵢ)/Σexp(xⱼ) for several. Whether they are calibrated depends on
// how the model was trained.
func (s *Scores) Probability(i int) []float64 {
	logits := s.Logit(i)
	out := make([]float64, len(logits))
	if len(logits) == 1 {
		out[0] = 1 / (1 + math.Exp(-float64(logits[0])))
		return out
	}
	top := float64(slices.Max(logits))
	var sum float64
	for j, x := range logits {
		out[j] = math.Exp(float64(x) - top)
		sum += out[j]
	}
	for j := range out {
		out[j] /= sum
	}
	return out
}

// Predict scores pairs. The query of a pair is kept whole (see [QueryTokens])
// and the document is cut at its end where both do not fit, which the result
// reports. It returns the context's error, and no scores, if that ends first.
func (c *CrossEncoder) Predict(ctx context.Context, pairs []Pair) (*Scores, error) {
	if err := c.use.begin(); err != nil {
		return nil, err
	}
	defer c.use.end()
	n := c.Labels()
	s := &Scores{
		Labels: n, Logits: make([]float32, len(pairs)*n), Tokens: make([]int, len(pairs)),
		Truncated: make([]int, len(pairs)), QueryTruncated: make([]int, len(pairs)), activation: c.model.Activation,
	}
	limits := tokenizer.PairLimits{Max: c.MaxTokens(), Query: c.options.queryTokens}
	size := func(i int) int { return len(pairs[i].Query) + len(pairs[i].Document) }
	err := windows(len(pairs), size, func(from, to int) error {
		queries := map[string][]int32{} // usually one
		for _, p := range pairs[from:to] {
			if _, ok := queries[p.Query]; !ok {
				queries[p.Query] = c.model.Tokenizer.AppendIDs(nil, p.Query)
			}
		}
		batch, err := tokenize(ctx, from, to, c.options.threads, func(i int, scratch *scratch) sequence {
			scratch.ids = c.model.Tokenizer.AppendIDs(scratch.ids[:0], pairs[i].Document)
			ids, types, cut := c.model.Tokenizer.AppendPair(nil, nil, queries[pairs[i].Query], scratch.ids, limits)
			s.Tokens[i], s.Truncated[i], s.QueryTruncated[i] = len(ids), cut.Document, cut.Query
			return sequence{ids, types}
		})
		if err != nil {
			return err
		}
		return c.forward(ctx, batch, func(i int) []float32 { return s.Logit(from + i) })
	})
	if err != nil {
		return nil, fmt.Errorf("score with %s: %w", c.model.Name, err)
	}
	for i, x := range s.Logits {
		if !finite(x) {
			return nil, fmt.Errorf("model %s gives a score that is not finite for pair %d: its weights are damaged; fetch the model again", c.model.Name, i/n)
		}
	}
	return s, nil
}

// forward runs a batch and writes the logits of sequence i to dst(i).
func (c *CrossEncoder) forward(ctx context.Context, batch transformer.Batch, dst func(i int) []float32) error {
	return c.encoder.Forward(ctx, batch, func(i int, rows []float32, _ int) {
		pooled := make([]float32, c.pooler.out)
		c.pooler.apply(pooled, rows)
		c.classifier.apply(dst(i), pooled)
	})
}

// Ranked is a document's place among others for a query.
type Ranked struct {
	Index           int     // of the document in what was given
	Logit           float32 // what the order goes by
	Score           float32 // the logit after the model's own activation
	TruncatedTokens int     // the document's tokens that did not fit
}

// Rank orders documents by how well they answer the query, best first: by
// logit, then by the order given. The model must have one label.
func (c *CrossEncoder) Rank(ctx context.Context, query string, documents []string) ([]Ranked, error) {
	if c.Labels() != 1 {
		return nil, fmt.Errorf("model %s has %d labels; ranking takes a model with one (use Predict for others)", c.model.Name, c.Labels())
	}
	s, err := c.Predict(ctx, Pairs(query, documents))
	if err != nil {
		return nil, err
	}
	return s.Ranked(), nil
}

// Ranked orders the documents of pairs with one query, as [CrossEncoder.Rank]
// does. The scores must have one label.
func (s *Scores) Ranked() []Ranked {
	ranked := make([]Ranked, s.Len())
	for i := range ranked {
		ranked[i] = Ranked{Index: i, Logit: s.Logits[i], Score: s.Score(i)[0], TruncatedTokens: s.Truncated[i]}
	}
	slices.SortStableFunc(ranked, func(a, b Ranked) int { return cmp.Compare(b.Logit, a.Logit) })
	return ranked
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/tokenizer"
)

// Sequence is one input of an encoder as tokens, to be run beside those of
// other callers: what a server batches. It belongs to the encoder that made it.
type Sequence struct {
	IDs            []int32 // special tokens included
	Types          []uint8 // of a pair the segment of each token; else nil
	Truncated      int     // tokens of the text, or of a pair's document, that did not fit
	QueryTruncated int     // tokens of a pair's query that did not fit

	skip int  // leading tokens that pooling leaves out
	dim  int  // of the vector
	raw  bool // the vector is not scaled to length 1
}

// Len is the number of tokens.
func (s Sequence) Len() int { return len(s.IDs) }

// Sequence makes one of a text, as [BiEncoder.Encode] would: running it gives
// the same bits.
func (b *BiEncoder) Sequence(text string, opts ...EncodeOption) (Sequence, error) {
	return b.sequence(opts, func(prompt string) ([]int32, error) {
		return b.model.Tokenizer.AppendIDs(nil, prompt+text), nil
	})
}

// SequenceOf makes one of token ids. Special tokens are put around them unless
// they are there.
func (b *BiEncoder) SequenceOf(ids []int32, opts ...EncodeOption) (Sequence, error) {
	return b.sequence(opts, func(prompt string) ([]int32, error) {
		for i, id := range ids {
			if id < 0 || int(id) >= b.model.Config.Vocab {
				return nil, optionError("token %d has the id %d; model %s has ids from 0 to %d", i, id, b.model.Name, b.model.Config.Vocab-1)
			}
		}
		special, _ := b.model.Tokenizer.AppendSingle(nil, nil, 0)
		if n := len(ids); len(special) == 2 && n >= 2 && ids[0] == special[0] && ids[n-1] == special[1] {
			ids = ids[1 : n-1]
		}
		return append(b.model.Tokenizer.AppendIDs(nil, prompt), ids...), nil
	})
}

func (b *BiEncoder) sequence(opts []EncodeOption, tokens func(prompt string) ([]int32, error)) (s Sequence, err error) {
	var o encodeOptions
	for _, set := range opts {
		set(&o)
	}
	if s.dim, err = b.dimensions(o); err != nil {
		return s, err
	}
	prompt, err := b.prompt(o)
	if err != nil {
		return s, err
	}
	ids, err := tokens(prompt)
	if err != nil {
		return s, err
	}
	s.IDs, s.Truncated = b.cut(ids, o)
	s.skip, s.raw = promptTokens(b.model, prompt), o.raw
	return s, nil
}

// Run returns the vectors of sequences, each with the dimensions asked for when
// it was made. It returns the context's error, and no vectors, if that ends first.
func (b *BiEncoder) Run(ctx context.Context, list []Sequence) ([][]float32, error) {
	if err := b.use.begin(); err != nil {
		return nil, err
	}
	defer b.use.end()
	out := make([][]float32, len(list))
	for i, s := range list {
		out[i] = make([]float32, s.dim)
	}
	err := runWindows(list, func(part []sequence, from int) error {
		return b.forward(ctx, pack(part), func(i int) (int, bool) { return list[from+i].skip, b.model.Normalize && !list[from+i].raw }, nil, func(i int) []float32 { return out[from+i] })
	})
	if err != nil {
		return nil, fmt.Errorf("encode with %s: %w", b.model.Name, err)
	}
	for i, v := range out {
		if !finite(Dot(v, v)) {
			return nil, fmt.Errorf("model %s gives a vector that is not finite for text %d: its weights are damaged; fetch the model again", b.model.Name, i)
		}
	}
	return out, nil
}

// RunTokens returns for each sequence the last hidden state of every token,
// special ones included: rows of the model's hidden size, as they are before
// pooling, dense layers and normalisation.
func (b *BiEncoder) RunTokens(ctx context.Context, list []Sequence) ([][][]float32, error) {
	if err := b.use.begin(); err != nil {
		return nil, err
	}
	defer b.use.end()
	hidden := b.model.Config.Hidden
	out := make([][][]float32, len(list))
	err := runWindows(list, func(part []sequence, from int) error {
		batch := pack(part)
		batch.All = true
		return b.encoder.Forward(ctx, batch, func(i int, rows []float32, stride int) {
			n := list[from+i].Len()
			all := make([]float32, n*hidden)
			states := make([][]float32, n)
			for t := range states {
				states[t] = all[t*hidden:][:hidden:hidden]
				copy(states[t], rows[t*stride:])
			}
			out[from+i] = states
		})
	})
	if err != nil {
		return nil, fmt.Errorf("encode with %s: %w", b.model.Name, err)
	}
	return out, nil
}

// PairOption sets how [CrossEncoder.Sequences] makes sequences.
type PairOption func(*pairOptions)

type pairOptions struct {
	documentTokens int
	end            bool
}

// DocumentTokens caps the document's part of a pair, in tokens; 0 is no cap.
func DocumentTokens(n int) PairOption { return func(o *pairOptions) { o.documentTokens = n } }

// KeepDocumentEnd cuts a document that is too long at its beginning and not, as
// else, at its end.
func KeepDocumentEnd() PairOption { return func(o *pairOptions) { o.end = true } }

// Sequences makes sequences of a query with each of some documents, as
// [CrossEncoder.Predict] would: running them gives the same bits.
func (c *CrossEncoder) Sequences(query string, documents []string, opts ...PairOption) []Sequence {
	var o pairOptions
	for _, set := range opts {
		set(&o)
	}
	t := c.model.Tokenizer
	limits := tokenizer.PairLimits{Max: c.MaxTokens(), Query: c.options.queryTokens}
	q := t.AppendIDs(nil, query)
	list := make([]Sequence, len(documents))
	var d []int32
	for i, text := range documents {
		d = t.AppendIDs(d[:0], text)
		part, cut := d, 0
		if o.documentTokens > 0 && len(part) > o.documentTokens {
			cut = len(part) - o.documentTokens
			part = keep(part, o.documentTokens, o.end)
		}
		if o.end {
			if _, _, over := t.AppendPair(nil, nil, q, part, limits); over.Document > 0 {
				part = keep(part, len(part)-over.Document, true)
				cut += over.Document
			}
		}
		s := &list[i]
		var over tokenizer.PairCut
		s.IDs, s.Types, over = t.AppendPair(nil, nil, q, part, limits)
		s.Truncated, s.QueryTruncated = cut+over.Document, over.Query
	}
	return list
}

// keep is the first n ids, or the last.
func keep(ids []int32, n int, end bool) []int32 {
	if end {
		return ids[len(ids)-n:]
	}
	return ids[:n]
}

// SequenceOf makes a sequence of one text alone, for classifiers that read one.
// Of the options [KeepDocumentEnd] has an effect.
func (c *CrossEncoder) SequenceOf(text string, opts ...PairOption) Sequence {
	var o pairOptions
	for _, set := range opts {
		set(&o)
	}
	t := c.model.Tokenizer
	ids := t.AppendIDs(nil, text)
	var s Sequence
	s.IDs, s.Truncated = t.AppendSingle(nil, ids, c.MaxTokens())
	if o.end && s.Truncated > 0 {
		s.IDs, _ = t.AppendSingle(nil, keep(ids, len(ids)-s.Truncated, true), c.MaxTokens())
	}
	s.Types = make([]uint8, len(s.IDs))
	return s
}

// Run returns the logits of sequences, Labels floats each. It returns the
// context's error, and no logits, if that ends first.
func (c *CrossEncoder) Run(ctx context.Context, list []Sequence) ([][]float32, error) {
	if err := c.use.begin(); err != nil {
		return nil, err
	}
	defer c.use.end()
	n := c.Labels()
	all := make([]float32, len(list)*n)
	out := make([][]float32, len(list))
	for i := range out {
		out[i] = all[i*n : (i+1)*n : (i+1)*n]
	}
	err := runWindows(list, func(part []sequence, from int) error {
		return c.forward(ctx, pack(part), func(i int) []float32 { return out[from+i] })
	})
	if err != nil {
		return nil, fmt.Errorf("score with %s: %w", c.model.Name, err)
	}
	for i, x := range all {
		if !finite(x) {
			return nil, fmt.Errorf("model %s gives a score that is not finite for pair %d: its weights are damaged; fetch the model again", c.model.Name, i/n)
		}
	}
	return out, nil
}

// Activated is logits after the model's own activation.
func (c *CrossEncoder) Activated(logits []float32) []float32 {
	s := Scores{Labels: c.Labels(), Logits: logits, activation: c.model.Activation}
	return s.Score(0)
}

// NewScores are the scores of sequences that were run one way or another.
func (c *CrossEncoder) NewScores(list []Sequence, logits [][]float32) *Scores {
	s := &Scores{Labels: c.Labels(), activation: c.model.Activation}
	for i, q := range list {
		s.Logits = append(s.Logits, logits[i]...)
		s.Tokens = append(s.Tokens, q.Len())
		s.Truncated = append(s.Truncated, q.Truncated)
		s.QueryTruncated = append(s.QueryTruncated, q.QueryTruncated)
	}
	return s
}

// runWindows calls run with parts of a list that fit into a window.
func runWindows(list []Sequence, run func(part []sequence, from int) error) error {
	return windows(len(list), func(i int) int { return 4 * list[i].Len() }, func(from, to int) error {
		part := make([]sequence, to-from)
		for i, s := range list[from:to] {
			part[i] = sequence{s.IDs, s.Types}
		}
		return run(part, from)
	})
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package speed

import (
	"context"
	"errors"
	"fmt"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
)

// What is measured: throughput at some lengths, a short query, and a list of
// candidates as a search reranks them.
const (
	queryTokens    = 16
	documentTokens = 80
	pairs          = 100

	leastQueries = 100  // calls, so that there is a 99th percentile
	callTokens   = 1024 // of each thread in a call, about
)

var lengths = []int{128, 256, 512}

// load says what a workload is for.
type load int

const (
	throughput load = iota
	query
	rerank
)

// workload is the input of a call: texts or pairs, all of the same length.
type workload struct {
	kind   load
	tokens int // of each, special ones included
	least  int // calls
	texts  []string
	pairs  []encoder.Pair
}

func (w *workload) len() int { return len(w.texts) + len(w.pairs) }

func (w *workload) name() string {
	switch w.kind {
	case query:
		return fmt.Sprintf("a query of %d tokens", queryTokens)
	case rerank:
		return fmt.Sprintf("%d pairs of %d + %d tokens", w.len(), queryTokens, documentTokens)
	}
	return fmt.Sprintf("%d tokens", w.tokens)
}

// few is the workload with at most n inputs.
func (w *workload) few(n int) *workload {
	f := *w
	f.texts, f.pairs = w.texts[:min(n, len(w.texts))], w.pairs[:min(n, len(w.pairs))]
	return &f
}

func kindOf(m *model.Model) string {
	if m.Config.Architecture == model.BertForSequenceClassification {
		return parity.Cross
	}
	return parity.Bi
}

// workloads are those of a model: no input is longer than it takes.
func workloads(m *model.Model, threads int) ([]workload, error) {
	words, err := newMaker(m.Tokenizer)
	if err != nil {
		return nil, err
	}
	cross := kindOf(m) == parity.Cross
	special := m.Tokenizer.SpecialCount(cross)
	room := m.MaxLength - special
	if room < 2 {
		return nil, fmt.Errorf("inputs of %d tokens have no room for text", m.MaxLength)
	}
	short := min(queryTokens, room/2)
	makePairs := func(count, document int) []encoder.Pair {
		list := make([]encoder.Pair, count)
		asked := words.text(short)
		for i := range list {
			list[i] = encoder.Pair{Query: asked, Document: words.text(document)}
		}
		return list
	}
	var list []workload
	for _, tokens := range lengths {
		tokens = min(tokens, m.MaxLength)
		w := workload{tokens: tokens}
		if n := max(1, threads*callTokens/tokens); cross {
			w.pairs = makePairs(n, tokens-special-short)
		} else {
			w.texts = words.texts(n, tokens-special)
		}
		list = append(list, w)
		if tokens == m.MaxLength {
			break
		}
	}
	if cross {
		document := min(documentTokens, room-short)
		return append(list, workload{kind: rerank, tokens: short + document + special, pairs: makePairs(pairs, document)}), nil
	}
	short = min(queryTokens, room)
	return append(list, workload{kind: query, tokens: short + special, texts: words.texts(1, short), least: leastQueries}), nil
}

// subject is an open encoder of either kind.
type subject struct {
	precision encoder.Precision
	run       func(context.Context, *workload) error
	close     func() error
}

func openSubject(name string, opts ...encoder.Option) (*subject, error) {
	m, err := model.Open(name)
	if err != nil {
		return nil, err
	}
	kind := kindOf(m)
	if err := m.Close(); err != nil {
		return nil, err
	}
	if kind == parity.Cross {
		c, err := encoder.OpenCross(name, opts...)
		if err != nil {
			return nil, err
		}
		return &subject{c.Precision(), func(ctx context.Context, w *workload) error {
			s, err := c.Predict(ctx, w.pairs)
			if err != nil {
				return err
			}
			return w.check(s.Tokens)
		}, c.Close}, nil
	}
	b, err := encoder.OpenBi(name, opts...)
	if err != nil {
		return nil, err
	}
	return &subject{b.Precision(), func(ctx context.Context, w *workload) error {
		e, err := b.Encode(ctx, w.texts, encoder.Prompt("")) // a prompt would lengthen the texts
		if err != nil {
			return err
		}
		return w.check(e.Tokens)
	}, b.Close}, nil
}

// check makes sure that the figures are about the lengths they state.
func (w *workload) check(tokens []int) error {
	for _, n := range tokens {
		if n != w.tokens {
			return errors.New("the tokenizer does not take words between spaces each for itself, so texts of a given length cannot be made")
		}
	}
	return nil
}

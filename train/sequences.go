// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/transformer"
	"github.com/winnow-search/winnow/tokenizer"
)

// input is a batch of sequences, and how many leading tokens of each take no part in pooling.
type input struct {
	transformer.Batch
	skip []int // nil: none
}

// skipped is how many tokens of sequence i pooling leaves out.
func (b input) skipped(i int) int {
	if b.skip == nil {
		return 0
	}
	return b.skip[i]
}

// slice is the sequences [from, to) as a batch of their own.
func (b input) slice(from, to int) input {
	a, e := b.Starts[from], b.Starts[to]
	out := input{Batch: transformer.Batch{IDs: b.IDs[a:e], Starts: make([]int32, 0, to-from+1)}}
	if b.Types != nil {
		out.Types = b.Types[a:e]
	}
	if b.skip != nil {
		out.skip = b.skip[from:to]
	}
	for _, s := range b.Starts[from : to+1] {
		out.Starts = append(out.Starts, s-a)
	}
	return out
}

// parts cuts the input into runs of sequences of up to so many tokens.
func (b input) parts(tokens int) (list [][2]int) {
	for i := range b.Len() {
		if n := len(list); n == 0 || int(b.Starts[i+1]-b.Starts[list[n-1][0]]) > tokens {
			list = append(list, [2]int{i, i})
		}
		list[len(list)-1][1] = i + 1
	}
	return list
}

// prompt is what stands before texts of a kind, and how many tokens of it pooling leaves out.
type prompt struct {
	kind    encoder.Kind
	text    string
	skip    int
	teacher string // the teacher's
}

// sequences collects the distinct inputs of a batch.
type sequences struct {
	task  *Task
	index map[[3]string]int
	texts []string       // of a bi-encoder
	kinds []encoder.Kind // of texts
	batch input
}

func (t *Task) sequences() *sequences {
	return &sequences{task: t, index: map[[3]string]int{}, batch: input{Batch: transformer.Batch{Starts: []int32{0}}}}
}

func (s *sequences) end() int {
	s.batch.Starts = append(s.batch.Starts, int32(len(s.batch.IDs)))
	return s.batch.Len() - 1
}

// text gives the number of a text, with its prompt before it. A text of both kinds is one for models that tell none apart.
func (s *sequences) text(p prompt, text string) int {
	key := [3]string{p.text, p.teacher, text}
	if i, ok := s.index[key]; ok {
		return i
	}
	k := s.task.network.model.Tokenizer
	ids, _ := k.AppendSingle(nil, k.AppendIDs(nil, p.text+text), s.task.limit)
	s.batch.IDs = append(s.batch.IDs, ids...)
	s.batch.skip = append(s.batch.skip, p.skip)
	s.texts, s.kinds = append(s.texts, text), append(s.kinds, p.kind)
	s.index[key] = s.end()
	return s.index[key]
}

// pair adds a pair of query and document. Pairs are all their own, so that lists lie together.
func (s *sequences) pair(query, document string) {
	k := s.task.network.model.Tokenizer
	ids, types, _ := k.AppendPair(nil, nil, k.AppendIDs(nil, query), k.AppendIDs(nil, document), tokenizer.PairLimits{Max: s.task.limit})
	s.batch.IDs, s.batch.Types = append(s.batch.IDs, ids...), append(s.batch.Types, types...)
	s.end()
}

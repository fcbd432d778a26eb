// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
)

// request asks for runs of a task: "passages", "query", "pairs" or "tokens" (tokenising the passages, on one thread), or
// for the "memory" used so far. Limit is how many of the inputs, evenly spread; 0 means all.
type request struct {
	Task  string `json:"task"`
	Limit int    `json:"limit"`
	Times int    `json:"times"`
	Save  string `json:"save"` // file to write the outputs of the last run to; "" means none
}

// answer is what was measured.
type answer struct {
	Seconds   []float64 `json:"seconds"`    // of each run
	Tokens    int       `json:"tokens"`     // of all inputs, special ones included
	PeakBytes int64     `json:"peak_bytes"` // largest resident set of the process until now
}

// runner has an encoder of one of the two kinds.
type runner struct {
	work  workload
	bi    *encoder.BiEncoder
	cross *encoder.CrossEncoder
}

func (r *runner) measure(ctx context.Context, q request) (answer, error) {
	var a answer
	var values []float32
	var do func() error
	switch q.Task {
	case "passages":
		texts := spread(r.work.Passages, q.Limit)
		do = func() (err error) {
			values, a.Tokens, err = r.encode(ctx, texts)
			return err
		}
	case "query":
		do = func() (err error) {
			values, a.Tokens, err = r.encode(ctx, []string{r.work.Query})
			return err
		}
	case "pairs":
		documents := spread(r.work.Documents, q.Limit)
		do = func() (err error) {
			values, a.Tokens, err = r.rerank(ctx, documents)
			return err
		}
	case "tokens":
		texts := spread(r.work.Passages, q.Limit)
		do = func() error {
			a.Tokens = tokenise(r.model(), texts)
			return nil
		}
	case "memory":
		peak, err := peakBytes()
		return answer{PeakBytes: peak}, err
	default:
		return a, errors.New("no such task")
	}
	for range q.Times {
		start := time.Now()
		if err := do(); err != nil {
			return a, err
		}
		a.Seconds = append(a.Seconds, time.Since(start).Seconds())
	}
	if q.Save != "" {
		return a, writeFloats(q.Save, values)
	}
	return a, nil
}

func (r *runner) model() *model.Model {
	if r.cross != nil {
		return r.cross.Model()
	}
	return r.bi.Model()
}

func (r *runner) encode(ctx context.Context, texts []string) (vectors []float32, tokens int, err error) {
	if r.bi == nil {
		return nil, 0, errors.New("a cross-encoder is open, it gives no vectors")
	}
	e, err := r.bi.Encode(ctx, texts)
	if err != nil {
		return nil, 0, err
	}
	return e.Data, sum(e.Tokens), nil
}

func (r *runner) rerank(ctx context.Context, documents []string) (logits []float32, tokens int, err error) {
	if r.cross == nil {
		return nil, 0, errors.New("a bi-encoder is open, it scores no pairs")
	}
	pairs := make([]encoder.Pair, len(documents))
	for i, d := range documents {
		pairs[i] = encoder.Pair{Query: r.work.Query, Document: d}
	}
	s, err := r.cross.Predict(ctx, pairs)
	if err != nil {
		return nil, 0, err
	}
	return s.Logits, sum(s.Tokens), nil
}

// tokenise makes the ids of all texts, one text after the other, and counts them. Nothing is cut.
func tokenise(m *model.Model, texts []string) int {
	var plain, ids []int32
	tokens := 0
	for _, text := range texts {
		plain = m.Tokenizer.AppendIDs(plain[:0], text)
		ids, _ = m.Tokenizer.AppendSingle(ids[:0], plain, 0)
		tokens += len(ids)
	}
	return tokens
}

// spread is limit of the items, evenly spread; all of them for 0.
func spread(items []string, limit int) []string {
	n := len(items)
	if limit > 0 {
		n = min(limit, n)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = items[i*len(items)/n]
	}
	return out
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}

// writeFloats writes values as little-endian float32.
func writeFloats(path string, values []float32) error {
	data, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("writing the outputs: %w", err)
	}
	return nil
}

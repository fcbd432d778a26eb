// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/rank"
)

// What Auto asks of a precision: of a bi-encoder's vectors, the cosine to those
// of FP32; of a cross-encoder's scores, Kendall's tau of the order.
const (
	leastMeanCosine  = 0.999
	leastWorstCosine = 0.995
	leastTau         = 0.98
)

// sampleText holds what fidelity is measured on: queries, marked by "? ", and
// passages of 3 to 90 tokens.
//
//go:embed sample.txt
var sampleText string

func sample() (queries, passages []string) {
	for line := range strings.Lines(strings.TrimSpace(sampleText)) {
		line = strings.TrimSpace(line)
		if query, ok := strings.CutPrefix(line, "? "); ok {
			queries = append(queries, query)
		} else {
			passages = append(passages, line)
		}
	}
	return queries, passages
}

// Fidelity says how near a precision is to FP32 for one model on this processor.
type Fidelity struct {
	Precision Precision
	// Mean and Worst are cosines of a bi-encoder's vectors to those of FP32, the
	// mean and the least over the texts of a small sample; of a cross-encoder
	// Kendall's tau-b between the orders of passages, over its queries.
	Mean, Worst float64
	// Enough says that Auto may choose it: cosines of 0.999 in the mean and 0.995
	// at worst, a tau of 0.98 in the mean.
	Enough bool
	// Bytes is the memory of the packed weights.
	Bytes int
}

// fastest lists the precisions that this processor has instructions for, the
// fastest first and, of equally fast ones, the more exact.
func fastest() []Precision {
	order := []Precision{Int8, Int16, BF16, FP32}
	if tier, _ := kernel.Active(); tier == kernel.AMX {
		order = []Precision{Int8, BF16, Int16, FP32}
	}
	return supported(order)
}

// Fidelities measures the precisions that this processor has instructions for
// against FP32 on a small sample of English sentences, the fastest first: enough
// to notice a precision that does not suit a model, too little to tell the last
// digit. It takes about as long as encoding some hundred sentences. A precision
// that cannot hold the model's numbers has 0 for Mean and Worst. The error is
// FP32's, or the context's. Of opts, a valid [AtPrecision] is ignored.
func Fidelities(ctx context.Context, name string, opts ...Option) ([]Fidelity, error) {
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	m, err := model.Open(name)
	if err != nil {
		return nil, err
	}
	list, err := measure(ctx, m, o, func(Fidelity) bool { return true })
	if closeErr := m.Close(); err == nil {
		err = closeErr
	}
	return list, err
}

// choose is what Auto stands for: the first precision that is near enough.
func choose(m *model.Model, o options) (Precision, error) {
	list, err := measure(context.Background(), m, o, func(f Fidelity) bool { return !f.Enough })
	if err != nil {
		return "", err
	}
	return list[len(list)-1].Precision, nil
}

// measure compares precisions with FP32 until more returns false. FP32, which
// always is near enough, is the last.
func measure(ctx context.Context, m *model.Model, o options, more func(Fidelity) bool) ([]Fidelity, error) {
	outputs := biOutputs
	if m.Config.Architecture == model.BertForSequenceClassification {
		outputs = crossOutputs
	}
	var list []Fidelity
	var want [][]float32
	for _, p := range fastest() {
		f := Fidelity{Precision: p, Mean: 1, Worst: 1, Enough: true, Bytes: PackedBytes(m.Config, p)}
		if p != FP32 {
			var err error
			if want == nil {
				if want, err = outputs(ctx, m, o.at(FP32)); err != nil {
					return nil, err
				}
			}
			got, err := outputs(ctx, m, o.at(p))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err == nil {
				err = f.compare(m, got, want)
			}
			if err != nil { // numbers that this precision cannot hold
				f.Mean, f.Worst, f.Enough = 0, 0, false
			}
		}
		list = append(list, f)
		if !more(f) {
			break
		}
	}
	return list, nil
}

func (o options) at(p Precision) options {
	o.precision = p
	return o
}

// compare sets the measured fields from one list for each text or query.
func (f *Fidelity) compare(m *model.Model, got, want [][]float32) error {
	cross := m.Config.Architecture == model.BertForSequenceClassification
	f.Mean, f.Worst = 0, math.Inf(1)
	for i := range want {
		value := float64(Cosine(got[i], want[i]))
		switch {
		case slices.Equal(got[i], want[i]):
			value = 1 // zero vectors and equal scores among them
		case cross:
			var err error
			value, err = rank.KendallTau(got[i], want[i])
			if err != nil && !errors.Is(err, rank.ErrUndefined) { // no order where there was one
				return fmt.Errorf("model %s: comparing %s with %s: %w", m.Name, f.Precision, FP32, err)
			}
		}
		f.Mean += value / float64(len(want))
		f.Worst = min(f.Worst, value)
	}
	f.Enough = cross && f.Mean >= leastTau || !cross && f.Mean >= leastMeanCosine && f.Worst >= leastWorstCosine
	return nil
}

// biOutputs encodes the sample: a vector for each text.
func biOutputs(ctx context.Context, m *model.Model, o options) ([][]float32, error) {
	b, err := newBi(m, o)
	if err != nil {
		return nil, err
	}
	queries, passages := sample()
	e, err := b.Encode(ctx, append(queries, passages...))
	if err != nil {
		return nil, err
	}
	var list [][]float32
	for i := range e.Len() {
		list = append(list, e.Vector(i))
	}
	return list, nil
}

// crossOutputs scores all pairs of the sample: a list of first logits for each query.
func crossOutputs(ctx context.Context, m *model.Model, o options) ([][]float32, error) {
	c, err := newCross(m, o)
	if err != nil {
		return nil, err
	}
	queries, passages := sample()
	var list [][]float32
	for _, q := range queries {
		var pairs []Pair
		for _, p := range passages {
			pairs = append(pairs, Pair{q, p})
		}
		s, err := c.Predict(ctx, pairs)
		if err != nil {
			return nil, err
		}
		logits := make([]float32, s.Len())
		for i := range logits {
			logits[i] = s.Logits[i*s.Labels]
		}
		list = append(list, logits)
	}
	return list, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
)

// Options are the settings of a training run. [Defaults] has what suits most.
type Options struct {
	Epochs      float64           `json:"epochs"`        // passes over the data, if Steps is 0
	Steps       int               `json:"steps"`         // of the optimizer
	BatchSize   int               `json:"batch size"`    // rows of a batch
	Accumulate  int               `json:"accumulate"`    // batches whose gradients make a step
	Rate        float64           `json:"learning rate"` // the highest learning rate
	WarmUp      float64           `json:"warm-up"`       // the part of all steps over which the rate rises to it, from 0 to 1
	Schedule    Schedule          `json:"schedule"`      // how the rate goes on
	WeightDecay float64           `json:"weight decay"`  // of matrices
	Clip        float64           `json:"clip"`          // the longest gradient, in Euclidean length; 0 for any
	Dropout     float64           `json:"dropout"`       // of hidden states and attention weights, from 0 to below 1
	Average     float64           `json:"average"`       // the part of the average of weights that each step keeps, from 0 (no average) to below 1
	Seed        uint64            `json:"seed"`
	MaxTokens   int               `json:"max tokens"`    // of a text, or a pair; 0 for the model's limit
	Precision   encoder.Precision `json:"precision"`     // FP32, or BF16 where the processor has instructions for it
	Threads     int               `json:"threads"`       // 0 for all
	Freeze      []string          `json:"freeze"`        // what is not trained: "embeddings", "words", numbers of layers, "0-2"
	ChunkTokens int               `json:"chunk tokens"`  // tokens whose activations are held at once
	Buffer      int               `json:"buffer"`        // rows held for shuffling
	InOrder     bool              `json:"rows in order"` // take rows as they come, neither shuffled nor put beside others of their length
}

// Defaults are the settings that a run has where nothing else is said.
func Defaults() Options {
	return Options{
		Epochs: 1, BatchSize: 32, Accumulate: 1, Rate: 2e-5, WarmUp: 0.1, Schedule: Linear, WeightDecay: 0.01, Clip: 1, Dropout: 0.1,
		Seed: 1, Precision: encoder.FP32, ChunkTokens: 8192, Buffer: 100_000,
	}
}

func (o *Options) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// precision is what products are computed in.
func (o *Options) precision() encoder.Precision {
	if o.Precision == encoder.BF16 && kernel.Supported(kernel.BFloat16) {
		return encoder.BF16
	}
	return encoder.FP32
}

// Check says what is out of range.
func (o *Options) Check() error {
	for _, f := range []struct {
		name  string
		value float64
		ok    bool
		want  string
	}{
		{"epochs", o.Epochs, o.Epochs > 0 && o.Epochs <= 1e6 || o.Steps > 0 && o.Epochs == 0, "above 0 and at most a million"},
		{"steps", float64(o.Steps), o.Steps >= 0, "at least 0"},
		{"batch size", float64(o.BatchSize), o.BatchSize >= 1, "at least 1"},
		{"accumulate", float64(o.Accumulate), o.Accumulate >= 1, "at least 1"},
		{"learning rate", o.Rate, o.Rate > 0 && o.Rate < 1, "above 0 and below 1"},
		{"warm-up", o.WarmUp, o.WarmUp >= 0 && o.WarmUp <= 1, "from 0 to 1"},
		{"weight decay", o.WeightDecay, o.WeightDecay >= 0 && o.WeightDecay < 1, "from 0 to below 1"},
		{"clip", o.Clip, o.Clip >= 0 && !math.IsInf(o.Clip, 0), "a number, at least 0"},
		{"dropout", o.Dropout, o.Dropout >= 0 && o.Dropout < 1, "from 0 to below 1"},
		{"average", o.Average, o.Average >= 0 && o.Average < 1, "from 0 to below 1"},
		{"max tokens", float64(o.MaxTokens), o.MaxTokens >= 0, "at least 0"},
		{"chunk tokens", float64(o.ChunkTokens), o.ChunkTokens >= 1, "at least 1"},
		{"buffer", float64(o.Buffer), o.Buffer >= 1, "at least 1"},
	} {
		if !f.ok {
			return fmt.Errorf("%s is %v; it must be %s", f.name, f.value, f.want)
		}
	}
	if known := []Schedule{Linear, CosineTo, Constant}; !slices.Contains(known, o.Schedule) {
		return fmt.Errorf("schedule %q; known: linear, cosine, constant", o.Schedule)
	}
	if o.Precision != encoder.FP32 && o.Precision != encoder.BF16 {
		return fmt.Errorf("training computes in fp32 or bf16, not in %s", o.Precision)
	}
	return nil
}

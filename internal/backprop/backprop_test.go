// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/transformer"
)

// random is a source of tensors of any name with random values.
type random struct {
	transformer.Config
	*rand.Rand
}

type tensor struct {
	shape  []int
	values []float32
}

func (t tensor) Shape() []int { return t.shape }

func (t tensor) Float32(dst []float32, offset int) error {
	copy(dst, t.values[offset:])
	return nil
}

func (r random) Tensor(name string) (transformer.Tensor, error) {
	h, i := r.Hidden, r.Intermediate
	for _, s := range []struct {
		part  string
		shape []int
	}{
		{"word_embeddings", []int{r.Vocab, h}},
		{"position_embeddings", []int{r.Positions, h}},
		{"token_type_embeddings", []int{r.Types, h}},
		{"LayerNorm", []int{h}},
		{"intermediate.dense.weight", []int{i, h}},
		{"intermediate.dense.bias", []int{i}},
		{"attention.output.dense.weight", []int{h, h}},
		{".output.dense.weight", []int{h, i}},
		{"weight", []int{h, h}},
		{"bias", []int{h}},
	} {
		if !strings.Contains(name, s.part) {
			continue
		}
		n := 1
		for _, d := range s.shape {
			n *= d
		}
		t := tensor{s.shape, make([]float32, n)}
		for j := range t.values {
			t.values[j] = float32(r.NormFloat64()) * 0.3
			if strings.HasSuffix(name, "LayerNorm.weight") {
				t.values[j]++
			}
		}
		return t, nil
	}
	return nil, fmt.Errorf("no tensor %s", name)
}

var small = transformer.Config{Vocab: 50, Positions: 64, Types: 2, Hidden: 48, Layers: 2, Heads: 4, Intermediate: 80, Epsilon: 1e-12, Activation: "gelu"}

func batch(r *rand.Rand, c transformer.Config, lengths ...int) transformer.Batch {
	b := transformer.Batch{Starts: []int32{0}}
	for _, n := range lengths {
		for i := range n {
			b.IDs = append(b.IDs, int32(r.IntN(c.Vocab)))
			b.Types = append(b.Types, uint8(i*2/n))
		}
		b.Starts = append(b.Starts, int32(len(b.IDs)))
	}
	return b
}

// loss is a linear function of the states, with its weights as their gradient.
func loss(t *Tape, weights []float32) (sum float64) {
	rows, _ := t.States()
	for i, v := range rows {
		sum += float64(v) * float64(weights[i])
	}
	return sum
}

func TestGradientsAgreeWithDifferences(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		change  func(*transformer.Config)
	}{
		{"tokens", Options{}, nil},
		{"first tokens", Options{First: true}, nil},
		{"first tokens, one layer", Options{First: true}, func(c *transformer.Config) { c.Layers = 1 }},
		{"dropout", Options{Dropout: 0.1, AttentionDropout: 0.2, First: true}, nil},
		{"tanh", Options{Threads: 1}, func(c *transformer.Config) { c.Activation = "gelu_new" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := small
			if c.change != nil {
				c.change(&config)
			}
			r := rand.New(rand.NewPCG(1, 2))
			e, err := New(config, random{config, r}, "", c.options)
			if err != nil {
				t.Fatal(err)
			}
			b := batch(r, config, 7, 1, 33, 60, 12)
			pass := Pass{Dropout: true, Seed: 3}
			tape := &Tape{}
			if err := e.Forward(tape, b, pass); err != nil {
				t.Fatal(err)
			}
			rows, stride := tape.States()
			weights := make([]float32, len(rows))
			for i := range weights {
				if i%stride < config.Hidden {
					weights[i] = float32(r.NormFloat64())
				}
			}
			e.Backward(tape, slices.Clone(weights))
			for _, p := range e.Parameters() {
				// Along the gradient the loss changes by the gradient's length.
				length := float64(kernel.Norm(p.Gradient))
				if length < 1e-3 { // of the keys' biases, which change nothing
					continue
				}
				before := slices.Clone(p.Value)
				const step = 4e-3
				var ends [2]float64
				for i, sign := range []float64{1, -1} {
					for j := range p.Value {
						p.Value[j] = before[j] + float32(sign*step*float64(p.Gradient[j])/length)
					}
					e.Pack()
					if err := e.Forward(tape, b, pass); err != nil {
						t.Fatal(err)
					}
					ends[i] = loss(tape, weights)
				}
				copy(p.Value, before)
				if got := (ends[0] - ends[1]) / (2 * step); math.Abs(got-length) > 0.01*length+2e-2 {
					t.Errorf("%s: the loss changes by %v along a gradient of length %v", p.Name, got, length)
				}
			}
		})
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"fmt"
	"math"
	"runtime"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/transformer"
)

// Options tune an encoder.
type Options struct {
	// Threads is the number of workers; 0 means GOMAXPROCS. No result depends on it.
	Threads int
	// First says that only the first token's hidden state of each sequence is
	// wanted. The last layer then computes no other.
	First bool
	// Format is what products with weights are computed in: kernel.Float32, or
	// kernel.BFloat16 for mixed precision. Parameters and gradients are float32.
	Format kernel.Format
	// Dropout and AttentionDropout are the probabilities, from 0 to below 1, with which a value
	// of a hidden state, or an attention weight, is left out: hidden_dropout_prob
	// and attention_probs_dropout_prob of config.json.
	Dropout, AttentionDropout float32
}

// Encoder is a model in training. One forward or backward pass runs at a time.
type Encoder struct {
	config  transformer.Config
	options Options

	parameters              []*Parameter
	words, positions, types *Parameter
	embeddings              norm
	layers                  []*layer

	activate         func(x []float32)
	activateBackward func(d, x []float32)

	workers []*scratch
	back    backBuffers
}

// norm is a layer norm's parameters, and padded copies that kernels read.
type norm struct {
	gamma, beta *Parameter
	g, b        []float32
}

func (n *norm) pack() {
	copy(n.g, n.gamma.Value)
	copy(n.b, n.beta.Value)
}

type layer struct {
	query, keyValue, attention, up, down *linear
	attended, done                       norm
}

func (l *layer) linears() []*linear {
	return []*linear{l.query, l.keyValue, l.attention, l.up, l.down}
}

// New reads an encoder's parameters from source, where their names begin with
// prefix ("" or "bert."). Errors name the tensor at fault.
func New(c transformer.Config, source transformer.Source, prefix string, o Options) (*Encoder, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if o.Format != kernel.Float32 && o.Format != kernel.BFloat16 {
		return nil, fmt.Errorf("training computes in float32 or bfloat16, not in %v", o.Format)
	}
	for _, p := range []float32{o.Dropout, o.AttentionDropout} {
		if !(p >= 0 && p < 1) {
			return nil, fmt.Errorf("dropout of %v; it must be at least 0 and below 1", p)
		}
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	e := &Encoder{config: c, options: o}
	var err error
	if e.activate, e.activateBackward, err = c.ActivationFunctions(); err != nil {
		return nil, err
	}
	r := reader{source: source, prefix: prefix + "embeddings.", layer: -1, list: &e.parameters}
	if e.words, err = r.read("word_embeddings.weight", c.Vocab, c.Hidden); err != nil {
		return nil, err
	}
	if e.positions, err = r.read("position_embeddings.weight", c.Positions, c.Hidden); err != nil {
		return nil, err
	}
	if e.types, err = r.read("token_type_embeddings.weight", c.Types, c.Hidden); err != nil {
		return nil, err
	}
	if e.embeddings, err = r.norm("LayerNorm", c.Hidden); err != nil {
		return nil, err
	}
	for i := range c.Layers {
		r := reader{source: source, prefix: fmt.Sprintf("%sencoder.layer.%d.", prefix, i), layer: i, list: &e.parameters}
		l, err := r.encoderLayer(c, o.Format)
		if err != nil {
			return nil, err
		}
		e.layers = append(e.layers, l)
	}
	e.workers = make([]*scratch, o.Threads)
	for i := range e.workers {
		e.workers[i] = &scratch{}
	}
	e.Pack()
	return e, nil
}

func (r reader) norm(name string, n int) (norm, error) {
	gamma, err := r.read(name+".weight", n)
	if err != nil {
		return norm{}, err
	}
	beta, err := r.read(name+".bias", n)
	return norm{gamma: gamma, beta: beta, g: make([]float32, kernel.Pad(n)), b: make([]float32, kernel.Pad(n))}, err
}

func (r reader) part(name string, out, in int, scale float32) (part, error) {
	weight, err := r.read(name+".weight", out, in)
	if err != nil {
		return part{}, err
	}
	bias, err := r.read(name+".bias", out)
	return part{weight, bias, scale}, err
}

func (r reader) encoderLayer(c transformer.Config, f kernel.Format) (*layer, error) {
	hidden, inner, heads := spread{1, c.Hidden}, spread{1, c.Intermediate}, spread{c.Heads, c.Hidden / c.Heads}
	l := &layer{}
	var parts [6]part
	for i, m := range []struct {
		name    string
		out, in int
		scale   float32
	}{
		{"attention.self.query", c.Hidden, c.Hidden, float32(1 / math.Sqrt(float64(heads.size)))},
		{"attention.self.key", c.Hidden, c.Hidden, 1},
		{"attention.self.value", c.Hidden, c.Hidden, 1},
		{"attention.output.dense", c.Hidden, c.Hidden, 1},
		{"intermediate.dense", c.Intermediate, c.Hidden, 1},
		{"output.dense", c.Hidden, c.Intermediate, 1},
	} {
		var err error
		if parts[i], err = r.part(m.name, m.out, m.in, m.scale); err != nil {
			return nil, err
		}
	}
	l.query = newLinear(f, hidden, heads, parts[0])
	l.keyValue = newLinear(f, hidden, heads, parts[1], parts[2])
	l.attention = newLinear(f, heads, hidden, parts[3])
	l.up = newLinear(f, hidden, inner, parts[4])
	l.down = newLinear(f, inner, hidden, parts[5])
	var err error
	if l.attended, err = r.norm("attention.output.LayerNorm", c.Hidden); err != nil {
		return nil, err
	}
	l.done, err = r.norm("output.LayerNorm", c.Hidden)
	return l, err
}

// Parameters are the encoder's, in the order of a checkpoint. After their values were
// changed, [Encoder.Pack] must be called.
func (e *Encoder) Parameters() []*Parameter { return e.parameters }

// Config is the encoder's shape.
func (e *Encoder) Config() transformer.Config { return e.config }

// Pack makes passes use the parameters' present values.
func (e *Encoder) Pack() {
	e.embeddings.pack()
	var list []*linear
	for _, l := range e.layers {
		l.attended.pack()
		l.done.pack()
		list = append(list, l.linears()...)
	}
	Parallel(e.options.Threads, len(list), func(_, i int) { list[i].pack() })
}

// lowest is the first layer with a parameter to train: -1 for the embeddings,
// and the number of layers if there is none.
func (e *Encoder) lowest() int {
	lowest := e.config.Layers
	for _, p := range e.parameters {
		if p.Gradient != nil {
			lowest = min(lowest, p.Layer)
		}
	}
	return lowest
}

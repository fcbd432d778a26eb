// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/backprop"
	"github.com/winnow-search/winnow/internal/checkpoint"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/pooling"
	"github.com/winnow-search/winnow/internal/transformer"
	"github.com/winnow-search/winnow/model"
)

// network is a model in training: sequences in, a row of numbers for each out.
type network struct {
	model   *model.Model
	encoder *backprop.Encoder
	tape    backprop.Tape
	dense   []*backprop.Dense
	cross   bool
	first   bool // only the first token of a sequence counts
	dropout float32

	pooled, d []float32 // of the last forward pass
	masked    []float32 // the pooler's results after dropout
	outputs   []float32 // before they are scaled to length 1, padded
	pass      backprop.Pass
}

// open makes a network of a model.
func open(m *model.Model, o *Options, cross bool) (*network, error) {
	n := &network{model: m, cross: cross, dropout: float32(o.Dropout)}
	format := kernel.Float32
	if o.precision() == encoder.BF16 {
		format = kernel.BFloat16
	}
	c := m.Config
	n.first = cross || len(m.Pooling.Modes) == 1 && m.Pooling.Modes[0] == model.PoolCLS
	var err error
	n.encoder, err = backprop.New(checkpoint.Shape(c), checkpoint.Source{Weights: m.Weights}, m.Prefix, backprop.Options{
		Threads: o.threads(), Format: format, Dropout: n.dropout, AttentionDropout: n.dropout,
		First: n.first,
	})
	if err != nil {
		return nil, err
	}
	if cross {
		pooler, err := backprop.NewDense(checkpoint.Source{Weights: m.Weights}, m.Prefix+"pooler.dense.weight", m.Prefix+"pooler.dense.bias", c.Hidden, c.Hidden, "tanh", c.Layers)
		if err != nil {
			return nil, err
		}
		classifier, err := backprop.NewDense(checkpoint.Source{Weights: m.Weights}, "classifier.weight", "classifier.bias", c.Hidden, len(c.Labels), "identity", c.Layers)
		if err != nil {
			return nil, err
		}
		n.dense = []*backprop.Dense{pooler, classifier}
		if err := n.freeze(o.Freeze); err != nil {
			return nil, err
		}
		return n, nil
	}
	for _, d := range m.Dense {
		weight, bias := d.Dir+"/linear.weight", ""
		if d.Bias != nil {
			bias = d.Dir + "/linear.bias"
		}
		layer, err := backprop.NewDense(module{d}, weight, bias, d.In, d.Out, string(d.Activation), c.Layers)
		if err != nil {
			return nil, err
		}
		n.dense = append(n.dense, layer)
	}
	if err := n.freeze(o.Freeze); err != nil {
		return nil, err
	}
	return n, nil
}

// module gives the tensors of a dense module, which go by the names that convert.Options.Replace takes.
type module struct{ model.Dense }

func (m module) Tensor(name string) (transformer.Tensor, error) {
	if strings.HasSuffix(name, ".bias") {
		return m.Bias, nil
	}
	return m.Weight, nil
}

// parameters are all, trained or not.
func (n *network) parameters() []*backprop.Parameter {
	list := append([]*backprop.Parameter(nil), n.encoder.Parameters()...)
	for _, d := range n.dense {
		list = append(list, d.Parameters()...)
	}
	return list
}

func (n *network) pack() {
	n.encoder.Pack()
	for _, d := range n.dense {
		d.Pack()
	}
}

// freeze takes parameters out of training.
func (n *network) freeze(names []string) error {
	for _, name := range names {
		from, to := 0, 0
		switch name {
		case "words":
		case "embeddings":
			from, to = -1, -1
		default:
			a, b, isRange := strings.Cut(name, "-")
			if !isRange {
				b = a
			}
			var errA, errB error
			from, errA = strconv.Atoi(a)
			to, errB = strconv.Atoi(b)
			if errA != nil || errB != nil || from < 0 || to < from || to >= n.model.Config.Layers {
				return fmt.Errorf("freeze %q: known are words, embeddings, and layers by number, such as 0 or 0-2; model %s has layers 0 to %d", name, n.model.Name, n.model.Config.Layers-1)
			}
		}
		for _, p := range n.encoder.Parameters() {
			if name == "words" && strings.HasSuffix(p.Name, "word_embeddings.weight") || name != "words" && p.Layer >= from && p.Layer <= to {
				p.Freeze()
			}
		}
	}
	return nil
}

// width is that of an output.
func (n *network) width() int {
	if len(n.dense) > 0 {
		return n.dense[len(n.dense)-1].Out
	}
	return n.model.Pooling.OutputDim()
}

// forward computes the outputs of a batch into out, width floats for each sequence: vectors, or logits.
func (n *network) forward(out []float32, b input, p backprop.Pass) error {
	n.pass = p
	if err := n.encoder.Forward(&n.tape, b.Batch, p); err != nil {
		return err
	}
	x, stride := n.tape.States()
	count, width := b.Len(), n.width()
	if !n.cross {
		x = n.pool(x, stride, b)
	}
	for i, d := range n.dense {
		if n.cross && i == 1 && p.Dropout {
			// A copy: the way back through the pooler needs its results as they were.
			n.masked = append(n.masked[:0], x[:count*backprop.Stride(d.In)]...)
			x = n.masked
			n.mask(x, count)
		}
		x = d.Forward(x, count)
	}
	padded := backprop.Stride(width)
	n.outputs = append(n.outputs[:0], x[:count*padded]...)
	for i := range count {
		v := out[i*width:][:width]
		copy(v, x[i*padded:])
		if n.model.Normalize && !n.cross {
			pooling.Normalize(v)
		}
	}
	return nil
}

// pool makes a padded row of each sequence's states.
func (n *network) pool(rows []float32, stride int, b input) []float32 {
	dim := n.model.Pooling.OutputDim()
	padded := backprop.Stride(dim)
	n.pooled = append(n.pooled[:0], make([]float32, b.Len()*padded)...)
	for i := range b.Len() {
		states, count := n.states(rows, stride, b, i)
		pooling.Pool(n.pooled[i*padded:][:dim], states, stride, count, min(b.skipped(i), count), n.model.Config.Hidden, n.model.Pooling.Modes)
	}
	return n.pooled
}

// states are the rows of sequence i, and their number.
func (n *network) states(rows []float32, stride int, b input, i int) ([]float32, int) {
	if n.first {
		return rows[i*stride : (i+1)*stride], 1
	}
	from, to := int(b.Starts[i]), int(b.Starts[i+1])
	return rows[from*stride : to*stride], to - from
}

// mask is the dropout between pooler and classifier.
func (n *network) mask(x []float32, count int) {
	stride := backprop.Stride(n.model.Config.Hidden)
	for i := range count {
		backprop.Dropout(x[i*stride:][:stride], n.pass.Seed+uint64(i)<<32, n.dropout)
	}
}

// backward adds to the parameters' gradients, given those of the last outputs. tokens, which may be nil, sees the last hidden
// states of all tokens and adds to their gradients, in rows stride floats apart.
func (n *network) backward(b input, d []float32, tokens func(states, gradient []float32, stride int)) {
	count, width := b.Len(), n.width()
	padded := backprop.Stride(width)
	g := make([]float32, count*padded)
	for i := range count {
		row := g[i*padded:][:width]
		copy(row, d[i*width:])
		if n.model.Normalize && !n.cross {
			pooling.NormalizeBackward(row, n.outputs[i*padded:][:width])
		}
	}
	for i, layer := range slices.Backward(n.dense) {
		g = layer.Backward(g)
		if n.cross && i == 1 && n.pass.Dropout {
			n.mask(g, count)
		}
	}
	if !n.cross {
		rows, stride := n.tape.States()
		n.d = append(n.d[:0], make([]float32, len(rows))...)
		dim := n.model.Pooling.OutputDim()
		padded := backprop.Stride(dim)
		for i := range count {
			states, count := n.states(rows, stride, b, i)
			into, _ := n.states(n.d, stride, b, i)
			pooling.Backward(into, g[i*padded:][:dim], states, stride, count, min(b.skipped(i), count), n.model.Config.Hidden, n.model.Pooling.Modes)
		}
		if tokens != nil {
			tokens(rows, n.d, stride)
		}
		g = n.d
	}
	n.encoder.Backward(&n.tape, g)
}

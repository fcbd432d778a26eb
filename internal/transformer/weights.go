// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/kernel"
)

// norm holds the weights of a layer norm, padded to kernel.Align with zeros.
type norm struct{ gamma, beta []float32 }

// layer holds the packed weights of one encoder layer. Heads are padded to
// kernel.Align columns each, so that a head is a whole number of tiles.
type layer struct {
	query          *kernel.Matrix // Hidden → heads, scaled by 1/√(head size)
	keyValue       *kernel.Matrix // Hidden → heads of K, then heads of V
	attention      *kernel.Matrix // heads → Hidden
	up, down       *kernel.Matrix // Hidden → Intermediate → Hidden
	attended, done norm
}

// loader reads tensors of stated shapes from a source.
type loader struct {
	source Source
	prefix string
	format kernel.Format // of the weights, as packed
}

// tensor finds prefix+name and checks its shape.
func (l loader) tensor(name string, shape ...int) (Tensor, error) {
	t, err := l.source.Tensor(l.prefix + name)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.Shape(), shape) {
		return nil, fmt.Errorf("tensor %s%s has shape %v; the configuration asks for %v", l.prefix, name, t.Shape(), shape)
	}
	return t, nil
}

// vector reads a tensor of one dimension, padded.
func (l loader) vector(name string, n int) ([]float32, error) {
	t, err := l.tensor(name, n)
	if err != nil {
		return nil, err
	}
	v := make([]float32, kernel.Pad(n))
	return v, t.Float32(v[:n], 0)
}

// rows reads a tensor of two dimensions with each row padded.
func (l loader) rows(name string, rows, n int) ([]float32, error) {
	t, err := l.tensor(name, rows, n)
	if err != nil {
		return nil, err
	}
	padded := kernel.Pad(n)
	v := make([]float32, rows*padded)
	for i := range rows {
		if err := t.Float32(v[i*padded:][:n], i*n); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (l loader) norm(name string, n int) (norm, error) {
	gamma, err := l.vector(name+".weight", n)
	if err != nil {
		return norm{}, err
	}
	beta, err := l.vector(name+".bias", n)
	return norm{gamma, beta}, err
}

// heads says how the features of one side of a linear layer are spread: count
// heads of size features, each padded to whole tiles. A plain side is one head.
type heads struct{ count, size int }

func (h heads) features() int { return h.count * h.size }
func (h heads) width() int    { return h.count * kernel.Pad(h.size) }

// at is where feature i lies among the padded ones.
func (h heads) at(i int) int { return i/h.size*kernel.Pad(h.size) + i%h.size }

// pack stores the weights of a linear layer, y = (x·Wᵀ + b)·scale, in columns
// of w from column on.
func pack(w *kernel.Matrix, column int, weight Tensor, bias []float32, in, out heads, scale float32) error {
	const batch = 16 // columns packed at a time: a panel
	n := in.features()
	rows, spread := make([]float32, batch*n), make([]float32, batch*w.K)
	for i, count := 0, 0; i < out.features(); i += count {
		count = min(batch, out.size-i%out.size) // within a head columns are adjacent
		if err := weight.Float32(rows[:count*n], i*n); err != nil {
			return err
		}
		for r := range count {
			for h := range in.count {
				copy(spread[r*w.K+in.at(h*in.size):], rows[r*n+h*in.size:][:in.size])
			}
		}
		columns, shift := spread[:count*w.K], bias[i:i+count]
		if scale != 1 {
			multiply(columns, scale)
			multiply(shift, scale)
		}
		w.SetColumns(column+out.at(i), columns, shift)
	}
	return nil
}

func multiply(x []float32, scale float32) {
	for i := range x {
		x[i] *= scale
	}
}

// layer packs one encoder layer.
func (l loader) layer(c Config, index int) (*layer, error) {
	l.prefix = fmt.Sprintf("%sencoder.layer.%d.", l.prefix, index)
	hidden, intermediate, head := heads{1, c.Hidden}, heads{1, c.Intermediate}, heads{c.Heads, c.Hidden / c.Heads}
	w := &layer{}
	for _, m := range []struct {
		matrix  **kernel.Matrix
		name    string
		in, out heads
		parts   int // matrices side by side, of which this is the part-th
		part    int
		scale   float32
	}{
		{&w.query, "attention.self.query", hidden, head, 1, 0, float32(1 / math.Sqrt(float64(head.size)))},
		{&w.keyValue, "attention.self.key", hidden, head, 2, 0, 1},
		{&w.keyValue, "attention.self.value", hidden, head, 2, 1, 1},
		{&w.attention, "attention.output.dense", head, hidden, 1, 0, 1},
		{&w.up, "intermediate.dense", hidden, intermediate, 1, 0, 1},
		{&w.down, "output.dense", intermediate, hidden, 1, 0, 1},
	} {
		weight, err := l.tensor(m.name+".weight", m.out.features(), m.in.features())
		if err != nil {
			return nil, err
		}
		// Allocated only now: a stored tensor of this shape bounds the size.
		depth, width := m.in.features(), m.out.width()
		if m.in.count > 1 {
			depth = m.in.width()
		}
		if *m.matrix == nil {
			*m.matrix = kernel.NewMatrix(l.format, depth, m.parts*width)
		}
		bias, err := l.vector(m.name+".bias", m.out.features())
		if err != nil {
			return nil, err
		}
		if err := pack(*m.matrix, m.part*width, weight, bias, m.in, m.out, m.scale); err != nil {
			return nil, err
		}
	}
	var err error
	if w.attended, err = l.norm("attention.output.LayerNorm", c.Hidden); err != nil {
		return nil, err
	}
	w.done, err = l.norm("output.LayerNorm", c.Hidden)
	return w, err
}

// layers packs all layers, several at a time.
func (l loader) layers(c Config) ([]*layer, error) {
	list, errs := make([]*layer, c.Layers), make([]error, c.Layers)
	var next atomic.Int32
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), c.Layers) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= c.Layers {
					return
				}
				list[i], errs[i] = l.layer(c, i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs { // one is enough: the same is often wrong in all
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

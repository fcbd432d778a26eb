// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// The tensors of a layer's feed-forward part, after its prefix.
const (
	upWeight   = ".intermediate.dense.weight"
	upBias     = ".intermediate.dense.bias"
	downWeight = ".output.dense.weight"
)

// checkIntermediate refuses more inner features than there are.
func (o *Options) checkIntermediate(m *model.Model) error {
	if n := m.Config.Intermediate; o.Intermediate < 0 || o.Intermediate > n {
		return fmt.Errorf("convert: %d inner features are to be kept; %s has %d", o.Intermediate, m.Name, n)
	}
	return nil
}

// inner gives the prefix of a layer and which dimension of one of its tensors its inner features are; ok is false of other tensors.
func inner(name string) (layer string, dimension int, ok bool) {
	for i, suffix := range []string{upWeight, upBias, downWeight} {
		if layer, found := strings.CutSuffix(name, suffix); found && !strings.HasSuffix(layer, ".attention") {
			return layer, i / 2, strings.Contains(layer, layerPart)
		}
	}
	return "", 0, false
}

// narrowed is the shape of a tensor with the inner features that are kept.
func (o *Options) narrowed(name string, shape []int) []int {
	if _, dimension, ok := inner(name); ok && o.Intermediate > 0 {
		shape = slices.Clone(shape)
		shape[dimension] = o.Intermediate
	}
	return shape
}

// values are a tensor's elements as they are to be written: replaced, and with the inner features that are kept.
func (o *Options) values(m *model.Model, t *safetensors.Tensor, name string) ([]float32, error) {
	values, err := o.read(t, name)
	layer, dimension, ok := inner(name)
	if err != nil || !ok || o.Intermediate == 0 {
		return values, err
	}
	features, err := o.strongest(m, layer)
	if err != nil {
		return nil, err
	}
	size := t.Len() / m.Config.Intermediate // of a feature, over all
	out := make([]float32, 0, len(features)*size)
	if dimension == 0 {
		for _, f := range features {
			out = append(out, values[f*size:][:size]...)
		}
		return out, nil
	}
	for row := range slices.Chunk(values, m.Config.Intermediate) {
		for _, f := range features {
			out = append(out, row[f])
		}
	}
	return out, nil
}

// strongest are the inner features of a layer that are kept, in their order.
func (o *Options) strongest(m *model.Model, layer string) ([]int, error) {
	n := m.Config.Intermediate
	var weights [2][]float32
	for i, suffix := range []string{upWeight, downWeight} {
		t, err := m.Weights.Tensor(layer + suffix)
		if err != nil {
			return nil, err
		}
		if weights[i], err = o.read(t, layer+suffix); err != nil {
			return nil, err
		}
	}
	before, after := make([]float64, n), make([]float64, n) // squares of lengths
	width := len(weights[0]) / n
	for f := range n {
		for _, x := range weights[0][f*width:][:width] {
			before[f] += float64(x) * float64(x)
		}
	}
	for row := range slices.Chunk(weights[1], n) {
		for f, x := range row {
			after[f] += float64(x) * float64(x)
		}
	}
	features := make([]int, n)
	for f := range features {
		features[f] = f
	}
	strength := func(f int) float64 { return math.Sqrt(before[f]) * math.Sqrt(after[f]) }
	slices.SortStableFunc(features, func(a, b int) int { return cmp.Compare(strength(b), strength(a)) })
	features = features[:o.Intermediate]
	slices.Sort(features)
	return features, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// targetType returns the type that a tensor is written as. Int8 goes to the matrices that make up
// the bulk of a model and are read row by row: linear layers and word embeddings. The rest is small
// or sensitive: biases, layer norms, position and segment tables, pooler and classifier.
func (o Options) targetType(name string, shape []int) safetensors.DType {
	if o.DType != safetensors.I8 {
		return o.DType
	}
	matrix := len(shape) == 2 && (strings.Contains(name, "encoder.layer.") || strings.HasSuffix(name, "word_embeddings.weight"))
	if matrix {
		return safetensors.I8
	}
	return o.Small
}

// entries returns what is to be written for one tensor under the given name: the tensor, or an int8
// tensor and its factors. Data is read and converted when it is written.
func (o Options) entries(m *model.Model, from, name string) ([]safetensors.Entry, error) {
	t, err := m.Weights.Tensor(from)
	if err != nil {
		return nil, err
	}
	shape := o.narrowed(from, t.Shape())
	dtype := o.targetType(name, shape)
	e := safetensors.Entry{Name: name, DType: dtype, Shape: shape}
	if dtype != safetensors.I8 {
		e.Data = func() ([]byte, error) {
			values, err := o.values(m, t, from)
			if err != nil {
				return nil, err
			}
			return encode(values, dtype)
		}
		return []safetensors.Entry{e}, nil
	}
	// Factors come before the matrix in the file, so they are computed first and the integers of
	// that one matrix are kept until they are written.
	var q []int8
	var scales []float32
	quantize := func() error {
		if scales != nil {
			return nil
		}
		values, err := o.values(m, t, from)
		if err != nil {
			return err
		}
		q, scales, err = quantizeRows(values, shape[0], shape[1])
		return err
	}
	e.Data = func() ([]byte, error) {
		if err := quantize(); err != nil {
			return nil, err
		}
		out := make([]byte, len(q))
		for i, v := range q {
			out[i] = byte(v)
		}
		q = nil
		return out, nil
	}
	factors := safetensors.Entry{Name: name + safetensors.ScaleSuffix, DType: safetensors.F32, Shape: shape[:1]}
	factors.Data = func() ([]byte, error) {
		if err := quantize(); err != nil {
			return nil, err
		}
		return encode(scales, safetensors.F32)
	}
	return []safetensors.Entry{factors, e}, nil
}

// read gives a tensor's elements: what Options.Replace has for it, or the tensor's own.
func (o Options) read(t *safetensors.Tensor, name string) ([]float32, error) {
	values, ok := o.Replace[name]
	if !ok {
		return read(t)
	}
	if len(values) != t.Len() {
		return nil, fmt.Errorf("%d elements are to replace the %d of tensor %s", len(values), t.Len(), name)
	}
	return values, nil
}

// dense returns the weights of the Dense modules for which Replace has elements, as float32, by the names of their files.
func (o Options) dense(src *model.Model) (map[string][]safetensors.Entry, error) {
	known := map[string]bool{}
	for _, name := range src.TensorNames() {
		known[name] = true
	}
	files := map[string][]safetensors.Entry{}
	for _, d := range src.Dense {
		var entries []safetensors.Entry
		replaced := false
		for _, t := range []struct {
			name   string
			tensor *safetensors.Tensor
		}{{"linear.weight", d.Weight}, {"linear.bias", d.Bias}} {
			if t.tensor == nil {
				continue
			}
			name := d.Dir + "/" + t.name
			known[name] = true
			if _, ok := o.Replace[name]; ok {
				replaced = true
			}
			entries = append(entries, safetensors.Entry{Name: t.name, DType: safetensors.F32, Shape: t.tensor.Shape(), Data: func() ([]byte, error) {
				values, err := o.read(t.tensor, name)
				if err != nil {
					return nil, err
				}
				return encode(values, safetensors.F32)
			}})
		}
		if replaced {
			files[d.Dir+"/model.safetensors"] = entries
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Replace)) {
		if !known[name] {
			return nil, fmt.Errorf("elements for tensor %s, which the model does not have", name)
		}
	}
	return files, nil
}

func read(t *safetensors.Tensor) ([]float32, error) {
	values := make([]float32, t.Len())
	return values, t.Float32(values, 0)
}

// encode writes values in a type, rounding to nearest, ties to even. A finite value that the type
// cannot hold is an error, because it would become infinite.
func encode(values []float32, dtype safetensors.DType) ([]byte, error) {
	if dtype == safetensors.F32 {
		return safetensors.AppendF32(nil, values), nil
	}
	le := binary.LittleEndian
	out := make([]byte, 0, len(values)*dtype.Bits()/8)
	for i, v := range values {
		var back float32
		switch dtype {
		case safetensors.F16:
			h := safetensors.Float32ToF16(v)
			out, back = le.AppendUint16(out, h), safetensors.F16ToFloat32(h)
		case safetensors.BF16:
			h := safetensors.Float32ToBF16(v)
			out, back = le.AppendUint16(out, h), safetensors.BF16ToFloat32(h)
		default:
			return nil, fmt.Errorf("type %s cannot be written", dtype)
		}
		if math.IsInf(float64(back), 0) && !math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("element %d is %g, too large for %s: use F32 or BF16", i, v, dtype)
		}
	}
	return out, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"slices"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
)

// Precision is what products with a model's weights are computed in. Sums of
// float products, softmax, layer norm and the states that layers add to are
// float32 in each; attention's own two products are, too, except beside [BF16]
// and, where the processor multiplies bfloat16, beside [Int8].
type Precision string

// The precisions.
const (
	// FP32 is float32 arithmetic, the reference.
	FP32 Precision = "fp32"
	// Int16 is 16-bit fixed point with exact sums: close to FP32 (cosine within
	// 1e-5 of 1 for usual models) at up to twice its speed.
	Int16 Precision = "int16"
	// BF16 is bfloat16 with float32 sums.
	BF16 Precision = "bf16"
	// Int8 is 8-bit fixed point with exact sums, scaled by groups of 128 input
	// features: of weights for each output feature, of activations for each token.
	Int8 Precision = "int8"
	// Auto is the fastest of them that is near enough to FP32 for this model on
	// this processor, which opening the model then measures: see [Fidelities].
	Auto Precision = "auto"
)

// Precisions lists the values of [Precision], the most exact first.
func Precisions() []Precision { return []Precision{FP32, Int16, BF16, Int8, Auto} }

// ParsePrecision finds a precision by its name.
func ParsePrecision(name string) (Precision, error) {
	for _, p := range Precisions() {
		if name == string(p) {
			return p, nil
		}
	}
	return "", optionError("precision %q is not one of fp32, int16, bf16, int8 and auto", name)
}

// Supported lists the precisions that this processor has instructions for, the
// most exact first: those that are computed as named. [FP32] is always there.
func Supported() []Precision {
	return supported(Precisions())
}

// supported keeps of a list what is computed as named.
func supported(list []Precision) []Precision {
	return slices.DeleteFunc(list, func(p Precision) bool { return p == Auto || p.available() != p })
}

// format is how package kernel calls a precision other than Auto.
func (p Precision) format() kernel.Format {
	switch p {
	case Int16:
		return kernel.Int16
	case BF16:
		return kernel.BFloat16
	case Int8:
		return kernel.Int8
	}
	return kernel.Float32
}

// available is p, or a more exact precision if the processor has no
// instructions that make p faster than that.
func (p Precision) available() Precision {
	switch {
	case kernel.Supported(p.format()):
		return p
	case p == Int8:
		return Int16.available()
	default:
		return FP32
	}
}

// settle is the precision to compute in, Auto decided.
func (o options) settle(m *model.Model) (Precision, error) {
	if o.precision == Auto {
		return choose(m, o)
	}
	return o.precision.available(), nil
}

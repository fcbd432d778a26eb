// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

// DType is an element type as a safetensors header spells it, for example "F32".
type DType string

// The element types that winnow converts or stores. Other types of the format are recognised by
// their size so that files with unused tensors of such a type still open.
const (
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	I8   DType = "I8"
	U8   DType = "U8"
	I32  DType = "I32"
	I64  DType = "I64"
)

// dtypeBits is the size of one element, in bits, of every type that the reference library knows.
var dtypeBits = map[DType]int{
	"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
	"BOOL": 8, U8: 8, I8: 8,
	"F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
	"I16": 16, "U16": 16, F16: 16, BF16: 16,
	I32: 32, "U32": 32, F32: 32,
	I64: 64, "U64": 64, "F64": 64, "C64": 64,
}

// Bits returns the size of one element in bits, or 0 for a type that is not known.
func (d DType) Bits() int { return dtypeBits[d] }

// Convertible tells whether Tensor.Float32 can convert elements of this type.
func (d DType) Convertible() bool {
	return d == F32 || d == F16 || d == BF16 || d == I8
}

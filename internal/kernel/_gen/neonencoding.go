// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// vreg is a vector register, V0 to V31; F0 to F31 are their low lanes.
type vreg uint32

func (r vreg) s4() string  { return fmt.Sprintf("V%d.S4", r) }
func (r vreg) d2() string  { return fmt.Sprintf("V%d.D2", r) }
func (r vreg) h8() string  { return fmt.Sprintf("V%d.H8", r) }
func (r vreg) b16() string { return fmt.Sprintf("V%d.B16", r) }
func (r vreg) f() string   { return fmt.Sprintf("F%d", r) }

// Field layouts are those of the Arm Architecture Reference Manual for A-profile
// (DDI 0487), section C4.1, "Data Processing -- Scalar Floating-Point and
// Advanced SIMD". All instructions here work on four lanes of 32 bits.

// threeSame is an instruction of the group "Advanced SIMD three same":
// 0 Q U 01110 size 1 Rm opcode 1 Rn Rd.
type threeSame struct {
	name            string
	u, size, opcode uint32
}

var (
	fadd = threeSame{"fadd", 0, 0b00, 0b11010}
	fsub = threeSame{"fsub", 0, 0b10, 0b11010}
	fabd = threeSame{"fabd", 1, 0b10, 0b11010} // |n-m|
	fmul = threeSame{"fmul", 1, 0b00, 0b11011}
	fdiv = threeSame{"fdiv", 1, 0b00, 0b11111}
	fmla = threeSame{"fmla", 0, 0b00, 0b11001} // d + n·m, rounded once
	fmls = threeSame{"fmls", 0, 0b10, 0b11001} // d - n·m, rounded once
	fmax = threeSame{"fmax", 0, 0b00, 0b11110} // NaN if either is
	fmin = threeSame{"fmin", 0, 0b10, 0b11110}
	add  = threeSame{"add", 0, 0b10, 0b10000} // these are of integers
	mul  = threeSame{"mul", 0, 0b10, 0b10011}
	cmhs = threeSame{"cmhs", 1, 0b10, 0b00111} // all ones if n ≥ m, unsigned
)

func (o threeSame) encode(d, n, m vreg) uint32 {
	return 1<<30 | o.u<<29 | 0b01110<<24 | o.size<<22 | 1<<21 | uint32(m)<<16 | o.opcode<<11 | 1<<10 | uint32(n)<<5 | uint32(d)
}

// vector emits d = n op m.
func (a *assembler) vector(o threeSame, d, n, m vreg) {
	a.word(o.encode(d, n, m), "%s v%d.4s, v%d.4s, v%d.4s", o.name, d, n, m)
}

// byElement is an instruction of the group "Advanced SIMD vector x indexed
// element": 0 Q U 01111 size L M Rm opcode H 0 Rn Rd. The element's register
// is M:Rm and its lane H:L; it has 32 bits, a float or a few smaller values.
type byElement struct {
	name            string
	u, size, opcode uint32
	vector, element string // how other assemblers write n and an element of m
}

var (
	fmlaLane  = byElement{"fmla", 0, 0b10, 0b0001, "4s", "s"}   // d + n·m, rounded once
	fmulLane  = byElement{"fmul", 0, 0b10, 0b1001, "4s", "s"}   // n·m
	sdotLane  = byElement{"sdot", 0, 0b10, 0b1110, "16b", "4b"} // d + Σ n·m of four int8; FEAT_DotProd
	bfdotLane = byElement{"bfdot", 0, 0b01, 0b1111, "8h", "2h"} // d + Σ n·m of two bfloat16; FEAT_BF16
)

func (o byElement) encode(d, n, m vreg, lane int) uint32 {
	l, h := uint32(lane)&1, uint32(lane)>>1
	return 1<<30 | o.u<<29 | 0b01111<<24 | o.size<<22 | l<<21 | uint32(m)<<16 | o.opcode<<12 | h<<11 | uint32(n)<<5 | uint32(d)
}

// lane emits d = d or n op m[lane].
func (a *assembler) lane(o byElement, d, n, m vreg, lane int) {
	a.word(o.encode(d, n, m, lane), "%s v%d.4s, v%d.%s, v%d.%s[%d]", o.name, d, n, o.vector, m, o.element, lane)
}

// twoRegister is an instruction of the group "Advanced SIMD two-register
// miscellaneous": 0 Q U 01110 size 10000 opcode 10 Rn Rd.
type twoRegister struct {
	name            string
	u, size, opcode uint32
}

var (
	fcvtns = twoRegister{"fcvtns", 0, 0b00, 0b11010} // to int32, ties to even
	scvtf  = twoRegister{"scvtf", 0, 0b00, 0b11101}  // from int32
	fsqrt  = twoRegister{"fsqrt", 1, 0b10, 0b11111}
	bfcvtn = twoRegister{"bfcvtn", 0, 0b10, 0b10110} // to bfloat16 in half a register; FEAT_BF16
)

func (o twoRegister) encode(q uint32, d, n vreg) uint32 {
	return q<<30 | o.u<<29 | 0b01110<<24 | o.size<<22 | 0b10000<<17 | o.opcode<<12 | 0b10<<10 | uint32(n)<<5 | uint32(d)
}

// Additions of pairs of lanes to lanes of twice the width.
var (
	uaddlp = twoRegister{"uaddlp", 1, 0b00, 0b00010} // of bytes
	uadalp = twoRegister{"uadalp", 1, 0b01, 0b00110} // of 16 bits, and d
	sadalp = twoRegister{"sadalp", 0, 0b01, 0b00110} // of 16 bits, and d
)

// pairs emits d = op n, or d + op n.
func (a *assembler) pairs(o twoRegister, d, n vreg) {
	to, from := "8h", "16b"
	if o.size == 0b01 {
		to, from = "4s", "8h"
	}
	a.word(o.encode(1, d, n), "%s v%d.%s, v%d.%s", o.name, d, to, n, from)
}

// Conversions between half and single precision.
var (
	fcvtl = twoRegister{"fcvtl", 0, 0b00, 0b10111}
	fcvtn = twoRegister{"fcvtn", 0, 0b00, 0b10110}
)

// widen emits the conversion of 16 halves in two registers.
func (a *assembler) widen(d quad, lo, hi vreg) {
	for i, n := range []vreg{lo, hi} {
		a.word(fcvtl.encode(0, d[2*i], n), "fcvtl v%d.4s, v%d.4h", d[2*i], n)
		a.word(fcvtl.encode(1, d[2*i+1], n), "fcvtl2 v%d.4s, v%d.8h", d[2*i+1], n)
	}
}

// bytesProduct is a product of vectors of bytes with wider results, of the
// groups "Advanced SIMD three different", 0 Q U 01110 size 1 Rm opcode 00 Rn Rd,
// and "three same extra", 0 Q U 01110 size 0 Rm 1 opcode 1 Rn Rd.
type bytesProduct struct {
	name, to, from string
	bits           uint32 // all but the registers
}

var (
	smull  = bytesProduct{"smull", "8h", "8b", 0x0e20c000}
	smull2 = bytesProduct{"smull2", "8h", "16b", 0x4e20c000}
	sdot   = bytesProduct{"sdot", "4s", "16b", 0x4e809400} // d + Σ of four; FEAT_DotProd
)

func (o bytesProduct) encode(d, n, m vreg) uint32 {
	return o.bits | uint32(m)<<16 | uint32(n)<<5 | uint32(d)
}

// long emits d = n op m, or d + n op m.
func (a *assembler) long(o bytesProduct, d, n, m vreg) {
	a.word(o.encode(d, n, m), "%s v%d.%s, v%d.%s, v%d.%s", o.name, d, o.to, n, o.from, m, o.from)
}

// convert emits q = op q for a whole block.
func (a *assembler) convert(o twoRegister, q quad) {
	for _, r := range q {
		a.word(o.encode(1, r, r), "%s v%d.4s, v%d.4s", o.name, r, r)
	}
}

// narrowBF16 emits d = the lanes of lo and hi as bfloat16.
func (a *assembler) narrowBF16(d, lo, hi vreg) {
	a.word(bfcvtn.encode(0, d, lo), "bfcvtn v%d.4h, v%d.4s", d, lo)
	a.word(bfcvtn.encode(1, d, hi), "bfcvtn2 v%d.8h, v%d.4s", d, hi)
}

// acrossLanes is an instruction of the group "Advanced SIMD across lanes":
// 0 Q U 01110 size 11000 opcode 10 Rn Rd.
type acrossLanes struct {
	name            string
	u, size, opcode uint32
}

var (
	fmaxLanes = acrossLanes{"fmaxv", 1, 0b00, 0b01111}
	fminLanes = acrossLanes{"fminv", 1, 0b10, 0b01111}
)

func (o acrossLanes) encode(d, n vreg) uint32 {
	return 1<<30 | o.u<<29 | 0b01110<<24 | o.size<<22 | 0b11000<<17 | o.opcode<<12 | 0b10<<10 | uint32(n)<<5 | uint32(d)
}

// across emits d[0] = op over n's four lanes.
func (a *assembler) across(o acrossLanes, d, n vreg) {
	a.word(o.encode(d, n), "%s s%d, v%d.4s", o.name, d, n)
}

// encodeScalarPairwise is the group "Advanced SIMD scalar pairwise":
// 01 U 11110 size 11000 opcode 10 Rn Rd.
func encodeScalarPairwise(u, size, opcode uint32, d, n vreg) uint32 {
	return 1<<30 | u<<29 | 0b11110<<24 | size<<22 | 0b11000<<17 | opcode<<12 | 0b10<<10 | uint32(n)<<5 | uint32(d)
}

// addPair emits d[0] = n[0] + n[1].
func (a *assembler) addPair(d, n vreg) {
	a.word(encodeScalarPairwise(1, 0b00, 0b01101, d, n), "faddp s%d, v%d.2s", d, n)
}

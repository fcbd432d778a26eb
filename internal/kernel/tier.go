// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Tier names a vector instruction set that kernels exist for.
type Tier string

// The tiers, from the one that runs everywhere upwards.
const (
	Scalar Tier = "scalar"
	NEON   Tier = "neon"   // arm64
	AVX2   Tier = "avx2"   // AVX2 and FMA
	AVX512 Tier = "avx512" // AVX-512 F, BW, DQ and VL; VNNI and BF16 if there
	AMX    Tier = "amx"    // AVX-512 with all of these, and the matrix unit
)

// maskVariable names the environment variable that caps the tier.
const maskVariable = "WINNOW_SIMD"

// ops is one tier's table of kernels. Every tier fills every entry.
type ops struct {
	tier   Tier
	rows   int // rows of a register tile, at most
	panels int // panels of 16 columns in a register tile

	tile      func(m, k int, a *float32, lda int, b *float32, ldb, bstep int, c *float32, ldc int, bias *float32)
	gelu      func(x *float32, n int)
	softmax   func(x *float32, n int)
	layerNorm func(dst, x, y, gamma, beta *float32, n int, inv, eps float32)
	transpose func(dst, src *float32, ld, k int)
	dot       func(a, b *float32, n int) float32
	squared   func(a, b *float32, n int) float32
	manhattan func(a, b *float32, n int) float32

	// Products in formats of several values to a word, and what makes rows
	// ready for them.
	words  [formats]wordProduct
	extent func(x *float32, n int) (lo, hi, squares float32)
	toBF16 func(dst *uint32, x *float32, n int)
	// interleave joins pairs of rows of 32 halves of words.
	interleave func(dst, src *uint32, ld, pairs, step int)
	toInt16    func(dst *uint32, x *float32, n int, factor float32)
	toInt8     func(dst *uint32, x *float32, n int, factor, shift float32)
	// activations8 chooses scales and offsets and converts by them.
	activations8 func(dst *uint32, pairs, x *float32, n int)

	search   searchKernels
	gradient gradientKernels
}

// wordProduct is a register tile for a format.
type wordProduct struct {
	tile         func(m, k int, a *uint32, lda int, b *uint32, bstep int, c *float32, ldc int, bias, scales, sums, rows *float32, ldr int)
	rows, panels int  // of a register tile, at most
	native       bool // by instructions for it, not step by step
	whole        bool // takes all of k at once, not a group at a time
}

// tiers lists the tables this machine can run, best last; scalar is always
// the first.
var tiers = append([]ops{scalar}, vectorTiers()...)

// active is the table in use. It is written only here and by tests.
var active, maskError = choose(tiers, os.Getenv(maskVariable))

// choose returns the best table at or below the named tier; with no name, the
// best of all. A tier above what the machine has is capped, as a mask should be.
func choose(available []ops, mask string) (*ops, error) {
	order := []Tier{Scalar, NEON, AVX2, AVX512, AMX}
	limit := len(order) - 1
	var err error
	if mask != "" {
		limit = slices.Index(order, Tier(strings.ToLower(mask)))
		if limit < 0 {
			err = fmt.Errorf("%s=%q: not a tier; use scalar, avx2, avx512, amx or neon", maskVariable, mask)
			limit = len(order) - 1
		}
	}
	for i := len(available) - 1; i > 0; i-- {
		if slices.Index(order, available[i].tier) <= limit {
			return &available[i], err
		}
	}
	return &available[0], err
}

// Active is the tier in use, and an error if WINNOW_SIMD names no tier (the
// best one is then in use).
func Active() (Tier, error) { return active.tier, maskError }

// Available lists the tiers that this machine and build can run, scalar first.
func Available() []Tier {
	names := make([]Tier, len(tiers))
	for i, t := range tiers {
		names[i] = t.tier
	}
	return names
}

// Use switches to a tier for the rest of the process and returns the way
// back. It is for tests and side-by-side benchmarks and must not run while
// kernels do.
func Use(t Tier) (undo func(), err error) {
	for i := range tiers {
		if tiers[i].tier == t {
			before := active
			active = &tiers[i]
			return func() { active = before }, nil
		}
	}
	return nil, fmt.Errorf("tier %q is not available here; available: %v", t, Available())
}

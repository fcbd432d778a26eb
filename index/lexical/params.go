// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// Variant is a formula of BM25. Names and formulas are those of bm25s 0.3, which follows Kamphuis et al., "Which BM25 do
// you mean?" (ECIR 2020). With N rows, df of them having the term, tf its frequency in the row and
// norm = 1 - b + b·length/average length, a term of a query adds idf · w, where
//
//	robertson  idf = ln(max(1, (N-df+0.5)/(df+0.5)))   w = tf / (tf + k1·norm)
//	lucene     idf = ln(1 + (N-df+0.5)/(df+0.5))       w = tf / (tf + k1·norm)
//	atire      idf = ln(N/df)                          w = (k1+1)·tf / (tf + k1·norm)
//	bm25+      idf = ln((N+1)/df)                      w = (k1+1)·tf / (tf + k1·norm) + delta
//	bm25l      idf = ln((N+1)/(df+0.5))                w = (k1+1)·(c+delta) / (k1+c+delta),  c = tf/norm
//
// Robertson's idf is never negative. Lucene's formula lacks the factor k1+1, as Lucene itself does since version 8: it changes
// no order. In bm25+ and bm25l a term that a row lacks adds its w for tf = 0, so all rows of one query have that in common.
type Variant uint8

// The variants.
const (
	Lucene Variant = iota
	Robertson
	Atire
	BM25Plus
	BM25L
)

var variantNames = []string{Lucene: "lucene", Robertson: "robertson", Atire: "atire", BM25Plus: "bm25+", BM25L: "bm25l"}

// String returns the name.
func (v Variant) String() string {
	if int(v) < len(variantNames) {
		return variantNames[v]
	}
	return fmt.Sprintf("Variant(%d)", uint8(v))
}

// ParseVariant reads a name. The error for an unknown one gives the nearest known.
func ParseVariant(name string) (Variant, error) {
	for v, n := range variantNames {
		if n == name {
			return Variant(v), nil
		}
	}
	return 0, fmt.Errorf("unknown BM25 variant %q: did you mean %q? There are %s", name, nearest.Name(name, variantNames), strings.Join(variantNames, ", "))
}

// Params choose a formula and its constants. The zero value stands for [DefaultParams].
type Params struct {
	Variant Variant
	K1      float64 // how slowly further occurrences count less; 0 to 1000
	B       float64 // how much the length of a row counts; 0 to 1
	Delta   float64 // of bm25+ and bm25l, 0 to 1000; the others ignore it
	// TitleWeight multiplies frequencies and lengths of the title before they are added to those of the text (the simple
	// form of BM25F, Robertson, Zaragoza & Taylor 2004); 0.001 to 1000. 1 takes title and text for one field.
	TitleWeight float64
}

// DefaultParams are Lucene's formula with k1 = 0.9, b = 0.4 and title weight 1: Anserini's choice for passages, whose lengths
// say little. bm25s takes 1.5 and 0.75, Lucene 1.2 and 0.75; docs/benchmarks/retrieval.md compares.
func DefaultParams() Params {
	return Params{Variant: Lucene, K1: 0.9, B: 0.4, Delta: 0.5, TitleWeight: 1}
}

// Validate refuses a variant that is not one, and parameters outside their ranges.
func (p Params) Validate() error {
	in := func(v, low, high float64) bool { return v >= low && v <= high } // false for NaN
	switch {
	case int(p.Variant) >= len(variantNames):
		return fmt.Errorf("BM25: unknown variant %d", p.Variant)
	case !in(p.K1, 0, 1000):
		return fmt.Errorf("BM25: k1 = %g: give 0 to 1000, 1.2 to 2 is usual", p.K1)
	case !in(p.B, 0, 1):
		return fmt.Errorf("BM25: b = %g: give 0 to 1, 0.75 is usual", p.B)
	case !in(p.Delta, 0, 1000):
		return fmt.Errorf("BM25: delta = %g: give 0 to 1000, 0.5 or 1 is usual", p.Delta)
	case !in(p.TitleWeight, 0.001, 1000):
		return fmt.Errorf("BM25: title weight = %g: give 0.001 to 1000, 1 is usual", p.TitleWeight)
	case p.Variant == BM25L && p.K1+p.Delta == 0:
		return errors.New("BM25: bm25l is not defined for k1 = delta = 0: raise one of them")
	}
	return nil
}

// idf is the weight of a term that df of rows rows have; 0 < df <= rows.
func (p Params) idf(rows, df float64) float64 {
	switch p.Variant {
	case Robertson:
		return math.Log(max(1, (rows-df+0.5)/(df+0.5)))
	case Lucene:
		return math.Log(1 + (rows-df+0.5)/(df+0.5))
	case Atire:
		return math.Log(rows / df)
	case BM25Plus:
		return math.Log((rows + 1) / df)
	default:
		return math.Log((rows + 1) / (df + 0.5))
	}
}

// All variants have one shape: a row's score is the query's base, plus for each term factor·idf·tf/(tf + kappa·norm).
//
// For bm25l, w(tf) - w(0) = (k1+1)·((tf+δn)/(tf+(k1+δ)n) - δ/(k1+δ)), n being the norm, and over one denominator that is
// (k1+1)·k1/(k1+δ) · tf/(tf+(k1+δ)n).
func (p Params) shape() (kappa, factor, base float64) {
	switch p.Variant {
	case Atire:
		return p.K1, p.K1 + 1, 0
	case BM25Plus:
		return p.K1, p.K1 + 1, p.Delta
	case BM25L:
		s := p.K1 + p.Delta
		return s, (p.K1 + 1) * p.K1 / s, (p.K1 + 1) * p.Delta / s
	default:
		return p.K1, 1, 0
	}
}

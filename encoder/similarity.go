// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"fmt"
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// Similarity names a measure of how alike two vectors are; higher is more
// alike, so distances count negatively.
type Similarity string

// The similarities, as sentence-transformers names them.
const (
	CosineSimilarity    Similarity = "cosine"
	DotSimilarity       Similarity = "dot"
	EuclideanSimilarity Similarity = "euclidean" // minus the distance
	ManhattanSimilarity Similarity = "manhattan" // minus the distance
)

// ParseSimilarity returns the similarity of that name.
func ParseSimilarity(name string) (Similarity, error) {
	switch s := Similarity(name); s {
	case CosineSimilarity, DotSimilarity, EuclideanSimilarity, ManhattanSimilarity:
		return s, nil
	}
	return "", fmt.Errorf("similarity %q is not known; use cosine, dot, euclidean or manhattan", name)
}

// Compare is the similarity of two vectors; NaN for a name that is not one of
// the constants.
func (s Similarity) Compare(a, b []float32) float32 {
	switch s {
	case DotSimilarity:
		return Dot(a, b)
	case EuclideanSimilarity:
		return -Euclidean(a, b)
	case ManhattanSimilarity:
		return -Manhattan(a, b)
	case CosineSimilarity:
		return Cosine(a, b)
	}
	return nan
}

var nan = float32(math.NaN())

// Cosine is the cosine of the angle between two vectors,
//
//	a·b / (‖a‖·‖b‖)
//
// in [-1, 1]: rounding cannot lead outside. It is 0 if either vector is zero,
// and NaN if either holds a NaN or an infinity or the lengths differ.
func Cosine(a, b []float32) float32 {
	if len(a) != len(b) {
		return nan
	}
	dot, na, nb := float64(kernel.Dot(a, b)), float64(kernel.Dot(a, a)), float64(kernel.Dot(b, b))
	if outside(dot) || outside(na) || outside(nb) {
		dot, na, nb = products(a, b)
	}
	if na == 0 || nb == 0 {
		if dot != dot || na != na || nb != nb {
			return nan
		}
		return 0
	}
	c := dot / (math.Sqrt(na) * math.Sqrt(nb))
	return float32(max(-1, min(1, c)))
}

// outside tells whether a sum of products may have left the range in which
// float32 is accurate; it is then worth adding up again in float64.
func outside(x float64) bool {
	x = math.Abs(x)
	return !(x < 1e37) || x < 1e-30
}

// products are a·b, a·a and b·b in float64.
func products(a, b []float32) (ab, aa, bb float64) {
	for i, x := range a {
		x, y := float64(x), float64(b[i])
		ab += x * y
		aa += x * x
		bb += y * y
	}
	return ab, aa, bb
}

// Dot is the inner product Σ aᵢ·bᵢ, unbounded; for vectors of length 1 it
// equals the cosine. It is 0 if either vector is zero and NaN if the lengths
// differ; otherwise NaN and infinities follow IEEE 754.
func Dot(a, b []float32) float32 {
	if len(a) != len(b) {
		return nan
	}
	return kernel.Dot(a, b)
}

// Euclidean is the distance √Σ(aᵢ-bᵢ)², at least 0; between vectors of length
// 1 it is √(2-2·cosine), at most 2. A zero vector is a point like others. NaN
// if either vector holds one or the lengths differ.
func Euclidean(a, b []float32) float32 {
	if len(a) != len(b) {
		return nan
	}
	sum := float64(kernel.SquaredDistance(a, b))
	if outside(sum) {
		sum = 0
		for i, x := range a {
			d := float64(x) - float64(b[i])
			sum += d * d
		}
	}
	return float32(math.Sqrt(sum))
}

// Manhattan is the distance Σ|aᵢ-bᵢ|, at least 0. A zero vector is a point
// like others. NaN if either vector holds one or the lengths differ.
func Manhattan(a, b []float32) float32 {
	if len(a) != len(b) {
		return nan
	}
	return kernel.ManhattanDistance(a, b)
}

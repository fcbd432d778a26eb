// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSimilarities(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		name                              string
		a, b                              []float32
		cosine, dot, euclidean, manhattan float32
	}{
		{"parallel", []float32{1, 2, 3}, []float32{2, 4, 6}, 1, 28, 3.7416575, 6},
		{"different", []float32{1, 2, 3}, []float32{1, 0, -1}, -0.37796447, -2, 4.472136, 6},
		{"opposite", []float32{1, 0}, []float32{-2, 0}, -1, -2, 3, 3},
		{"zero", []float32{0, 0}, []float32{3, 4}, 0, 0, 5, 7},
		{"both zero", []float32{0}, []float32{0}, 0, 0, 0, 0},
		{"empty", nil, nil, 0, 0, 0, 0},
		{"NaN", []float32{nan, 1}, []float32{1, 1}, nan, nan, nan, nan},
		{"NaN and zero", []float32{nan}, []float32{0}, nan, nan, nan, nan},
		{"infinite", []float32{inf, 1}, []float32{1, 1}, nan, inf, inf, inf},
		{"lengths differ", []float32{1}, []float32{1, 2}, nan, nan, nan, nan},
		// The squares of these leave float32's range; their cosine does not.
		{"huge", []float32{1e30, 0}, []float32{1e30, 1e30}, 0.70710677, inf, 1e30, 1e30},
		{"tiny", []float32{1e-30, 0}, []float32{1e-30, 1e-30}, 0.70710677, 0, 1e-30, 1e-30},
	} {
		for _, m := range []struct {
			name      string
			got, want float32
		}{
			{"cosine", Cosine(c.a, c.b), c.cosine},
			{"dot", Dot(c.a, c.b), c.dot},
			{"euclidean", Euclidean(c.a, c.b), c.euclidean},
			{"manhattan", Manhattan(c.a, c.b), c.manhattan},
			{"cosine similarity", CosineSimilarity.Compare(c.a, c.b), c.cosine},
			{"dot similarity", DotSimilarity.Compare(c.a, c.b), c.dot},
			{"euclidean similarity", EuclideanSimilarity.Compare(c.a, c.b), -c.euclidean},
			{"manhattan similarity", ManhattanSimilarity.Compare(c.a, c.b), -c.manhattan},
		} {
			same := m.got == m.want || m.got != m.got && m.want != m.want
			if !same && !(math.Abs(float64(m.got-m.want)) <= 1e-6*math.Abs(float64(m.want))) {
				t.Errorf("%s: %s is %v, want %v", c.name, m.name, m.got, m.want)
			}
		}
	}
}

func TestCosineStaysInRange(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a := make([]float32, 1+r.IntN(400))
		for i := range a {
			a[i] = float32(r.NormFloat64())
		}
		if c := Cosine(a, a); c > 1 || c < 1-1e-6 {
			t.Fatalf("cosine of a vector with itself is %v", c)
		}
	}
}

func TestParseSimilarity(t *testing.T) {
	for _, s := range []Similarity{CosineSimilarity, DotSimilarity, EuclideanSimilarity, ManhattanSimilarity} {
		if got, err := ParseSimilarity(string(s)); got != s || err != nil {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseSimilarity("chebyshev"); err == nil {
		t.Error("an unknown similarity was taken")
	}
}

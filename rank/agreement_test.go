// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"
)

func TestAgreementEqualsSciPy(t *testing.T) {
	data, err := os.ReadFile("testdata/agreement.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Cases []struct {
			A, B              []float32
			Kendall, Spearman float64
		}
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Cases) < 20 {
		t.Fatalf("only %d cases", len(ref.Cases))
	}
	for i, c := range ref.Cases {
		tau, err := KendallTau(c.A, c.B)
		if err != nil || math.Abs(tau-c.Kendall) > 1e-12 {
			t.Errorf("case %d: tau-b %v, %v; SciPy gives %v", i, tau, err, c.Kendall)
		}
		rho, err := Spearman(c.A, c.B)
		if err != nil || math.Abs(rho-c.Spearman) > 1e-12 {
			t.Errorf("case %d: Spearman %v, %v; SciPy gives %v", i, rho, err, c.Spearman)
		}
	}
}

// TestAgreementProperties compares tau-b with its definition over all pairs, and checks symmetry and the ends of the range.
func TestAgreementProperties(t *testing.T) {
	score := rapid.Map(rapid.IntRange(-3, 3), func(i int) float32 { return float32(i) })
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "n")
		a, b := rapid.SliceOfN(score, n, n).Draw(t, "a"), rapid.SliceOfN(score, n, n).Draw(t, "b")
		var s, na, nb float64
		for i := range a {
			for j := range i {
				x, y := sign(a[i]-a[j]), sign(b[i]-b[j])
				s, na, nb = s+x*y, na+x*x, nb+y*y
			}
		}
		tau, err := KendallTau(a, b)
		rho, err2 := Spearman(a, b)
		if na == 0 || nb == 0 {
			if !errors.Is(err, ErrUndefined) || !errors.Is(err2, ErrUndefined) {
				t.Fatalf("a list of equal scores: errors %v, %v", err, err2)
			}
			return
		}
		if err != nil || math.Abs(tau-s/math.Sqrt(na*nb)) > 1e-12 {
			t.Fatalf("tau-b %v, %v; want %v", tau, err, s/math.Sqrt(na*nb))
		}
		if err2 != nil || !(rho >= -1 && rho <= 1) {
			t.Fatalf("Spearman %v, %v", rho, err2)
		}
		back, _ := KendallTau(b, a)
		self, _ := KendallTau(a, a)
		selfRho, _ := Spearman(a, a)
		if back != tau || math.Abs(self-1) > 1e-12 || math.Abs(selfRho-1) > 1e-12 {
			t.Fatalf("tau-b %v, swapped %v, with itself %v and %v", tau, back, self, selfRho)
		}
	})
}

func sign(x float32) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func TestAgreementErrors(t *testing.T) {
	for name, f := range map[string]func(a, b []float32) (float64, error){"kendall": KendallTau, "spearman": Spearman} {
		if _, err := f([]float32{1, 2}, []float32{1}); err == nil {
			t.Errorf("%s: different lengths: no error", name)
		}
		if _, err := f([]float32{1, 2}, []float32{1, nan32}); !errors.Is(err, ErrNotFinite) {
			t.Errorf("%s: NaN: error %v", name, err)
		}
		if _, err := f([]float32{1}, []float32{1}); !errors.Is(err, ErrUndefined) {
			t.Errorf("%s: one pair: error %v", name, err)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, k := range []ScoreKind{Cosine, Dot, Euclidean, BM25, Fused, Logit, Probability} {
		low, high, ok := k.Range()
		if !k.Valid() || !ok || !(low < high) {
			t.Errorf("%s: valid %v, range %v to %v, %v", k, k.Valid(), low, high, ok)
		}
	}
	if _, _, ok := ScoreKind("cos").Range(); ok || ScoreKind("cos").Valid() {
		t.Error("an unknown kind is valid")
	}
}

func TestBands(t *testing.T) {
	const model = "cross-encoder/ms-marco-MiniLM-L-6-v2"
	logit, ok := BandsFor(Logit, model)
	if !ok || logit.Kind != Logit || logit.Model != "cross-encoder/ms-marco-*" || logit.About == "" {
		t.Fatalf("bands %+v, %v", logit, ok)
	}
	probability, ok := BandsFor(Probability, model)
	if !ok {
		t.Fatal("no bands for probabilities")
	}
	for score, want := range map[float32]string{
		5.196783542633057: "High", 5: "Medium", 5.0000005: "High", 0.001: "Medium", 0: "Low", -1.36: "Low", inf32: "High", -inf32: "Low",
	} {
		if got := logit.Name(score); got != want {
			t.Errorf("logit %v is %q, want %q", score, got, want)
		}
	}
	for _, score := range []float32{-11, -0.01, 0, 0.01, 4.99, 5, 5.01, 9} {
		if p := sigmoid(float64(score)); probability.Name(p) != logit.Name(score) {
			t.Errorf("logit %v is %q, its probability %v is %q", score, logit.Name(score), p, probability.Name(p))
		}
	}
	if got := logit.Name(nan32); got != "" {
		t.Errorf("NaN is %q", got)
	}
	for _, tt := range []struct {
		kind  ScoreKind
		model string
	}{
		{Logit, "builtin:reranker"},
		{Logit, "BAAI/bge-reranker-base"},
		{Logit, "someone/cross-encoder/ms-marco-copy"},
		{Cosine, model},
		{Fused, model},
		{Probability, ""},
	} {
		if b, ok := BandsFor(tt.kind, tt.model); ok {
			t.Errorf("%s of %q has bands %+v", tt.kind, tt.model, b)
		}
	}
}

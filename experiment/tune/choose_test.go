// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/experiment"
)

// rows40 makes settings of 40 queries: values around a mean, one time.
func rows40(r *rand.Rand, mode winnow.Mode, stages string, base, ms float64, order int) *row {
	x := &row{way: way{first{mode: mode, candidates: 100}, stages}, order: order}
	for range 40 {
		x.values = append(x.values, base+.3*(r.Float64()-.5))
		x.times = append(x.times, ms)
	}
	return x
}

func places(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// The best setting without reranking is slower than one that reranks, so that it is not on the frontier: it is what counts.
func TestRerankingMustBeatTheBestPlainSetting(t *testing.T) {
	for gain, want := range map[float64]string{0.02: "dense", 0.1: "lexical · cross@10"} {
		r := rand.New(rand.NewPCG(1, 2))
		c := &chooser{budget: 50, known: map[way]*row{}, o: &Observations{}}
		c.grid = []*row{
			rows40(r, winnow.Dense, winnow.Off, 0.7, 30, 0), rows40(r, winnow.Lexical, winnow.Off, 0.5, 1, 1),
			rows40(r, winnow.Lexical, "cross@10", 0.7+gain, 20, 2), rows40(r, winnow.Lexical, "cross@50", 0.7+2*gain, 60, 3),
		}
		got, err := c.choose(places(40), anySetting)
		if err != nil {
			t.Fatal(err)
		}
		if name := got.chosen.setting().Label(); name != want {
			t.Errorf("gain %v: chosen %s, want %s", gain, name, want)
		}
	}
}

// A winner that is not on the frontier is shown with it, marked.
func TestBeatenWinnerIsShown(t *testing.T) {
	w := &world{queries: 10, logit: oracle, each: 10 * time.Microsecond, lexical: within(5, 5), dense: func(_ *rand.Rand, query, _ int) int {
		if query == 0 {
			return 2
		}
		return 1
	}}
	space := smallSpace()
	space.Modes = []winnow.Mode{winnow.Dense, winnow.Lexical}
	m := measure(t, "MRR@10")
	out := w.observe(t, space, m).mustTune(t, Plan{Measure: m, Budget: time.Second})
	if out.Winner.Label() != "dense" || !out.Winner.Beaten || out.Best.Label() != "lexical · cross@5" {
		t.Errorf("%s is chosen for what one query of ten says; best %s", out.Winner.Label(), out.Best.Label())
	}
	n := 0
	for i, p := range out.Frontier {
		if p.Winner {
			n++
		}
		if i > 0 && p.P95 < out.Frontier[i-1].P95 {
			t.Errorf("not by time: %s", labels(out.Frontier))
		}
	}
	if n != 1 || !out.Reranks.TooFew {
		t.Errorf("%d winners in %s; %+v", n, labels(out.Frontier), out.Reranks)
	}
}

func TestStandardErrorOfOne(t *testing.T) {
	if got := standardError([]float64{1}, []float64{0}); !math.IsInf(got, 1) {
		t.Errorf("%v", got)
	}
	if got := standardError([]float64{1, 3}, []float64{0, 0}); math.Abs(got-1) > 1e-12 {
		t.Errorf("%v", got)
	}
}

func TestVerdictInWords(t *testing.T) {
	p := &Plan{Measure: measure(t, "nDCG@10"), Budget: time.Second}
	v := &Verdict{
		Outcome: experiment.Unproven, HeldWithout: &Held{Folds: 5, P95: 3}, HeldWith: &Held{Folds: 5, P95: 40, Over: 2},
		Without: &Point{P95: 777}, With: &Point{P95: 888},
		Comparison: &significance.Comparison{MeanA: 0.5, MeanB: 0.52, Difference: 0.02, Low: -0.1, High: 0.1, P: map[significance.Test]float64{significance.Randomisation: 0.6}, Wins: 4, Losses: 3, Ties: 9},
	}
	got := v.sentence(p)
	want := "Reranking shows no proven gain within 1s: nDCG@10 goes from 0.5000 without to 0.5200 with it on held-out queries (+0.0200, 95 % interval -0.1000 to +0.1000, not corrected for the choice among settings, p = 0.6; 4 better, 3 worse, 9 equal), and p95 from 3 to 40 ms there. In 2 of 5 folds no setting with reranking was within the budget: the fastest was taken."
	if got != want {
		t.Errorf("%s", got)
	}
	v.TooFew = true
	if got = v.sentence(p); !strings.HasPrefix(got, "Too few queries to tell whether reranking pays within 1s: ") {
		t.Error(got)
	}
}

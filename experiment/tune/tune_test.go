// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/experiment"
)

// The relevant document is among the first 20 of the vectors, and the reranker finds it: what the budget lets one read
// decides. Retrieval takes 3 ms, reading 1 ms a document.
func TestKnownBest(t *testing.T) {
	w := &world{queries: 60, dense: within(1, 20), lexical: nowhere, logit: oracle, each: time.Millisecond}
	o := w.observe(t, smallSpace(), measure(t, "MRR@10"))
	for budget, want := range map[time.Duration]string{
		2 * time.Millisecond:   "lexical", // finds nothing, but nothing else is as fast
		5 * time.Millisecond:   "dense",
		10 * time.Millisecond:  "dense · cross@5",
		14 * time.Millisecond:  "dense · cross@10",
		30 * time.Millisecond:  "dense · cross@20",
		100 * time.Millisecond: "dense · cross@20", // 40 are no better
	} {
		out := o.mustTune(t, Plan{Measure: measure(t, "MRR@10"), Budget: budget, Seed: 1})
		if out.Winner == nil || out.Winner.Label() != want {
			t.Errorf("%s: %+v, want %s", budget, out.Winner, want)
			continue
		}
		if budget == 30*time.Millisecond {
			if out.Winner.Mean != 1 || out.Winner.P95 != 23 || out.Winner.MeanTime != 23 || out.Winner.Candidates != 50 {
				t.Errorf("%+v", out.Winner)
			}
			if v := out.Reranks; v.Outcome != experiment.Pays || v.With.Label() != want || v.Without.Label() != "dense" || !strings.HasPrefix(v.Text, "Reranking pays within 30ms: MRR@10 goes from 0.") {
				t.Errorf("%+v", v)
			}
			if h := out.Held; h.Mean != 1 || h.P95 != 23 || h.Folds != 5 || h.Same != 5 || h.Over != 0 {
				t.Errorf("%+v", h)
			}
		}
		if budget == 5*time.Millisecond && (out.Reranks.Outcome != "" || !strings.HasPrefix(out.Reranks.Text, "No reranking fits into 5ms: the fastest, lexical · cross@5, has a p95 of 7 ms. Whatever the time, the best of it has MRR@10 1.0000 in sample; retrieval alone has 0.")) {
			t.Errorf("%+v", out.Reranks)
		}
	}
}

func TestNothingFits(t *testing.T) {
	w := &world{queries: 12, dense: within(1, 5), lexical: within(1, 5), logit: oracle, each: time.Millisecond}
	out := w.observe(t, smallSpace(), measure(t, "nDCG@10")).mustTune(t, Plan{Measure: measure(t, "nDCG@10"), Budget: time.Millisecond})
	if out.Winner != nil || out.Held != nil || out.Reranks != nil || out.Fastest.Label() != "lexical" || out.Fastest.P95 != 2 || len(out.Frontier) == 0 {
		t.Errorf("%+v", out)
	}
}

func TestRerankingDoesNotPay(t *testing.T) {
	w := &world{queries: 60, dense: within(1, 8), lexical: nowhere, logit: dice, each: time.Millisecond}
	out := w.observe(t, smallSpace(), measure(t, "nDCG@10")).mustTune(t, Plan{Measure: measure(t, "nDCG@10"), Budget: time.Second})
	if out.Winner.Rerank != winnow.Off || out.Reranks.Outcome == experiment.Pays {
		t.Errorf("%s, %s", out.Winner.Label(), out.Reranks.Text)
	}
	// A reranker that helps some queries and hurts as many others is not worth its time, whatever its mean.
	w.dense = func(*rand.Rand, int, int) int { return 1 }
	out = w.observe(t, smallSpace(), measure(t, "nDCG@10")).mustTune(t, Plan{Measure: measure(t, "nDCG@10"), Budget: time.Second})
	if out.Reranks.Outcome != experiment.Hurts || !strings.HasPrefix(out.Reranks.Text, "Reranking hurts") {
		t.Error(out.Reranks.Text)
	}
}

// The relevant document is near the top of both lists, and nothing else is in both.
func TestFusionIsFound(t *testing.T) {
	w := &world{queries: 60, logit: dice, each: time.Millisecond, dense: within(2, 5), lexical: within(2, 9)}
	space := smallSpace()
	space.Rerankers = nil
	out := w.observe(t, space, measure(t, "MRR@10")).mustTune(t, Plan{Measure: measure(t, "MRR@10"), Budget: time.Second})
	if out.Winner.Mode != winnow.Hybrid || out.Winner.Mean < 0.99 || out.Reranks != nil {
		t.Errorf("%+v, %+v", out.Winner, out.Reranks)
	}
}

// Two subjects and a cascade: the cheap one cannot tell the relevant document from the first few.
func TestCascade(t *testing.T) {
	cheap := &world{queries: 30, dense: within(21, 40), lexical: nowhere, each: time.Millisecond, logit: func(r *rand.Rand, relevant bool) float32 {
		if relevant {
			return 0.9
		}
		return r.Float32()
	}}
	costly := *cheap
	costly.each, costly.logit = 10*time.Millisecond, oracle
	space := smallSpace()
	space.Rerankers = []Reranker{{Name: "cheap"}, {Name: "costly"}}
	o, err := NewObservations(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		s := cheap.subject()
		s.Name = name
		if err := o.Observe(t.Context(), s, encoder.FP32, cheap, []Scorer{cheap, &costly}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if o.Queries() != 60 {
		t.Errorf("%d queries", o.Queries())
	}
	out := o.mustTune(t, Plan{Measure: measure(t, "MRR@10"), Budget: 200 * time.Millisecond})
	if want := "dense · cheap@40,costly@10"; out.Winner.Label() != want || out.Winner.P95 != 3+40+100 {
		t.Errorf("%+v, want %s", out.Winner, want)
	}
}

// Of settings that are all chance the best one looks good on the queries it was chosen by, and on no others.
func TestCrossValidationDoesNotLeak(t *testing.T) {
	const queries, settings = 40, 400
	o := &Observations{}
	for range queries {
		o.queries = append(o.queries, &observed{})
	}
	r := rand.New(rand.NewPCG(3, 4))
	c := &chooser{o: o, budget: 10, known: map[way]*row{}}
	for i := range settings {
		one := &row{way: way{first{mode: winnow.Dense, candidates: i + 1}, winnow.Off}, order: i}
		for range queries {
			one.values, one.times = append(one.values, r.Float64()), append(one.times, 1+r.Float64())
		}
		c.grid = append(c.grid, one)
	}
	all := make([]int, queries)
	for i := range all {
		all[i] = i
	}
	p := &Plan{Folds: 5, Seed: 1, Resamples: 200}
	final, err := c.choose(all, anySetting)
	if err != nil {
		t.Fatal(err)
	}
	folds := split(queries, 5, 1)
	held, err := c.validate(t.Context(), folds, anySetting, final, p)
	if err != nil {
		t.Fatal(err)
	}
	if final.best.mean < 0.6 || final.chosen.mean < 0.55 {
		t.Errorf("in sample %.3f and %.3f: chance should look good", final.best.mean, final.chosen.mean)
	}
	if held.Mean < 0.4 || held.Mean > 0.6 || held.Mean > final.chosen.mean {
		t.Errorf("held out %.3f, in sample %.3f", held.Mean, final.chosen.mean)
	}
	// What a fold chooses does not depend on the values of its own queries.
	seen := append(append(append(append([]int{}, folds[1]...), folds[2]...), folds[3]...), folds[4]...)
	before, err := c.choose(seen, anySetting)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range c.grid {
		for _, q := range folds[0] {
			one.values[q], one.times[q] = 1-one.values[q], 1000*r.Float64()
		}
	}
	after, err := c.choose(seen, anySetting)
	if err != nil {
		t.Fatal(err)
	}
	if before.chosen.way != after.chosen.way || before.best.way != after.best.way {
		t.Errorf("%+v, %+v", before.chosen.way, after.chosen.way)
	}
}

func TestSplitDealsEveryQueryOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "n")
		folds := rapid.IntRange(2, n).Draw(t, "folds")
		times := make([]int, n)
		for _, fold := range split(n, folds, rapid.Uint64().Draw(t, "seed")) {
			if len(fold) < n/folds || len(fold) > n/folds+1 {
				t.Fatalf("%d queries in %d folds: one has %d", n, folds, len(fold))
			}
			for _, q := range fold {
				times[q]++
			}
		}
		for q, k := range times {
			if k != 1 {
				t.Fatalf("query %d is in %d folds", q, k)
			}
		}
	})
}

func TestFrontierHasNothingDominated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []scored
		for i := range rapid.IntRange(1, 40).Draw(t, "rows") {
			s := scored{row: &row{order: i}, mean: float64(rapid.IntRange(0, 9).Draw(t, "mean")) / 10, p95: float64(rapid.IntRange(1, 400).Draw(t, "p95"))}
			rows = append(rows, s)
		}
		budget := float64(rapid.IntRange(1, 400).Draw(t, "budget"))
		list := frontier(rows, budget)
		if len(list) == 0 {
			t.Fatal("empty")
		}
		for i, s := range list {
			if i > 0 && (s.p95 <= list[i-1].p95 || s.mean <= list[i-1].mean) {
				t.Fatalf("%v after %v", s, list[i-1])
			}
			for _, other := range rows { // times that hardly differ count as one among settings of one mean
				if other.mean >= s.mean && max(other.p95*sameTime, other.p95+sameMS) < s.p95 || other.mean > s.mean+1e-9 && other.p95 <= s.p95/sameTime {
					t.Fatalf("(%v, %v) is dominated by (%v, %v)", s.mean, s.p95, other.mean, other.p95)
				}
			}
		}
	})
}

func TestWinnerIsWithinBudgetAndOnTheFrontier(t *testing.T) {
	for seed := range 8 {
		r := chance("worlds", seed)
		low := 1 + r.IntN(20)
		w := &world{queries: 4 + r.IntN(9), dense: within(low, low+20), lexical: within(1, 30), each: time.Duration(10+r.IntN(3000)) * time.Microsecond, logit: oracle}
		if r.IntN(2) == 0 {
			w.logit = dice
		}
		space := smallSpace()
		space.Depths = []int{5, 20}
		m := measure(t, "MRR@10")
		out := w.observe(t, space, m).mustTune(t, Plan{Measure: m, Budget: time.Duration(2+r.IntN(58)) * time.Millisecond, Seed: r.Uint64()})
		if out.Winner == nil || out.Winner.P95 > out.Budget || out.Best.P95 > out.Budget {
			t.Fatalf("%d, budget %v: %+v", seed, out.Budget, out.Winner)
		}
		winners := 0
		for _, p := range out.Frontier {
			if p.Winner {
				winners++
			}
			if p.P95 <= out.Winner.P95 && p.Mean > out.Winner.Mean {
				t.Errorf("%d: %s beats the winner", seed, p.Label())
			}
		}
		if winners != 1 {
			t.Errorf("%d: %d winners on the frontier\n%s", seed, winners, labels(out.Frontier))
		}
	}
}

// Of two equally good settings one is simpler and the other a little faster; only that is within the budget.
func TestBudgetCutsBetweenEquals(t *testing.T) {
	rows := []scored{
		{row: &row{order: 0}, mean: 0.5, p95: 10.2},
		{row: &row{order: 1}, mean: 0.5, p95: 9.9},
	}
	if got := frontier(rows, 10); len(got) != 1 || got[0].p95 != 9.9 {
		t.Errorf("%v", got)
	}
	if got := frontier(rows, 11); len(got) != 1 || got[0].p95 != 10.2 {
		t.Errorf("%v", got)
	}
}

func TestSameAgain(t *testing.T) {
	w := &world{queries: 25, dense: within(1, 30), lexical: within(1, 30), logit: oracle, each: 100 * time.Microsecond}
	var outs []*Outcome
	for range 2 {
		outs = append(outs, w.observe(t, smallSpace(), measure(t, "nDCG@10")).mustTune(t, Plan{Measure: measure(t, "nDCG@10"), Budget: 8 * time.Millisecond, Seed: 7}))
	}
	if d := cmp.Diff(outs[0], outs[1], cmp.AllowUnexported(Held{})); d != "" {
		t.Error(d)
	}
}

func TestErrors(t *testing.T) {
	w := &world{queries: 3, dense: within(1, 3), lexical: within(1, 3), logit: oracle}
	for want, change := range map[string]func(*Space){
		"there is no mode":                func(s *Space) { s.Modes = nil },
		`unknown mode "fuzzy"`:            func(s *Space) { s.Modes = []winnow.Mode{"fuzzy"} },
		"no number of candidates":         func(s *Space) { s.Candidates = nil },
		"no depth of reranking":           func(s *Space) { s.Depths = nil },
		"depth 0: from 1 to 10000":        func(s *Space) { s.Depths = []int{0} },
		"ef 10001: from 0":                func(s *Space) { s.Ef = []int{10001} },
		`reranker "cross" is not a name`:  func(s *Space) { s.Rerankers = append(s.Rerankers, s.Rerankers[0]) },
		"settings to try; at most 20000:": func(s *Space) { s.Ef, s.Probes = make([]int, 0, 99), make([]int, 0, 99); fill(&s.Ef); fill(&s.Probes) },
	} {
		s := smallSpace()
		change(&s)
		if _, err := NewObservations(s, 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	m := measure(t, "MRR@10")
	o := w.observe(t, smallSpace(), m)
	for want, p := range map[string]Plan{
		"the budget is 0s":       {Measure: m},
		"4 folds for 3 queries":  {Measure: m, Budget: 1, Folds: 4},
		"1 folds: at least 2":    {Measure: m, Budget: 1, Folds: 1},
		"measure":                {Budget: 1},
		context.Canceled.Error(): {Measure: m, Budget: 1},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if want == context.Canceled.Error() {
			cancel()
		}
		if _, err := o.Tune(ctx, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Observe(ctx, w.subject(), encoder.FP32, w, []Scorer{w}, nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), `world, query "0"`) {
		t.Errorf("%v", err)
	}
	if err := o.Observe(t.Context(), w.subject(), encoder.Int8, w, []Scorer{w}, nil); err == nil {
		t.Error("a precision that is not of the space")
	}
	few := &world{queries: 1, dense: nowhere, lexical: nowhere, logit: dice}
	if _, err := few.observe(t, smallSpace(), m).Tune(t.Context(), Plan{Measure: m, Budget: 1}); err == nil || !strings.Contains(err.Error(), "1 judged queries: tuning needs 3 at least") {
		t.Errorf("%v", err)
	}
}

func fill(list *[]int) {
	for i := range 99 {
		*list = append(*list, i)
	}
}

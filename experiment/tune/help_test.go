// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/rank"
)

// world is made-up queries whose relevant documents, ranks, logits and times are known. The text of a document is its id.
type world struct {
	queries int
	dense   func(r *rand.Rand, query, n int) int // rank from 1 of the relevant document, above n for nowhere
	lexical func(r *rand.Rand, query, n int) int
	logit   func(r *rand.Rand, relevant bool) float32
	each    time.Duration // of reading a document
}

// listed is how many documents the lists of a world have.
const listed = 60

func chance(parts ...any) *rand.Rand {
	var h uint64 = 14695981039346656037
	for _, b := range []byte(fmt.Sprint(parts...)) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(h, 1))
}

// Find implements Source. The query is its number; the relevant document is "yes".
func (w *world) Find(_ context.Context, query string, s winnow.Settings) (Found, error) {
	q, err := strconv.Atoi(query)
	if err != nil {
		return Found{}, err
	}
	list := func(mode winnow.Mode, at int) []Passage {
		var out []Passage
		for i := range listed {
			id := fmt.Sprintf("%s%02d", mode, i)
			if i+1 == at {
				id = "yes"
			}
			out = append(out, Passage{ID: id, Document: id, Text: id, Score: float32(listed - i)})
		}
		return out
	}
	found := Found{Encode: time.Millisecond, Retrieve: 2 * time.Millisecond}
	dense := list(winnow.Dense, w.dense(chance("dense", q), q, listed))
	lexical := list(winnow.Lexical, w.lexical(chance("lexical", q), q, listed))
	switch s.Mode {
	case winnow.Dense:
		found.Passages = dense
	case winnow.Lexical:
		found.Passages, found.Encode = lexical, 0
	default:
		found.Retrieve = 4 * time.Millisecond
	}
	found.Passages = found.Passages[:min(s.Candidates, len(found.Passages))]
	return found, nil
}

// Score implements Scorer.
func (w *world) Score(ctx context.Context, query string, texts []string) (Read, error) {
	var out Read
	for _, text := range texts {
		out.Logits = append(out.Logits, w.logit(chance("logit", query, text), text == "yes"))
		out.Tokens = append(out.Tokens, 10)
		out.Elapsed += w.each
	}
	return out, ctx.Err()
}

func (w *world) subject() Subject {
	s := Subject{Name: "world", Qrels: map[string]eval.Judgments{}}
	for i := range w.queries {
		id := strconv.Itoa(i)
		s.Queries = append(s.Queries, eval.Query{ID: id, Text: id})
		s.Qrels[id] = eval.Judgments{"yes": 1}
	}
	return s
}

func smallSpace() Space {
	return Space{
		Modes: winnow.Modes(), Methods: []rank.Method{rank.MethodRelativeScore}, Candidates: []int{50}, Depths: []int{5, 10, 20, 40},
		Rerankers: []Reranker{{Name: "cross", Fused: winnow.Auto}}, Precisions: []encoder.Precision{encoder.FP32},
	}
}

func (w *world) observe(t testing.TB, space Space, m eval.Measure) *Observations {
	t.Helper()
	o, err := NewObservations(space, m.Cut)
	if err != nil {
		t.Fatal(err)
	}
	scorers := make([]Scorer, len(space.Rerankers))
	for i := range scorers {
		scorers[i] = w
	}
	if err := o.Observe(t.Context(), w.subject(), encoder.FP32, w, scorers, nil); err != nil {
		t.Fatal(err)
	}
	return o
}

func measure(t testing.TB, name string) eval.Measure {
	t.Helper()
	m, err := eval.ParseMeasure(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (o *Observations) mustTune(t testing.TB, p Plan) *Outcome {
	t.Helper()
	p.Resamples = 200
	out, err := o.Tune(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// oracle knows what is relevant; dice does not.
func oracle(r *rand.Rand, relevant bool) float32 {
	if relevant {
		return 10
	}
	return r.Float32()
}

func dice(r *rand.Rand, _ bool) float32 { return r.Float32() }

func nowhere(*rand.Rand, int, int) int { return listed + 1 }

// within puts the relevant document anywhere in a range of ranks.
func within(low, high int) func(*rand.Rand, int, int) int {
	return func(r *rand.Rand, _, _ int) int { return low + r.IntN(high-low+1) }
}

func labels(points []*Point) string {
	var out []string
	for _, p := range points {
		out = append(out, p.Label())
	}
	return strings.Join(out, "\n")
}

func TestHelpersCoverTheirRange(t *testing.T) {
	var got []int
	for i := range 200 {
		got = append(got, within(3, 5)(chance(i), i, listed))
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, []int{3, 4, 5}) {
		t.Errorf("%v", got)
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

const checkpoints = "../internal/parity/testdata/"

func bi(t *testing.T, name string, opts ...Option) *BiEncoder {
	t.Helper()
	b, err := OpenBi(checkpoints+name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func cross(t *testing.T, name string, opts ...Option) *CrossEncoder {
	t.Helper()
	c, err := OpenCross(checkpoints+name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func encode(t *testing.T, b *BiEncoder, text string, opts ...EncodeOption) []float32 {
	t.Helper()
	e, err := b.Encode(t.Context(), []string{text}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return e.Vector(0)
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one with %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q lacks %q", err, p)
		}
	}
}

func TestOpenRefusesTheOtherKind(t *testing.T) {
	_, err := OpenBi(checkpoints + "cross-identity")
	wantError(t, err, "cross-encoder", "BertForSequenceClassification")
	_, err = OpenCross(checkpoints + "bi-mean")
	wantError(t, err, "bi-encoder", "BertModel")
	_, err = OpenBi(checkpoints + "nothing-here")
	wantError(t, err, "nothing-here")
	_, err = OpenBi(checkpoints+"bi-mean", Threads(-1))
	wantError(t, err, "threads is -1")
	_, err = OpenBi(checkpoints+"bi-mean", Threads(2_000_000_000))
	wantError(t, err, "1 to 1024")
	_, err = OpenBi(checkpoints+"bi-mean", MaxTokens(2))
	wantError(t, err, "max tokens is 2", "at least 3")
	_, err = OpenCross(checkpoints+"cross-identity", MaxTokens(4))
	wantError(t, err, "max tokens is 4", "at least 5")
	_, err = OpenCross(checkpoints+"cross-identity", QueryTokens(-2))
	wantError(t, err, "query tokens is -2")
	_, err = OpenBi(checkpoints+"bi-mean", MaxTokens(-3))
	wantError(t, err, "max tokens is -3")
}

func TestEncodeReportsTruncation(t *testing.T) {
	b := bi(t, "bi-mean", MaxTokens(10))
	long := strings.Repeat("stone ", 30)
	e, err := b.Encode(t.Context(), []string{"stone", long, ""})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(e.Tokens, []int{3, 10, 2}) || !slices.Equal(e.Truncated, []int{0, 22, 0}) {
		t.Errorf("tokens %v, truncated %v", e.Tokens, e.Truncated)
	}
	if e.Len() != 3 || len(e.Data) != 3*e.Dim || e.Dim != b.Dim() {
		t.Errorf("%d vectors of %d in %d floats", e.Len(), e.Dim, len(e.Data))
	}
	if !slices.Equal(e.Vector(1), encode(t, b, strings.Repeat("stone ", 8))) {
		t.Error("a cut text differs from what is left of it")
	}
}

func TestEncodeNothing(t *testing.T) {
	e, err := bi(t, "bi-mean").Encode(t.Context(), nil)
	if err != nil || e.Len() != 0 || len(e.Data) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestDimensions(t *testing.T) {
	b := bi(t, "bi-mean")
	whole := encode(t, b, "stone bridge")
	cut := encode(t, b, "stone bridge", Dimensions(5))
	if len(cut) != 5 || math.Abs(float64(Dot(cut, cut))-1) > 1e-6 {
		t.Fatalf("cut to %v, length² %v", cut, Dot(cut, cut))
	}
	if c := Cosine(cut, whole[:5]); c < 1-1e-6 {
		t.Errorf("the cut points elsewhere: cosine %v", c)
	}
	for _, n := range []int{-1, b.Dim() + 1} {
		_, err := b.Encode(t.Context(), []string{"x"}, Dimensions(n))
		wantError(t, err, "dimensions is", "1 to")
	}
}

func TestPrompts(t *testing.T) {
	b := bi(t, "bi-prompts")
	prompts := b.Model().Prompts
	query, ok := prompts["query"]
	if !ok {
		t.Fatalf("the checkpoint's prompts are %v", prompts)
	}
	asked := encode(t, b, "stone", As(Query))
	if !slices.Equal(asked, encode(t, b, "stone", PromptName("query"))) || !slices.Equal(asked, encode(t, b, "stone", Prompt(query))) {
		t.Error("three ways to the same prompt differ")
	}
	if !slices.Equal(encode(t, b, query+"stone", Prompt("")), asked) {
		t.Error("a prompt is not the text before the text")
	}
	_, err := b.Encode(t.Context(), []string{"x"}, PromptName("quarry"))
	wantError(t, err, `no prompt named "quarry"`, "query")
	_, err = b.Encode(t.Context(), []string{"x"}, As("question"))
	wantError(t, err, `kind "question"`)
}

// Inputs beyond one window give what each gives alone.
func TestManyInputs(t *testing.T) {
	b := bi(t, "bi-cls")
	texts := slices.Repeat([]string{"stone", "", "water bridge", "a b c"}, windowInputs/4+3)
	e, err := b.Encode(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range texts {
		if !slices.Equal(e.Vector(i), e.Vector(i%4)) {
			t.Fatalf("text %d differs from its equal, %d", i, i%4)
		}
	}
}

func TestCloseWaits(t *testing.T) {
	b, err := OpenBi(checkpoints + "bi-mean")
	if err != nil {
		t.Fatal(err)
	}
	texts := slices.Repeat([]string{"stone water bridge"}, 500)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				switch _, err := b.Encode(t.Context(), texts); {
				case errors.Is(err, ErrClosed):
					return
				case err != nil:
					t.Error(err)
					return
				}
			}
		})
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := b.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	c := cross(t, "cross-identity")
	c.Close()
	if _, err := c.Rank(t.Context(), "x", []string{"y"}); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed cross-encoder: %v", err)
	}
}

func TestRank(t *testing.T) {
	c := cross(t, "cross-sigmoid")
	documents := []string{"stone", "water bridge", "stone", "silver paper has to pass", "", "stone"}
	ranked, err := c.Rank(t.Context(), "north stone", documents)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for i, r := range ranked {
		seen[r.Index] = true
		if want := float32(1 / (1 + math.Exp(-float64(r.Logit)))); math.Abs(float64(r.Score-want)) > 1e-6 {
			t.Errorf("score %v of logit %v, want %v", r.Score, r.Logit, want)
		}
		if i > 0 && (ranked[i-1].Logit < r.Logit || ranked[i-1].Logit == r.Logit && ranked[i-1].Index > r.Index) {
			t.Errorf("places %d and %d are out of order: %+v", i, i+1, ranked)
		}
	}
	if len(ranked) != len(documents) || len(seen) != len(documents) {
		t.Errorf("%d of %d documents ranked", len(seen), len(documents))
	}
	if none, err := c.Rank(t.Context(), "x", nil); err != nil || len(none) != 0 {
		t.Errorf("no documents: %v, %v", none, err)
	}
	_, err = cross(t, "cross-three-labels").Rank(t.Context(), "x", documents)
	wantError(t, err, "3 labels", "Predict")
}

func TestProbability(t *testing.T) {
	one := &Scores{Labels: 1, Logits: []float32{0, 40, -200}}
	for i, want := range []float64{0.5, 1, 0} {
		if p := one.Probability(i); math.Abs(p[0]-want) > 1e-15 || p[0] == 1 != (i == 1) {
			t.Errorf("probability of %v is %v", one.Logit(i), p)
		}
	}
	three := &Scores{Labels: 3, Logits: []float32{1000, 1000, -1000}}
	if p := three.Probability(0); p[0] != 0.5 || p[1] != 0.5 || p[2] != 0 {
		t.Errorf("softmax of large logits is %v", p)
	}
}

// The query is whole, the document is cut; with a cap the query is cut to it.
func TestPairTruncation(t *testing.T) {
	pair := []Pair{{strings.Repeat("stone ", 10), strings.Repeat("water ", 50)}}
	for _, c := range []struct {
		opts                      []Option
		tokens, document, queries int
	}{
		{[]Option{MaxTokens(30)}, 30, 50 - (30 - 3 - 10), 0},
		{[]Option{MaxTokens(30), QueryTokens(4)}, 30, 50 - (30 - 3 - 4), 6},
		{[]Option{MaxTokens(10)}, 10, 49, 4},
		{nil, 63, 0, 0},
	} {
		s, err := cross(t, "cross-identity", c.opts...).Predict(t.Context(), pair)
		if err != nil {
			t.Fatal(err)
		}
		if s.Tokens[0] != c.tokens || s.Truncated[0] != c.document || s.QueryTruncated[0] != c.queries {
			t.Errorf("%d tokens, %d cut of the document, %d of the query; want %+v", s.Tokens[0], s.Truncated[0], s.QueryTruncated[0], c)
		}
	}
}

// Pooled by hand, the tokens' vectors are the text's.
func TestEncodeTokens(t *testing.T) {
	b := bi(t, "bi-mean")
	texts := []string{"a red train", "", "the river is long, and slow where it is wide"}
	got, err := b.EncodeTokens(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	want, err := b.Encode(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Data, want.Data) {
		t.Error("texts have other vectors than Encode gives")
	}
	for i, states := range got.States {
		if len(states) != got.Tokens[i]*got.Hidden {
			t.Fatalf("text %d: %d floats for %d tokens of %d", i, len(states), got.Tokens[i], got.Hidden)
		}
		mean := make([]float64, got.Hidden)
		for k, x := range states {
			mean[k%got.Hidden] += float64(x) / float64(got.Tokens[i])
		}
		length := 0.0
		for _, x := range mean {
			length += x * x
		}
		if b.Model().Normalize {
			length = math.Sqrt(length)
		} else {
			length = 1
		}
		for k, x := range mean {
			if math.Abs(x/length-float64(want.Vector(i)[k])) > 1e-5 {
				t.Fatalf("text %d, dimension %d: mean %v, want %v", i, k, x/length, want.Vector(i)[k])
			}
		}
	}
	_, err = bi(t, "bi-cls").EncodeTokens(t.Context(), texts)
	wantError(t, err, "first token")
}

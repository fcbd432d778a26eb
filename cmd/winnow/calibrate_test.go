// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/config"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/model/builtin"
)

const someRows = `{"query": "a?", "positive": "yes a", "negatives": ["no", "also a"]}
{"query": "b?", "positive": "yes b", "negatives": ["no"]}

{"query": "a?", "positive": "also a", "negatives": []}
`

// A text that one row calls an answer is one, whatever other rows of the question say.
func TestRows(t *testing.T) {
	want := map[string]eval.Judgments{"q1": {"1": 1, "2": 0, "3": 1}, "q2": {"4": 1, "2": 0}}
	for _, text := range []string{someRows, pack(t, someRows)} {
		if got, err := readRows(strings.NewReader(text), "rows"); err != nil || !reflect.DeepEqual(got.Collection.Qrels, want) {
			t.Errorf("%v, %v", got, err)
		}
	}
	path := filepath.Join(t.TempDir(), "some.jsonl")
	if err := os.WriteFile(path, []byte(someRows), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadRows(path)
	if err != nil || c.Name != "some" || len(c.Docs) != 4 || len(c.Queries) != 2 || c.Qrels["q1"].Relevant(1) != 2 || len(c.Qrels["q1"]) != 3 || c.Queries[1].Text != "b?" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestRowErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "rows: ",
		`{"query": "a", "positive": ""}`:   `rows: line 1: field "positive" is missing or empty`,
		"\n" + `{"positive": "b"}`:         `rows: line 2: field "query" is missing or empty`,
		`{"query": "a", "postive": "b"}`:   `rows: line 1: unknown field "postive": did you mean "positive"?`,
		`{"query": "a", "positive": 3}`:    "rows: line 1: field positive: want a string, got number",
		`{"query": "a", "positive": "b"}}`: "rows: line 1: text after the end of the object",
		`{"query": "a", "positive": "b", "negatives": [" "]}`: "rows: line 1: negative 1 is empty",
		"\x1f\x8b damaged":            "rows: ",
		strings.Repeat("x", maxRow+1): "rows: line 1: longer than 4194304 bytes",
	} {
		if _, err := readRows(strings.NewReader(text), "rows"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

// Rows are bounded in sum, and of a compressed file that breaks off it is said to be damaged.
func TestRowBounds(t *testing.T) {
	size := int64(len(someRows))
	if pairs, err := readRowsWithin(strings.NewReader(someRows), "rows", size, 5); err != nil || pairs.Pairs != 5 {
		t.Errorf("%v, %v", pairs, err)
	}
	packed := pack(t, someRows+strings.Repeat("\n", 1<<20))
	for _, tt := range []struct {
		text  string
		bytes int64
		pairs int
		want  string
	}{
		{someRows, size - 1, 5, fmt.Sprintf("rows: more than %d bytes, unpacked: take a part", size-1)},
		{someRows, 20, 5, "rows: more than 20 bytes, unpacked: "},
		{someRows, size, 4, "rows: line 2: more than 4 pairs: take a part"},
		{packed, 1 << 20, 5, "rows: more than 1048576 bytes, unpacked: "},
		{packed[:len(packed)-3], 1 << 30, 5, "rows: line 1048581: damaged"},
		{packed[:len(packed)-5] + "zzzzz", 1 << 30, 5, "rows: line 1048581: damaged"},
	} {
		_, err := readRowsWithin(strings.NewReader(tt.text), "rows", tt.bytes, tt.pairs)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
		if strings.Contains(tt.want, "damaged") && !errors.Is(err, document.ErrDamaged) {
			t.Errorf("%v is not ErrDamaged", err)
		}
	}
}

func pack(t *testing.T, text string) string {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func FuzzRows(f *testing.F) {
	f.Add([]byte(someRows))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Add([]byte(`{"query": "a", "positive": "b"}{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := readRows(bytes.NewReader(data), "fuzz")
		if err != nil {
			return
		}
		pairs := 0
		for _, q := range c.Collection.Queries {
			pairs += len(c.Collection.Qrels[q.ID])
			if strings.TrimSpace(q.Text) == "" || len(c.Judged[q.ID]) != len(c.Collection.Qrels[q.ID]) {
				t.Fatalf("%+v", q)
			}
		}
		for _, d := range c.Collection.Docs {
			if strings.TrimSpace(d.Text) == "" {
				t.Fatalf("%+v", d)
			}
		}
		if pairs != c.Pairs || pairs == 0 {
			t.Fatalf("%d pairs, %d judged", c.Pairs, pairs)
		}
	})
}

// All sources are loaded before one is scored, and a context that has ended ends loading.
func TestSourcesAreLoadedFirst(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.jsonl"), filepath.Join(dir, "bad.jsonl")
	for path, text := range map[string]string{good: someRows, bad: "{"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := &calibrateFlags{unjudged: unjudgedAuto}
	all, err := f.load(t.Context(), []string{good})
	if err != nil || len(all) != 1 || all[0].path != good || all[0].source.Level != 1 || all[0].source.Unjudged != unjudgedIrrelevant {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := f.load(t.Context(), []string{good, bad}); err == nil || !strings.Contains(err.Error(), "bad.jsonl: line 1") {
		t.Errorf("%v", err)
	}
	f.level = 2
	if _, err := f.load(t.Context(), []string{good}); err == nil || !strings.Contains(err.Error(), "no grade of 2") {
		t.Errorf("%v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.load(ended, []string{good}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What becomes of candidates without a judgment depends on whether judges looked at documents that are not relevant.
func TestUnjudgedPolicy(t *testing.T) {
	sparse := map[string]eval.Judgments{"1": {"a": 1}, "2": {"b": 1, "c": 0}}
	deep := map[string]eval.Judgments{"1": {"a": 2, "b": 0, "c": 0, "d": 0, "e": 0, "f": 1}, "2": {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0}}
	for _, tt := range []struct {
		flag, want string
		qrels      map[string]eval.Judgments
		level      int
	}{
		{unjudgedAuto, unjudgedIrrelevant, sparse, 1},
		{unjudgedAuto, unjudgedIrrelevant, deep, 1}, // 4 and 5
		{unjudgedAuto, unjudgedSkip, deep, 2},       // 5 and 5
		{unjudgedSkip, unjudgedSkip, sparse, 1},
		{unjudgedIrrelevant, unjudgedIrrelevant, deep, 2},
	} {
		f := &calibrateFlags{unjudged: tt.flag}
		if got := f.policy(tt.qrels, tt.level); got != tt.want {
			t.Errorf("%s at level %d: %s, want %s", tt.flag, tt.level, got, tt.want)
		}
	}
}

// Pairs are the candidates and then the judged documents that retrieval missed, each once.
func TestChosenPairs(t *testing.T) {
	j := eval.Judgments{"a": 1, "z": 1, "y": 0, "q": 1}
	source := &judgedSource{Unjudged: unjudgedIrrelevant}
	f := &calibrateFlags{excludeSameID: true}
	if got := f.choose("q", []string{"c", "q", "a"}, j, source); !slices.Equal(got, []string{"c", "a", "y", "z"}) || source.Assumed != 1 || source.Below != 2 {
		t.Errorf("%v, %+v", got, source)
	}
	f.excludeSameID = false
	if got := f.choose("q", nil, j, &judgedSource{Unjudged: unjudgedSkip}); !slices.Equal(got, []string{"a", "q", "y", "z"}) {
		t.Errorf("%v", got)
	}
}

// The built-in calibration is that of the built-in reranker, rises, and says where it is from.
func TestBuiltinCalibrationMatchesItsModel(t *testing.T) {
	c, err := config.Parse(builtin.Calibration())
	if err != nil {
		t.Fatal(err)
	}
	cross, err := encoder.OpenCross(builtin.Reranker, encoder.AtPrecision(encoder.FP32))
	if err != nil {
		t.Fatal(err)
	}
	defer cross.Close()
	fingerprint, err := cross.Model().Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	k, ok := c.Calibration[fingerprint]
	if !ok || len(c.Calibration) != 1 {
		t.Fatalf("no calibration for %s: make it again, as docs/calibration.md says", fingerprint)
	}
	if k.Model != builtin.Reranker || k.Map.Flat() || k.Map.IsSigmoid() || len(k.From.Collections) == 0 || k.From.Queries < 100 || k.From.Measures["relevant"] < fewRelevant {
		t.Errorf("%+v", k)
	}
	if k.From.MaxTokens != cross.MaxTokens() {
		t.Errorf("calibrated on pairs of %d tokens, the reranker reads %d", k.From.MaxTokens, cross.MaxTokens())
	}
	if k.From.Measures["ece"] >= k.From.Measures["ece_before"] || k.From.Measures["log_loss"] >= k.From.Measures["log_loss_before"] {
		t.Errorf("calibrated probabilities are no better: %v", k.From.Measures)
	}
	maps, err := builtin.Calibrations()
	if m, ok := maps[fingerprint]; err != nil || !ok || m.Probability(0.5) != k.Map.Probability(0.5) {
		t.Errorf("%v, %v", maps, err)
	}
}

func TestProbabilityText(t *testing.T) {
	for p, want := range map[float64]string{0: "<0.001", 0.0004: "<0.001", 0.004: "0.004", 0.834: "0.83", 0.5: "0.50", 0.994: "0.994", 0.9999: ">0.999"} {
		if got := probability(p); got != want {
			t.Errorf("%v is %s, want %s", p, got, want)
		}
	}
}

func TestMapLine(t *testing.T) {
	for _, tt := range []struct {
		m    calibration.Map
		want string
	}{
		{calibration.Map{Method: calibration.Platt, A: 0.5, B: -1.25}, "probability = sigmoid(0.5 · logit -1.25)"},
		{calibration.Map{Method: calibration.Platt, A: 0, B: 0}, "every logit has the probability 0.50"},
		{calibration.Map{Method: calibration.Isotonic, Knots: []calibration.Knot{{Logit: -2, Probability: 0.1}, {Logit: 3, Probability: 0.9}}}, "a line through 2 knots, from 0.10 at logit -2.00 to 0.90 at 3.00"},
	} {
		if got := mapLine(tt.m); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if cuts := bandCuts(calibration.Map{Method: calibration.Platt, A: 1, B: 0}); len(cuts) != 2 || cuts[0].Logit == nil || math.Abs(*cuts[0].Logit-math.Ln2) > 1e-6 {
		t.Errorf("%+v", cuts)
	}
}

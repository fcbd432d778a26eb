// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var inf32 = float32(math.Inf(1))

func TestSigmoid(t *testing.T) {
	for _, m := range []Map{Sigmoid(), {}} {
		if !m.IsSigmoid() || m.Flat() || m.Validate() != nil {
			t.Errorf("%+v: sigmoid %v, flat %v, error %v", m, m.IsSigmoid(), m.Flat(), m.Validate())
		}
		for _, tt := range []struct {
			logit float32
			want  float64
		}{{0, 0.5}, {5, 0.9933071490757153}, {-5, 0.0066928509242848554}, {inf32, 1 - Smallest}, {-inf32, Smallest}, {-1000, Smallest}} {
			if got := m.Probability(tt.logit); math.Abs(got-tt.want) > 1e-16 {
				t.Errorf("probability of %v = %v, want %v", tt.logit, got, tt.want)
			}
		}
		if !math.IsNaN(m.Probability(float32(math.NaN()))) || !math.IsNaN(m.Logit(math.NaN())) {
			t.Error("NaN is lost")
		}
		for p, want := range map[float64]float64{0.5: 0, 0.9: math.Log(9), 0.01: -math.Log(99)} {
			if got := m.Logit(p); math.Abs(got-want) > 1e-6 {
				t.Errorf("logit of %v = %v, want %v", p, got, want)
			}
		}
		if !math.IsInf(m.Logit(0), -1) || !math.IsInf(m.Logit(1), 1) {
			t.Errorf("logits of 0 and 1: %v and %v", m.Logit(0), m.Logit(1))
		}
	}
}

func TestIsotonicMapInterpolates(t *testing.T) {
	m := Map{Method: Isotonic, Knots: []Knot{{-1, 0.1}, {1, 0.5}, {3, 0.5}, {4, 0.9}}}
	for logit, want := range map[float32]float64{-9: 0.1, -1: 0.1, 0: 0.3, 1: 0.5, 2: 0.5, 3.5: 0.7, 4: 0.9, 100: 0.9, inf32: 0.9} {
		if got := m.Probability(logit); math.Abs(got-want) > 1e-15 {
			t.Errorf("probability of %v = %v, want %v", logit, got, want)
		}
	}
	for p, want := range map[float64]float64{0.05: math.Inf(-1), 0.1: math.Inf(-1), 0.3: 0, 0.5: 1, 0.7: 3.5, 0.9: 4, 0.95: math.Inf(1)} {
		if got := m.Logit(p); got != want && !(math.Abs(got-want) < 1e-6) {
			t.Errorf("logit of %v = %v, want %v", p, got, want)
		}
	}
}

// anyMap draws a valid map.
func anyMap(t *rapid.T) Map {
	if rapid.Bool().Draw(t, "platt") {
		return Map{
			Method: Platt, A: rapid.OneOf(rapid.Float64Range(0, 5), rapid.Float64Range(0, math.MaxFloat64)).Draw(t, "a"),
			B: rapid.OneOf(rapid.Float64Range(-5, 5), rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64)).Draw(t, "b"),
		}
	}
	logit := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.Float64Range(-math.MaxFloat32, math.MaxFloat32))
	logits := rapid.SliceOfNDistinct(logit, 1, 12, rapid.ID[float64]).Draw(t, "logits")
	slices.Sort(logits)
	logits = slices.Compact(logits) // -0 and 0
	p := rapid.SliceOfN(rapid.Float64Range(Smallest, 1-Smallest), len(logits), len(logits)).Draw(t, "p")
	slices.Sort(p)
	m := Map{Method: Isotonic}
	for i := range logits {
		m.Knots = append(m.Knots, Knot{logits[i], p[i]})
	}
	return m
}

func checkMap(t interface{ Fatalf(string, ...any) }, m Map, logits []float32) {
	if err := m.Validate(); err != nil {
		t.Fatalf("%v", err)
	}
	slices.Sort(logits)
	before := 0.0
	for _, x := range append(logits, inf32) {
		p := m.Probability(x)
		if !(p >= Smallest && p <= 1-Smallest) {
			t.Fatalf("probability of %v is %v", x, p)
		}
		if p < before {
			t.Fatalf("probability falls from %v to %v at %v", before, p, x)
		}
		before = p
	}
}

func TestMapProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMap(t)
		any32 := rapid.OneOf(rapid.Float32Range(-12, 12), rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32))
		checkMap(t, m, rapid.SliceOf(any32).Draw(t, "x"))
		p := rapid.Float64Range(0, 1).Draw(t, "level")
		x := m.Logit(p)
		switch {
		case math.IsInf(x, -1):
			if m.Probability(-inf32) < p {
				t.Fatalf("not every logit reaches %v", p)
			}
		case math.IsInf(x, 1):
			if m.Probability(inf32) >= p {
				t.Fatalf("some logit reaches %v", p)
			}
		default:
			f := float32(x)
			if float64(f) != x || m.Probability(f) < p || m.Probability(math.Nextafter32(f, -inf32)) >= p {
				t.Fatalf("logit of %v is %v, of probability %v", p, x, m.Probability(f))
			}
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Map
		if err := json.Unmarshal(data, &back); err != nil || !cmp.Equal(back, m) {
			t.Fatalf("%s became %+v (%v)", data, back, err)
		}
	})
}

func TestMapJSON(t *testing.T) {
	for _, tt := range []struct {
		m    Map
		text string
	}{
		{Map{}, `{"method":"platt","a":1,"b":0}`},
		{Map{Method: Platt, A: 0.5, B: -1.25}, `{"method":"platt","a":0.5,"b":-1.25}`},
		{
			Map{Method: Isotonic, Knots: []Knot{{-1, 0.25}, {2, 0.75}}},
			`{"method":"isotonic","knots":[{"logit":-1,"probability":0.25},{"logit":2,"probability":0.75}]}`,
		},
	} {
		data, err := json.Marshal(tt.m)
		if err != nil || string(data) != tt.text {
			t.Errorf("%s (%v), want %s", data, err, tt.text)
		}
	}
	for _, m := range []Map{{Method: Platt, A: math.NaN()}, {Method: Platt, A: 1, B: math.Inf(1)}, {Method: Isotonic}, {Method: "spline"}, {A: 1}} {
		if data, err := json.Marshal(m); err == nil {
			t.Errorf("%+v became %s", m, data)
		}
	}
}

func TestMapJSONRefuses(t *testing.T) {
	knots := strings.Repeat(`{"logit":0,"probability":0.5},`, MaxKnots)
	for text, want := range map[string]string{
		`null`:                                         "want a JSON object",
		`[]`:                                           "want a JSON object",
		`{}`:                                           `"method" is missing`,
		`{"method":null,"a":1,"b":0}`:                  `"method" is missing`,
		`{"method":"plat","a":1,"b":0}`:                `method is "plat"`,
		`{"method":"platt","a":1}`:                     `"b" is missing`,
		`{"method":"platt","a":1,"b":"0"}`:             `field "b"`,
		`{"method":"platt","a":1,"b":1e999}`:           `field "b"`,
		`{"method":"platt","a":-1,"b":0}`:              "slope is -1",
		`{"method":"platt","a":1,"b":0,"b":1}`:         "given twice",
		`{"Method":"platt","a":1,"b":0}`:               `did you mean "method"`,
		`{"method":"platt","a":1,"b":0,"weight":1}`:    "unknown field",
		`{"method":"platt","a":1,"b":0,"knots":[]}`:    "does not belong",
		`{"method":"isotonic","a":1,"knots":[]}`:       "does not belong",
		`{"method":"isotonic"}`:                        `"knots" is missing`,
		`{"method":"isotonic","knots":[]}`:             "0 knots",
		`{"method":"isotonic","knots":[1]}`:            "knot 0",
		`{"method":"isotonic","knots":[{"logit":1}]}`:  `"probability" is missing`,
		`{"method":"isotonic","knots":[{"logits":1}]}`: `did you mean "logit"`,
		`{"method":"isotonic","knots":[{"logit":1e39,"probability":0.5}]}`:                                    "range of float32",
		`{"method":"isotonic","knots":[{"logit":1,"probability":1}]}`:                                         "not between 0 and 1",
		`{"method":"isotonic","knots":[{"logit":1,"probability":0.5},{"logit":1,"probability":0.6}]}`:         "must rise",
		`{"method":"isotonic","knots":[{"logit":1,"probability":0.5},{"logit":2,"probability":0.4}]}`:         "must not fall",
		`{"method":"isotonic","knots":[` + knots + `{"logit":0,"probability":0.5}]}`:                          "1001 knots",
		`{"method":"platt","a":1,"b":0` + strings.Repeat(" ", maxJSON) + `}`:                                  "at most",
		`{"method":"isotonic","knots":[{"logit":0,"probability":0.5},{"logit":1,"probability":0.6,"p":0.7}]}`: "knot 1",
	} {
		m := Map{Method: Platt, A: 3}
		err := json.Unmarshal([]byte(text), &m)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: error %v, want %q", text, err, want)
		}
		if d := cmp.Diff(Map{Method: Platt, A: 3}, m); d != "" {
			t.Errorf("%.100s: the map was changed: %s", text, d)
		}
	}
}

func FuzzMap(f *testing.F) {
	f.Add([]byte(`{"method":"platt","a":0.5,"b":-1.25}`))
	f.Add([]byte(`{"method":"isotonic","knots":[{"logit":-1,"probability":0.25},{"logit":2,"probability":0.75}]}`))
	f.Add([]byte(`{"knots":[{}],"method":"isotonic"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Map
		if err := json.Unmarshal(data, &m); err != nil {
			return
		}
		checkMap(t, m, []float32{-math.MaxFloat32, -100, -1, 0, 1e-40, 1, 2, 100, math.MaxFloat32})
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Map
		if err := json.Unmarshal(again, &back); err != nil || !cmp.Equal(back, m) {
			t.Fatalf("%s became %s (%v)", data, again, err)
		}
		for _, p := range []float64{0, 0.1, 0.5, 0.9, 1} {
			if x := m.Logit(p); math.IsNaN(x) {
				t.Fatalf("logit of %v is NaN", p)
			}
		}
	})
}

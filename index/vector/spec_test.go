// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSpec(t *testing.T) {
	for text, want := range map[string]string{
		"auto": "auto", "flat": "flat", "FLAT": "flat", "flat,fp32": "flat", "flat,fp32,none": "flat", "flat,fp32,fp32": "flat",
		"hnsw": "hnsw16", "hnsw32": "hnsw32", "hnsw32:128": "hnsw32", "hnsw32:200": "hnsw32:200", "hnsw:64": "hnsw16:64",
		"hnsw16,int8": "hnsw16,int8", "hnsw16,int8,fp16": "hnsw16,int8,fp16",
		"flat,int8,none": "flat,int8,none", "flat,fp16": "flat,fp16", "flat,fp16,fp16": "flat,fp16,none",
		"ivf1024,pq48": "ivf1024,pq48", "ivf": "ivf", "ivf,pq": "ivf,pq", "flat,binary": "flat,binary", "flat,binary,fp16": "flat,binary,fp16",
	} {
		spec, err := ParseSpec(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := spec.String(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if again, err := ParseSpec(spec.String()); err != nil || again != spec {
			t.Errorf("%q: again %+v, %v, want %+v", text, again, err, spec)
		}
	}
	if got := (Spec{}).String(); got != "auto" {
		t.Errorf("zero value: %q", got)
	}
}

func TestParseSpecErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                       `"": unknown kind`,
		"hsnw32":                 `"hsnw32": unknown kind (did you mean "hnsw"?)`,
		"flat8":                  `"flat8": flat has no number`,
		"auto,int8":              "auto chooses the encoding itself",
		"hnsw1":                  `links of a node "1": must be a number from 2 to 256`,
		"hnsw16:":                `must be a number from 4 to 4096`,
		"hnsw16x":                `"16x": must be a number`,
		"hnsw99999999999999999":  "must be a number from 2 to 256",
		"ivf0":                   "number of lists",
		"ivf16:3":                "number of lists",
		"flat,in8":               `"in8": unknown encoding (did you mean "int8"?)`,
		"flat,int8x":             "unknown encoding",
		"flat,pq0":               "bytes a row",
		"flat,":                  `"": unknown encoding`,
		"flat,int8,fp23":         `(did you mean "fp32"?)`,
		"flat,pq8,none":          "pq finds candidates only",
		"flat,binary,none":       "binary finds candidates only",
		"flat,fp32,fp16":         "write flat,fp16",
		"flat,int8,fp32,fp32":    "fourth part",
		strings.Repeat("x", 100): "longer than 64 bytes",
	} {
		_, err := ParseSpec(text)
		var specError *SpecError
		if !errors.As(err, &specError) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		text   string
		n, dim int
		want   string
	}{
		{"auto", 0, 384, "flat"},
		{"auto", autoFlat, 384, "flat"},
		{"auto", autoFlat + 1, 384, "hnsw16,int8"},
		{"ivf", 1_000_000, 384, "ivf2000"},
		{"ivf1024", 100, 8, "ivf25"},
		{"ivf1024", 0, 8, "ivf1"},
		{"flat,pq", 9, 384, "flat,pq48"},
		{"flat,pq48", 9, 3, "flat,pq3"},
		{"hnsw32,int8", 9, 3, "hnsw32,int8"},
	} {
		spec, err := ParseSpec(c.text)
		if got := spec.Resolve(c.n, c.dim).String(); err != nil || got != c.want {
			t.Errorf("%s for %d×%d: %s, %v, want %s", c.text, c.n, c.dim, got, err, c.want)
		}
	}
	if got := (Spec{}).Resolve(1e6, 2).String(); got != "hnsw16,int8" {
		t.Errorf("zero value: %s", got)
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, text := range []string{"auto", "hnsw32:200,int8,fp16", "ivf1024,pq48", "flat,binary", "hnsw16,int8,none", ",,", "pq"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := ParseSpec(text)
		if err != nil {
			return
		}
		if again, err := ParseSpec(spec.String()); err != nil || again != spec {
			t.Errorf("%q: %+v, then %+v, %v", text, spec, again, err)
		}
		resolved := spec.Resolve(1000, 8)
		if again := resolved.Resolve(1000, 8); again != resolved || resolved.Kind == KindAuto {
			t.Errorf("%q: resolved to %+v, then to %+v", text, resolved, again)
		}
	})
}

func TestSpecRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Spec{
			Kind: KindHNSW, M: rapid.IntRange(minM, maxM).Draw(t, "m"), EfConstruction: rapid.IntRange(minEfConstruction, maxEfConstruction).Draw(t, "ef"),
			Encoding: rapid.SampledFrom([]Encoding{Float32, Float16, Int8, Binary}).Draw(t, "encoding"),
			Fine:     rapid.SampledFrom([]Encoding{Float32, Float16}).Draw(t, "fine"),
		}.canonical()
		if again, err := ParseSpec(s.String()); err != nil || again != s {
			t.Fatalf("%s: %+v, %v, want %+v", s, again, err, s)
		}
	})
}

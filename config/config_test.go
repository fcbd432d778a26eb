// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval/calibration"
)

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	path, found, err := Find(below)
	if err != nil || found || path != filepath.Join(below, Name) {
		t.Fatalf("%s, %v, %v", path, found, err)
	}
	want := Config{
		Search:      winnow.Settings{Mode: winnow.Hybrid, Rerank: "auto@20", Candidates: 100},
		Precision:   "int8",
		Tuned:       &Provenance{Collections: []string{"scifact"}, Queries: 300, Winnow: "devel", Measures: map[string]float64{"nDCG@10": 0.7}, Precision: "int8", MaxTokens: 128, Fingerprint: "sha256:cd", Vectors: "hnsw32", Passages: "split"},
		Calibration: map[string]Calibration{"sha256:ab": {Model: "m", Map: calibration.Map{Method: calibration.Platt, A: 1.5, B: -0.25}, From: Provenance{Pairs: 7}}},
	}
	if err := want.Save(filepath.Join(dir, Name)); err != nil {
		t.Fatal(err)
	}
	path, found, err = Find(below)
	if err != nil || !found || path != filepath.Join(dir, Name) {
		t.Fatalf("%s, %v, %v", path, found, err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, *got); d != "" {
		t.Error(d)
	}
	if m := got.Maps(); len(m) != 1 || m["sha256:ab"].A != 1.5 {
		t.Errorf("%v", m)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "line 1: it is empty",
		"{\n\"search\": {\"mod\": \"dense\"}}": `line 2: unknown field "mod": did you mean "mode"?`,
		"{\n\n\"search\": {\"candidates\": \"x\"}}":      "line 3: field search.candidates: want a whole number, got string",
		`{"search": {"rerank": "a@0"}}`:                  "field search",
		`{"search": {"mode": "fuzzy"}}`:                  `unknown mode "fuzzy"`,
		`{"search": {"candidates": -1}}`:                 "candidates",
		`{"precision": "int7"}`:                          "field precision",
		`{"search": {"budget": "5"}}`:                    `line 1: field search.budget: "5" is not a time: want one with its unit, as in 50ms`,
		`{} {}`:                                          "line 1: more than one",
		"{\"search\": {\n\"budget\": \"5 apples\"\n}\n}": `line 2: field search.budget: "5 apples" is not a time`,
		"{\"calibration\": {\"f\": {\n\"map\": {\n\"method\": \"plat\"}\n}}}": `line 2: field calibration.f.map: calibration map: method is "plat"`,
		"{}\n}":                             "line 2: text after the end",
		"null":                              "line 1: want a JSON object",
		"[]":                                "line 1: want a JSON object",
		`{"Search": {}}`:                    `line 1: unknown field "Search": did you mean "search"?`,
		`{"zzzzzzzzzzzz": 1}`:               `line 1: unknown field "zzzzzzzzzzzz": known here are search, precision, tuned, calibration`,
		`{"mode": "dense"}`:                 `unknown field "mode": known here are search`,
		"{\"search\": {},\n\"search\": {}}": `line 2: field "search" is there twice`,
		`{"search": {"ef": 1, "ef": 2}}`:    `field "ef" is there twice`,
		`{"search": {"fusion": {"K": 2}}}`:  `unknown field "K"`,
		`{"calibration": {"f": {"model": "m"}, "f": {"model": "m"}}}`:             `field "f" is there twice`,
		`{"tuned": {"measures": {"a": 1, "a": 2}}}`:                               `field "a" is there twice`,
		`{"calibration": {"f": {"model": "m"}}}`:                                  "calibration of m (f): field map is missing",
		`{"search": {"bm25_k1": -5}}`:                                             "field search: BM25: k1 = -5",
		`{"search": {"bm25_b": 2}}`:                                               "field search: BM25: b = 2",
		`{"search": {"bm25_variant": "bm25"}}`:                                    `field search: unknown BM25 variant "bm25": did you mean "bm25`,
		`{"search": {"bm25_delta": -1}}`:                                          "field search: BM25: delta = -1",
		`{"search": {"bm25_title_weight": 5000}}`:                                 "field search: BM25: title weight = 5000",
		`{"search": {"rerank": "off@10"}}`:                                        "off reads nothing",
		`{"search": {`:                                                            "line 1: the text ends inside",
		`{"search": [}`:                                                           "line 1: not JSON: invalid character",
		`{"calibration": {"f": {"model": "m", "map": {"method": "platt"}}}}`:      "line 1",
		`{"calibration": {"f": {"model": "m"}}} trailing`:                         "line 1",
		`{"calibration": {"f": {"map": {"method":"isotonic","knots":[]}}}}`:       "line 1",
		`{"calibration": {"f": {"map": {"method":"platt","a":-1,"b":0}}}, "a":1}`: "line 1",
	} {
		c, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, error %v, want one with %q", text, c, err, want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, Name)); err == nil {
		t.Error("no file, no error")
	}
	huge := filepath.Join(dir, "huge.json")
	if err := os.WriteFile(huge, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(huge); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"search":{"mode":"hybrid","fusion":{"method":"rrf","k":60,"dense_weight":1,"lexical_weight":1}}}`))
	f.Add([]byte(`{"calibration":{"f":{"model":"m","map":{"method":"platt","a":1,"b":0},"from":{}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), Name)
		if err := c.Save(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err != nil {
			t.Fatalf("%s was read, written and not read again: %v", data, err)
		}
	})
}

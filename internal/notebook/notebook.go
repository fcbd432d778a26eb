// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package notebook holds the small corpus, the queries and the examples of the notebooks that winnow follows, with
// the values they print and the values that sentence-transformers computes: what `winnow demo` tells and the golden
// tests compare with.
package notebook

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Models that the notebooks use. The large one is for the question about the most visited monument.
const (
	BiEncoder         = "sentence-transformers/all-MiniLM-L6-v2"
	CrossEncoder      = "cross-encoder/ms-marco-MiniLM-L-6-v2"
	LargeCrossEncoder = "cross-encoder/ms-marco-MiniLM-L-12-v2"
)

// Numbers that the notebooks evaluate with.
const (
	Candidates = 5  // k of the first stage
	Cutoff     = 3  // k of P@k
	Repeats    = 50 // how often the speed comparison takes the documents of [Values].Basics
)

// SpeedQuery is the query of the speed comparison.
const SpeedQuery = "password reset"

// Text is a text with its id.
type Text struct{ ID, Text string }

// Query is a question to the corpus.
type Query struct {
	Text   string
	Gold   string    // id of the document that answers it; empty if the notebook names none
	Cosine []float64 // by the reference, for each document of the corpus
}

// Scored is an id with the score that a notebook prints for it.
type Scored struct {
	ID    string  `json:"id"`
	Score float64 `json:"score"`
}

// Stages is a measure before and after reranking.
type Stages struct {
	Bi       float64 `json:"bi"`
	Reranked float64 `json:"reranked"`
}

// Printed is what the notebook of the corpus prints, with the models it uses. Lists are best first.
type Printed struct {
	Top, Reranked           []Scored // for the smoke query: cosines, then logits
	ShiftTop, ShiftReranked []string // ids for the rank shift query
	PAt3, MRR               Stages
}

// Example is a query and a few documents.
type Example struct {
	Query     string
	Documents []string
	Cosine    []float64 // by the reference, for each document; nil where it was not computed
}

// Matrix is some queries against some documents.
type Matrix struct {
	Queries   []string
	Documents []string
	Cosine    [][]float64 // by the reference: a row for each query
}

// Values is everything. It must not be changed.
type Values struct {
	About   string // where the values are from
	Corpus  []Text // d1 to d8
	Queries []Query
	Smoke   Query // the first question
	Shift   Query // the question whose ranks shift
	Printed Printed

	Eiffel       Example // a question, and the same question among the documents
	Intelligence Example // what the text on the two architectures uses
	Basics       Example // how to reset a password
	Tricky       Example // an answer without the query's words, and one stuffed with them
	Weather      Example // for the bands; without reference values
	Matrix       Matrix
}

//go:embed notebooks.json
var data []byte

var parsed = sync.OnceValues(func() (*Values, error) { return parse(data) })

// Load returns the values that come with winnow.
func Load() (*Values, error) { return parsed() }

// rawExample and raw are the file.
type rawExample struct {
	Query     string    `json:"query"`
	Documents []string  `json:"documents"`
	Cosine    []float64 `json:"bi_encoder_cosine"`
	Expected  []string  `json:"expected_ms_marco_bands"`
}

type raw struct {
	About       string `json:"about"`
	Notebook002 struct {
		Corpus  map[string]string `json:"corpus"`
		Queries []struct {
			Text   string             `json:"text"`
			Gold   string             `json:"gold"`
			Cosine map[string]float64 `json:"bi_encoder_cosine"`
		} `json:"queries"`
		SmokeQuery  string             `json:"smoke_query"`
		SmokeCosine map[string]float64 `json:"smoke_query_bi_encoder_cosine"`
		SmokeTop    []scored           `json:"printed_bi_encoder_top5"`
		SmokeCross  []scored           `json:"printed_cross_encoder_ms_marco_MiniLM_L6_v2"`
		Metrics     struct {
			PAt3 Stages `json:"P@3"`
			MRR  Stages `json:"MRR"`
		} `json:"printed_metrics_k_candidates_5"`
		ShiftQuery    string             `json:"rank_shift_query"`
		ShiftCosine   map[string]float64 `json:"rank_shift_query_bi_encoder_cosine"`
		ShiftTop      []string           `json:"printed_rank_shift_bi"`
		ShiftReranked []string           `json:"printed_rank_shift_reranked"`
	} `json:"notebook_002"`
	Notebook000 rawExample `json:"notebook_000"`
	Notebook003 struct {
		Basics rawExample `json:"basics"`
		Tricky rawExample `json:"tricky"`
		Matrix struct {
			Queries   []string    `json:"queries"`
			Documents []string    `json:"documents"`
			Cosine    [][]float64 `json:"bi_encoder_cosine"`
		} `json:"matrix"`
		Bands rawExample `json:"bands"`
	} `json:"notebook_003"`
	Document001 rawExample `json:"document_001"`
}

// scored is [id, score].
type scored Scored

// UnmarshalJSON implements json.Unmarshaler.
func (s *scored) UnmarshalJSON(data []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("%d values where an id and a score belong", len(pair))
	}
	return errors.Join(json.Unmarshal(pair[0], &s.ID), json.Unmarshal(pair[1], &s.Score))
}

func parse(data []byte) (*Values, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var r raw
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("notebooks.json: %w", err)
	}
	n := &r.Notebook002
	v := &Values{
		About: r.About,
		Printed: Printed{
			Top: convert(n.SmokeTop), Reranked: convert(n.SmokeCross),
			ShiftTop: n.ShiftTop, ShiftReranked: n.ShiftReranked, PAt3: n.Metrics.PAt3, MRR: n.Metrics.MRR,
		},
		Matrix: Matrix(r.Notebook003.Matrix),
	}
	for _, id := range slices.Sorted(maps.Keys(n.Corpus)) { // one digit, so this is their order
		v.Corpus = append(v.Corpus, Text{id, n.Corpus[id]})
	}
	var errs []error
	query := func(text, gold string, cosine map[string]float64) Query {
		q := Query{Text: text, Gold: gold}
		for _, t := range v.Corpus {
			c, ok := cosine[t.ID]
			if !ok {
				errs = append(errs, fmt.Errorf("query %q has no value for %s", text, t.ID))
			}
			q.Cosine = append(q.Cosine, c)
		}
		return q
	}
	for _, q := range n.Queries {
		v.Queries = append(v.Queries, query(q.Text, q.Gold, q.Cosine))
	}
	v.Smoke = query(n.SmokeQuery, "", n.SmokeCosine)
	v.Shift = query(n.ShiftQuery, "", n.ShiftCosine)
	example := func(e rawExample) Example {
		if e.Cosine != nil && len(e.Cosine) != len(e.Documents) {
			errs = append(errs, fmt.Errorf("example %q has %d documents and %d values", e.Query, len(e.Documents), len(e.Cosine)))
		}
		return Example{e.Query, e.Documents, e.Cosine}
	}
	v.Eiffel, v.Intelligence = example(r.Notebook000), example(r.Document001)
	v.Basics, v.Tricky, v.Weather = example(r.Notebook003.Basics), example(r.Notebook003.Tricky), example(r.Notebook003.Bands)
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("notebooks.json: %w", err)
	}
	return v, nil
}

func convert(list []scored) []Scored {
	out := make([]Scored, len(list))
	for i, s := range list {
		out[i] = Scored(s)
	}
	return out
}

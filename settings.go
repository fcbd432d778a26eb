// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"fmt"
	"time"

	"github.com/winnow-search/winnow/index/lexical"
)

// Settings are the options of a search as data: what a configuration file, a request or a tuner says. A field that is zero
// is not set, and leaves what was set before.
type Settings struct {
	Mode       Mode     `json:"mode,omitempty" jsonschema:"how candidates are found: dense, lexical or hybrid"`
	Candidates int      `json:"candidates,omitempty" jsonschema:"how many passages are retrieved and reranked, 100 if not set"`
	Rerank     string   `json:"rerank,omitempty" jsonschema:"auto, off, or a cross-encoder; MODEL@N reads N candidates, A@100,B@20 in stages"` // off, or stages as in [ParseStages]
	Budget     Duration `json:"budget,omitempty" jsonschema:"end reranking when a search has taken this time, as in 50ms"`
	Fusion     *Fusion  `json:"fusion,omitempty" jsonschema:"how hybrid search joins its lists"`
	BM25Settings
	Ef     int `json:"ef,omitempty" jsonschema:"how widely a graph of vectors is searched"`
	Probes int `json:"probes,omitempty" jsonschema:"how many lists of vectors are searched"`
}

// BM25Settings are those of lexical search; see [lexical.Params].
type BM25Settings struct {
	Variant     string   `json:"bm25_variant,omitempty" jsonschema:"BM25: the formula: lucene, robertson, atire, bm25+ or bm25l"`
	K1          float64  `json:"bm25_k1,omitempty" jsonschema:"BM25: how much a term counts that is there again"`
	B           *float64 `json:"bm25_b,omitempty" jsonschema:"BM25: how much a passage's length counts, 0 to 1"`
	Delta       *float64 `json:"bm25_delta,omitempty" jsonschema:"BM25: what a term that is there counts at least, for bm25+ and bm25l"`
	TitleWeight float64  `json:"bm25_title_weight,omitempty" jsonschema:"BM25: how often a term of the title counts, 1 if not set"`
}

// options set what is set. The rest stays, as a default or what another place has set.
func (s BM25Settings) options() ([]SearchOption, error) {
	var opts []SearchOption
	set := func(f func(*lexical.Params)) { opts = append(opts, func(o *searchOptions) { f(&o.bm25) }) }
	if s.Variant != "" {
		v, err := lexical.ParseVariant(s.Variant)
		if err != nil {
			return nil, err
		}
		set(func(p *lexical.Params) { p.Variant = v })
	}
	if s.K1 != 0 {
		set(func(p *lexical.Params) { p.K1 = s.K1 })
	}
	if s.B != nil {
		b := *s.B
		set(func(p *lexical.Params) { p.B = b })
	}
	if s.Delta != nil {
		delta := *s.Delta
		set(func(p *lexical.Params) { p.Delta = delta })
	}
	if s.TitleWeight != 0 {
		set(func(p *lexical.Params) { p.TitleWeight = s.TitleWeight })
	}
	return opts, nil
}

// Duration is a time.Duration whose JSON is a string like "50ms".
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a time: want one with its unit, as in 50ms or 1.5s", b)
	}
	*d = Duration(v)
	return nil
}

// Options are the search options that the settings stand for. Settings that no engine takes are an error.
func (s Settings) Options() ([]SearchOption, error) {
	var opts []SearchOption
	if s.Mode != "" {
		opts = append(opts, In(s.Mode))
	}
	if s.Candidates != 0 {
		opts = append(opts, Candidates(s.Candidates))
	}
	if s.Rerank != "" {
		stages, err := ParseStages(s.Rerank)
		if err != nil {
			return nil, err
		}
		opts = append(opts, Cascade(stages...))
	}
	if s.Budget != 0 {
		opts = append(opts, Budget(time.Duration(s.Budget)))
	}
	if s.Fusion != nil {
		opts = append(opts, Fuse(s.Fusion.complete()))
	}
	words, err := s.options()
	if err != nil {
		return nil, err
	}
	opts = append(opts, words...)
	if s.Ef != 0 {
		opts = append(opts, func(o *searchOptions) { o.ef = s.Ef })
	}
	if s.Probes != 0 {
		opts = append(opts, func(o *searchOptions) { o.probes = s.Probes })
	}
	o := newSearchOptions(opts)
	return opts, o.valid()
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"fmt"
	"time"
)

// Settings are the options of a search as data: what a configuration file, a request or a tuner says. A field that is zero
// is not set, and leaves what was set before.
type Settings struct {
	Mode       Mode     `json:"mode,omitempty" jsonschema:"how candidates are found: dense, lexical or hybrid"`
	Candidates int      `json:"candidates,omitempty" jsonschema:"how many passages are retrieved and reranked, 100 if not set"`
	Rerank     string   `json:"rerank,omitempty" jsonschema:"auto, off, or a cross-encoder; MODEL@N reads N candidates, A@100,B@20 in stages"` // off, or stages as in [ParseStages]
	Budget     Duration `json:"budget,omitempty" jsonschema:"end reranking when a search has taken this time, as in 50ms"`
	Fusion     *Fusion  `json:"fusion,omitempty" jsonschema:"how hybrid search joins its lists"`
	K1         float64  `json:"bm25_k1,omitempty" jsonschema:"BM25: how much a term counts that is there again"`
	B          *float64 `json:"bm25_b,omitempty" jsonschema:"BM25: how much a passage's length counts, 0 to 1"`
	Ef         int      `json:"ef,omitempty" jsonschema:"how widely a graph of vectors is searched"`
	Probes     int      `json:"probes,omitempty" jsonschema:"how many lists of vectors are searched"`
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
		opts = append(opts, Fuse(*s.Fusion))
	}
	// Of BM25 and of the width, what is not set stays: not only the other field, but the variant too.
	if s.K1 != 0 {
		opts = append(opts, func(o *searchOptions) { o.bm25.K1 = s.K1 })
	}
	if s.B != nil {
		b := *s.B
		opts = append(opts, func(o *searchOptions) { o.bm25.B = b })
	}
	if s.Ef != 0 {
		opts = append(opts, func(o *searchOptions) { o.ef = s.Ef })
	}
	if s.Probes != 0 {
		opts = append(opts, func(o *searchOptions) { o.probes = s.Probes })
	}
	o := newSearchOptions(opts)
	return opts, o.valid()
}

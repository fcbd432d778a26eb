// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"fmt"
	"time"
)

// Settings are the options of a search as data: what a configuration file, a request or a tuner says. A field that is zero
// is not set, and leaves what was set before.
type Settings struct {
	Mode       Mode     `json:"mode,omitempty"`
	Candidates int      `json:"candidates,omitempty"`
	Rerank     string   `json:"rerank,omitempty"` // off, or stages as in [ParseStages]
	Budget     Duration `json:"budget,omitempty"`
	Fusion     *Fusion  `json:"fusion,omitempty"`
	K1         float64  `json:"bm25_k1,omitempty"`
	B          *float64 `json:"bm25_b,omitempty"`
	Ef         int      `json:"ef,omitempty"`
	Probes     int      `json:"probes,omitempty"`
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

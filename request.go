// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"cmp"
	"fmt"

	"github.com/winnow-search/winnow/index/filter"
)

// Request is a search as data: what a command line, an HTTP request, a tool call and a form have in common. A field that is zero
// is not set.
type Request struct {
	Query string `json:"query" jsonschema:"what to look for"`
	TopK  int    `json:"top_k,omitempty" jsonschema:"the number of hits, 10 if not set"`
	Settings
	Filter    string  `json:"filter,omitempty" jsonschema:"only documents whose metadata match, as in: lang = \"en\" and year >= 2020"`
	Diversity float64 `json:"diversity,omitempty" jsonschema:"avoid hits that repeat others: 0 not at all, 1 at any price"`
	Exact     bool    `json:"exact,omitempty" jsonschema:"compare every vector, whatever the index"`
	Explain   bool    `json:"explain,omitempty" jsonschema:"say how hits came about"`
	Snippets  bool    `json:"snippets,omitempty" jsonschema:"say which part of a hit's text is why it is there"`
}

// A RequestError says that a search asks for what cannot be: the asker has to change it.
type RequestError struct{ Err error }

// Error implements error.
func (e *RequestError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *RequestError) Unwrap() error { return e.Err }

// asked makes an error the asker's.
func asked(err error) error {
	if err == nil {
		return nil
	}
	return &RequestError{err}
}

// Options are the options that the request stands for, beside base, which holds where the request says nothing. What no engine takes
// is a [*RequestError] that names the field.
func (r Request) Options(base Settings) ([]SearchOption, error) {
	opts, err := r.options(base)
	return opts, asked(err)
}

func (r Request) options(base Settings) ([]SearchOption, error) {
	switch {
	case r.TopK < 0:
		return nil, fmt.Errorf("field top_k: %d; it must be at least 1", r.TopK)
	case r.Candidates < 0:
		return nil, fmt.Errorf("field candidates: %d; it must be at least 1", r.Candidates)
	case !(r.Diversity >= 0 && r.Diversity <= 1):
		return nil, fmt.Errorf("field diversity: %v; it must be from 0 to 1", r.Diversity)
	}
	if r.Filter != "" {
		if _, err := filter.Parse(r.Filter); err != nil {
			return nil, fmt.Errorf("field filter: %w", err)
		}
	}
	opts, err := base.Options()
	if err != nil {
		return nil, err
	}
	own, err := r.Settings.Options()
	if err != nil {
		return nil, err
	}
	opts = append(opts, own...)
	opts = append(opts, TopK(cmp.Or(r.TopK, defaultTopK)), Filter(r.Filter), Diversity(1-r.Diversity))
	for _, o := range []struct {
		set    bool
		option SearchOption
	}{{r.Exact, Exact()}, {r.Explain, Explain()}, {r.Snippets, Snippets()}} {
		if o.set {
			opts = append(opts, o.option)
		}
	}
	return opts, nil
}

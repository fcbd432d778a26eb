// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/index/vector"
)

// maxDim bounds the dimension of vectors: above every model's, below what makes a row too large to map.
const maxDim = 1 << 16

// Settings are what an index is made with. They do not change afterwards: vectors of two models, or terms of two
// analyzers, in one index would give scores that mean nothing.
type Settings struct {
	Model       string           `json:"model,omitempty"`       // the name that the bi-encoder was opened by, for messages
	Fingerprint string           `json:"fingerprint,omitempty"` // of its weights, tokenizer, pooling and prompts
	Dim         int              `json:"dim"`                   // components of a vector; 0: no vectors, lexical search alone
	Metric      vector.Metric    `json:"metric,omitempty"`
	Precision   string           `json:"precision,omitempty"` // what passages are encoded in, never auto; empty means fp32
	Vectors     string           `json:"vectors,omitempty"`   // the factory string, see [vector.ParseSpec]; empty means auto
	Analyzer    analysis.Options `json:"analyzer"`
	// Terms is the version of the analysis, set when the index is made: another version may give other terms.
	Terms int `json:"terms"`
	// Sizes are the passage sizes that documents were cut with, in the model's tokens; 0 is the default.
	Sizes Sizes `json:"sizes"`
}

// Sizes are a passage's wanted and greatest number of tokens, and how many are repeated from the one before; 0 is the default.
type Sizes struct {
	Target  int `json:"target,omitempty"`
	Max     int `json:"max,omitempty"`
	Overlap int `json:"overlap,omitempty"`
	// Whole makes every document one passage, of which encoders read the beginning: how test collections are searched.
	Whole bool `json:"whole,omitempty"`
}

// checkTerms refuses an index whose terms were cut otherwise than this program cuts them.
func (s *Settings) checkTerms() error {
	if s.Terms != analysis.Version {
		return fmt.Errorf("its terms were cut by version %d of the analysis, this winnow has version %d: export the documents with the winnow that made it, and index them again", s.Terms, analysis.Version)
	}
	return nil
}

// check names the first setting that cannot be.
func (s *Settings) check() error {
	if s.Dim < 0 || s.Dim > maxDim {
		return fmt.Errorf("vectors of dimension %d: from 0 (no vectors) to %d", s.Dim, maxDim)
	}
	if s.Dim == 0 {
		if s.Metric != "" || s.Vectors != "" || s.Precision != "" {
			return errors.New("an index without vectors has neither metric, factory string nor precision: leave them empty")
		}
		return nil
	}
	switch s.Metric {
	case vector.Cosine, vector.Dot, vector.Euclidean:
	default:
		return fmt.Errorf("unknown metric %q: known metrics: %s, %s, %s", s.Metric, vector.Cosine, vector.Dot, vector.Euclidean)
	}
	_, err := s.spec()
	return err
}

// VectorPrecision is what the vectors were computed in; empty if there are none.
func (s *Settings) VectorPrecision() string {
	if s.Dim == 0 {
		return ""
	}
	return cmp.Or(s.Precision, "fp32")
}

// Rounded tells whether an index keeps its vectors in 8 bits alone: what it gives back and takes again is rounded twice.
func (s *Settings) Rounded() bool {
	spec, err := s.spec()
	return err == nil && spec.Encoding == vector.Int8 && spec.Fine == vector.None
}

// spec is the parsed factory string.
func (s *Settings) spec() (vector.Spec, error) {
	if s.Vectors == "" {
		return vector.ParseSpec("auto")
	}
	return vector.ParseSpec(s.Vectors)
}

// A ModelError says that an index was made with another model than the one it is opened with.
type ModelError struct {
	Dir         string // the index directory
	Model       string // that the index was made with
	Fingerprint string
	Given       string // that was asked for
}

// Error names both models and the remedy.
func (e *ModelError) Error() string {
	if e.Model == e.Given {
		return fmt.Sprintf("index %s was made with another version of the model %s (%s): bring that version back, or index the documents anew into another directory",
			e.Dir, e.Model, short(e.Fingerprint))
	}
	return fmt.Sprintf("index %s was made with the model %s, not with %s: use -m %s, or index the documents anew with %s into another directory",
		e.Dir, e.Model, e.Given, e.Model, e.Given)
}

// A PrecisionError says that vectors of another precision than the index's own were to be added to it.
type PrecisionError struct {
	Dir       string // the index directory
	Precision string // that its vectors were computed in
	Given     string // that was asked for
}

// Error names both precisions and the remedy.
func (e *PrecisionError) Error() string {
	return fmt.Sprintf("index %s was made with --precision %s, not %s: leave the flag out to go on with %s, or index the documents anew with %s into another directory",
		e.Dir, e.Precision, e.Given, e.Precision, e.Given)
}

// short cuts a fingerprint to what people compare.
func short(fingerprint string) string {
	const digits = len("sha256:") + 12
	return fingerprint[:min(len(fingerprint), digits)]
}

// Match returns a [*ModelError] unless a model's fingerprint is the one the index was made with.
func (db *DB) Match(model, fingerprint string) error {
	if db.settings.Fingerprint == fingerprint {
		return nil
	}
	return &ModelError{Dir: db.dir, Model: db.settings.Model, Fingerprint: db.settings.Fingerprint, Given: model}
}

// CorruptionError says which file is damaged, where and how.
type CorruptionError = segment.CorruptionError

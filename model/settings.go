// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// similarities are the ways to compare vectors, as config_sentence_transformers.json names them.
var similarities = []string{"cosine", "dot", "euclidean", "manhattan"}

// Bounds on prompts; real models have a few short ones.
const (
	maxPrompts = 10_000
	maxPrompt  = 1 << 20
)

// sentenceSettings is config_sentence_transformers.json.
type sentenceSettings struct {
	ModelType     string             `json:"model_type"`
	Prompts       map[string]*string `json:"prompts"`
	DefaultPrompt *string            `json:"default_prompt_name"`
	Similarity    *string            `json:"similarity_fn_name"`
	Activation    *string            `json:"activation_fn"`
	TruncateDim   *int               `json:"truncate_dim"`
}

// check refuses settings that winnow cannot honour.
func (s *sentenceSettings) check() error {
	kinds := []string{"SentenceTransformer", "CrossEncoder"}
	if s.ModelType != "" && !slices.Contains(kinds, s.ModelType) {
		return unknownName("model_type", s.ModelType, kinds)
	}
	if s.Similarity != nil && !slices.Contains(similarities, *s.Similarity) {
		return unknownName("similarity_fn_name", *s.Similarity, similarities)
	}
	if len(s.Prompts) > maxPrompts {
		return fmt.Errorf("%d prompts are above the limit of %d", len(s.Prompts), maxPrompts)
	}
	for name, p := range s.Prompts {
		if p != nil && len(*p) > maxPrompt {
			return fmt.Errorf("prompt %s has %d bytes, the limit is %d", quoteShort(name), len(*p), maxPrompt)
		}
	}
	if d := s.DefaultPrompt; d != nil {
		if _, ok := s.Prompts[*d]; !ok {
			return unknownName("default_prompt_name", *d, sortedKeys(s.Prompts))
		}
	}
	if s.TruncateDim != nil && *s.TruncateDim < 1 {
		return fmt.Errorf("truncate_dim is %d", *s.TruncateDim)
	}
	return nil
}

// prompts returns the prompts by name; null counts as empty, as in the reference.
func (s *sentenceSettings) prompts() map[string]string {
	out := make(map[string]string, len(s.Prompts))
	for name, p := range s.Prompts {
		out[name] = *cmp.Or(p, new(string))
	}
	return out
}

// transformerFiles are the names that releases of sentence-transformers gave to the settings of
// the Transformer module; the first that is there counts.
var transformerFiles = []string{
	"sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json",
	"sentence_camembert_config.json", "sentence_albert_config.json", "sentence_xlm-roberta_config.json",
	"sentence_xlnet_config.json",
}

// transformerSettings is sentence_bert_config.json.
type transformerSettings struct {
	MaxLength      *int           `json:"max_seq_length"`
	LowerCase      bool           `json:"do_lower_case"`
	QueryLength    *int           `json:"query_length"`
	DocumentLength *int           `json:"document_length"`
	Expansion      map[string]any `json:"query_expansion"`
	Processing     map[string]any `json:"processing_kwargs"`
}

// check refuses the settings of late-interaction models and arguments to the tokenizer.
func (s *transformerSettings) check() error {
	switch {
	case s.MaxLength != nil && *s.MaxLength < 1:
		return fmt.Errorf("max_seq_length is %d", *s.MaxLength)
	case s.QueryLength != nil, s.DocumentLength != nil, s.Expansion != nil:
		return errors.New("query_length, document_length and query_expansion are not supported")
	case len(s.Processing) > 0:
		return fmt.Errorf("processing_kwargs %q are not supported", sortedKeys(s.Processing))
	}
	return nil
}

func readTransformerSettings(f Files, dir string) (s transformerSettings, name string, err error) {
	for _, name := range transformerFiles {
		name = inDir(dir, name)
		found, err := readJSON(f, name, &s)
		if err == nil && !found {
			continue
		}
		if err == nil {
			if err = s.check(); err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
		}
		return s, name, err
	}
	return s, "", nil
}

// lengths are the places that limit the input, 0 where a place states nothing.
type lengths struct {
	module    int    // max_seq_length of the Transformer module
	file      string // and where it stands
	tokenizer int    // model_max_length of the tokenizer
	positions int    // rows of the position table
}

// noLimit is the least model_max_length that means "none"; transformers writes 10^30 for it.
const noLimit = 1e9

// stated turns model_max_length into a length, 0 for none.
func (s *tokenizerSettings) stated() (int, error) {
	if s.MaxLength == nil || *s.MaxLength >= noLimit {
		return 0, nil
	}
	if n := int(*s.MaxLength); n >= 1 && float64(n) == *s.MaxLength {
		return n, nil
	}
	return 0, fmt.Errorf("model_max_length is %g", *s.MaxLength)
}

// resolve follows sentence-transformers: max_seq_length if the model has modules.json and states
// it, else the tokenizer's model_max_length; never more than the position table has rows.
func (l lengths) resolve() (n int, source string) {
	n, source = l.positions, "config.json: max_position_embeddings"
	switch {
	case l.module > 0 && l.module <= n:
		return l.module, l.file + ": max_seq_length"
	case l.module > 0:
		return n, source
	case l.tokenizer > 0 && l.tokenizer <= n:
		return l.tokenizer, "tokenizer_config.json: model_max_length"
	}
	return n, source
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

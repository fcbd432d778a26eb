// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxModules bounds modules.json; real models have two to five.
const maxModules = 64

// moduleClasses are the sentence-transformers modules that winnow runs.
var moduleClasses = []string{"Transformer", "Pooling", "Dense", "Normalize", "Dropout"}

// moduleEntry is one element of modules.json.
type moduleEntry struct {
	Path   string   `json:"path"`
	Type   string   `json:"type"`
	Kwargs []string `json:"kwargs"`
}

// class returns the class of the module. Releases of sentence-transformers spell the same class
// with different packages (sentence_transformers.models.Pooling,
// sentence_transformers.sentence_transformer.modules.pooling.Pooling), so the last part decides.
func (m moduleEntry) class() (string, error) {
	last := m.Type[strings.LastIndexByte(m.Type, '.')+1:]
	if !slices.Contains(moduleClasses, last) {
		return "", fmt.Errorf("%s: %w", quoteShort(m.Type), unknownName("module", last, moduleClasses))
	}
	if !strings.HasPrefix(m.Type, "sentence_transformers.") {
		return "", fmt.Errorf("module %s is not part of sentence-transformers: custom code is not supported", quoteShort(m.Type))
	}
	return last, nil
}

// pipeline is modules.json in the only order that winnow runs: a transformer, then pooling, then
// dense layers, then normalisation. Dropout does nothing outside of training.
type pipeline struct {
	transformer string   // directory of the transformer's files, "" for the model's own
	pooling     string   // directory of the pooling settings
	hasPooling  bool     // false for cross-encoders
	dense       []string // directories of the dense layers
	normalize   bool
}

// parseModules reads modules.json.
func parseModules(data []byte) (*pipeline, error) {
	var entries []moduleEntry
	if err := decodeJSON(data, &entries); err != nil {
		return nil, err
	}
	if len(entries) == 0 || len(entries) > maxModules {
		return nil, fmt.Errorf("%d modules, supported are 1 to %d", len(entries), maxModules)
	}
	p := &pipeline{}
	for i, m := range entries {
		if err := p.add(i, m); err != nil {
			return nil, fmt.Errorf("module %d: %w", i, err)
		}
	}
	return p, nil
}

func (p *pipeline) add(i int, m moduleEntry) error {
	class, err := m.class()
	if err != nil {
		return err
	}
	if err := checkSubdirectory(m.Path); err != nil {
		return err
	}
	if len(m.Kwargs) > 0 {
		return fmt.Errorf("kwargs %q are not supported", m.Kwargs)
	}
	if (class == "Transformer") != (i == 0) {
		return errors.New("the first module, and only the first, must be a Transformer")
	}
	switch class {
	case "Transformer":
		p.transformer = m.Path
	case "Pooling":
		if p.hasPooling {
			return errors.New("a second Pooling is not supported")
		}
		p.pooling, p.hasPooling = m.Path, true
	case "Dense":
		if !p.hasPooling || p.normalize {
			return errors.New("Dense is supported after Pooling and before Normalize only")
		}
		p.dense = append(p.dense, m.Path)
	case "Normalize":
		if !p.hasPooling {
			return errors.New("Normalize is supported after Pooling only")
		}
		p.normalize = true
	}
	return nil
}

// Pooling modes, as sentence-transformers names them.
const (
	PoolCLS          = "cls"                  // the first token
	PoolMax          = "max"                  // the largest value of each dimension
	PoolMean         = "mean"                 // the mean over tokens
	PoolMeanSqrtLen  = "mean_sqrt_len_tokens" // the sum over tokens divided by the root of their number
	PoolWeightedMean = "weightedmean"         // the mean weighted by position, counted from 1
	PoolLastToken    = "lasttoken"            // the last token
)

// Pooling says how token vectors become one vector.
type Pooling struct {
	Modes         []string // one or more of the Pool… names; several are concatenated in this order
	Dim           int      // width of a token vector, as the pooling settings state it
	IncludePrompt bool     // whether the tokens of a prompt take part
}

// OutputDim is the width of the pooled vector.
func (p Pooling) OutputDim() int { return len(p.Modes) * p.Dim }

// poolingModes maps the old switches to mode names, in the order of concatenation.
var poolingModes = []struct{ key, mode string }{
	{"pooling_mode_cls_token", PoolCLS},
	{"pooling_mode_max_tokens", PoolMax},
	{"pooling_mode_mean_tokens", PoolMean},
	{"pooling_mode_mean_sqrt_len_tokens", PoolMeanSqrtLen},
	{"pooling_mode_weightedmean_tokens", PoolWeightedMean},
	{"pooling_mode_lasttoken", PoolLastToken},
}

// parsePooling reads the settings of a Pooling module: the switches pooling_mode_* of older
// releases or the pooling_mode of newer ones, a name or a list of names. As in the reference
// pooling_mode wins where both are given, and switches that are all off mean the mean.
func parsePooling(data []byte) (Pooling, error) {
	p := Pooling{IncludePrompt: true}
	var raw map[string]json.RawMessage
	if err := decodeJSON(data, &raw); err != nil {
		return p, err
	}
	field := func(key string, v any) error {
		if err := decodeJSON(raw[key], v); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	}
	known := []string{"word_embedding_dimension", "embedding_dimension", "pooling_mode", "include_prompt"}
	for _, m := range poolingModes {
		known = append(known, m.key)
	}
	var switches int
	for _, key := range sortedKeys(raw) {
		if !slices.Contains(known, key) {
			return p, unknownName("key", key, known)
		}
		var err error
		switch key {
		case "word_embedding_dimension", "embedding_dimension":
			err = field(key, &p.Dim)
		case "include_prompt":
			err = field(key, &p.IncludePrompt)
		case "pooling_mode":
		default:
			switches++
		}
		if err != nil {
			return p, err
		}
	}
	var err error
	switch mode, ok := raw["pooling_mode"]; {
	case ok:
		p.Modes, err = parseModes(mode)
	case switches > 0:
		p.Modes, err = modesFromSwitches(raw)
	default:
		err = errors.New("no pooling mode is stated (pooling_mode, or pooling_mode_mean_tokens and its like)")
	}
	return p, err
}

// parseModes reads a name or a list of names.
func parseModes(data json.RawMessage) ([]string, error) {
	var modes []string
	var one string
	if json.Unmarshal(data, &one) == nil {
		modes = []string{one}
	} else if err := decodeJSON(data, &modes); err != nil {
		return nil, fmt.Errorf("pooling_mode: neither a name nor a list of names: %w", err)
	}
	known := make([]string, len(poolingModes))
	for i, m := range poolingModes {
		known[i] = m.mode
	}
	if len(modes) == 0 || len(modes) > len(known) {
		return nil, fmt.Errorf("pooling_mode: %d modes, supported are 1 to %d", len(modes), len(known))
	}
	for _, m := range modes {
		if !slices.Contains(known, m) {
			return nil, unknownName("pooling_mode", m, known)
		}
	}
	return modes, nil
}

func modesFromSwitches(raw map[string]json.RawMessage) ([]string, error) {
	var modes []string
	for _, m := range poolingModes {
		data, ok := raw[m.key]
		if !ok {
			continue
		}
		var on bool
		if err := decodeJSON(data, &on); err != nil {
			return nil, fmt.Errorf("%s: %w", m.key, err)
		}
		if on {
			modes = append(modes, m.mode)
		}
	}
	if len(modes) == 0 {
		modes = []string{PoolMean}
	}
	return modes, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/winnow-search/winnow/tokenizer"
)

// Model is an open model. Its fields must not be changed; it is safe for concurrent use until closed.
type Model struct {
	Name string // as asked for
	Path string // directory, or "builtin"

	Config    Config
	Tokenizer *tokenizer.Tokenizer
	Weights   *Weights
	Prefix    string // what stands before the encoder's tensor names: "" or "bert."

	// HasModules tells whether modules.json is there. Without it nothing states how token vectors
	// become a text vector, and Pooling is empty. Cross-encoders do without.
	HasModules bool
	Pooling    Pooling // no modes if modules.json has no Pooling
	Dense      []Dense // linear layers after pooling, in order
	Normalize  bool    // whether vectors are scaled to length 1 in the end

	Prompts       map[string]string // by name; a prompt is put before the text
	DefaultPrompt string            // name of the prompt used where none is asked for, or ""
	Similarity    string            // cosine, dot, euclidean or manhattan; cosine if not stated
	TruncateDim   int               // leading dimensions that the model's settings keep, 0 for all

	MaxLength       int    // longest input in tokens, special tokens included
	MaxLengthSource string // the setting that MaxLength comes from

	Activation       Activation // of a classifier's logits; empty for BertModel
	ActivationSource string     // the setting that Activation comes from

	files       Files
	modules     *pipeline
	tok         *tokenizerSource
	dense       []*Weights
	fingerprint func() (string, error)
}

// Open opens a model by name: a registered name, a directory, or a Hub id ("owner/name",
// "owner/name@revision") in the Hugging Face cache. It never uses the network.
//
// The error is a *NotFoundError that lists every place looked at, an *IncompleteError that lists
// the files found and missing, or says which file and field is damaged or not supported.
func Open(name string) (*Model, error) {
	loc, err := resolve(name)
	if err != nil {
		return nil, err
	}
	m, err := openFiles(name, loc.path, loc.files)
	if err != nil {
		return nil, fmt.Errorf("model %s (%s): %w", quoteShort(name), loc.path, err)
	}
	return m, nil
}

// IncompleteError tells which files of a model are there and which are not.
type IncompleteError struct {
	Found, Missing []string
	Hint           string // remedy for weights in another format, or ""
}

// Error implements error.
func (e *IncompleteError) Error() string {
	found := strings.Join(e.Found, ", ")
	if found == "" {
		found = "nothing"
	}
	return fmt.Sprintf("incomplete: missing %s; found %s%s", strings.Join(e.Missing, ", "), found, e.Hint)
}

// checkComplete looks for the files that every model needs in directory dir.
func checkComplete(f Files, dir string) error {
	e := &IncompleteError{}
	for _, alternatives := range [][]string{{"config.json"}, {tokenizerFile, vocabFile}, {singleFile, indexFile}} {
		var here []string
		for i, name := range alternatives {
			alternatives[i] = inDir(dir, name)
			ok, err := exists(f, alternatives[i])
			if err != nil {
				return fmt.Errorf("%s: %w", alternatives[i], err)
			}
			if ok {
				here = append(here, alternatives[i])
			}
		}
		e.Found = append(e.Found, here...)
		if len(here) == 0 {
			e.Missing = append(e.Missing, strings.Join(alternatives, " (or ")+strings.Repeat(")", len(alternatives)-1))
			if alternatives[0] == inDir(dir, singleFile) {
				e.Hint = pickleHint(f, dir)
			}
		}
	}
	if len(e.Missing) > 0 {
		return e
	}
	return nil
}

// openFiles opens a model from its files.
func openFiles(name, path string, f Files) (*Model, error) {
	m := &Model{Name: name, Path: path, Similarity: "cosine"}
	m.fingerprint = sync.OnceValues(m.computeFingerprint)
	if err := m.open(f); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Model) open(f Files) error {
	p, err := m.openModules(f)
	if err != nil {
		return err
	}
	m.files, m.modules = f, p
	if err := checkComplete(f, p.transformer); err != nil {
		return err
	}
	name := inDir(p.transformer, "config.json")
	data, err := f.ReadFile(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var cross crossSettings
	if m.Config, cross, err = parseConfig(data, p.hasPooling); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var saved sentenceSettings
	name = "config_sentence_transformers.json"
	if _, err := readJSON(f, name, &saved); err != nil {
		return err
	}
	if err := saved.check(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := m.openWeights(f, p); err != nil {
		return err
	}
	if err := m.applySettings(saved, cross); err != nil {
		return err
	}
	return m.openText(f, p.transformer)
}

// openModules reads modules.json and the settings of the modules but not their weights.
func (m *Model) openModules(f Files) (*pipeline, error) {
	const name = "modules.json"
	found, err := exists(f, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !found {
		return &pipeline{}, nil
	}
	data, err := f.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p, err := parseModules(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m.HasModules, m.Normalize = true, p.normalize
	if p.hasPooling {
		name := inDir(p.pooling, "config.json")
		data, err := f.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("settings of the Pooling module: %s: %w", name, err)
		}
		if m.Pooling, err = parsePooling(data); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return p, nil
}

// openWeights maps the weights and checks that their shapes and the modules' widths fit together.
func (m *Model) openWeights(f Files, p *pipeline) error {
	var err error
	if m.Weights, err = openAllWeights(f, p.transformer); err != nil {
		return err
	}
	if m.Prefix, err = m.Weights.findPrefix(); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	if err := m.Weights.check(requirements(m.Config, m.Prefix)); err != nil {
		return fmt.Errorf("weights do not fit config.json: %w", err)
	}
	if !p.hasPooling {
		return nil
	}
	if m.Pooling.Dim != m.Config.Hidden {
		return fmt.Errorf("pooling settings state width %d, config.json states hidden_size %d", m.Pooling.Dim, m.Config.Hidden)
	}
	width := m.Pooling.OutputDim()
	for _, dir := range p.dense {
		d, w, err := openDense(f, dir)
		if err != nil {
			return err
		}
		m.Dense, m.dense = append(m.Dense, d), append(m.dense, w)
		if d.In != width {
			return fmt.Errorf("%s: in_features is %d but %d values come in", dir, d.In, width)
		}
		width = d.Out
	}
	return nil
}

func (m *Model) applySettings(s sentenceSettings, cross crossSettings) error {
	m.Prompts = s.prompts()
	m.DefaultPrompt = *orDefault(s.DefaultPrompt, "")
	m.Similarity = *orDefault(s.Similarity, m.Similarity)
	m.TruncateDim = *orDefault(s.TruncateDim, 0)
	if d := m.Dim(); d > 0 && m.TruncateDim > d {
		return fmt.Errorf("config_sentence_transformers.json: truncate_dim is %d, vectors have %d dimensions", m.TruncateDim, d)
	}
	if m.Config.Architecture != BertForSequenceClassification {
		return nil
	}
	if m.HasModules && s.ModelType == "CrossEncoder" {
		cross.saved = s.Activation
	}
	var err error
	m.Activation, m.ActivationSource, err = cross.resolve()
	if err != nil {
		return fmt.Errorf("%s: %w", m.ActivationSource, err)
	}
	return nil
}

// openText opens the tokenizer and settles the maximum length.
func (m *Model) openText(f Files, dir string) error {
	var err error
	if m.tok, err = openTokenizer(f, dir); err != nil {
		return err
	}
	m.Tokenizer = m.tok.tok
	if n := m.Tokenizer.VocabSize(); n > m.Config.Vocab {
		return fmt.Errorf("the tokenizer has %d token ids but config.json states vocab_size %d: they belong to different models", n, m.Config.Vocab)
	}
	l := lengths{positions: m.Config.Positions}
	if l.tokenizer, err = m.tok.settings.stated(); err != nil {
		return fmt.Errorf("tokenizer_config.json: %w", err)
	}
	if m.HasModules {
		s, name, err := readTransformerSettings(f, dir)
		if err != nil {
			return err
		}
		if s.LowerCase && !lowers(m.Tokenizer) {
			return fmt.Errorf("%s: do_lower_case is true but the tokenizer tells case apart: not supported; use a tokenizer.json whose normalizer makes lower case", name)
		}
		l.module, l.file = *orDefault(s.MaxLength, 0), name
	}
	m.MaxLength, m.MaxLengthSource = l.resolve()
	if special := m.Tokenizer.SpecialCount(false); m.MaxLength <= special {
		return fmt.Errorf("%s: %d tokens leave no room for text beside %d special tokens", m.MaxLengthSource, m.MaxLength, special)
	}
	return nil
}

// Dim returns the width of the model's text vectors before TruncateDim, 0 if modules.json states
// no pooling.
func (m *Model) Dim() int {
	if n := len(m.Dense); n > 0 {
		return m.Dense[n-1].Out
	}
	return m.Pooling.OutputDim()
}

// TensorNames returns the names of the tensors that the network computes with, in a fixed order and
// under the names that Weights.Tensor takes. The weights may hold others, which are never read.
func (m *Model) TensorNames() []string {
	need := requirements(m.Config, m.Prefix)
	out := make([]string, len(need))
	for i, r := range need {
		out[i] = r.name
	}
	return out
}

// ReadFile returns a file of the model by slash-separated name. The content must not be changed.
func (m *Model) ReadFile(name string) ([]byte, error) { return m.files.ReadFile(name) }

// Companions returns the names of the files that make up the model apart from the weights of its
// network: settings, tokenizer and dense layers.
func (m *Model) Companions() []string {
	dir := m.modules.transformer
	names := []string{"modules.json", "config_sentence_transformers.json"}
	for _, n := range append([]string{"config.json", tokenizerFile, vocabFile, "tokenizer_config.json", "special_tokens_map.json"}, transformerFiles...) {
		names = append(names, inDir(dir, n))
	}
	if m.modules.hasPooling {
		names = append(names, inDir(m.modules.pooling, "config.json"))
	}
	for _, d := range m.modules.dense {
		names = append(names, inDir(d, "config.json"), inDir(d, singleFile))
	}
	return slices.DeleteFunc(names, func(n string) bool {
		ok, err := exists(m.files, n)
		return !ok || err != nil
	})
}

// NetworkDir returns the directory of the network's files within the model: "" for nearly all, or
// the path that modules.json states.
func (m *Model) NetworkDir() string { return m.modules.transformer }

// Close releases the weights. Nothing of the model may be used afterwards. Closing twice is allowed.
func (m *Model) Close() error {
	var err error
	if m.Weights != nil {
		err = m.Weights.Close()
	}
	for _, w := range m.dense {
		err = errors.Join(err, w.Close())
	}
	return err
}

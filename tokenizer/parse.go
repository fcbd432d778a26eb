// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxFile bounds a tokenizer.json or vocab.txt in bytes; the largest published ones have some 20 MB.
const maxFile = 256 << 20

// Parse reads a tokenizer.json of the BERT family. Components and fields it does not know are errors that
// name them. The sections truncation, padding and decoder are not used.
func Parse(data []byte) (*Tokenizer, error) {
	t, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: tokenizer.json: %w", err)
	}
	return t, nil
}

var topFields = []string{
	"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model",
}

func parse(data []byte) (*Tokenizer, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%d bytes are more than the %d supported", len(data), maxFile)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8 text; the file is damaged or is another kind of file")
	}
	s := &scanner{data: data}
	parts := map[string]json.RawMessage{}
	var m *wordPiece
	err := s.object(func(key []byte) error {
		name := string(key)
		if err := checkName("section", name, topFields); err != nil {
			return err
		}
		if parts[name] != nil {
			return fmt.Errorf("the section %q comes twice", name)
		}
		if name == "model" {
			parts[name] = json.RawMessage("{}")
			var err error
			if m, err = parseModel(s); err != nil {
				return fmt.Errorf("model: %w", err)
			}
			return nil
		}
		raw, err := s.raw()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		parts[name] = raw
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.space(); s.pos < len(data) {
		return nil, s.fail("nothing after the closing brace")
	}
	if m == nil {
		return nil, errors.New("the section \"model\" is missing")
	}
	return assemble(m, parts)
}

// assemble checks the sections against each other and makes the tokenizer.
func assemble(m *wordPiece, parts map[string]json.RawMessage) (*Tokenizer, error) {
	if raw := parts["version"]; raw != nil && string(raw) != `"1.0"` {
		return nil, fmt.Errorf("version %.20s is not supported, only \"1.0\"", raw)
	}
	t, err := newTokenizer(m)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if t.steps, err = parseNormalizer("normalizer", parts["normalizer"], 0); err != nil {
		return nil, err
	}
	if t.split, err = parsePreTokenizer(parts["pre_tokenizer"]); err != nil {
		return nil, err
	}
	list, err := parseAdded(parts["added_tokens"])
	if err != nil {
		return nil, err
	}
	if err := t.addTokens(list); err != nil {
		return nil, err
	}
	if err := t.parsePost(parts["post_processor"]); err != nil {
		return nil, err
	}
	t.prepare()
	return t, nil
}

// wordPiece is the model section.
type wordPiece struct {
	unk, prefix string
	maxChars    int64
	tokens      vocabBuilder
}

var modelFields = []string{"type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"}

func parseModel(s *scanner) (*wordPiece, error) {
	m := new(wordPiece)
	seen := map[string]bool{}
	err := s.object(func(key []byte) error {
		name := string(key)
		// The type may come last, but a field of another model says enough.
		if err := checkName("field", name, modelFields); err != nil {
			return fmt.Errorf("%w (only WordPiece models are supported)", err)
		}
		if seen[name] {
			return fmt.Errorf("the field %q comes twice", name)
		}
		seen[name] = true
		var err error
		switch name {
		case "vocab":
			return m.parseVocab(s)
		case "max_input_chars_per_word":
			m.maxChars, err = s.uint()
		default:
			var text []byte
			if text, err = s.string(); err != nil {
				break
			}
			if len(text) > maxTokenBytes {
				return fmt.Errorf("field %q has %d bytes; at most %d are supported", name, len(text), maxTokenBytes)
			}
			switch name {
			case "type":
				return checkName("model type", string(text), []string{"WordPiece"})
			case "unk_token":
				m.unk = string(text)
			case "continuing_subword_prefix":
				m.prefix = string(text)
			}
		}
		if err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range modelFields[1:] {
		if !seen[name] {
			return nil, fmt.Errorf("the field %q is missing", name)
		}
	}
	return m, nil
}

func (m *wordPiece) parseVocab(s *scanner) error {
	// A token with its id takes some sixteen bytes in the file; most of the file is the vocabulary.
	n := min(len(s.data)/16, maxVocab)
	m.tokens = vocabBuilder{names: make([]byte, 0, 8*n), ids: make([]int32, 0, n), ends: make([]uint32, 0, n)}
	err := s.object(func(token []byte) error {
		name := clip(token)
		id, err := s.uint()
		if err != nil {
			return fmt.Errorf("the id of %q: %w", name, err)
		}
		return m.tokens.add(token, id)
	})
	if err != nil {
		return fmt.Errorf("vocab: %w", err)
	}
	return nil
}

// newTokenizer makes a tokenizer that has a model and nothing else yet.
func newTokenizer(m *wordPiece) (*Tokenizer, error) {
	v, err := m.tokens.build(m.prefix)
	if err != nil {
		return nil, fmt.Errorf("vocab: %w", err)
	}
	unk, ok := v.id(m.unk)
	if !ok {
		return nil, fmt.Errorf("the vocabulary does not hold the unknown token %q", m.unk)
	}
	return &Tokenizer{
		vocab: v, unk: unk, size: len(v.end), maxChars: int(min(m.maxChars, 1<<31-1)),
		added: map[string]int32{}, addedName: map[int32]string{},
	}, nil
}

// prepare makes the tables of the fast path.
func (t *Tokenizer) prepare() {
	t.fold = &folder{steps: t.steps}
	b := t.fold.block(0)
	for c := range t.kinds {
		t.kinds[c] = kindSlow
		if c >= utf8.RuneSelf {
			continue
		}
		f := b.of[c]
		t.kinds[c] = f.kind()
		if f.kind() == kindPunct && f.rune() != rune(c) {
			t.kinds[c] = kindSlow // not itself: the fast path looks punctuation up unchanged
		}
		if f.kind() == kindWord && f.rune() < utf8.RuneSelf {
			t.ascii[c] = byte(f.rune())
		}
	}
}

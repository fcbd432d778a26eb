// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// missing reports whether a section is absent or null, which mean the same.
func missing(raw json.RawMessage) bool { return raw == nil || string(raw) == "null" }

// component returns the type name of a section, and checks it.
func component(where string, raw json.RawMessage, known []string) (string, error) {
	var head struct {
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return "", fmt.Errorf("%s: expected an object with a \"type\"", where)
	}
	if head.Type == nil {
		return "", fmt.Errorf("%s: the field \"type\" is missing", where)
	}
	if err := checkName("type", *head.Type, known); err != nil {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	return *head.Type, nil
}

var normalizerTypes = []string{"BertNormalizer", "Sequence", "NFD", "Lowercase", "StripAccents"}

const (
	maxNesting = 8  // of Sequence in Sequence
	maxSteps   = 32 // in all
)

func parseNormalizer(where string, raw json.RawMessage, depth int) ([]step, error) {
	if missing(raw) {
		return nil, nil
	}
	kind, err := component(where, raw, normalizerTypes)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "BertNormalizer":
		return parseBertNormalizer(where, raw)
	case "Sequence":
		m, err := fields(where, raw, "type", "normalizers")
		if err != nil {
			return nil, err
		}
		var list []json.RawMessage
		if err := need(where, m, "normalizers", &list); err != nil {
			return nil, err
		}
		if depth >= maxNesting {
			return nil, fmt.Errorf("%s: Sequences are nested more than %d deep", where, maxNesting)
		}
		var steps []step
		for i, raw := range list {
			inner := fmt.Sprintf("%s.normalizers[%d]", where, i)
			if missing(raw) {
				return nil, fmt.Errorf("%s: null is not a normalizer", inner)
			}
			more, err := parseNormalizer(inner, raw, depth+1)
			if err != nil {
				return nil, err
			}
			if steps = append(steps, more...); len(steps) > maxSteps {
				return nil, fmt.Errorf("%s: more than %d steps", where, maxSteps)
			}
		}
		return steps, nil
	}
	if _, err := fields(where, raw, "type"); err != nil {
		return nil, err
	}
	return []step{map[string]step{"NFD": stepNFD, "Lowercase": stepLower, "StripAccents": stepStripM}[kind]}, nil
}

func parseBertNormalizer(where string, raw json.RawMessage) ([]step, error) {
	m, err := fields(where, raw, "type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
	if err != nil {
		return nil, err
	}
	var clean, chinese, lower bool
	if err := need(where, m, "clean_text", &clean); err != nil {
		return nil, err
	}
	if err := need(where, m, "handle_chinese_chars", &chinese); err != nil {
		return nil, err
	}
	if err := need(where, m, "lowercase", &lower); err != nil {
		return nil, err
	}
	strip := lower // null means: as lowercase
	if !missing(m["strip_accents"]) {
		if err := need(where, m, "strip_accents", &strip); err != nil {
			return nil, err
		}
	}
	return bertSteps(clean, chinese, strip, lower), nil
}

func bertSteps(clean, chinese, strip, lower bool) []step {
	var steps []step
	if clean {
		steps = append(steps, stepClean)
	}
	if chinese {
		steps = append(steps, stepChinese)
	}
	if strip {
		steps = append(steps, stepNFD, stepStripMn)
	}
	if lower {
		steps = append(steps, stepLower)
	}
	return steps
}

// parsePreTokenizer reports whether text is split into words; null means it is not.
func parsePreTokenizer(raw json.RawMessage) (bool, error) {
	if missing(raw) {
		return false, nil
	}
	if _, err := component("pre_tokenizer", raw, []string{"BertPreTokenizer"}); err != nil {
		return false, err
	}
	_, err := fields("pre_tokenizer", raw, "type")
	return true, err
}

// addedEntry is one element of added_tokens.
type addedEntry struct {
	id                                                int64
	content                                           string
	singleWord, lstrip, rstrip, normalized, isSpecial bool
}

const maxAdded = 1 << 16

func parseAdded(raw json.RawMessage) ([]addedEntry, error) {
	if missing(raw) {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errors.New("added_tokens: expected a list")
	}
	if len(list) > maxAdded {
		return nil, fmt.Errorf("added_tokens: %d tokens are more than the %d supported", len(list), maxAdded)
	}
	out := make([]addedEntry, len(list))
	for i, raw := range list {
		where := fmt.Sprintf("added_tokens[%d]", i)
		m, err := fields(where, raw, "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special")
		if err != nil {
			return nil, err
		}
		e := &out[i]
		for _, f := range []struct {
			name string
			into any
		}{
			{"id", &e.id},
			{"content", &e.content},
			{"single_word", &e.singleWord},
			{"lstrip", &e.lstrip},
			{"rstrip", &e.rstrip},
			{"normalized", &e.normalized},
			{"special", &e.isSpecial},
		} {
			if err := need(where, m, f.name, f.into); err != nil {
				return nil, err
			}
		}
		if len(e.content) > maxTokenBytes {
			return nil, fmt.Errorf("%s: the content has %d bytes; at most %d are supported", where, len(e.content), maxTokenBytes)
		}
	}
	return out, nil
}

// addTokens gives the added tokens their ids as the reference does, which takes an id from the vocabulary
// if the content is there and otherwise counts on from the vocabulary's size, and sorts them into
// the two sets. A file that states other ids is refused rather than read in one of two ways.
func (t *Tokenizer) addTokens(list []addedEntry) error {
	next := int64(t.vocab.count)
	byContent := map[string]addedEntry{}
	var order []string
	for _, e := range list {
		if e.content == "" {
			continue // the reference drops it
		}
		if _, again := byContent[e.content]; !again {
			order = append(order, e.content)
			id, known := t.vocab.id(e.content)
			want := int64(id)
			if !known {
				want = next
				next++
			}
			if e.id != want {
				return fmt.Errorf("added_tokens: %q has id %d, but by the vocabulary its id is %d", e.content, e.id, want)
			}
			if !known && want < int64(len(t.vocab.end)) && t.vocab.end[want] != 0 {
				return fmt.Errorf("added_tokens: %q and %q have the same id %d", e.content, t.vocab.name(int32(want)), want)
			}
			t.added[e.content], t.addedName[int32(want)] = int32(want), e.content
			t.size = max(t.size, int(want)+1)
		}
		byContent[e.content] = e // properties stated last count
	}
	var raw, normalized []addedToken
	patterns := map[string]string{}
	var n normalizer
	for _, content := range order {
		e := byContent[content]
		a := addedToken{
			id: t.added[content], content: content,
			singleWord: e.singleWord, lstrip: e.lstrip, rstrip: e.rstrip,
		}
		if !e.normalized {
			raw = append(raw, a)
			continue
		}
		n.src.load(content, 0)
		n.run(t.steps)
		a.content = string(n.src.runes)
		if a.content == "" {
			return fmt.Errorf("added_tokens: %q is to match in normalised text, but normalises to nothing", content)
		}
		if other, twice := patterns[a.content]; twice {
			return fmt.Errorf("added_tokens: %q and %q are the same in normalised text", other, content)
		}
		patterns[a.content] = content
		normalized = append(normalized, a)
	}
	t.raw, t.normalized = newAddedSet(raw), newAddedSet(normalized)
	return nil
}

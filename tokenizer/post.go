// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"encoding/json"
	"fmt"
)

const maxPieces = 64 // of a template, and ids of one special token

// parsePost reads the post-processor into the two templates.
func (t *Tokenizer) parsePost(raw json.RawMessage) error {
	if missing(raw) {
		t.single = newTemplate(piece{sequence: 0})
		t.pair = newTemplate(piece{sequence: 0}, piece{sequence: 1, typeID: 1})
		return nil
	}
	const where = "post_processor"
	kind, err := component(where, raw, []string{"TemplateProcessing", "BertProcessing"})
	if err != nil {
		return err
	}
	if kind == "BertProcessing" {
		return t.parseBertPost(where, raw)
	}
	m, err := fields(where, raw, "type", "single", "pair", "special_tokens")
	if err != nil {
		return err
	}
	var byName map[string]json.RawMessage
	if err := need(where, m, "special_tokens", &byName); err != nil {
		return err
	}
	special := map[string][]int32{}
	for name, raw := range byName {
		if special[name], err = t.parseSpecial(where+".special_tokens", raw); err != nil {
			return err
		}
	}
	if t.single, err = parseTemplate(where+".single", m["single"], special, 1); err != nil {
		return err
	}
	t.pair, err = parseTemplate(where+".pair", m["pair"], special, 2)
	return err
}

func (t *Tokenizer) parseSpecial(where string, raw json.RawMessage) ([]int32, error) {
	m, err := fields(where, raw, "id", "ids", "tokens")
	if err != nil {
		return nil, err
	}
	var ids []int64
	if err := need(where, m, "ids", &ids); err != nil {
		return nil, err
	}
	if len(ids) > maxPieces {
		return nil, fmt.Errorf("%s: %d ids for one token are more than the %d supported", where, len(ids), maxPieces)
	}
	out := make([]int32, len(ids))
	for i, id := range ids {
		if out[i], err = t.checkID(where, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkID makes sure a special token's id has a row in the embedding table.
func (t *Tokenizer) checkID(where string, id int64) (int32, error) {
	if id < 0 || id >= int64(t.size) {
		return 0, fmt.Errorf("%s: id %d is outside the vocabulary of %d tokens", where, id, t.size)
	}
	return int32(id), nil
}

func parseTemplate(where string, raw json.RawMessage, special map[string][]int32, sequences int) (template, error) {
	var list []map[string]json.RawMessage
	if missing(raw) {
		return template{}, fmt.Errorf("%s: is missing", where)
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return template{}, fmt.Errorf("%s: expected a list of objects", where)
	}
	if len(list) > maxPieces {
		return template{}, fmt.Errorf("%s: %d pieces are more than the %d supported", where, len(list), maxPieces)
	}
	pieces := make([]piece, len(list))
	seen := [2]int{}
	for i, entry := range list {
		at := fmt.Sprintf("%s[%d]", where, i)
		if len(entry) != 1 {
			return template{}, fmt.Errorf("%s: expected one of \"Sequence\" and \"SpecialToken\"", at)
		}
		for kind, raw := range entry {
			if err := checkName("piece", kind, []string{"Sequence", "SpecialToken"}); err != nil {
				return template{}, fmt.Errorf("%s: %w", at, err)
			}
			m, err := fields(at, raw, "id", "type_id")
			if err != nil {
				return template{}, err
			}
			var id string
			if err := need(at, m, "id", &id); err != nil {
				return template{}, err
			}
			p := piece{sequence: -1}
			if err := need(at, m, "type_id", &p.typeID); err != nil {
				return template{}, err
			}
			if kind == "SpecialToken" {
				ids, ok := special[id]
				if !ok {
					return template{}, fmt.Errorf("%s: %q is not among special_tokens", at, id)
				}
				p.ids = ids
			} else {
				if id != "A" && id != "B" {
					return template{}, fmt.Errorf("%s: sequence %q is neither \"A\" nor \"B\"", at, id)
				}
				p.sequence = int(id[0] - 'A')
				seen[p.sequence]++
			}
			pieces[i] = p
		}
	}
	if seen[0] != 1 || seen[1] != sequences-1 {
		return template{}, fmt.Errorf("%s: every text has to occur exactly once, but A occurs %d and B %d times", where, seen[0], seen[1])
	}
	return newTemplate(pieces...), nil
}

func (t *Tokenizer) parseBertPost(where string, raw json.RawMessage) error {
	m, err := fields(where, raw, "type", "sep", "cls")
	if err != nil {
		return err
	}
	var ids [2]int32
	for i, name := range []string{"cls", "sep"} {
		var pair []json.RawMessage
		if err := need(where, m, name, &pair); err != nil {
			return err
		}
		var token string
		var id int64
		if len(pair) != 2 || json.Unmarshal(pair[0], &token) != nil || json.Unmarshal(pair[1], &id) != nil {
			return fmt.Errorf("%s: field %q: expected [token, id]", where, name)
		}
		if ids[i], err = t.checkID(where, id); err != nil {
			return err
		}
	}
	t.bertTemplates(ids[0], ids[1])
	return nil
}

// bertTemplates sets [CLS] A [SEP] and [CLS] A [SEP] B [SEP], the last two of type 1.
func (t *Tokenizer) bertTemplates(cls, sep int32) {
	first := []piece{{sequence: -1, ids: []int32{cls}}, {sequence: 0}, {sequence: -1, ids: []int32{sep}}}
	t.single = newTemplate(first...)
	t.pair = newTemplate(append(first[:3:3], piece{sequence: 1, typeID: 1}, piece{sequence: -1, ids: []int32{sep}, typeID: 1})...)
}

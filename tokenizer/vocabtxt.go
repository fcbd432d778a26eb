// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// VocabOptions states what a vocab.txt leaves open. The zero value is a cased model with the usual names.
// The fields match those of tokenizer_config.json: do_lower_case, strip_accents, tokenize_chinese_chars.
type VocabOptions struct {
	Lowercase    bool
	StripAccents *bool // nil: as Lowercase
	KeepChinese  bool  // do not set CJK ideographs apart
	// Names of the special tokens; "" means [UNK], [SEP], [CLS], [PAD], [MASK].
	Unknown, Separator, Class, Pad, Mask string
	MaxChars                             int // words of more characters are unknown; 0 means 100
}

// ParseVocab reads a vocab.txt, one token a line, the line number (from 0) being its id, and makes the
// tokenizer that transformers' BertTokenizerFast makes of it. White space at the end of a line does not
// count. Of a token that occurs twice the last counts.
func ParseVocab(data []byte, o VocabOptions) (*Tokenizer, error) {
	t, err := parseVocabText(data, o)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: vocab.txt: %w", err)
	}
	return t, nil
}

func parseVocabText(data []byte, o VocabOptions) (*Tokenizer, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%d bytes are more than the %d supported", len(data), maxFile)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8 text; the file is damaged or is another kind of file")
	}
	m := &wordPiece{unk: orDefault(o.Unknown, "[UNK]"), prefix: "##", maxChars: int64(o.MaxChars)}
	if o.MaxChars <= 0 {
		m.maxChars = 100
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) > maxVocab {
		return nil, fmt.Errorf("%d tokens are more than the %d supported", len(lines), maxVocab)
	}
	last := make(map[string]int, len(lines))
	for i, line := range lines {
		lines[i] = strings.TrimRightFunc(line, unicode.IsSpace)
		last[lines[i]] = i
	}
	for i, line := range lines {
		if last[line] != i {
			continue
		}
		if err := m.tokens.add([]byte(line), int64(i)); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	t, err := newTokenizer(m)
	if err != nil {
		return nil, err
	}
	strip := o.Lowercase
	if o.StripAccents != nil {
		strip = *o.StripAccents
	}
	t.steps, t.split = bertSteps(true, !o.KeepChinese, strip, o.Lowercase), true
	var added []addedEntry
	var ids [5]int32
	for i, name := range []string{
		orDefault(o.Class, "[CLS]"), orDefault(o.Separator, "[SEP]"), m.unk, orDefault(o.Pad, "[PAD]"), orDefault(o.Mask, "[MASK]"),
	} {
		id, ok := t.vocab.id(name)
		if !ok && i < 2 {
			return nil, fmt.Errorf("the special token %q is not in the vocabulary", name)
		}
		if ok {
			ids[i] = id
			added = append(added, addedEntry{id: int64(id), content: name, isSpecial: true})
		}
	}
	if err := t.addTokens(added); err != nil {
		return nil, err
	}
	t.bertTemplates(ids[0], ids[1])
	t.prepare()
	return t, nil
}

func orDefault(name, usual string) string {
	if name == "" {
		return usual
	}
	return name
}

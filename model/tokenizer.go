// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"fmt"

	"github.com/winnow-search/winnow/tokenizer"
)

// Names of the files that hold a tokenizer, in the order they are looked for.
const (
	tokenizerFile = "tokenizer.json"
	vocabFile     = "vocab.txt"
)

// tokenizerSettings is tokenizer_config.json. It completes a vocab.txt; a tokenizer.json states
// everything but the maximum length itself.
type tokenizerSettings struct {
	MaxLength    *float64     `json:"model_max_length"`
	LowerCase    *bool        `json:"do_lower_case"`
	StripAccents *bool        `json:"strip_accents"`
	ChineseChars *bool        `json:"tokenize_chinese_chars"`
	Unknown      specialToken `json:"unk_token"`
	Separator    specialToken `json:"sep_token"`
	Class        specialToken `json:"cls_token"`
	Pad          specialToken `json:"pad_token"`
	Mask         specialToken `json:"mask_token"`
}

// specialToken is a token's text; files hold it as a string or as an object with "content".
type specialToken string

// UnmarshalJSON implements json.Unmarshaler.
func (s *specialToken) UnmarshalJSON(data []byte) error {
	var object struct {
		Content string `json:"content"`
	}
	if err := json.Unmarshal(data, &object); err == nil {
		*s = specialToken(object.Content)
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// tokenizerSource is a tokenizer with the bytes that define it.
type tokenizerSource struct {
	tok      *tokenizer.Tokenizer
	data     []byte // content of the file
	options  string // what completed a vocab.txt; empty for tokenizer.json
	settings tokenizerSettings
}

// openTokenizer reads the tokenizer in directory dir of f.
func openTokenizer(f Files, dir string) (*tokenizerSource, error) {
	src := &tokenizerSource{}
	if _, err := readJSON(f, inDir(dir, "tokenizer_config.json"), &src.settings); err != nil {
		return nil, err
	}
	name := inDir(dir, tokenizerFile)
	found, err := exists(f, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !found {
		name = inDir(dir, vocabFile)
	}
	if src.data, err = f.ReadFile(name); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if found {
		src.tok, err = tokenizer.Parse(src.data)
	} else {
		o := src.settings.vocabOptions()
		src.tok, err = tokenizer.ParseVocab(src.data, o)
		accents := "as case"
		if o.StripAccents != nil {
			accents = fmt.Sprint(*o.StripAccents)
		}
		src.options = fmt.Sprintf("lowercase=%t strip_accents=%s keep_chinese=%t special=%q",
			o.Lowercase, accents, o.KeepChinese, []string{o.Unknown, o.Separator, o.Class, o.Pad, o.Mask})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return src, nil
}

// vocabOptions completes a vocab.txt. Defaults are those of the reference's BERT tokenizer: lower
// case, CJK ideographs set apart.
func (s *tokenizerSettings) vocabOptions() tokenizer.VocabOptions {
	return tokenizer.VocabOptions{
		Lowercase:    *orDefault(s.LowerCase, true),
		StripAccents: s.StripAccents,
		KeepChinese:  !*orDefault(s.ChineseChars, true),
		Unknown:      string(s.Unknown),
		Separator:    string(s.Separator),
		Class:        string(s.Class),
		Pad:          string(s.Pad),
		Mask:         string(s.Mask),
	}
}

// lowers tells whether the tokenizer ignores the case of ASCII letters, found by trying it.
func lowers(t *tokenizer.Tokenizer) bool {
	for c := byte('a'); c <= 'z'; c++ {
		small := t.AppendIDs(nil, string(c))
		big := t.AppendIDs(nil, string(c-'a'+'A'))
		if len(small) != 1 || len(big) != 1 || small[0] != big[0] {
			return false
		}
	}
	return true
}

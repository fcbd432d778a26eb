// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestParse(t *testing.T) {
	tok, err := Parse([]byte(tinyFile))
	if err != nil {
		t.Fatal(err)
	}
	if tok.VocabSize() != 10 || tok.SpecialCount(false) != 2 || tok.SpecialCount(true) != 3 || tok.Unknown() != 0 {
		t.Errorf("size %d, specials %d and %d, unknown %d", tok.VocabSize(), tok.SpecialCount(false), tok.SpecialCount(true), tok.Unknown())
	}
	for name, id := range map[string]int32{"[UNK]": 0, "##b": 4, "abcdefghijklmnop": 7, "é": 8, "Big One": 9} {
		if got, ok := tok.ID(name); !ok || got != id {
			t.Errorf("ID(%q) = %d, %v", name, got, ok)
		}
		if got, ok := tok.Token(id); !ok || got != name {
			t.Errorf("Token(%d) = %q, %v", id, got, ok)
		}
	}
	for _, name := range []string{"", "b", "abcdefghijklmnoq", strings.Repeat("z", 5000)} {
		if id, ok := tok.ID(name); ok {
			t.Errorf("ID(%q) = %d", name, id)
		}
	}
	for _, id := range []int32{-1, 10, 1 << 30} {
		if name, ok := tok.Token(id); ok {
			t.Errorf("Token(%d) = %q", id, name)
		}
	}
	e := tok.EncodePair("a  BIG one ab", "Reranking abcdefghijklmnop é")
	if want := []int32{1, 3, 9, 3, 4, 2, 5, 6, 7, 0, 2}; !slices.Equal(e.IDs, want) {
		t.Errorf("ids %v, want %v", e.IDs, want)
	}
	if want := [][2]int32{{0, 0}, {0, 1}, {1, 11}, {11, 12}, {12, 13}, {0, 0}, {0, 6}, {6, 9}, {10, 26}, {27, 29}, {0, 0}}; !slices.Equal(e.Offsets, want) {
		t.Errorf("offsets %v, want %v", e.Offsets, want)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ old, with, want string }{
		{`"BertNormalizer"`, `"BertNormaliser"`, `normalizer: unknown type "BertNormaliser"; the nearest supported one is "BertNormalizer"`},
		{`"BertNormalizer"`, `"NFKC"`, `normalizer: unknown type "NFKC"; the nearest supported one is "NFD"`},
		{`"lowercase":true`, `"lower_case":true`, `normalizer: unknown field "lower_case"; the nearest supported one is "lowercase"`},
		{`"lowercase":true`, `"lowercase":1`, `normalizer: field "lowercase"`},
		{`,"lowercase":true`, ``, `normalizer: the field "lowercase" is missing`},
		{`"BertPreTokenizer"`, `"Whitespace"`, `pre_tokenizer: unknown type "Whitespace"; only "BertPreTokenizer" is supported`},
		{`"TemplateProcessing"`, `"RobertaProcessing"`, `post_processor: unknown type "RobertaProcessing"; the nearest supported one is "BertProcessing"`},
		{`"type":"WordPiece","unk`, `"type":"BPE","unk`, `model: unknown model type "BPE"; only "WordPiece" is supported`},
		{`"unk_token":"[UNK]",`, `"merges":[],`, `model: unknown field "merges"`},
		{`"unk_token":"[UNK]",`, ``, `model: the field "unk_token" is missing`},
		{`"unk_token":"[UNK]"`, `"unk_token":"<unk>"`, `model: the vocabulary does not hold the unknown token "<unk>"`},
		{`"version":"1.0"`, `"version":"2.0"`, `version "2.0" is not supported`},
		{`"version":"1.0"`, `"versoin":"1.0"`, `unknown section "versoin"; the nearest supported one is "version"`},
		{`"truncation":null,`, `"version":"1.0",`, `the section "version" comes twice`},
		{`"a":3`, `"a":2`, `model: vocab: tokens "[SEP]" and "a" have the same id 2`},
		{`"a":3`, `"##b":3`, `token "##b" is in the vocabulary twice, with ids 3 and 4`},
		{`"a":3`, `"a":-3`, `the id of "a": byte`},
		{`"a":3`, `"a":3.5`, `the id of "a": byte`},
		{`"a":3`, `"a":99999999`, `token "a" has id 99999999; ids must be below`},
		{`"a":3`, `"\ud800":3`, `not a valid escape`},
		{`"a":3`, "\"a\nb\":3", `control character`},
		{`"a":3`, `"` + strings.Repeat("a", 1025) + `":3`, `has 1025 bytes`},
		{`"id":9,`, `"id":11,`, `added_tokens: "Big One" has id 11, but by the vocabulary its id is 9`},
		{`"Big One"`, `"\u0301"`, `normalises to nothing`},
		{`"lstrip":true`, `"left":true`, `added_tokens[1]: unknown field "left"`},
		{`"ids":[1]`, `"ids":[10]`, `post_processor.special_tokens: id 10 is outside the vocabulary of 10 tokens`},
		{`{"Sequence":{"id":"B","type_id":1}},`, ``, `post_processor.pair: every text has to occur exactly once, but A occurs 1 and B 0 times`},
		{`{"Sequence":{"id":"B","type_id":1}}`, `{"Sequence":{"id":"C","type_id":1}}`, `sequence "C" is neither`},
		{`{"Sequence":{"id":"B","type_id":1}}`, `{"Sequence":{"id":"B","type_id":256}}`, `field "type_id"`},
		{`{"Sequence":{"id":"B","type_id":1}}`, `{"SpecialToken":{"id":"[X]","type_id":1}}`, `"[X]" is not among special_tokens`},
		{`"decoder":{`, `"decoder":` + strings.Repeat("[", 100) + `{`, `nested more than`},
		{`"decoder":{"type"`, `"decoder":{type`, `decoder: byte`},
		{`{"version"`, `["version"`, `expected an object`},
		{`:8}}}`, `:8}}`, `the file ends inside a value`},
		{`:8}}}`, `:8}}} x`, `expected nothing after`},
		{`rerank`, "rer\xffank", `not UTF-8`},
	} {
		if strings.Count(tinyFile, c.old) == 0 {
			t.Fatalf("nothing to replace: %s", c.old)
		}
		_, err := Parse([]byte(strings.Replace(tinyFile, c.old, c.with, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "tokenizer: tokenizer.json: ") {
			t.Errorf("%s -> %s: error %v, want %s", c.old, c.with, err, c.want)
		}
	}
	for _, data := range []string{"", "{}", "null", `{"model":null}`, `{"model":{}}`, tinyFile[:len(tinyFile)/2]} {
		if _, err := Parse([]byte(data)); err == nil {
			t.Errorf("%.40q: no error", data)
		}
	}
}

func TestParseVocab(t *testing.T) {
	text := "[PAD]\r\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello \n##o\nhello\nÉ\né\n中\n"
	no := false
	for _, c := range []struct {
		o    VocabOptions
		want string
	}{
		{VocabOptions{}, "[1 7 8 4 1]"},
		{VocabOptions{Lowercase: true}, "[7 7 1 4 10 10]"},
		{VocabOptions{Lowercase: true, StripAccents: &no}, "[7 7 9 4 10 10]"},
		{VocabOptions{KeepChinese: true, MaxChars: 4}, "[1 1 8 4 1]"},
		{VocabOptions{Mask: "[X]"}, "[1 7 8 1 1 1 10 10]"},
	} {
		tok, err := ParseVocab([]byte(text), c.o)
		if err != nil {
			t.Fatal(err)
		}
		source := "HELLO hello É [MASK] 中中"
		if !c.o.KeepChinese && !c.o.Lowercase && c.o.Mask == "" {
			source = "HELLO hello É [MASK] x"
		}
		if got := fmt.Sprint(tok.AppendIDs(nil, source)); got != c.want {
			t.Errorf("%+v: ids %s, want %s", c.o, got, c.want)
		}
		if _, ok := tok.Token(5); ok || tok.VocabSize() != 11 {
			t.Errorf("of a repeated token the last counts, but id 5 is there; size %d", tok.VocabSize())
		}
	}
	for data, want := range map[string]string{
		"":                         `does not hold the unknown token "[UNK]"`,
		"[UNK]\n[CLS]\n":           `the special token "[SEP]" is not in the vocabulary`,
		"[UNK]\xff\n":              "not UTF-8",
		strings.Repeat("a", 1<<11): "line 1: token",
	} {
		if _, err := ParseVocab([]byte(data), VocabOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want %s", data, err, want)
		}
	}
}

func TestReplaceInvalid(t *testing.T) {
	for text, want := range map[string]struct {
		text  string
		count int
	}{
		"": {"", 0}, "ok é 😀 \ufffd": {"ok é 😀 \ufffd", 0}, "\xff": {"\ufffd", 1}, "a\xc3": {"a\ufffd", 1}, "\xe2\x82": {"\ufffd", 1},
		"\xe2\x82x": {"\ufffdx", 1}, "\xf0\x9f\x98": {"\ufffd", 1}, "\xed\xa0\x80": {"\ufffd\ufffd\ufffd", 3}, "\xc0\x80": {"\ufffd\ufffd", 2},
		"\xf4\x90\x80\x80": {"\ufffd\ufffd\ufffd\ufffd", 4}, "\xe0\x9f\xbf": {"\ufffd\ufffd\ufffd", 3}, "\x80\x80": {"\ufffd\ufffd", 2}, "\xf1\x80\x80\xc3\xa9": {"\ufffdé", 1},
	} {
		if got, n := ReplaceInvalid(text); got != want.text || n != want.count {
			t.Errorf("%+q: %+q (%d), want %+q (%d)", text, got, n, want.text, want.count)
		}
	}
}

func TestConcurrent(t *testing.T) {
	tok := baseTokenizer(t)
	texts := []string{"plain words", "naïve Σίσυφος 中文 \ua9c0\u0301", "한국어 [MASK] e\u0301", strings.Repeat("long", 100)}
	want := make([][]int32, len(texts))
	fresh := baseTokenizer(t)
	for i, text := range texts {
		want[i] = fresh.AppendIDs(nil, text)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				k := (g + i) % len(texts)
				if got := tok.AppendIDs(nil, texts[k]); !slices.Equal(got, want[k]) {
					t.Errorf("text %q: %v, want %v", texts[k], got, want[k])
					return
				}
			}
		})
	}
	wg.Wait()
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// tinyFile is a small tokenizer.json for seeds and for tests of errors.
const tinyFile = `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[
{"id":1,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
{"id":9,"content":"Big One","single_word":true,"lstrip":true,"rstrip":true,"normalized":true,"special":false}],
"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
"pre_tokenizer":{"type":"BertPreTokenizer"},
"post_processor":{"type":"TemplateProcessing",
"single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
"pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],
"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[2],"tokens":["[SEP]"]}}},
"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"##b":4,"rerank":5,"##ing":6,"abcdefghijklmnop":7,"\u00e9":8}}}`

func FuzzParse(f *testing.F) {
	f.Add([]byte(tinyFile))
	f.Add([]byte(strings.Replace(tinyFile, `"lowercase":true`, `"lowercase":false`, 1)))
	f.Add([]byte(`{"model":{"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":3,"vocab":{"u":0,"uu":2}}}`))
	f.Add([]byte(`{"model":{"vocab":{"\ud83d\ude00\n":1}}}`))
	f.Add([]byte(`{"normalizer":{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"Lowercase"},{"type":"StripAccents"}]}}`))
	f.Add([]byte(`{"post_processor":{"type":"BertProcessing","sep":["s",1],"cls":["c",0]},"model":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := Parse(data)
		if err != nil {
			if tok != nil || !strings.HasPrefix(err.Error(), "tokenizer: tokenizer.json: ") {
				t.Fatalf("error %q with tokenizer %v", err, tok)
			}
		} else {
			checkTokenizer(t, tok)
		}
		if tok, err := ParseVocab(data, VocabOptions{Lowercase: true}); err == nil {
			checkTokenizer(t, tok)
		}
	})
}

// checkTokenizer uses a tokenizer that was made of arbitrary input.
func checkTokenizer(t *testing.T, tok *Tokenizer) {
	for _, text := range []string{"", "a  Big One ab reranking [CLS] é e\u0301 中 \xff abcdefghijklmnopq", strings.Repeat("ab", 200)} {
		tokens := tok.AppendTokens(nil, text)
		ids := tok.AppendIDs(nil, text)
		checkIDs(t, tok, text, ids, tokens)
	}
	a, b := []int32{0, 0, 0}, []int32{0, 0, 0, 0}
	for limit := range 12 {
		if ids, _ := tok.AppendSingle(nil, a, limit); limit > 0 && len(ids) > limit {
			t.Fatalf("%d ids, limit %d", len(ids), limit)
		}
		if ids, types, _ := tok.AppendPair(nil, nil, a, b, PairLimits{Max: limit}); limit > 0 && len(ids) > limit || len(types) != len(ids) {
			t.Fatalf("%d ids and %d types, limit %d", len(ids), len(types), limit)
		}
	}
}

func checkIDs(t *testing.T, tok *Tokenizer, text string, ids []int32, tokens []Token) {
	if len(ids) != len(tokens) {
		t.Fatalf("text %+q: %d ids but %d tokens", text, len(ids), len(tokens))
	}
	for i, k := range tokens {
		if ids[i] != k.ID {
			t.Fatalf("text %+q: ids %v, tokens %v", text, ids, tokens)
		}
		if name, ok := tok.Token(k.ID); !ok || k.ID < 0 || int(k.ID) >= tok.VocabSize() {
			t.Fatalf("text %+q: id %d of %d is %q", text, k.ID, tok.VocabSize(), name)
		}
		if k.Start < 0 || k.Start > k.End || int(k.End) > len(text) {
			t.Fatalf("text %+q: token %v out of range", text, k)
		}
	}
}

func FuzzAppendIDs(f *testing.F) {
	file := baseFile()
	lower := baseTokenizer(f)
	cased, err := Parse(bytes.Replace(file, []byte(`"lowercase":true`), []byte(`"lowercase":false`), 1))
	if err != nil {
		cased, err = Parse(bytes.Replace(file, []byte(`"lowercase": true`), []byte(`"lowercase": false`), 1))
	}
	if err != nil {
		f.Fatal(err)
	}
	both := []struct {
		tok  *Tokenizer
		slow *slowTokenizer
	}{{lower, newSlow(lower)}, {cased, newSlow(cased)}}
	for _, text := range []string{
		"", "Hello, World!", "a[SEP]b [MASK].", "naïve e\u0301\u0323 İß", "中文a 한국어", "\ua9c0\u0301x \u0344", "a\xffb\xe2\x82c\xed\xa0\x80",
		strings.Repeat("x", 101), "👩‍👩‍👧 ☃\ufe0f", "a\x00b\u200bc", "unaffable antidisestablishmentarianism", "don’t “quote”",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean, count := ReplaceInvalid(text)
		if slow, n := naiveReplace(text); slow != clean || n != count {
			t.Fatalf("text %+q: replaced %+q (%d), want %+q (%d)", text, clean, count, slow, n)
		}
		at := boundaries(text)
		for _, b := range both {
			tokens := b.tok.AppendTokens([]Token{}, text)
			checkIDs(t, b.tok, text, b.tok.AppendIDs(nil, text), tokens)
			last := int32(0)
			for _, k := range tokens {
				if k.Start < last || !at[k.Start] || !at[k.End] {
					t.Fatalf("text %+q: token %v out of order or inside a character", text, k)
				}
				last = k.Start
			}
			if want := b.slow.tokens(text); !slices.Equal(tokens, want) {
				t.Fatalf("text %+q:\n got %v\nwant %v", text, tokens, want)
			}
			ids, want := b.tok.AppendIDs(nil, clean), b.tok.AppendIDs(nil, text)
			if !slices.Equal(ids, want) {
				t.Fatalf("text %+q: ids %v, after replacement %v", text, want, ids)
			}
		}
	})
}

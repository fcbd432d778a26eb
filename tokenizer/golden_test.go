// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// readGzip returns a compressed file of testdata.
func readGzip(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(readGzip(t, name), into); err != nil {
		t.Fatal(err)
	}
}

var baseFile = sync.OnceValue(func() []byte {
	f, err := os.Open("testdata/tokenizer.json.gz")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		panic(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return data
})

func baseTokenizer(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := Parse(baseFile())
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// change returns the base tokenizer.json with other sections; "model" changes single fields of the model.
func change(t testing.TB, sections map[string]json.RawMessage) []byte {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(baseFile(), &m); err != nil {
		t.Fatal(err)
	}
	for name, raw := range sections {
		if name != "model" {
			m[name] = raw
			continue
		}
		var model, patch map[string]json.RawMessage
		if err := json.Unmarshal(m["model"], &model); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &patch); err != nil {
			t.Fatal(err)
		}
		maps.Copy(model, patch)
		m["model"] = marshal(t, model)
	}
	return marshal(t, m)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// goldenText is a text in base64 and its tokens as id, start, end, id, start, end, …
type goldenText struct {
	text string
	want []Token
}

func (g *goldenText) UnmarshalJSON(b []byte) error {
	var flat []int32
	var text []byte
	if err := json.Unmarshal(b, &[]any{&text, &flat}); err != nil {
		return err
	}
	g.text = string(text)
	g.want = []Token{}
	for i := 0; i < len(flat); i += 3 {
		g.want = append(g.want, Token{flat[i], flat[i+1], flat[i+2]})
	}
	return nil
}

type goldenPair struct {
	A, B  string
	Max   int
	IDs   []int32
	Types []int
	Mask  []int
}

func ints(b []uint8) []int {
	out := make([]int, len(b))
	for i, v := range b {
		out[i] = int(v)
	}
	return out
}

type goldenFile struct {
	Tokenizers string
	Variants   []struct {
		Name   string
		Change map[string]json.RawMessage
		Texts  []goldenText
		Pairs  []goldenPair
	}
	Real       int // place of the first real text in the first variant
	Cuts       []goldenPair
	VocabLower []goldenText `json:"vocab_lower"`
	VocabCased []goldenText `json:"vocab_cased"`
}

// checkTexts compares ids and offsets with the reference's. The reference read the text with invalid bytes
// replaced, so offsets are compared on that text and ids on both.
func checkTexts(t *testing.T, tok *Tokenizer, texts []goldenText) {
	t.Helper()
	if len(texts) == 0 {
		t.Fatal("no texts")
	}
	for _, g := range texts {
		clean, _ := ReplaceInvalid(g.text)
		if got := tok.AppendTokens([]Token{}, clean); !slices.Equal(got, g.want) {
			t.Fatalf("text %+q:\n got %v\nwant %v", clean, got, g.want)
		}
		ids := tok.AppendIDs(nil, g.text)
		same := len(ids) == len(g.want)
		for i := 0; same && i < len(ids); i++ {
			same = ids[i] == g.want[i].ID
		}
		if !same {
			t.Fatalf("text %+q:\n got ids %v\nwant %v", g.text, ids, g.want)
		}
		if n := tok.Count(g.text); n != len(g.want) {
			t.Fatalf("text %+q: Count is %d, want %d", g.text, n, len(g.want))
		}
	}
}

func TestGolden(t *testing.T) {
	var file goldenFile
	readJSON(t, "golden.json.gz", &file)
	if file.Tokenizers != ReferenceVersion || tables().version != ReferenceVersion {
		t.Errorf("golden values are from %s, tables from %s, ReferenceVersion is %s", file.Tokenizers, tables().version, ReferenceVersion)
	}
	for _, v := range file.Variants {
		t.Run(v.Name, func(t *testing.T) {
			tok, err := Parse(change(t, v.Change))
			if err != nil {
				t.Fatal(err)
			}
			checkTexts(t, tok, v.Texts)
			for _, p := range v.Pairs {
				e := tok.EncodePair(p.A, p.B)
				if !slices.Equal(e.IDs, p.IDs) || !slices.Equal(ints(e.TypeIDs), p.Types) || !slices.Equal(ints(e.SpecialMask), p.Mask) {
					t.Errorf("pair %q %q:\n got %v %v %v\nwant %v %v %v", p.A, p.B, e.IDs, e.TypeIDs, e.SpecialMask, p.IDs, p.Types, p.Mask)
				}
				ids, types, cut := tok.AppendPair(nil, nil, tok.AppendIDs(nil, p.A), tok.AppendIDs(nil, p.B), PairLimits{})
				if !slices.Equal(ids, p.IDs) || !slices.Equal(ints(types), p.Types) || cut != (PairCut{}) {
					t.Errorf("pair %q %q built: got %v %v %v", p.A, p.B, ids, types, cut)
				}
			}
		})
	}
	t.Run("cut", func(t *testing.T) {
		tok := baseTokenizer(t)
		if len(file.Cuts) == 0 {
			t.Fatal("no cases")
		}
		for _, p := range file.Cuts {
			q, d := tok.AppendIDs(nil, p.A), tok.AppendIDs(nil, p.B)
			ids, types, cut := tok.AppendPair(nil, nil, q, d, PairLimits{Max: p.Max, Query: len(q)})
			if !slices.Equal(ids, p.IDs) || !slices.Equal(ints(types), p.Types) {
				t.Fatalf("pair %q %q at %d:\n got %v %v\nwant %v %v", p.A, p.B, p.Max, ids, types, p.IDs, p.Types)
			}
			if want := len(q) + len(d) + tok.SpecialCount(true) - len(ids); cut.Query != 0 || cut.Document != want {
				t.Fatalf("pair %q %q at %d: cut %+v, want %d of the document", p.A, p.B, p.Max, cut, want)
			}
		}
	})
	t.Run("vocab.txt", func(t *testing.T) {
		data := vocabText(baseTokenizer(t))
		for _, lower := range []bool{true, false} {
			tok, err := ParseVocab([]byte(data), VocabOptions{Lowercase: lower})
			if err != nil {
				t.Fatal(err)
			}
			if lower {
				checkTexts(t, tok, file.VocabLower)
			} else {
				checkTexts(t, tok, file.VocabCased)
			}
		}
	})
}

// vocabText writes a tokenizer's vocabulary as vocab.txt.
func vocabText(tok *Tokenizer) string {
	var b strings.Builder
	for id := range tok.VocabSize() {
		name, _ := tok.Token(int32(id))
		b.WriteString(name + "\n")
	}
	return b.String()
}

// TestSweep runs every code point through several tokenizers, in several contexts.
func TestSweep(t *testing.T) {
	var file struct {
		Variants []struct {
			Name   string
			Change map[string]json.RawMessage
			Sweep  []struct {
				Context string
				Hashes  [][2]any
			}
		}
	}
	readJSON(t, "sweep.json.gz", &file)
	if len(file.Variants) == 0 {
		t.Fatal("no variants")
	}
	for _, v := range file.Variants {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			tok, err := Parse(change(t, v.Change))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range v.Sweep {
				block := rune(0)
				for _, run := range s.Hashes {
					count, ok := run[1].(float64)
					if !ok {
						t.Fatalf("run %v has no count", run)
					}
					for range int(count) {
						if got := blockHash(tok, s.Context, block); got != run[0] {
							t.Errorf("context %q, code points %U to %U differ from the reference", s.Context, block, block+255)
						}
						block += 256
					}
				}
				if block != utf8.MaxRune+1 {
					t.Fatalf("the sweep ends at %U", block)
				}
			}
		})
	}
}

func blockHash(tok *Tokenizer, context string, block rune) string {
	h := sha256.New()
	var tokens []Token
	var buf []byte
	for c := block; c < block+256; c++ {
		if !utf8.ValidRune(c) {
			continue
		}
		tokens = tok.AppendTokens(tokens[:0], strings.Replace(context, "{}", string(c), 1))
		buf = binary.LittleEndian.AppendUint32(buf[:0], uint32(len(tokens)))
		for _, k := range tokens {
			for _, x := range []int32{k.ID, k.Start, k.End} {
				buf = binary.LittleEndian.AppendUint32(buf, uint32(x))
			}
		}
		h.Write(buf)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

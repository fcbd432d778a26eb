// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func must(t testing.TB, o Options) *Analyzer {
	t.Helper()
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// show writes tokens as term@position.
func show(tokens []Token) string {
	var parts []string
	for _, tok := range tokens {
		parts = append(parts, fmt.Sprintf("%s@%d", tok.Term, tok.Position))
	}
	return strings.Join(parts, " ")
}

func TestWords(t *testing.T) {
	plain := Options{}
	for _, tt := range []struct {
		name    string
		options Options
		text    string
		want    string
	}{
		{"words", plain, "The quick, brown FOX.", "the@0 quick@1 brown@2 fox@3"},
		{"one letter and numbers", plain, "vitamin C, plan 9 (2019)", "vitamin@0 c@1 plan@2 9@3 2019@4"},
		{"full stop between letters", plain, "see example.com e.g. end.Next", "see@0 example@1 com@2 e@3 g@4 end@5 next@6"},
		{"numbers stay whole", plain, "3.14 1,000 1.2.3 10:30 1;2 v1.2", "3.14@0 1,000@1 1.2.3@2 10@3 30@4 1@5 2@6 v1.2@7"},
		{"apostrophes", plain, "don't don’t 'quoted' rock'n'roll", "don't@0 don't@1 quoted@2 rock'n'roll@3"},
		{"elision", Options{Language: "fr"}, "l'avion d’abord", "l@0 avion@1 d@2 abord@3"},
		{"underscores", plain, "_emphasis_ __init__ snake_case ___", "emphasis@0 init@1 snake_case@2"},
		{"hyphens", plain, "state-of-the-art -x", "state@0 of@1 the@2 art@3 x@4"},
		{"folding", plain, "Straße STRASSE ＡＢＣ ﬁne Σίσυφος ΣΊΣΥΦΟΣ", "strasse@0 strasse@1 abc@2 fine@3 σίσυφοσ@4 σίσυφοσ@5"},
		{"composition", plain, "caf\u00e9 cafe\u0301 cafe", "caf\u00e9@0 caf\u00e9@1 cafe@2"},
		{"invisible", plain, "co\u00adoperate zero\u200dwidth", "cooperate@0 zerowidth@1"},
		{"turkish", Options{Language: "tr"}, "IĞDIR İstanbul", "ığdır@0 istanbul@1"},
		{"unspaced", plain, "東京都 の カメラ。木", "東京@0 京都@1 の@2 カメ@3 メラ@4 木@5"},
		{"mixed scripts", plain, "iPhoneを買うX_東京", "iphone@0 を買@1 買う@2 x@3 東京@4"},
		{"thai", plain, "ที่นี่ไทย", "ที่นี่@0 นี่ไ@1 ไท@2 ทย@3"},
		{"hangul", plain, "한국어를 배우다", "한국어를@0 배우다@1"},
		{"invalid bytes", plain, "ab\xffcd \xe2", "ab@0 cd@1"},
		{"nothing", plain, " \t\n …—🚀 ", ""},
		{"english", Default(), "The running horses weren't in the stables; it's John's.", "run@1 hors@2 weren't@3 stabl@6 john@8"},
		{"english names", Options{Language: "English", Stem: true}, "the horses", "the@0 hors@1"},
		{"german", Options{Language: "de", StopWords: true, Stem: true}, "Die Häuser und Straßen", "haus@1 strass@3"},
		{"russian", Options{Language: "ru", StopWords: true, Stem: true}, "и красивые дома", "красив@1 дом@2"},
		{"code", Options{Code: true}, "x parseHTTPRequest2 y", "x@0 parsehttprequest2@1 parse@1 http@2 request@3 2@4 y@5"},
		{"code kinds", Options{Code: true}, "MAX_LEN iOS kebab-case ÉtéBleu utf8 __x_y1__", "max_len@0 max@0 len@1 ios@2 i@2 os@3 kebab@4 case@5 étébleu@6 été@6 bleu@7 utf8@8 utf@8 8@9 x_y1@10 x@10 y@11 1@12"},
		{"code, but prose", Options{Code: true}, "Don't 3.14 IT", "don't@0 3.14@1 it@2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := must(t, tt.options).Append(nil, tt.text)
			if diff := cmp.Diff(tt.want, show(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkTokens(t, tt.text, got)
		})
	}
}

func checkTokens(t interface{ Errorf(string, ...any) }, text string, tokens []Token) {
	last := Token{}
	for i, tok := range tokens {
		if tok.Term == "" || len(tok.Term) > MaxWord || !utf8.ValidString(tok.Term) {
			t.Errorf("token %d of %q: term %q", i, text, tok.Term)
		}
		if tok.Start < 0 || tok.Start >= tok.End || tok.End > len(text) || tok.Position < 0 || tok.Position < last.Position {
			t.Errorf("token %d of %q: %+v after %+v", i, text, tok, last)
		}
		last = tok
	}
}

func TestOffsets(t *testing.T) {
	text := "Ein _Straßen_schild, 東京都 fooBar"
	var got []string
	for _, tok := range must(t, Options{Code: true}).Append([]Token{{Term: "before"}}, text)[1:] {
		got = append(got, text[tok.Start:tok.End])
	}
	want := []string{"Ein", "Straßen_schild", "Straßen", "schild", "東京", "京都", "fooBar", "foo", "Bar"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongWords(t *testing.T) {
	for _, a := range []*Analyzer{must(t, Default()), must(t, Options{})} {
		longWords(t, a)
	}
}

func longWords(t *testing.T, a *Analyzer) {
	for _, text := range []string{strings.Repeat("x", 1000), strings.Repeat("é", 1000), strings.Repeat("ﷺ", 100), strings.Repeat("9.", 1000) + "9"} {
		got := a.Append(nil, text+" end")
		if len(got) != 2 || len(got[0].Term) > MaxWord || len(got[0].Term) < 200 || got[0].End != len(text) {
			t.Errorf("%.20q…: %d tokens, first %+v", text, len(got), got[0])
		}
		checkTokens(t, text+" end", got)
	}
}

func TestNewRefusesUnknownLanguages(t *testing.T) {
	_, err := New(Options{Language: "germn"})
	if err == nil || !strings.Contains(err.Error(), `did you mean "german"?`) {
		t.Errorf("error %v", err)
	}
	for _, code := range Languages() {
		a := must(t, Options{Language: code, StopWords: true, Stem: true})
		if a.Options().Language != code {
			t.Errorf("%s became %s", code, a.Options().Language)
		}
		without := code == "ar" || code == "ro" || code == "ta" || code == "tr"
		if (len(a.stop) == 0) != without {
			t.Errorf("%s has %d stop words", code, len(a.stop))
		}
	}
	if got := must(t, Options{Language: "nb"}).Options().Language; got != "no" {
		t.Errorf("nb is %s", got)
	}
}

// TestEnglishStopWords keeps the list that bm25s and Lucene use, so that scores compare.
func TestEnglishStopWords(t *testing.T) {
	list := "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with"
	a := must(t, Default())
	if n := len(strings.Fields(list)); n != 33 || len(a.stop) != n {
		t.Errorf("%d words, analyzer has %d", n, len(a.stop))
	}
	if got := a.Append(nil, list); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// texts draws strings of characters that word rules care about.
func texts() *rapid.Generator[string] {
	pieces := []string{
		"a", "b", "Z", "1", "2", "_", "'", ".", ",", ":", ";", "-", " ", "\n", "\"", "é", "e\u0301", "\u0301", "’", "‘", "“", "…", "\u00a0", "\u00ad",
		"\u200d", "\u200b", "ß", "東", "京", "の", "カ", "ー", "ｶ", "한", "ท", "ี", "א", "ב", "٣", "½", "Ⅷ", "🚀", "👩\u200d🚀", "🇩", "\xff", "\xe2", "\xe2\x80", "\u202f",
		"·", "‿", "İ", "ı", "Σ", "ς", "ﬁ", "ﷺ", "𠀀", "𝟙", "\u0e00", "ʼ", "\ufe0f", "common", "Running", "the",
	}
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 24).Draw(t, "pieces"), "")
	})
}

func options() *rapid.Generator[Options] {
	return rapid.Custom(func(t *rapid.T) Options {
		return Options{
			Language:  rapid.SampledFrom(append(Languages(), "", "en", "fr")).Draw(t, "language"),
			StopWords: rapid.Bool().Draw(t, "stop words"),
			Stem:      rapid.Bool().Draw(t, "stem"),
			Code:      rapid.Bool().Draw(t, "code"),
		}
	})
}

// TestFastPath compares with the definition: all segments of UAX #29 from the tables, each cut by split.
func TestFastPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, text := options().Draw(t, "options"), texts().Draw(t, "text")
		a, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		got := a.Append(nil, text)
		s := scanner{a: a, text: text}
		end := 0
		for segments := words.FromString(text); segments.Next(); {
			if segments.End() > end { // a run without spaces is taken at its first character
				end = s.split(max(end, segments.Start()), segments.End())
			}
		}
		if diff := cmp.Diff(s.out, got); diff != "" {
			t.Fatalf("%q (-definition +fast):\n%s", text, diff)
		}
		checkTokens(t, text, got)
	})
}

// TestContext says that a text's words do not depend on what stands around it.
func TestContext(t *testing.T) {
	a := must(t, Options{Code: true})
	rapid.Check(t, func(t *rapid.T) {
		left, right := texts().Draw(t, "left"), texts().Draw(t, "right")
		l, r := a.Append(nil, left), a.Append(nil, right)
		both := a.Append(nil, left+"\n"+right)
		if len(both) != len(l)+len(r) {
			t.Fatalf("%q and %q have %d and %d tokens, together %d", left, right, len(l), len(r), len(both))
		}
		for i, tok := range both {
			want := append(l, r...)[i]
			if tok.Term != want.Term {
				t.Fatalf("token %d is %q, want %q", i, tok.Term, want.Term)
			}
		}
	})
}

func TestFoldIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, err := findLanguage(rapid.SampledFrom([]string{"", "de", "tr"}).Draw(t, "language"))
		if err != nil {
			t.Fatal(err)
		}
		s := rapid.OneOf(texts(), rapid.String()).Draw(t, "text")
		once := l.fold(s)
		if twice := l.fold(once); twice != once {
			t.Fatalf("%q: %q, then %q", s, once, twice)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	a := must(t, Default())
	var text strings.Builder
	for i := range 100_000 { // more words than the cache has slots
		fmt.Fprintf(&text, "word%d running%d ", i, i%1000)
	}
	want := must(t, Default()).Append(nil, text.String())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := a.Append(nil, text.String()); !cmp.Equal(got, want) {
				t.Error("another result")
			}
		})
	}
	wg.Wait()
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{"Hello, World", "l'été 東京都", "parseHTTPRequest2", "\xff\xe2"} {
		f.Add(s, uint8(3), true)
	}
	codes := append(Languages(), "")
	f.Fuzz(func(t *testing.T, text string, language uint8, code bool) {
		a := must(t, Options{Language: codes[int(language)%len(codes)], StopWords: true, Stem: true, Code: code})
		checkTokens(t, text, a.Append(nil, text))
	})
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// showQuery writes every clause as operator(term@offset …).
func showQuery(q Query) string {
	var parts []string
	for _, c := range q.Clauses {
		var terms []string
		for _, t := range c.Terms {
			terms = append(terms, fmt.Sprintf("%s@%d", t.Term, t.Offset))
		}
		parts = append(parts, c.Occur.String()+"("+strings.Join(terms, " ")+")")
	}
	return strings.Join(parts, " ")
}

func TestParseQuery(t *testing.T) {
	for _, tt := range []struct {
		name      string
		options   Options
		query     string
		want      string
		canonical string
	}{
		{"words", Default(), "the running Horses", "(run@0) (hors@0)", "running Horses"},
		{"operators", Default(), "cats +dogs -birds", "(cat@0) +(dog@0) -(bird@0)", "cats +dogs -birds"},
		{"phrases", Default(), `"state of the art" +"big dogs" -"a bird"`, "(state@0 art@3) +(big@0 dog@1) -(bird@0)", `"state of the art" +"big dogs" -"a bird"`},
		{"curly quotes", Default(), "“big dogs”", "(big@0 dog@1)", `"big dogs"`},
		{"any word", Options{}, `"big * dogs * * run"`, "(big@0 dogs@2 run@5)", `"big * dogs * * run"`},
		{"hyphens inside", Options{}, "state-of-art - x", "(state@0) (of@0) (art@0) (x@0)", "state-of-art x"},
		{"lone operators", Options{}, "+ - c++ -- --x +- ( -y", "(c@0) (x@0) -(y@0)", "c x -y"},
		{"unbalanced quote", Options{}, `a 5" disk`, "(a@0) (5@0) (disk@0)", "a 5 disk"},
		{"unbalanced at a word", Options{}, `say "hello world`, "(say@0) (hello@0) (world@0)", "say hello world"},
		{"unbalanced with operator", Options{}, `+"hello -world`, "(hello@0) -(world@0)", "hello -world"},
		{"empty quotes", Options{}, `"" "…" x`, "(x@0)", "x"},
		{"quote inside a word", Options{}, `a"b "c d"e`, `(a@0) (b@0) (c@0 d@1) (e@0)`, `a"b "c d" e`},
		{"word of several terms", Options{}, "example.com +example.com -東京都", "(example@0) (com@0) +(example@0 com@1) -(東京@0 京都@1)", "example.com +example.com -東京都"},
		{"identifier", Options{Code: true}, "+getID x", "+(getid@0 get@0 id@1) (x@0)", "+getID x"},
		{"stop words only", Default(), `"to be" +the or`, "", ""},
		{"nothing", Default(), " \n ", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := ParseQuery(tt.query, must(t, tt.options))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want, tt.canonical}, []string{showQuery(q), q.String()}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueryTerms(t *testing.T) {
	q, err := ParseQuery(`dogs +"big dogs" -cats running -"no dogs" run`, must(t, Default()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"dog", "big", "run"}, q.Terms()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(q.Clauses) != 6 || !q.Positive() {
		t.Errorf("%d clauses, positive %v", len(q.Clauses), q.Positive())
	}
	if not, err := ParseQuery(`-cats -"no dogs"`, must(t, Default())); err != nil || not.Positive() || not.Terms() != nil {
		t.Errorf("%v, %v", not, err)
	}
}

func TestParseQueryRefusesHugeTexts(t *testing.T) {
	a := must(t, Default())
	if _, err := ParseQuery(strings.Repeat("x", MaxQuery+1), a); err == nil {
		t.Error("no error")
	}
	for _, hostile := range []string{"“ ", `"`, "+“", "- ", "ー_"} {
		if _, err := ParseQuery(strings.Repeat(hostile, MaxQuery/len(hostile)), a); err != nil {
			t.Errorf("%q: %v", hostile, err)
		}
	}
}

func queries() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		pieces := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]string{`"`, "“", "”", "+", "-", " ", "*", " * ", "the", "fooBar"}), texts()), 0, 12)
		return strings.Join(pieces.Draw(t, "pieces"), "")
	})
}

func checkQuery(t interface{ Fatalf(string, ...any) }, text string, a *Analyzer) {
	q, err := ParseQuery(text, a)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for _, c := range q.Clauses {
		if len(c.Terms) == 0 || c.Terms[0].Offset != 0 {
			t.Fatalf("%q: clause %+v", text, c)
		}
	}
	again, err := ParseQuery(q.String(), a)
	if diff := cmp.Diff(q, again); err != nil || diff != "" {
		t.Fatalf("%q became %q: error %v (-first +second):\n%s", text, q.String(), err, diff)
	}
}

func TestCanonicalFormIsTheSameQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, err := New(options().Draw(t, "options"))
		if err != nil {
			t.Fatal(err)
		}
		checkQuery(t, queries().Draw(t, "query"), a)
	})
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{`a +b -c "d e" +"f * g"`, `"unbalanced`, "“x” 5\" --y", "+東京都"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, code bool) {
		checkQuery(t, text, must(t, Options{Language: "en", StopWords: true, Stem: true, Code: code}))
	})
}

func TestWordsKnowNoOperators(t *testing.T) {
	a := must(t, Options{Language: "en", Stem: true})
	q := Words(`+cats -dogs "two words" C++`, a)
	if got := q.Terms(); strings.Join(got, " ") != "cat dog two word c" {
		t.Errorf("terms %q", got)
	}
	for _, c := range q.Clauses {
		if c.Occur != Should || c.Quoted || c.IsPhrase() {
			t.Errorf("%+v is no plain word", c)
		}
	}
	if q := Words(strings.Repeat("é ", MaxQuery), a); len(q.Clauses) == 0 {
		t.Error("a long text has no words")
	}
}

func TestPlain(t *testing.T) {
	for query, want := range map[string]string{
		"satellite -venus":             "satellite",
		`+octopus "two words" -"a b"`:  `octopus "two words"`,
		"what is C++ - a language?":    "what is C++ - a language?",
		"  state-of-the-art  is  kept": "  state-of-the-art  is  kept",
		"-only":                        "",
		`+"one phrase" of the rest`:    "one phrase of the rest",
	} {
		if got := Plain(query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
)

// Options choose what an analyzer does beyond finding and folding words.
type Options struct {
	// Language is an ISO 639-1 code or an English name ("de", "german"). "" is no language: words are neither stopped nor
	// stemmed, whatever the switches below say. New replaces a name by its code.
	Language  string `json:"language"`
	StopWords bool   `json:"stop_words"` // leave out the stop words of the language; a language without a list has none
	Stem      bool   `json:"stem"`       // apply the Snowball stemmer of the language
	// Code adds the parts of identifiers to the whole: parseHTTPRequest2 gives itself, parse, http, request and 2. The whole
	// stands at the position of its first part.
	Code bool `json:"code"`
}

// Default returns the options for English prose.
func Default() Options { return Options{Language: "en", StopWords: true, Stem: true} }

// Token is a term at a place of a text.
type Token struct {
	Term       string // folded, stemmed; never empty; at most MaxWord bytes; it may share the text's memory: clone what is kept longer
	Position   int    // which word of the text it is, from 0, stop words counted
	Start, End int    // the bytes text[Start:End] of the word that it came from
}

// Analyzer turns texts into tokens. It is safe for concurrent use.
type Analyzer struct {
	options Options
	lang    language
	stop    map[string]struct{}
	plain   bool // words of ASCII in lower case are their own terms
	cache   *cache
	create  func(word string) string // makeTerm, bound once
}

// New returns an analyzer. An unknown language is an error that names the nearest known one.
func New(o Options) (*Analyzer, error) {
	lang, err := findLanguage(o.Language)
	if err != nil {
		return nil, err
	}
	o.Language = lang.code
	a := &Analyzer{options: o, lang: lang, cache: newCache()}
	a.create = a.makeTerm
	if o.StopWords {
		a.stop = lang.stopWords()
	}
	a.plain = a.stop == nil && (!o.Stem || lang.stem == nil)
	return a, nil
}

// Options returns the options that New was given, with the language as its code.
func (a *Analyzer) Options() Options { return a.options }

// Append adds the tokens of a text to dst, in order of position, and returns it. Positions begin at 0, whatever dst holds.
// Invalid UTF-8 ends words and is in no term. Time is linear in the text's length.
func (a *Analyzer) Append(dst []Token, text string) []Token {
	s := scanner{a: a, text: text, out: dst}
	s.run()
	return s.out
}

// term returns the term of a word as it is written, or "" for a stop word. Terms are shared, so most words cost no memory.
func (a *Analyzer) term(word string) string { return a.cache.term(word, a.create) }

// makeTerm does the work: cut, fold, stop, stem. The term shares no memory with the text.
func (a *Analyzer) makeTerm(word string) string {
	term := a.lang.fold(cut(word, MaxWord))
	if a.isStop(term) {
		return ""
	}
	if a.options.Stem && a.lang.stem != nil && utf8.RuneCountInString(term) > 1 {
		if stem := a.stem(term); stem != "" {
			term = stem
		}
	}
	return strings.Clone(cut(term, MaxWord))
}

// isStop reports whether a folded word is a stop word. English it's is it: the stemmer would leave just that.
func (a *Analyzer) isStop(term string) bool {
	if a.stop == nil {
		return false
	}
	if a.lang.code == "en" {
		term = strings.TrimSuffix(term, "'s")
	}
	_, ok := a.stop[term]
	return ok
}

// stem applies the stemmer once. Snowball's programs expect words: anything else they leave as it is.
func (a *Analyzer) stem(term string) string {
	env := snowballstem.NewEnv(term)
	a.lang.stem(env)
	return env.Current()
}

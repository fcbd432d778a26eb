// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"embed"
	"fmt"
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"

	"github.com/winnow-search/winnow/internal/nearest"
)

// stopLists holds one list a language, one word a line. English is the short list of 33 words that Lucene made common; the
// others are the lists of the Snowball project (see stop/LICENSE), without their comments.
//
//go:embed stop/*.txt
var stopLists embed.FS

// language is what the package knows about one language.
type language struct {
	code  string // ISO 639-1
	name  string // English name, in lower case
	stem  func(*snowballstem.Env) bool
	elide bool // an apostrophe separates an elided article from its word
}

// languages are those with a Snowball stemmer, by code.
var languages = []language{
	{code: "ar", name: "arabic", stem: arabic.Stem},
	{code: "da", name: "danish", stem: danish.Stem},
	{code: "de", name: "german", stem: german.Stem},
	{code: "en", name: "english", stem: english.Stem},
	{code: "es", name: "spanish", stem: spanish.Stem},
	{code: "fi", name: "finnish", stem: finnish.Stem},
	{code: "fr", name: "french", stem: french.Stem, elide: true},
	{code: "ga", name: "irish", stem: irish.Stem, elide: true},
	{code: "hu", name: "hungarian", stem: hungarian.Stem},
	{code: "it", name: "italian", stem: italian.Stem, elide: true},
	{code: "nl", name: "dutch", stem: dutch.Stem},
	{code: "no", name: "norwegian", stem: norwegian.Stem},
	{code: "pt", name: "portuguese", stem: portuguese.Stem},
	{code: "ro", name: "romanian", stem: romanian.Stem},
	{code: "ru", name: "russian", stem: russian.Stem},
	{code: "sv", name: "swedish", stem: swedish.Stem},
	{code: "ta", name: "tamil", stem: tamil.Stem},
	{code: "tr", name: "turkish", stem: turkish.Stem},
}

// Languages returns the ISO 639-1 codes of the languages that have a stemmer, in alphabetical order. Arabic, Romanian, Tamil
// and Turkish have no list of stop words.
func Languages() []string {
	codes := make([]string, len(languages))
	for i, l := range languages {
		codes[i] = l.code
	}
	return codes
}

// findLanguage returns a language by its code or its English name, in any case. "" is no language.
func findLanguage(name string) (language, error) {
	lower := strings.ToLower(name)
	switch lower {
	case "":
		return language{}, nil
	case "nb", "nn": // the two written forms of Norwegian share one stemmer
		lower = "no"
	}
	known := make([]string, 0, 2*len(languages))
	for _, l := range languages {
		if lower == l.code || lower == l.name {
			return l, nil
		}
		known = append(known, l.code, l.name)
	}
	hint := ""
	if near := nearest.Name(lower, known); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return language{}, fmt.Errorf("unknown language %q%s; known are %s, and \"\" for text in no particular language",
		name, hint, strings.Join(Languages(), ", "))
}

// stopWords returns the folded stop words of a language; the set is empty if there is no list.
func (l language) stopWords() map[string]struct{} {
	list, err := stopLists.ReadFile("stop/" + l.code + ".txt")
	if err != nil { // the languages that Languages names as having none
		return nil
	}
	words := strings.Fields(string(list))
	set := make(map[string]struct{}, len(words))
	for _, w := range words {
		set[l.fold(w)] = struct{}{}
	}
	return set
}

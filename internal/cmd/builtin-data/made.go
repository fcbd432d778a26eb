// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/winnow-search/winnow/document"
)

var errTooShort = errors.New("the text is too short to make a question of it")

// cloze takes a sentence out of a text and asks for the rest (the inverse cloze task of Lee, Chang & Toutanova 2019).
func cloze(text string) (question, error) {
	var fit []document.Range
	for _, r := range document.Sentences(text) {
		if n := len(strings.Fields(text[r.Start:r.End])); n >= 6 && n <= 40 && len(strings.Fields(text))-n >= 25 {
			fit = append(fit, r)
		}
	}
	if len(fit) == 0 {
		return question{}, errTooShort
	}
	r := fit[hash("cloze"+text)%uint64(len(fit))]
	rest := strings.TrimSpace(text[:r.Start]) + " " + strings.TrimSpace(text[r.End:])
	return question{Query: strings.TrimSpace(text[r.Start:r.End]), Positive: strings.TrimSpace(rest)}, nil
}

// words are the distinct words of a text that a search might be for, in lower case and in order.
func words(text string) (list []string) {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(w) > 2 && !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}

// corpus says in how many of all passages a word is.
type corpus struct {
	passages int
	in       map[string]int
}

func frequencies(sets [][]string) *corpus {
	c := &corpus{in: map[string]int{}}
	for _, passages := range sets {
		for _, text := range passages {
			c.passages++
			for _, w := range words(text) {
				c.in[w]++
			}
		}
	}
	return c
}

// keywords asks for a text by two to five of its words, as people type them: such as are neither rare nor common.
func keywords(text string, c *corpus) (question, error) {
	list := words(text)
	type weighed struct {
		place int
		value float64
	}
	var fit []weighed
	for i, w := range list {
		n := c.in[w]
		if n < 2 || n > c.passages/50 {
			continue
		}
		idf := math.Log(float64(c.passages) / float64(n))
		noise := float64(hash(w+text)%1000) / 1000 // not always the same few
		fit = append(fit, weighed{i, idf * (float64(strings.Count(strings.ToLower(text), w)) + 2*noise)})
	}
	if len(fit) < 5 {
		return question{}, errTooShort
	}
	slices.SortStableFunc(fit, func(a, b weighed) int { return cmp.Compare(b.value, a.value) })
	fit = fit[:2+hash("count"+text)%4]
	slices.SortFunc(fit, func(a, b weighed) int { return cmp.Compare(a.place, b.place) })
	var parts []string
	for _, f := range fit {
		parts = append(parts, list[f.place])
	}
	return question{Query: strings.Join(parts, " "), Positive: text}, nil
}

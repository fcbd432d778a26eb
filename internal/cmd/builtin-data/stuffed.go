// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/train/dataset"
)

// stuffed copies rows with one more negative each, which repeats the question instead of answering it. Vectors take such a text for near; a
// cross-encoder can learn to see through it.
func stuffed(in, out string) error {
	return rewrite(in, out, func(row dataset.Row, put func(question) error) error {
		return put(question{row.Anchor, row.Positive, append(row.Negatives, repeated(row.Anchor, row.Positive))})
	})
}

// stated copies rows, one of five with a negative more as stuffed does, and after one of three the row of a sentence that its answer says: a
// passage that repeats a question is no answer, one that says what a sentence says is. `winnow ask` checks sentences so.
func stated(in, out string) error {
	return rewrite(in, out, func(row dataset.Row, put func(question) error) error {
		q := question{row.Anchor, row.Positive, row.Negatives}
		if hash("stuffed"+row.Anchor)%5 == 0 {
			q.Negatives = append(slices.Clip(q.Negatives), repeated(row.Anchor, row.Positive))
		}
		if err := put(q); err != nil || hash("stated"+row.Anchor)%3 != 0 {
			return err
		}
		s := statement(row.Positive)
		if s == "" {
			return nil
		}
		return put(question{s, row.Positive, row.Negatives})
	})
}

// rewrite writes what f puts for each row of a file.
func rewrite(in, out string, f func(dataset.Row, func(question) error) error) error {
	var lines bytes.Buffer
	e := json.NewEncoder(&lines)
	e.SetEscapeHTML(false)
	n := 0
	for row, err := range dataset.Rows([]string{in}, dataset.Options{}) {
		if err != nil {
			return err
		}
		err := f(row, func(q question) error {
			n++
			return e.Encode(q)
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("%7d  rows\n", n)
	return atomicfile.Write(out, lines.Bytes())
}

// repeated is a text that repeats a question: in other words, or as a heap of its words and some of the answer's.
func repeated(question, answer string) string {
	r := rand.New(rand.NewPCG(hash(question), hash(answer)))
	heap := heapOf(r, question, answer)
	if strings.HasSuffix(strings.TrimSpace(question), "?") && r.IntN(2) == 0 {
		return restate(r, question)
	}
	return heap
}

// statement is a sentence that a text says, of a text of one sentence what it says before its last comma; "" if there is none.
func statement(text string) string {
	fits := func(s string) bool { n := len(strings.Fields(s)); return n >= 4 && n <= 40 }
	var fit []string
	all := document.Sentences(text)
	for _, r := range all {
		s := strings.TrimSpace(text[r.Start:r.End])
		if len(all) == 1 {
			if i := strings.LastIndex(s, ", "); i > 0 {
				s = s[:i] + "."
			}
		}
		if fits(s) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	return fit[hash("statement"+text)%uint64(len(fit))]
}

// restate asks a question again.
func restate(r *rand.Rand, q string) string {
	first, size := utf8.DecodeRuneInString(q)
	lower := string(unicode.ToLower(first)) + q[size:]
	ways := []string{q, "Does anybody know " + lower, "I would like to know: " + lower, "Question: " + q, "Who knows the answer? " + q, "Often asked: " + q}
	return ways[r.IntN(len(ways))]
}

// heapOf has the words of a question, once or twice, among some of the answer's.
func heapOf(r *rand.Rand, question, answer string) string {
	long := func(text string) []string {
		var list []string
		for w := range strings.FieldsSeq(plain(text)) {
			if utf8.RuneCountInString(w) > 2 {
				list = append(list, w)
			}
		}
		return list
	}
	heap := long(question)
	if r.IntN(2) == 0 {
		heap = append(heap, heap...)
	}
	others := long(answer)
	r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	heap = append(heap, others[:min(len(others), r.IntN(8))]...)
	r.Shuffle(len(heap), func(i, j int) { heap[i], heap[j] = heap[j], heap[i] })
	text := strings.Join(heap, " ")
	if first, size := utf8.DecodeRuneInString(text); size > 0 && r.IntN(2) == 0 {
		text = string(unicode.ToUpper(first)) + text[size:] + "."
	}
	if text == "" { // a question of short words alone
		return question
	}
	return text
}

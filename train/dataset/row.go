// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"strings"
	"unicode/utf8"
)

// Row is a row of training data.
type Row struct {
	Anchor    string   // a query, the first text of a pair, or a text alone
	Positive  string   // what answers it, or the second text; "" if there is none
	Negatives []string // texts that do not answer it
	Label     float64  // of the pair, if HasLabel
	HasLabel  bool
	Scores    []float64 // a teacher's, of the positive and then of each negative; nil if there are none
	Place     Place

	title string // of a text alone, for Documents
}

// Digest adds a row to a digest, each part with its length before it. Where it was read does not count.
func (r *Row) Digest(h hash.Hash) {
	var b []byte
	add := func(text string) { b = append(binary.AppendUvarint(b, uint64(len(text))), text...) }
	add(r.Anchor)
	add(r.Positive)
	b = binary.AppendUvarint(b, uint64(len(r.Negatives)))
	for _, n := range r.Negatives {
		add(n)
	}
	b = fmt.Append(b, r.Label, r.HasLabel, r.Scores)
	_, _ = h.Write(b) // a hash takes all
}

// Place is where a row was read.
type Place struct {
	File  string // or folder
	Line  int    // of a file, from 1
	Query string // of a folder: the query's id
}

// String names the place as errors do.
func (p Place) String() string {
	if p.Query != "" {
		return fmt.Sprintf("%s: query %s", p.File, p.Query)
	}
	return fmt.Sprintf("%s: line %d", p.File, p.Line)
}

// Error is a row at fault.
type Error struct {
	Place  Place
	Field  string // "" if it is the whole row
	Reason string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s: %s", e.Place, e.Reason)
	}
	return fmt.Sprintf("%s: field %q: %s", e.Place, e.Field, e.Reason)
}

// column is what a field of a row means.
type column int

const (
	unknown column = iota
	anchor
	positive
	negative
	label
	scores
	title
)

// names are what fields may be called, in lower case.
var names = map[string]column{
	"anchor": anchor, "query": anchor, "question": anchor, "sentence1": anchor, "text1": anchor, "text": anchor,
	"positive": positive, "pos": positive, "answer": positive, "passage": positive, "document": positive, "response": positive,
	"sentence2": positive, "text2": positive,
	"negative": negative, "negatives": negative, "neg": negative,
	"label": label, "score": label, "similarity": label,
	"scores": scores, "labels": scores,
	"title": title, // of texts to be searched
}

// Columns says, for help texts and errors, which fields are read.
const Columns = "anchor (or query, question, sentence1, text1, text), positive (or answer, passage, document, sentence2, text2), " +
	"negative, negatives, negative_1, negative_2 …, label (or score), scores"

// meaning is that of a field's name.
func meaning(name string) column {
	name = strings.ToLower(strings.TrimSpace(name))
	if c, ok := names[name]; ok {
		return c
	}
	if rest, ok := strings.CutPrefix(name, "negative_"); ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
		return negative
	}
	return unknown
}

// builder puts a row together, field by field.
type builder struct {
	row    Row
	fields [7]string // the name of the field that gave each column
	texts  bool      // see Options
}

// reads says whether a column is read.
func (b *builder) reads(c column) bool {
	switch c {
	case unknown:
		return false
	case title:
		return b.texts
	case label, scores:
		return !b.texts
	}
	return true
}

func (b *builder) fail(field, format string, args ...any) error {
	return &Error{b.row.Place, field, fmt.Sprintf(format, args...)}
}

// take notes that a field gives a column, which may be given once.
func (b *builder) take(field string, c column) error {
	if b.fields[c] != "" && c != negative {
		return b.fail(field, "it means the same as field %q; leave one out", b.fields[c])
	}
	b.fields[c] = field
	return nil
}

func (b *builder) text(field string, c column, text string) error {
	if !utf8.ValidString(text) {
		return b.fail(field, "the text is not UTF-8")
	}
	if c == negative {
		if text != "" { // rows of tables may have fewer than there are columns
			b.row.Negatives = append(b.row.Negatives, text)
		}
		return nil
	}
	if strings.TrimSpace(text) == "" {
		if b.texts {
			return nil
		}
		return b.fail(field, "the text is empty")
	}
	switch c {
	case anchor:
		b.row.Anchor = text
	case title:
		b.row.title = text
	default:
		b.row.Positive = text
	}
	return nil
}

func (b *builder) number(field string, x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return b.fail(field, "%v is not a finite number", x)
	}
	b.row.Label, b.row.HasLabel = x, true
	return nil
}

// done checks the row as a whole.
func (b *builder) done() (Row, error) {
	r := &b.row
	if b.texts && b.fields[anchor] != "" {
		return *r, nil
	}
	if r.Anchor == "" {
		return Row{}, b.fail("", "it has no text to start from; fields are %s", Columns)
	}
	if r.Positive == "" && (len(r.Negatives) > 0 || r.HasLabel || r.Scores != nil) {
		return Row{}, b.fail("", "it has no positive, or second text; fields are %s", Columns)
	}
	for _, x := range r.Scores {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return Row{}, b.fail(b.fields[scores], "%v is not a finite number", x)
		}
	}
	if r.Scores != nil && len(r.Scores) != 1+len(r.Negatives) {
		return Row{}, b.fail(b.fields[scores], "%d scores for 1 positive and %d negatives", len(r.Scores), len(r.Negatives))
	}
	return *r, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"strconv"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/eval"
)

// A Collector makes a collection of texts that are judged in pairs, as rows have them. Its ids are numbers in the
// order in which texts come: 1, 2 of documents and q1, q2 of queries, so that none is both.
type Collector struct {
	Collection *eval.Collection
	// Judged are the documents that are judged for each query, by id, in the order in which they came.
	Judged map[string][]string
	Pairs  int // of a query and a document, each once

	queries, texts map[string]string // ids
}

// NewCollector begins a collection.
func NewCollector(name string) *Collector {
	return &Collector{
		Collection: &eval.Collection{Name: name, Qrels: map[string]eval.Judgments{}},
		Judged:     map[string][]string{}, queries: map[string]string{}, texts: map[string]string{},
	}
}

// Text adds a document, if it is not there, and returns its id.
func (c *Collector) Text(text string) string {
	id, ok := c.texts[text]
	if !ok {
		id = strconv.Itoa(len(c.texts) + 1)
		c.texts[text] = id
		c.Collection.Docs = append(c.Collection.Docs, document.Document{ID: id, Text: text})
	}
	return id
}

// Judge adds a text that has a grade for a query. Of several grades of a pair the highest counts: a query with several
// answers has a row for each, among whose negatives may be others.
func (c *Collector) Judge(query, text string, grade int) {
	q, ok := c.queries[query]
	if !ok {
		q = "q" + strconv.Itoa(len(c.queries)+1)
		c.queries[query], c.Collection.Qrels[q] = q, eval.Judgments{}
		c.Collection.Queries = append(c.Collection.Queries, eval.Query{ID: q, Text: query})
	}
	id, grades := c.Text(text), c.Collection.Qrels[q]
	before, judged := grades[id]
	if !judged {
		c.Judged[q] = append(c.Judged[q], id)
		c.Pairs++
	}
	grades[id] = max(before, grade)
}

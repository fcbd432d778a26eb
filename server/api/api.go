// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package api has the requests and responses of winnow's own HTTP API as Go types: what a server reads and writes, a client writes and
// reads, and docs/openapi.json describes.
package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/rank"
)

// DefaultCollection is the name of the index that is meant where none is named.
const DefaultCollection = "default"

// Failure is the body of a response that is an error.
type Failure struct {
	Error Problem `json:"error"`
}

// Problem says what was wrong, where, and what to do.
type Problem struct {
	Message string `json:"message" jsonschema:"what was wrong and what to do"`
	Type    string `json:"type" jsonschema:"the kind of error, such as invalid_request_error"`
	Param   string `json:"param,omitempty" jsonschema:"the field at fault"`
	Code    string `json:"code" jsonschema:"the HTTP status in words, such as not_found"`
}

// Search is a search of a collection.
type Search struct {
	Collection string `json:"collection,omitempty" jsonschema:"the index to search; default if not set"`
	winnow.Request
}

// Ask is a question that is to be answered from a collection.
type Ask struct {
	Question   string `json:"question" jsonschema:"what to answer"`
	Collection string `json:"collection,omitempty" jsonschema:"the index to search; default if not set"`
	TopK       int    `json:"top_k,omitempty" jsonschema:"the number of passages that are looked at, 10 if not set"`
	winnow.Settings
	Filter        string `json:"filter,omitempty" jsonschema:"only documents whose metadata match"`
	ContextTokens int    `json:"context_tokens,omitempty" jsonschema:"how many tokens of passages the language model is given"`
	Stream        bool   `json:"stream,omitempty" jsonschema:"answer with server-sent events: passages, delta for each piece of text, done; error if it fails on the way"`
}

// Similar asks for what is like a document or passage.
type Similar struct {
	Collection string `json:"collection,omitempty" jsonschema:"the index to search; default if not set"`
	ID         string `json:"id" jsonschema:"of a document or passage"`
	TopK       int    `json:"top_k,omitempty" jsonschema:"the number of hits, 10 if not set"`
	Filter     string `json:"filter,omitempty" jsonschema:"only documents whose metadata match"`
}

// Influence asks how a cross-encoder's logit changes when words of a passage are left out.
type Influence struct {
	Collection string `json:"collection,omitempty" jsonschema:"the index to search; default if not set"`
	Query      string `json:"query"`
	ID         string `json:"id" jsonschema:"of a passage, or of a document for its first"`
	Reranker   string `json:"reranker,omitempty" jsonschema:"a cross-encoder that is served; auto if not set"`
}

// Matrix asks for the scores of every query with every text. Without texts, the best hits of all queries are taken.
type Matrix struct {
	Collection string   `json:"collection,omitempty" jsonschema:"the index to search; default if not set"`
	Queries    []string `json:"queries"`
	Texts      []string `json:"texts,omitempty" jsonschema:"what to score; the best hits of all queries if not set"`
	TopK       int      `json:"top_k,omitempty" jsonschema:"the number of hits of each query, 5 if not set"`
	Filter     string   `json:"filter,omitempty" jsonschema:"only hits in documents whose metadata match"`
}

// Relevance is a matrix of scores, by each kind of model that is there.
type Relevance struct {
	Queries  []string `json:"queries"`
	Passages []Scored `json:"passages" jsonschema:"the texts, or the hits in the order in which the queries found them"`
	Bi       *Scores  `json:"bi_encoder,omitempty"`
	Cross    *Scores  `json:"cross_encoder,omitempty"`
}

// Scored is what a column of a matrix is about.
type Scored struct {
	ID        string         `json:"id,omitempty" jsonschema:"of the passage, if it was found"`
	Title     string         `json:"title,omitempty"`
	Text      string         `json:"text"`
	Source    *winnow.Source `json:"source,omitempty"`
	Truncated int            `json:"truncated_tokens,omitempty" jsonschema:"of it, that did not fit into one of the models"`
}

// Scores are those of a model: a row for each query, a column for each passage.
type Scores struct {
	Model         string         `json:"model"`
	Kind          rank.ScoreKind `json:"score_kind"`
	Scores        [][]float32    `json:"scores"`
	Probabilities [][]float64    `json:"probabilities,omitempty" jsonschema:"of a cross-encoder: of being relevant if it is calibrated, else the sigmoid"`
	Calibrated    bool           `json:"calibrated,omitempty"`
}

// Metadata is what is known of a document beside its text: strings, numbers, booleans, lists of those. Numbers that were read are
// json.Number.
type Metadata map[string]any

// UnmarshalJSON keeps numbers as they are written.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		return err
	}
	*m = all
	return nil
}

// Document is a text to find.
type Document struct {
	ID       string          `json:"id" jsonschema:"names the document; one with the same id is replaced"`
	Title    string          `json:"title,omitempty"`
	Text     string          `json:"text"`
	Format   document.Format `json:"format,omitempty" jsonschema:"of the text: plain, markdown, code or pages; plain if not set"`
	Metadata Metadata        `json:"metadata,omitempty" jsonschema:"what filters reach by name"`
}

// Document is the engine's form of it.
func (d *Document) Document() winnow.Document {
	format := d.Format
	if format == "" {
		format = document.Plain
	}
	return winnow.Document{ID: d.ID, Title: d.Title, Text: d.Text, Format: format, Meta: maps.Clone(map[string]any(d.Metadata))}
}

// Documents are documents to add or to put in the place of those with their ids, all of them or none.
type Documents struct {
	Collection string     `json:"collection,omitempty" jsonschema:"the index to change; default if not set"`
	Documents  []Document `json:"documents"`
}

// Applied says what a change did. It is durable when it is sent.
type Applied struct {
	Added    int      `json:"added" jsonschema:"documents that were not there before"`
	Replaced int      `json:"replaced" jsonschema:"documents that took the place of one with the same id"`
	Deleted  int      `json:"deleted"`
	Unknown  []string `json:"unknown,omitempty" jsonschema:"ids to delete that no document has"`
	Passages int      `json:"passages" jsonschema:"that the new documents were cut into"`
}

// Stored is a document as it is kept.
type Stored struct {
	Document
	Source   *winnow.Source `json:"source,omitempty" jsonschema:"the file it was read from"`
	Passages int            `json:"passages"`
}

// DocumentList is some of a collection's documents, in the order in which they are kept.
type DocumentList struct {
	Documents []Listed `json:"documents"`
	Total     int      `json:"total" jsonschema:"documents in the collection"`
}

// Listed is a document without its text.
type Listed struct {
	ID       string   `json:"id"`
	Title    string   `json:"title,omitempty"`
	Path     string   `json:"path,omitempty"`
	Passages int      `json:"passages"`
	Bytes    int      `json:"bytes" jsonschema:"of the text"`
	Metadata Metadata `json:"metadata,omitempty"`
}

// Change is what an update says of a document: fields that are absent stay.
type Change struct {
	Title    *string          `json:"title,omitempty"`
	Text     *string          `json:"text,omitempty"`
	Format   *document.Format `json:"format,omitempty"`
	Metadata *Metadata        `json:"metadata,omitempty" jsonschema:"takes the place of all that was there"`
}

// Delete names documents to delete.
type Delete struct {
	Collection string   `json:"collection,omitempty" jsonschema:"the index to change; default if not set"`
	IDs        []string `json:"ids"`
}

// BulkLine is one line of a bulk request: a document, or the id of one to delete.
type BulkLine struct {
	Document
	Delete string `json:"delete,omitempty" jsonschema:"the id of a document to delete; nothing else may be given"`
}

// The outcomes of a line.
const (
	LineStored  = "stored"
	LineDeleted = "deleted"
	LineUnknown = "unknown" // a document to delete that is not there
	LineError   = "error"
)

// LineResult is what became of a line. What is stored or deleted is durable.
type LineResult struct {
	Line   int    `json:"line" jsonschema:"from 1"`
	ID     string `json:"id,omitempty"`
	Status string `json:"status" jsonschema:"stored, deleted, unknown or error"`
	Error  string `json:"error,omitempty"`
}

// Upload is a form with files.
type Upload struct {
	File []Content `json:"file" jsonschema:"files, each with its name; the part may be called anything"`
}

// Content is what a file holds.
type Content []byte

// FileResult is what became of a file. What is stored is durable.
type FileResult struct {
	File      string   `json:"file"`
	Status    string   `json:"status" jsonschema:"stored or error"`
	Documents int      `json:"documents" jsonschema:"that are stored: one, or for tables and JSON lines one a row"`
	Replaced  int      `json:"replaced,omitempty" jsonschema:"of them, that took the place of one with the same id"`
	Deleted   int      `json:"deleted,omitempty" jsonschema:"documents that a file of this name had given before, and this one does not"`
	Passages  int      `json:"passages"`
	Problems  []string `json:"problems,omitempty" jsonschema:"rows that are not stored, and why"`
	Error     string   `json:"error,omitempty" jsonschema:"why nothing is stored, or not all of it; what there was before stays"`
}

// NewCollection describes a collection to make.
type NewCollection struct {
	Name     string `json:"name" jsonschema:"letters, digits, - and _"`
	Model    string `json:"model,omitempty" jsonschema:"a bi-encoder that is served, or none for words alone"`
	Vectors  string `json:"vectors,omitempty" jsonschema:"how vectors are kept: flat, hnsw32,int8 …; auto if not set"`
	Language string `json:"language,omitempty" jsonschema:"of the text, for stop words and stemming: en if not set, or none"`
}

// Collection is what is known of an index.
type Collection struct {
	Name       string    `json:"name"`
	Documents  int       `json:"documents"`
	Passages   int       `json:"passages"`
	Deleted    int       `json:"deleted_passages" jsonschema:"still in files, gone with the next merge"`
	Segments   int       `json:"segments" jsonschema:"parts of the index, which are merged as they become many"`
	Bytes      int64     `json:"bytes" jsonschema:"of its files"`
	Model      string    `json:"model,omitempty" jsonschema:"the bi-encoder; none if words alone are searched"`
	Dimensions int       `json:"dimensions"`
	Vectors    string    `json:"vectors,omitempty"`
	Precision  string    `json:"precision,omitempty"`
	Generation uint64    `json:"generation" jsonschema:"counts changes"`
	Loaded     time.Time `json:"loaded" jsonschema:"when this state was taken over"`
	Exists     bool      `json:"exists" jsonschema:"false until the first document is added"`
	// Recall is what winnow stats measures.
	Recall *index.Recall `json:"recall,omitempty" jsonschema:"if asked for: what searching by vectors finds of what an exact search does"`
}

// Collections are all of them.
type Collections struct {
	Collections []Collection `json:"collections"`
}

// Query is a judged query.
type Query struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// Eval asks for measures of searches on judged queries.
type Eval struct {
	Collection string                    `json:"collection,omitempty" jsonschema:"the index to search; default if not set"`
	Queries    []Query                   `json:"queries"`
	Judgments  map[string]map[string]int `json:"judgments" jsonschema:"grades of documents, by the ids of query and document"`
	Modes      []winnow.Mode             `json:"modes,omitempty" jsonschema:"dense, lexical, hybrid; the first is the baseline. What the collection has, if not set"`
	Rerank     []string                  `json:"rerank,omitempty" jsonschema:"off, auto or a cross-encoder; off and auto if not set"`
	Depths     []int                     `json:"depths,omitempty" jsonschema:"of reranking; all candidates if not set"`
	Candidates int                       `json:"candidates,omitempty" jsonschema:"100 if not set"`
	Measures   string                    `json:"measures,omitempty" jsonschema:"as in: nDCG@10 MRR@10 recall@100"`
	Level      int                       `json:"relevance_level,omitempty" jsonschema:"the lowest grade that is relevant, 1 if not set"`
}

// Done is the answer of what has no other.
type Done struct {
	Done bool `json:"done"`
}

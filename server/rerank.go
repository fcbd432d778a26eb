// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/encoder"
)

// RerankRequest is a request to rerank in the shapes of Cohere (v1 and v2) and Jina, which have documents, and of
// text-embeddings-inference, which has texts. The field that is there decides about the answer.
type RerankRequest struct {
	Model     string            `json:"model,omitempty" jsonschema:"a served model; the server's cross-encoder if not set"`
	Query     string            `json:"query"`
	Documents []json.RawMessage `json:"documents,omitempty" jsonschema:"Cohere and Jina: strings, or objects with a text"`
	TopN      *int              `json:"top_n,omitempty" jsonschema:"only the best so many"`
	// ReturnDocuments is a bool; some clients send null.
	ReturnDocuments bool     `json:"return_documents,omitempty" jsonschema:"give the documents back in the results"`
	MaxTokensPerDoc int      `json:"max_tokens_per_doc,omitempty" jsonschema:"read so many tokens of a document"`
	RankFields      []string `json:"rank_fields,omitempty" jsonschema:"Cohere v1: the fields of documents that are objects to read"`

	Texts               Texts  `json:"texts,omitempty" jsonschema:"text-embeddings-inference"`
	RawScores           bool   `json:"raw_scores,omitempty" jsonschema:"text-embeddings-inference: logits in place of their sigmoid"`
	ReturnText          bool   `json:"return_text,omitempty" jsonschema:"text-embeddings-inference: give the texts back"`
	Truncate            *bool  `json:"truncate,omitempty" jsonschema:"text-embeddings-inference: false refuses texts that do not fit; true if not set"`
	TruncationDirection string `json:"truncation_direction,omitempty" jsonschema:"text-embeddings-inference: left or right, the end at which texts are cut"`
}

// RerankResponse is the answer in the shapes of Cohere and Jina at once.
type RerankResponse struct {
	ID      string         `json:"id"`
	Object  string         `json:"object"`
	Model   string         `json:"model"`
	Results []RerankResult `json:"results"`
	Usage   RerankUsage    `json:"usage"`
	Meta    RerankMeta     `json:"meta"`
}

// RerankResult is a document's place.
type RerankResult struct {
	Index          int             `json:"index" jsonschema:"of the document in the request"`
	RelevanceScore float64         `json:"relevance_score" jsonschema:"the probability that the document is relevant"`
	Logit          float32         `json:"logit" jsonschema:"what the order goes by"`
	Truncated      int             `json:"truncated_tokens" jsonschema:"of the document, that did not fit"`
	Document       json.RawMessage `json:"document,omitempty" jsonschema:"an object; a string is its text"`
}

// RerankUsage is Jina's count.
type RerankUsage struct {
	TotalTokens  int `json:"total_tokens"`
	PromptTokens int `json:"prompt_tokens"`
}

// RerankMeta is Cohere's.
type RerankMeta struct {
	APIVersion  APIVersion  `json:"api_version"`
	BilledUnits BilledUnits `json:"billed_units"`
	Tokens      TokenCount  `json:"tokens"`
}

// APIVersion is 1 or 2.
type APIVersion struct {
	Version string `json:"version"`
}

// BilledUnits counts searches; nothing is billed.
type BilledUnits struct {
	SearchUnits int `json:"search_units"`
}

// TokenCount counts tokens.
type TokenCount struct {
	InputTokens  int `json:"input_tokens"`
	OutputTokens int `json:"output_tokens"`
}

// rerank answers in the shape that the request's fields decide about.
func (c *call) rerank(data []byte) (any, error) {
	var r RerankRequest
	if err := decode(data, &r); err != nil {
		if hasTexts(data) {
			c.dialect = tei
		}
		return nil, err
	}
	switch {
	case r.Texts != nil && r.Documents != nil:
		return nil, bad("texts", "both texts and documents are given: texts is text-embeddings-inference's field, documents Cohere's and Jina's")
	case r.Texts != nil:
		c.dialect = tei
		return answered(c.rerankTEI(&r))
	case r.Documents == nil:
		return nil, bad("documents", "documents are missing: want a list of strings or objects (or texts, as text-embeddings-inference has it)")
	}
	return answered(c.rerankDocuments(&r))
}

// hasTexts reports whether a body that does not fit has text-embeddings-inference's field all the same.
func hasTexts(data []byte) bool {
	var shape struct {
		Texts     json.RawMessage `json:"texts"`
		Documents json.RawMessage `json:"documents"`
	}
	return json.Unmarshal(data, &shape) == nil && shape.Texts != nil && shape.Documents == nil
}

func (c *call) rerankDocuments(r *RerankRequest) (*RerankResponse, error) {
	x, err := c.models.requestedCross(r.Model)
	if err != nil {
		return nil, err
	}
	top := len(r.Documents)
	switch {
	case strings.TrimSpace(r.Query) == "":
		return nil, bad("query", "the query is empty")
	case len(r.Documents) == 0:
		return nil, bad("documents", "there are no documents: want one at least")
	case len(r.Documents) > mostInputs:
		return nil, bad("documents", "there are %d documents; at most %d", len(r.Documents), mostInputs)
	case r.TopN != nil && *r.TopN < 1:
		return nil, bad("top_n", "top_n is %d; it must be at least 1", *r.TopN)
	case r.MaxTokensPerDoc < 0:
		return nil, bad("max_tokens_per_doc", "max_tokens_per_doc is %d; it must be at least 1", r.MaxTokensPerDoc)
	case r.TopN != nil:
		top = min(top, *r.TopN)
	}
	texts := make([]string, len(r.Documents))
	for i, raw := range r.Documents {
		if texts[i], err = documentText(raw, r.RankFields); err != nil {
			return nil, bad("documents", "document %d: %w", i, err)
		}
	}
	ranked, err := c.rank(x, r.Query, texts, encoder.DocumentTokens(r.MaxTokensPerDoc))
	if err != nil {
		return nil, err
	}
	version := "1"
	if strings.HasPrefix(c.r.URL.Path, "/v2/") {
		version = "2"
	}
	out := &RerankResponse{
		ID: newID(), Object: "list", Model: x.name, Results: make([]RerankResult, top), Usage: RerankUsage{c.tokens, c.tokens},
		Meta: RerankMeta{APIVersion{version}, BilledUnits{1}, TokenCount{InputTokens: c.tokens}},
	}
	for i := range out.Results {
		out.Results[i] = ranked[i]
		if !r.ReturnDocuments {
			continue
		}
		raw := r.Documents[ranked[i].Index]
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte(`"`)) {
			if raw, err = marshal(map[string]string{"text": texts[ranked[i].Index]}); err != nil {
				return nil, err
			}
		}
		out.Results[i].Document = raw
	}
	return out, nil
}

// rank scores texts for a query and orders them by logit, best first; equal ones as they were given.
func (c *call) rank(x *crossModel, query string, texts []string, opts ...encoder.PairOption) ([]RerankResult, error) {
	if x.Labels() != 1 {
		return nil, bad("model", "the model %s has %d labels; reranking takes one with one label", x.name, x.Labels())
	}
	list, err := c.pairs(x, query, texts, opts...)
	if err != nil {
		return nil, err
	}
	logits, err := x.logits.Do(c.ctx(), list)
	if err != nil {
		return nil, err
	}
	out := make([]RerankResult, len(texts))
	for i := range out {
		out[i] = RerankResult{Index: i, Logit: logits[i][0], RelevanceScore: x.calibration.Probability(logits[i][0]), Truncated: list[i].Truncated}
	}
	slices.SortStableFunc(out, func(a, b RerankResult) int { return cmp.Compare(b.Logit, a.Logit) })
	return out, nil
}

// pairs makes the sequences of a query with texts, some at a time, so that the end of the request is seen.
func (c *call) pairs(x *crossModel, query string, texts []string, opts ...encoder.PairOption) ([]encoder.Sequence, error) {
	list := make([]encoder.Sequence, 0, len(texts))
	for part := range slices.Chunk(texts, 64) {
		if c.ctx().Err() != nil {
			return nil, context.Cause(c.ctx())
		}
		list = append(list, x.Sequences(query, part, opts...)...)
	}
	for _, s := range list {
		c.count(s)
	}
	return list, nil
}

// documentText is what is read of a document: a string, the fields named of an object, its text, or all its strings.
func documentText(raw json.RawMessage, fields []string) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil && !bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return text, nil
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return "", errors.New("want a string or an object")
	}
	if len(fields) == 0 {
		if text, ok := object["text"].(string); ok {
			return text, nil
		}
		fields = slices.Sorted(maps.Keys(object))
	}
	var parts []string
	for _, f := range fields {
		if text, ok := object[f].(string); ok {
			parts = append(parts, f+": "+text)
		}
	}
	if len(parts) == 0 {
		return "", errors.New("the object has no text: want a field text, or strings in the rank_fields")
	}
	return strings.Join(parts, "\n"), nil
}

// newID names an answer.
func newID() string { return "rerank-" + strings.ToLower(rand.Text()) }

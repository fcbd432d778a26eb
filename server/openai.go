// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"

	"github.com/winnow-search/winnow/encoder"
)

// EmbeddingsRequest is a request to OpenAI's endpoint for embeddings.
type EmbeddingsRequest struct {
	Input      Inputs `json:"input"`
	Model      string `json:"model,omitempty" jsonschema:"a served model; the server's bi-encoder if not set"`
	Format     string `json:"encoding_format,omitempty" jsonschema:"float or base64: little-endian float32"`
	Dimensions int    `json:"dimensions,omitempty" jsonschema:"keep so many of the vector's first dimensions"`
	InputType  string `json:"input_type,omitempty" jsonschema:"query or document (also search_query, search_document, passage), for models with prompts for the two"`
}

// EmbeddingsResponse is the answer to it.
type EmbeddingsResponse struct {
	Object string      `json:"object"`
	Data   []Embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  Usage       `json:"usage"`
}

// Embedding is one of them.
type Embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding Vector `json:"embedding"`
}

// Usage counts tokens.
type Usage struct {
	PromptTokens int `json:"prompt_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

// Vector is a list of numbers, or the bytes of float32 in base64.
type Vector struct {
	floats []float32
	base64 bool
}

// MarshalJSON implements json.Marshaler.
func (v Vector) MarshalJSON() ([]byte, error) {
	if !v.base64 {
		return json.Marshal(v.floats)
	}
	data := make([]byte, 0, 4*len(v.floats))
	for _, f := range v.floats {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(data))
}

// Input is a text, or the token ids of one.
type Input struct {
	text string
	ids  []int32
}

// Inputs are one input or several. In JSON they are a string, a list of strings, a list of token ids, or a list of such lists.
type Inputs struct {
	list   []Input
	single bool // not in a list
}

// UnmarshalJSON implements json.Unmarshaler.
func (in *Inputs) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if err := noNull("input", data); err != nil {
		return err
	}
	if len(data) > 0 && data[0] == '"' {
		in.list, in.single = make([]Input, 1), true
		return json.Unmarshal(data, &in.list[0].text)
	}
	var texts []string
	if json.Unmarshal(data, &texts) == nil {
		for _, t := range texts {
			in.list = append(in.list, Input{text: t})
		}
		return in.check()
	}
	var ids []int32
	if json.Unmarshal(data, &ids) == nil {
		in.list, in.single = []Input{{ids: ids}}, true
		return in.check()
	}
	var lists [][]int32
	if json.Unmarshal(data, &lists) == nil {
		for _, ids := range lists {
			in.list = append(in.list, Input{ids: ids})
		}
		return in.check()
	}
	var mixed []json.RawMessage
	if json.Unmarshal(data, &mixed) != nil {
		return bad("input", "the input must be a string, a list of strings, a list of token ids or a list of such lists")
	}
	for i, raw := range mixed { // strings and lists of ids may be mixed
		var one Input
		if json.Unmarshal(raw, &one.text) != nil && json.Unmarshal(raw, &one.ids) != nil {
			return bad("input", "input %d must be a string or a list of token ids", i)
		}
		in.list = append(in.list, one)
	}
	return in.check()
}

// noNull refuses null in a list or in one of its lists: encoding/json would make it an empty text, or 0.
func noNull(field string, data []byte) error {
	for i, raw := range items(data) {
		if string(raw) == "null" {
			return bad(field, "item %d of the %s is null", i, field)
		}
		for j, inner := range items(raw) {
			if string(inner) == "null" {
				return bad(field, "item %d of the %s is null at %d", i, field, j)
			}
		}
	}
	return nil
}

// items are those of a JSON list in which null may be; none of what is no such list.
func items(data []byte) (list []json.RawMessage) {
	if len(data) > 0 && data[0] == '[' && bytes.Contains(data, []byte("null")) && json.Unmarshal(data, &list) == nil {
		return list
	}
	return nil
}

// Texts are strings.
type Texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Texts) UnmarshalJSON(data []byte) error {
	if err := noNull("texts", bytes.TrimSpace(data)); err != nil {
		return err
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// mostInputs bounds those of a request: each has a vector in the answer, however short it is.
const mostInputs = 20_000

func (in *Inputs) check() error {
	switch {
	case len(in.list) == 0:
		return bad("input", "the input is empty: want one text at least")
	case len(in.list) > mostInputs:
		return bad("input", "there are %d inputs; at most %d", len(in.list), mostInputs)
	}
	return nil
}

// sequences makes sequences of inputs, and counts their tokens.
func (c *call) sequences(b *biModel, in *Inputs, opts ...encoder.EncodeOption) ([]encoder.Sequence, error) {
	if len(in.list) == 0 {
		return nil, bad("input", "the input is missing")
	}
	list := make([]encoder.Sequence, len(in.list))
	for i, one := range in.list {
		var err error
		if one.ids != nil {
			list[i], err = b.SequenceOf(one.ids, opts...)
		} else {
			list[i], err = b.Sequence(one.text, opts...)
		}
		if err != nil {
			return nil, err
		}
		c.count(list[i])
		if c.ctx().Err() != nil {
			return nil, context.Cause(c.ctx())
		}
	}
	return list, nil
}

// count adds a sequence's tokens to those of the call.
func (c *call) count(s encoder.Sequence) {
	c.tokens += s.Len()
	c.truncated += s.Truncated + s.QueryTruncated
}

// inputKind is the kind of text that a request names.
func inputKind(name string) (encoder.Kind, error) {
	switch strings.ToLower(name) {
	case "":
		return "", nil
	case "query", "search_query":
		return encoder.Query, nil
	case "document", "search_document", "passage":
		return encoder.Document, nil
	}
	return "", bad("input_type", "the input_type %.80q is not query or document", name)
}

func (c *call) embeddings(r *EmbeddingsRequest) (*EmbeddingsResponse, error) {
	b, err := c.models.requestedBi(r.Model)
	if err != nil {
		return nil, err
	}
	if r.Format != "" && r.Format != "float" && r.Format != "base64" {
		return nil, bad("encoding_format", "the encoding_format %.80q is not float or base64", r.Format)
	}
	kind, err := inputKind(r.InputType)
	if err != nil {
		return nil, err
	}
	list, err := c.sequences(b, &r.Input, encoder.As(kind), encoder.Dimensions(r.Dimensions))
	if err != nil {
		return nil, err
	}
	vectors, err := b.vectors.Do(c.ctx(), list)
	if err != nil {
		return nil, err
	}
	out := &EmbeddingsResponse{Object: "list", Data: make([]Embedding, len(vectors)), Model: b.name, Usage: Usage{c.tokens, c.tokens}}
	for i, v := range vectors {
		out.Data[i] = Embedding{"embedding", i, Vector{v, r.Format == "base64"}}
	}
	return out, nil
}

// ModelList is what is served.
type ModelList struct {
	Object string  `json:"object"`
	Data   []Model `json:"data"`
}

// Model is one of them.
type Model struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Created   int64  `json:"created"`
	OwnedBy   string `json:"owned_by"`
	Kind      string `json:"kind" jsonschema:"bi-encoder for embeddings, cross-encoder for reranking"`
	MaxTokens int    `json:"max_tokens" jsonschema:"of an input"`
	Precision string `json:"precision"`
	Dim       int    `json:"dimensions,omitempty"`
	Root      string `json:"root,omitempty" jsonschema:"of another name the model that it stands for"`
}

// list describes the served models, and then their other names.
func (c *call) list() *ModelList {
	out := &ModelList{Object: "list", Data: []Model{}}
	add := func(id, root string) {
		m := Model{ID: id, Object: "model", Created: c.started.Unix(), OwnedBy: "winnow", Root: root}
		name := id
		if root != "" {
			name = root
		}
		c.models.mu.Lock()
		defer c.models.mu.Unlock()
		at := asOpened(name, c.options.Precision)
		if b := c.models.bis[at]; b != nil {
			m.Kind, m.MaxTokens, m.Precision, m.Dim = "bi-encoder", b.MaxTokens(), string(b.Precision()), b.Dim()
		} else if x := c.models.cross[at]; x != nil {
			m.Kind, m.MaxTokens, m.Precision = "cross-encoder", x.MaxTokens(), string(x.Precision())
		}
		out.Data = append(out.Data, m)
	}
	for _, name := range c.models.ours {
		add(name, "")
	}
	for _, alias := range sortedKeys(c.options.Aliases) {
		add(alias, c.options.Aliases[alias])
	}
	return out
}

func (c *call) modelList() (*ModelList, error) { return c.list(), nil }

func (c *call) model() (*Model, error) {
	name := c.r.PathValue("id")
	for _, m := range c.list().Data {
		if m.ID == name {
			return &m, nil
		}
	}
	return nil, notFound("model", "%w", c.models.unknown(name))
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package client speaks to a winnow server: search, documents, vectors, reranking. What a server is asked for by the clients of OpenAI,
// Cohere or Jina is not in it; they work as they are.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/server/api"
)

// Client sends requests to one server. It is safe for concurrent use.
type Client struct {
	base    string
	key     string
	http    *http.Client
	retries int
}

// Option sets how a client works.
type Option func(*Client)

// Key sends an API key with each request.
func Key(key string) Option { return func(c *Client) { c.key = key } }

// HTTP sends requests by way of h, as for TLS with certificates of one's own.
func HTTP(h *http.Client) Option { return func(c *Client) { c.http = h } }

// Retries is how often a request is sent again that the server was too busy for, after the time that it asks for; 3 if not set. Each
// request may be sent twice without harm.
func Retries(n int) Option { return func(c *Client) { c.retries = n } }

// New makes a client of the server at a URL, such as http://localhost:8080. Nothing is sent.
func New(server string, opts ...Option) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the server %q is not a URL, as in http://localhost:8080", server)
	}
	if strings.ContainsAny(server, "?#") { // paths are added at its end
		return nil, fmt.Errorf("the server %q has a query or a fragment: leave that out", server)
	}
	c := &Client{base: strings.TrimSuffix(server, "/"), http: http.DefaultClient, retries: 3}
	for _, set := range opts {
		set(c)
	}
	return c, nil
}

// Error is what a server answers that does not do what was asked for.
type Error struct {
	Status int // of HTTP
	api.Problem
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("server: %s (%d)", e.Message, e.Status) }

// NotFound reports whether an error is about a document, collection or model that is not there.
func NotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

// The bounds of waiting for a busy server, of an error's body, and of what is read of a body beyond what is needed, in bytes.
const (
	longestWait = 30 * time.Second
	maxError    = 1 << 20
	maxRest     = 64 << 10
)

// finish closes a body. What is left of it is read before, if that is little: only then is the connection used again.
func finish(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, maxRest)
	_ = body.Close() // it was only read
}

// send sends a request and gives the answer's body to read, which is to be closed.
func (c *Client) send(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	for try := 0; ; try++ {
		r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body != nil {
			r.Header.Set("Content-Type", kind)
		}
		if c.key != "" {
			r.Header.Set("Authorization", "Bearer "+c.key)
		}
		answer, err := c.http.Do(r)
		if err != nil {
			return nil, err
		}
		if answer.StatusCode == http.StatusOK {
			return answer.Body, nil
		}
		failed := readError(answer)
		seconds, noHint := strconv.Atoi(answer.Header.Get("Retry-After"))
		if try >= c.retries || noHint != nil {
			return nil, failed
		}
		select {
		case <-time.After(min(time.Duration(seconds)*time.Second, longestWait)):
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), failed)
		}
	}
}

// readError makes an error of an answer, in whatever shape it is, and closes its body.
func readError(answer *http.Response) error {
	defer finish(answer.Body)
	data, _ := io.ReadAll(io.LimitReader(answer.Body, maxError)) // of a body that breaks off the status tells enough
	var body struct {
		api.Failure
		Message string `json:"message"` // of routes for reranking
	}
	if json.Unmarshal(data, &body) != nil {
		body.Message = strings.TrimSpace(string(data[:min(len(data), 200)]))
	}
	e := &Error{Status: answer.StatusCode, Problem: body.Error}
	if e.Message == "" {
		e.Message = body.Message
	}
	if e.Message == "" {
		e.Message = answer.Status
	}
	return e
}

// call sends a value as JSON, nil for none, and reads the answer into out.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	answer, err := c.send(ctx, method, path, "application/json", body)
	if err != nil {
		return err
	}
	if err := json.NewDecoder(answer).Decode(out); err != nil {
		_ = answer.Close() // it was only read
		return fmt.Errorf("the server's answer cannot be read: %w", err)
	}
	finish(answer)
	return nil
}

// Ready reports whether the server takes requests.
func (c *Client) Ready(ctx context.Context) error {
	var out any
	return c.call(ctx, http.MethodGet, "/ready", nil, &out)
}

// Search finds the passages that answer a query best.
func (c *Client) Search(ctx context.Context, r api.Search) (*winnow.Result, error) {
	out := &winnow.Result{}
	return out, c.call(ctx, http.MethodPost, "/v1/search", r, out)
}

// Similar finds what is like a document or passage.
func (c *Client) Similar(ctx context.Context, r api.Similar) (*winnow.Result, error) {
	out := &winnow.Result{}
	return out, c.call(ctx, http.MethodPost, "/v1/similar", r, out)
}

// Compare sets BM25, bi-encoder and cross-encoder side by side.
func (c *Client) Compare(ctx context.Context, r api.Search) (*winnow.Comparison, error) {
	out := &winnow.Comparison{}
	return out, c.call(ctx, http.MethodPost, "/v1/compare", r, out)
}

// Influence asks what each word of a passage means to a cross-encoder's logit.
func (c *Client) Influence(ctx context.Context, r api.Influence) (*winnow.Influence, error) {
	out := &winnow.Influence{}
	return out, c.call(ctx, http.MethodPost, "/v1/influence", r, out)
}

// Matrix scores every query with every text by both encoders.
func (c *Client) Matrix(ctx context.Context, r api.Matrix) (*api.Relevance, error) {
	out := &api.Relevance{}
	return out, c.call(ctx, http.MethodPost, "/v1/matrix", r, out)
}

// Ask lets the server answer a question from a collection, and waits for the whole answer.
func (c *Client) Ask(ctx context.Context, r api.Ask) (*winnow.Answer, error) {
	r.Stream = false
	out := &winnow.Answer{}
	return out, c.call(ctx, http.MethodPost, "/v1/ask", r, out)
}

// Add adds documents, or replaces those with their ids: all of them or none. They are durable when it returns.
func (c *Client) Add(ctx context.Context, collection string, documents ...api.Document) (*api.Applied, error) {
	out := &api.Applied{}
	return out, c.call(ctx, http.MethodPost, "/v1/documents", api.Documents{Collection: collection, Documents: documents}, out)
}

// documentPath is where a document is.
func documentPath(collection, id string) string {
	return inCollection("/v1/documents/"+url.PathEscape(id), collection)
}

// inCollection adds a collection to a path; "" is the default one.
func inCollection(path, collection string) string {
	if collection != "" {
		path += "?collection=" + url.QueryEscape(collection)
	}
	return path
}

// Get returns a document; [NotFound] tells of the error that there is none.
func (c *Client) Get(ctx context.Context, collection, id string) (*api.Stored, error) {
	out := &api.Stored{}
	return out, c.call(ctx, http.MethodGet, documentPath(collection, id), nil, out)
}

// Update changes some of what is known of a document.
func (c *Client) Update(ctx context.Context, collection, id string, change api.Change) (*api.Applied, error) {
	out := &api.Applied{}
	return out, c.call(ctx, http.MethodPatch, documentPath(collection, id), change, out)
}

// Delete deletes documents, and says which were not there.
func (c *Client) Delete(ctx context.Context, collection string, ids ...string) (*api.Applied, error) {
	out := &api.Applied{}
	return out, c.call(ctx, http.MethodPost, "/v1/documents/delete", api.Delete{Collection: collection, IDs: ids}, out)
}

// Bulk adds and deletes documents, each for itself, and returns what became of each.
func (c *Client) Bulk(ctx context.Context, collection string, lines ...api.BulkLine) ([]api.LineResult, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	for _, l := range lines {
		var v any = l
		if l.Delete != "" {
			v = map[string]string{"delete": l.Delete}
		}
		if err := e.Encode(v); err != nil {
			return nil, err
		}
	}
	return sendLines[api.LineResult](ctx, c, inCollection("/v1/documents/bulk", collection), "application/x-ndjson", body.Bytes())
}

// File is a file to store.
type File struct {
	Name string // without directories; its ending says what it is
	Data []byte
}

// AddFiles stores files, each for itself, and returns what became of each: PDF, DOCX, HTML, Markdown, text, source code, CSV, JSON lines.
// A file takes the place of one of its name.
func (c *Client) AddFiles(ctx context.Context, collection string, files ...File) ([]api.FileResult, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := form.CreateFormFile("file", f.Name)
		if err != nil {
			return nil, err
		}
		if _, err := part.Write(f.Data); err != nil {
			return nil, err
		}
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	return sendLines[api.FileResult](ctx, c, inCollection("/v1/documents/files", collection), form.FormDataContentType(), body.Bytes())
}

// sendLines sends a body that is answered with JSON lines.
func sendLines[T any](ctx context.Context, c *Client, path, kind string, body []byte) ([]T, error) {
	answer, err := c.send(ctx, http.MethodPost, path, kind, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Close() }() // it was only read, to its end if nothing is wrong
	var results []T
	d := json.NewDecoder(bufio.NewReader(answer))
	for {
		var r T
		switch err := d.Decode(&r); {
		case errors.Is(err, io.EOF):
			return results, nil
		case err != nil:
			return results, fmt.Errorf("the server's answer cannot be read: %w", err)
		}
		results = append(results, r)
	}
}

// Collections lists the server's indexes.
func (c *Client) Collections(ctx context.Context) ([]api.Collection, error) {
	var out api.Collections
	err := c.call(ctx, http.MethodGet, "/v1/collections", nil, &out)
	return out.Collections, err
}

// Create makes a collection.
func (c *Client) Create(ctx context.Context, n api.NewCollection) (*api.Collection, error) {
	out := &api.Collection{}
	return out, c.call(ctx, http.MethodPost, "/v1/collections", n, out)
}

// Drop deletes a collection with all it holds.
func (c *Client) Drop(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, "/v1/collections/"+url.PathEscape(name), nil, &api.Done{})
}

// Embed returns the vectors of texts, in their order. Kind says what they are, for models with prompts; "" is neither. Model "" is the
// server's own.
func (c *Client) Embed(ctx context.Context, model string, kind encoder.Kind, texts ...string) ([][]float32, error) {
	request := struct {
		Model  string       `json:"model,omitempty"`
		Input  []string     `json:"input"`
		Format string       `json:"encoding_format"`
		Kind   encoder.Kind `json:"input_type,omitempty"`
	}{model, texts, "base64", kind}
	var answer struct {
		Data []struct {
			Index     int    `json:"index"`
			Embedding string `json:"embedding"`
		} `json:"data"`
	}
	if err := c.call(ctx, http.MethodPost, "/v1/embeddings", request, &answer); err != nil {
		return nil, err
	}
	out := make([][]float32, len(texts))
	for _, d := range answer.Data {
		data, err := base64.StdEncoding.DecodeString(d.Embedding)
		switch {
		case err != nil:
			return nil, fmt.Errorf("the server's answer makes no sense: embedding %d: %w", d.Index, err)
		case len(data)%4 != 0, d.Index < 0, d.Index >= len(out):
			return nil, fmt.Errorf("the server's answer makes no sense: embedding %d of %d has %d bytes", d.Index, len(out), len(data))
		}
		v := make([]float32, len(data)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		out[d.Index] = v
	}
	if i := slices.IndexFunc(out, func(v []float32) bool { return len(v) == 0 }); i >= 0 {
		return nil, fmt.Errorf("the server's answer makes no sense: text %d of %d has no vector", i, len(out))
	}
	return out, nil
}

// Ranked is a document's place.
type Ranked struct {
	Index           int     `json:"index"`           // of the document in what was given
	Probability     float64 `json:"relevance_score"` // of being relevant
	Logit           float32 `json:"logit"`           // what the order goes by
	TruncatedTokens int     `json:"truncated_tokens"`
}

// Rerank orders texts by how well they answer a query, best first. Model "" is the server's own.
func (c *Client) Rerank(ctx context.Context, model, query string, texts ...string) ([]Ranked, error) {
	var answer struct {
		Results []Ranked `json:"results"`
	}
	request := map[string]any{"query": query, "documents": texts}
	if model != "" {
		request["model"] = model
	}
	err := c.call(ctx, http.MethodPost, "/v1/rerank", request, &answer)
	return answer.Results, err
}

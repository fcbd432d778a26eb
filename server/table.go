// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"net/http"
	"reflect"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/server/api"
	"github.com/winnow-search/winnow/server/page"
)

// The groups of routes in the OpenAPI document.
const (
	tagSearch      = "search"
	tagDocuments   = "documents"
	tagCollections = "collections"
	tagOpenAI      = "OpenAI"
	tagRerank      = "Cohere and Jina"
	tagTEI         = "text-embeddings-inference"
	tagServer      = "server"
)

// inCollection is the parameter of routes whose path names a document.
var inCollection = parameter{"collection", "string", "the index; default if not set"}

// table lists every route: what is served and, of all but profiles and the page, what docs/openapi.json says.
func (s *Server) table() []route {
	return slices.Concat(s.ownRoutes(), compatibleRoutes(), s.serverRoutes(), s.pageRoutes())
}

// by gives a route another method.
func (r route) by(method string) route {
	r.method = method
	return r
}

// in gives a route another way of speaking of errors.
func (r route) in(d dialect) route {
	r.dialect = d
	return r
}

// named adds parameters in the query of the URL.
func (r route) named(p ...parameter) route {
	r.query = p
	return r
}

// or adds another request and another answer.
func (r route) or(request, response reflect.Type) route {
	r.also = append(r.also, shape{request, response})
	return r
}

// patient gives a route more time than others have.
func (r route) patient() route {
	r.long = true
	return r
}

func (s *Server) ownRoutes() []route {
	return []route{
		post("/v1/search", Read, tagSearch, "Find the passages that answer a query best", (*call).search),
		post("/v1/similar", Read, tagSearch, "Find what is like a document or passage", (*call).similar),
		post("/v1/compare", Read, tagSearch, "Set BM25, bi-encoder and cross-encoder side by side", (*call).compare),
		{
			method: http.MethodPost, path: "/v1/ask", scope: Read, tag: tagSearch, summary: "Answer a question, with citations that are checked; with stream as server-sent events",
			request: reflect.TypeFor[api.Ask](), response: reflect.TypeFor[winnow.Answer](), streams: true, long: true, handle: (*call).ask,
		},
		post("/v1/influence", Read, tagSearch, "How a cross-encoder's logit changes when words of a passage are left out", (*call).influence),
		post("/v1/matrix", Read, tagSearch, "Score every query with every text, or with the best hits, by both encoders", (*call).matrix),
		post("/v1/eval", Read, tagSearch, "Measure searches on judged queries", (*call).eval).patient(),

		post("/v1/documents", Write, tagDocuments, "Add documents, or replace those with their ids: all or none", (*call).addDocuments),
		get("/v1/documents", Read, tagDocuments, "List documents without their texts", (*call).listDocuments).
			named(inCollection, parameter{"limit", "integer", "at most so many, 100 if not set"}, parameter{"offset", "integer", "leave out the first so many"}),
		get("/v1/documents/{id...}", Read, tagDocuments, "Get a document", (*call).getDocument).named(inCollection),
		strict(http.MethodPut, "/v1/documents/{id...}", Write, tagDocuments, "Add or replace a document", (*call).putDocument).named(inCollection),
		strict(http.MethodPatch, "/v1/documents/{id...}", Write, tagDocuments, "Change some of what is known of a document", (*call).patchDocument).named(inCollection),
		get("/v1/documents/{id...}", Write, tagDocuments, "Delete a document", (*call).deleteDocument).named(inCollection).by(http.MethodDelete),
		post("/v1/documents/delete", Write, tagDocuments, "Delete documents", (*call).deleteDocuments),
		{
			method: http.MethodPost, path: "/v1/documents/bulk", scope: Write, tag: tagDocuments, summary: "Add and delete documents, a JSON object a line; the answer has a line for each",
			request: reflect.TypeFor[api.BulkLine](), response: reflect.TypeFor[api.LineResult](), media: "application/x-ndjson", query: []parameter{inCollection}, long: true, handle: (*call).bulk,
		},
		{
			method: http.MethodPost, path: "/v1/documents/files", scope: Write, tag: tagDocuments, summary: "Add files, or replace those of their names: a form with files, or the body of one; the answer has a line for each",
			request: reflect.TypeFor[api.Upload](), response: reflect.TypeFor[api.FileResult](), media: "application/x-ndjson", takes: []string{"multipart/form-data", "application/octet-stream"},
			query: []parameter{inCollection, {"name", "string", "of the file that is the body; forms name theirs"}}, long: true, handle: (*call).files,
		},

		get("/v1/collections", Read, tagCollections, "List collections", (*call).listCollections),
		post("/v1/collections", Admin, tagCollections, "Make a collection", (*call).createCollection),
		get("/v1/collections/{name}", Read, tagCollections, "Describe a collection", (*call).getCollection).
			named(parameter{"recall", "integer", "measure what searching by vectors finds, with so many stored vectors; 0 if not set: it is not measured"}),
		get("/v1/collections/{name}", Admin, tagCollections, "Delete a collection with all it holds", (*call).deleteCollection).by(http.MethodDelete),
	}
}

func compatibleRoutes() []route {
	routes := []route{
		compatible("/v1/embeddings", own, tagOpenAI, "Vectors of texts", (*call).embeddings),
		get("/v1/models", Read, tagOpenAI, "List models", (*call).modelList),
		get("/v1/models/{id...}", Read, tagOpenAI, "Describe a model", (*call).model),

		compatible("/embed", tei, tagTEI, "Vectors of texts", (*call).embed),
		compatible("/embed_all", tei, tagTEI, "Vectors of all tokens of texts", (*call).embedAll),
		compatible("/predict", tei, tagTEI, "Labels of texts or pairs, with scores", (*call).predict).
			or(nil, reflect.TypeFor[[]Prediction]()).or(nil, reflect.TypeFor[[][]Prediction]()),
		compatible("/similarity", tei, tagTEI, "Cosines of sentences with one", (*call).similarity),
		compatible("/tokenize", tei, tagTEI, "Tokens of texts", (*call).tokenize),
		get("/info", Read, tagTEI, "The model that is served", (*call).info).in(tei),
		{
			method: http.MethodPost, path: "/{$}", scope: Read, dialect: tei, tag: tagTEI, summary: "Embed, compare or rerank, as the fields decide",
			request: reflect.TypeFor[EmbedRequest](), response: reflect.TypeFor[[][]float32](),
			also: []shape{
				{reflect.TypeFor[SimilarityRequest](), reflect.TypeFor[[]float32]()},
				{reflect.TypeFor[RerankRequest](), reflect.TypeFor[[]Ranked]()},
			},
			handle: func(c *call) (any, error) { return c.dispatch((*call).anything) },
		},
	}
	for _, path := range []string{"/rerank", "/v1/rerank", "/v2/rerank"} {
		routes = append(routes, route{
			method: http.MethodPost, path: path, scope: Read, dialect: rerank, tag: tagRerank, summary: "Order documents by how well they answer a query",
			request: reflect.TypeFor[RerankRequest](), response: reflect.TypeFor[RerankResponse](), also: []shape{{response: reflect.TypeFor[[]Ranked]()}},
			handle: func(c *call) (any, error) { return c.dispatch((*call).rerank) },
		})
	}
	return routes
}

// dispatch lets f decide by the body what is asked for.
func (c *call) dispatch(f func(*call, []byte) (any, error)) (any, error) {
	data, err := c.body()
	if err != nil {
		return nil, err
	}
	return f(c, data)
}

// Health says that the server runs, and whether it takes requests.
type Health struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

func (s *Server) serverRoutes() []route {
	routes := []route{
		get("/health", Open, tagServer, "The server runs", func(*call) (*Health, error) { return &Health{"ok", ""}, nil }),
		get("/ready", Open, tagServer, "The server takes requests", (*call).ready),
		plain("/metrics", Read, "Figures for Prometheus", "text/plain", func(c *call) error {
			promhttp.HandlerFor(c.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(c.w, c.r)
			return nil
		}),
		plain("/openapi.json", Open, "This document", "application/json", (*call).openAPI),
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		routes = append(routes, route{
			method: method, path: "/mcp", scope: Read, tag: tagServer, summary: "The Model Context Protocol (streamable HTTP), for agents", media: "application/json", long: true,
			handle: (*call).agents,
		})
	}
	if s.options.AllowPprof {
		routes = append(routes, plain("/debug/pprof/{name}", Admin, "A profile of the server: profile (of processors, for ?seconds=), heap, goroutine …", "application/octet-stream", (*call).profile))
	}
	return routes
}

// pageRoutes are those of the page, where there is an index to search. The page needs no key: what it asks for does.
func (s *Server) pageRoutes() []route {
	if s.options.DB == "" && s.options.Collections == "" {
		return nil
	}
	return []route{
		plain("/{$}", Open, "The page", "text/html", func(c *call) error { return c.page(page.Start) }),
		plain("/page/{file}", Open, "A file of the page", "text/html", func(c *call) error { return c.page(c.r.PathValue("file")) }),
	}
}

func (c *call) page(file string) error {
	if !page.Serve(c.w, c.r, file) {
		return notFound("", "there is no file %.80q", file)
	}
	return nil
}

// plain is a route whose answer is not JSON.
func plain(path string, scope Scope, summary, media string, f func(*call) error) route {
	return route{method: http.MethodGet, path: path, scope: scope, tag: tagServer, summary: summary, media: media, handle: func(c *call) (any, error) {
		return written{}, f(c)
	}}
}

// profile writes one that go tool pprof reads. Package net/http/pprof would add its own routes to every server of the process.
func (c *call) profile() error {
	name := c.r.PathValue("name")
	if name == "profile" {
		seconds, err := c.number("seconds", 10, int(c.options.Timeout.Seconds()))
		if err != nil {
			return err
		}
		c.w.Header().Set("Content-Type", "application/octet-stream")
		if err := pprof.StartCPUProfile(c.w); err != nil {
			return &problem{status: http.StatusConflict, err: err}
		}
		defer pprof.StopCPUProfile()
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-c.ctx().Done():
		}
		return nil
	}
	p := pprof.Lookup(name)
	if p == nil {
		return notFound("", "there is no profile %.80q", name)
	}
	c.w.Header().Set("Content-Type", "application/octet-stream")
	return p.WriteTo(c.w, 0)
}

func (c *call) ready() (*Health, error) {
	if c.draining.Load() {
		return nil, &problem{status: http.StatusServiceUnavailable, err: errShutdown}
	}
	return &Health{"ready", c.options.Version}, nil
}

func (c *call) listCollections() (*api.Collections, error) {
	out := &api.Collections{Collections: []api.Collection{}}
	for _, in := range c.collections.all() {
		d, err := in.describe()
		if err != nil {
			return nil, err
		}
		out.Collections = append(out.Collections, d)
	}
	return out, nil
}

func (c *call) getCollection() (*api.Collection, error) {
	in, err := c.collections.find(c.r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	sample, err := c.number("recall", 0, mostSampled)
	if err != nil {
		return nil, err
	}
	d, err := in.describe()
	if err != nil || sample == 0 {
		return &d, err
	}
	err = in.read(func(e *winnow.Engine) error {
		snapshot, err := e.Index().Snapshot()
		if err != nil {
			return err
		}
		defer snapshot.Release()
		d.Recall, err = snapshot.MeasureRecall(c.ctx(), sample, 10, 1)
		return err
	})
	return &d, err
}

// mostSampled bounds how many vectors a request may search for, exactly, too, to measure recall.
const mostSampled = 1000

func (c *call) createCollection(n *api.NewCollection) (*api.Collection, error) {
	if c.options.ReadOnly {
		return nil, &problem{status: http.StatusForbidden, err: errors.New("the server was started with --read-only: collections cannot be made")}
	}
	in, err := c.collections.create(c.ctx(), n)
	if err != nil {
		return nil, err
	}
	d, err := in.describe()
	return &d, err
}

func (c *call) deleteCollection() (*api.Done, error) {
	if err := c.collections.remove(c.ctx(), c.r.PathValue("name")); err != nil {
		return nil, err
	}
	return &api.Done{Done: true}, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
	"github.com/winnow-search/winnow/internal/strictjson"
	"github.com/winnow-search/winnow/server/internal/tracing"
)

// route is one operation: what it is called by, who may, and what OpenAPI says of it.
type route struct {
	method, path string
	scope        Scope
	dialect      dialect
	tag, summary string
	request      reflect.Type // of the body; nil without one
	response     reflect.Type // nil: not JSON
	media        string       // of bodies that are not JSON
	takes        []string     // of the request's, if they are others; request describes the first
	also         []shape      // other requests and answers, which the fields decide for
	streams      bool         // server-sent events, if they are asked for
	query        []parameter
	long         bool // may take longer than others: somebody else writes, a stream stays open, or many queries are run
	handle       func(c *call) (any, error)
}

// shape is a request with its answer. Either may be nil.
type shape struct{ request, response reflect.Type }

// parameter is one in the query of a URL.
type parameter struct{ name, kind, about string }

// noRoute stands for the route of a request that none takes.
const noRoute = "none"

// unwatched reports whether requests have no spans: probes, figures and files of the page would be most of all traces.
func (r *route) unwatched() bool { return r.tag == tagServer && !r.long }

// pattern is the route as net/http knows it.
func (r *route) pattern() string { return r.method + " " + r.path }

// call is a request on its way.
type call struct {
	*Server
	w         *recorded
	r         *http.Request
	route     *route
	dialect   dialect // the route's, unless the request's fields decide for another
	key       *key
	truncated int // tokens of all texts that did not fit
	tokens    int // of all texts
	reserved  int64
	log       []slog.Attr
	span      *tracing.Request
}

func (c *call) ctx() context.Context { return c.r.Context() }

// written is the answer of a handler that has sent it.
type written struct{}

// get is a route without a body.
func get[Response any](path string, scope Scope, tag, summary string, f func(*call) (*Response, error)) route {
	return route{
		method: http.MethodGet, path: path, scope: scope, tag: tag, summary: summary, response: reflect.TypeFor[Response](),
		handle: func(c *call) (any, error) { return answered(f(c)) },
	}
}

// post is a route of winnow's own: a body is read strictly, and unknown fields are refused.
func post[Request, Response any](path string, scope Scope, tag, summary string, f func(*call, *Request) (*Response, error)) route {
	return strict(http.MethodPost, path, scope, tag, summary, f)
}

// strict is post with another method.
func strict[Request, Response any](method, path string, scope Scope, tag, summary string, f func(*call, *Request) (*Response, error)) route {
	return route{
		method: method, path: path, scope: scope, tag: tag, summary: summary,
		request: reflect.TypeFor[Request](), response: reflect.TypeFor[Response](),
		handle: func(c *call) (any, error) {
			var request Request
			if err := c.read(&request); err != nil {
				return nil, err
			}
			return answered(f(c, &request))
		},
	}
}

// read takes the request's body strictly.
func (c *call) read(into any) error {
	data, err := c.body()
	if err != nil {
		return err
	}
	if err := strictjson.Unmarshal(data, into); err != nil {
		return bad("", "the request's body: %w", err)
	}
	return nil
}

// compatible is a route of another server's API: fields that are not known are left aside.
func compatible[Request, Response any](path string, d dialect, tag, summary string, f func(*call, *Request) (*Response, error)) route {
	return route{
		method: http.MethodPost, path: path, scope: Read, dialect: d, tag: tag, summary: summary,
		request: reflect.TypeFor[Request](), response: reflect.TypeFor[Response](),
		handle: func(c *call) (any, error) {
			data, err := c.body()
			if err != nil {
				return nil, err
			}
			var request Request
			if err := decode(data, &request); err != nil {
				return nil, err
			}
			return answered(f(c, &request))
		},
	}
}

// checkQuery refuses what is in the query of the URL and not known, so that a misspelt collection is not the default one. Routes of
// other servers' clients leave it aside, as they do fields.
func (c *call) checkQuery() error {
	switch c.route.tag {
	case tagSearch, tagDocuments, tagCollections:
	default:
		return nil
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return bad("", "the query of the URL cannot be read: %w", err)
	}
	var known []string
	for _, p := range c.route.query {
		known = append(known, p.name)
	}
	for _, name := range sortedKeys(query) {
		if !slices.Contains(known, name) {
			hint := "there are none here: a POST has its parameters in its body"
			if n := nearest.Name(name, known); n != "" {
				hint = fmt.Sprintf("did you mean %q?", n)
			} else if len(known) > 0 {
				hint = "known here are " + strings.Join(known, ", ")
			}
			return bad("", "unknown parameter %.80q in the query of the URL: %s", name, hint)
		}
		if len(query[name]) > 1 {
			return bad(name, "the parameter %s is in the query of the URL %d times", name, len(query[name]))
		}
	}
	return nil
}

// answered makes a handler's two values those of a route.
func answered[T any](value *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return value, nil
}

// decode reads JSON of which fields may be unknown.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if kind.Field == "" {
			return bad("", "the request's body is a JSON %s: want an object", kind.Value)
		}
		return bad(kind.Field, "field %s: a JSON %s does not fit", kind.Field, kind.Value)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return bad("", "the request's body is not JSON: at byte %d: %w", syntax.Offset, err)
	}
	return bad("", "the request's body: %w", err)
}

// body reads the request's, which is JSON.
func (c *call) body() ([]byte, error) {
	if kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); strings.HasPrefix(kind, "multipart/") || kind == "application/x-www-form-urlencoded" && c.r.Header.Get("Origin") != "" {
		// What a page of another origin can send without asking first.
		return nil, &problem{status: http.StatusUnsupportedMediaType, err: fmt.Errorf("the body is %.80q; send application/json", kind)}
	}
	data, err := c.received()
	if err == nil && len(data) == 0 {
		err = bad("", "the request's body is empty: want a JSON object")
	}
	return data, err
}

// received reads the request's body, up to the limit.
func (c *call) received() ([]byte, error) {
	if packed := c.r.Header.Get("Content-Encoding"); packed != "" && !strings.EqualFold(packed, "identity") {
		c.w.Header().Set("Accept-Encoding", "identity")
		return nil, &problem{status: http.StatusUnsupportedMediaType, err: fmt.Errorf("the body is packed (Content-Encoding: %.40q): send it as it is", packed)}
	}
	if c.r.ContentLength > c.options.MaxBody {
		return nil, &http.MaxBytesError{Limit: c.options.MaxBody}
	}
	if c.inFlight.Load()+c.r.ContentLength > c.options.MaxInFlight { // before it is sent
		return nil, c.crowded()
	}
	data, err := io.ReadAll(c.bounded())
	switch {
	case err == nil:
	case errors.As(err, new(*http.MaxBytesError)), errors.As(err, new(*problem)):
		return nil, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &problem{status: http.StatusRequestTimeout, err: errors.New("the request's body did not arrive in time")}
	case c.ctx().Err() != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, context.Cause(c.ctx())
	default: // also of a client that closes the half of the connection by which it sends
		return nil, &problem{status: http.StatusBadRequest, err: fmt.Errorf("the body cannot be read to its end: %w", err)}
	}
	return data, nil
}

// bounded is the request's body up to the limit. What is read of it counts as memory until end gives it back: a client that announces
// much, or does not say how much, and sends little holds little.
func (c *call) bounded() io.ReadCloser {
	return counted{http.MaxBytesReader(c.w, c.r.Body, c.options.MaxBody), c}
}

type counted struct {
	io.ReadCloser
	call *call
}

// Read implements io.Reader.
func (b counted) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.call.reserved += int64(n)
	if b.call.inFlight.Add(int64(n)) > b.call.options.MaxInFlight {
		return n, b.call.crowded()
	}
	return n, err
}

// crowded says that other requests have the memory.
func (c *call) crowded() error {
	c.metrics.refused.WithLabelValues("memory").Inc()
	return &problem{status: http.StatusTooManyRequests, err: errors.New("the server is busy: too many bytes of requests are in memory")}
}

// end gives back what the call holds.
func (c *call) end() { c.inFlight.Add(-c.reserved) }

// send writes an answer as JSON.
func (c *call) send(status int, value any) {
	data, err := marshal(value)
	if err != nil { // a value of ours that is no JSON
		c.options.Log.Error("answer", "error", err)
		status, data = http.StatusInternalServerError, []byte(`{"error":{"message":"the server failed: its log says more","type":"server_error","code":"internal_server_error"}}`)
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(data) // a client that has gone is counted by its context
}

// marshal is json.Marshal with text as it is.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

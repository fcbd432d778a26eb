// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
)

// tester sends requests to a server.
type tester struct {
	*testing.T
	*Server
}

// start makes a server with the built-in models, and an index directory that is still to be made.
func start(t *testing.T, change ...func(*Options)) *tester {
	t.Helper()
	o := Options{Models: model.Pair{Retriever: builtin.Retriever, Reranker: builtin.Reranker, Fuse: true}, DB: filepath.Join(t.TempDir(), "db"), Precision: encoder.Int8}
	for _, f := range change {
		f(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &tester{t, s}
}

// send is one request. body is sent as it is if it is a string, else as JSON.
func (t *tester) send(method, path string, body any, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return t.sendWith(t.Context(), method, path, body, header...)
}

func (t *tester) sendWith(ctx context.Context, method, path string, body any, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(data)
	}
	r := httptest.NewRequestWithContext(ctx, method, "http://localhost"+path, in)
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	t.ServeHTTP(w, r)
	return w
}

// post sends a request that must be answered, and reads the answer into out.
func (t *tester) post(path string, body, out any) {
	t.Helper()
	t.ok(t.send(http.MethodPost, path, body), out)
}

// get is post without a body.
func (t *tester) get(path string, out any) {
	t.Helper()
	t.ok(t.send(http.MethodGet, path, nil), out)
}

func (t *tester) ok(w *httptest.ResponseRecorder, out any) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
}

// refused checks that a request fails with a status and a message.
func (t *tester) refused(w *httptest.ResponseRecorder, status int, message string) {
	t.Helper()
	if w.Code != status || !strings.Contains(strings.ReplaceAll(w.Body.String(), `\"`, `"`), message) {
		t.Errorf("status %d, want %d: %s, want %q", w.Code, status, strings.TrimSpace(w.Body.String()), message)
	}
	var any map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &any); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("the error is no JSON object: %v: %s", err, w.Body)
	}
}

func (t *tester) equal(what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestHealthAndUnknownPaths(t *testing.T) {
	s := start(t, small)
	var h Health
	s.get("/health", &h)
	s.equal("health", h, Health{"ok", ""})
	s.get("/ready", &h)
	s.equal("ready", h.Status, "ready")
	s.refused(s.send(http.MethodGet, "/v1/serch", nil), http.StatusNotFound, "did you mean /v1/search?")
	w := s.send(http.MethodGet, "/v1/search", nil)
	s.refused(w, http.StatusMethodNotAllowed, "/v1/search does not take GET, but POST")
	s.equal("Allow", w.Header()["Allow"], "[POST]")
	s.draining.Store(true)
	s.refused(s.send(http.MethodGet, "/ready", nil), http.StatusServiceUnavailable, "shutting down")
	s.get("/health", &h) // it still runs
	metrics := s.send(http.MethodGet, "/metrics", nil).Body.String()
	for _, want := range []string{`winnow_requests_total{code="200",route="/health"} 2`, `winnow_requests_total{code="404",route="none"} 1`, "winnow_queue_tokens{model=\"../internal/parity/testdata/cross-identity fp32\"} 0", "go_goroutines"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	s.refused(s.send(http.MethodGet, "/debug/pprof/heap", nil), http.StatusNotFound, "nothing at")
}

func TestHostAndOriginAreLookedAt(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Origins = []string{"https://app.example.org"} })
	s.refused(s.send(http.MethodGet, "/health", nil, "Host", "evil.example.org"), http.StatusForbidden, `not known by the name "evil.example.org"`)
	s.refused(s.send(http.MethodPost, "/v1/search", "{}", "Origin", "https://evil.example.org"), http.StatusForbidden, "--cors")
	w := s.send(http.MethodGet, "/health", nil, "Origin", "https://app.example.org")
	s.equal("allowed", w.Header().Get("Access-Control-Allow-Origin"), "https://app.example.org")
	w = s.send(http.MethodOptions, "/v1/search", nil, "Origin", "https://app.example.org", "Access-Control-Request-Method", "POST")
	s.equal("preflight", fmt.Sprint(w.Code, w.Header().Get("Access-Control-Allow-Headers")), "204")
	w = s.send(http.MethodOptions, "/v1/search", nil, "Origin", "https://app.example.org", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,x-stainless-os")
	s.equal("what clients send", fmt.Sprint(w.Code, w.Header().Get("Access-Control-Allow-Headers"), w.Header()["Vary"]), "204authorization,x-stainless-os[Origin Access-Control-Request-Headers]")
	w = s.send(http.MethodOptions, "/v1/search", nil, "Origin", "https://evil.example.org", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
	s.equal("what others send", fmt.Sprint(w.Code, w.Header().Get("Access-Control-Allow-Headers")), "403")
	for origin, status := range map[string]int{"https://app.example.org": http.StatusOK, "https://evil.example.org": http.StatusForbidden} {
		w = s.send(http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"page","version":"1"}}}`,
			"Origin", origin, "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json", "Accept", "application/json, text/event-stream")
		s.equal("agents in a page of "+origin, w.Code, status)
	}
	w = s.send(http.MethodGet, "/health", nil, "Origin", "http://localhost")
	s.equal("own page", fmt.Sprint(w.Code, w.Header().Get("Access-Control-Allow-Origin")), "200")
}

func TestOptionsAreChecked(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"there are no API keys":       func(o *Options) { o.Addr = "0.0.0.0:8080" },
		"is not HOST:PORT":            func(o *Options) { o.Addr = "8080" },
		"TLS needs both":              func(o *Options) { o.TLSCert = "x" },
		"in flight":                   func(o *Options) { o.MaxBody, o.MaxInFlight = 10, 5 },
		`origin "app.example.org"`:    func(o *Options) { o.Origins = []string{"app.example.org"} },
		`origin "https://a.org?b"`:    func(o *Options) { o.Origins = []string{"https://a.org?b"} },
		"no such file":                func(o *Options) { o.Keys = "nowhere" },
		"which is not served":         func(o *Options) { o.Aliases = map[string]string{"a": "nothing"} },
		`"nowhere/nothing" not found`: func(o *Options) { o.Also = []string{"nowhere/nothing"} },
		"the rate or its burst":       func(o *Options) { o.Rate = -1 },
		"tokens of a batch":           func(o *Options) { o.BatchTokens = -1 },
		"is a bi-encoder":             func(o *Options) { o.Models.Reranker = checkpoints.Retriever },
	} {
		o := Options{Models: checkpoints, DB: filepath.Join(t.TempDir(), "db")}
		change(&o)
		s, err := New(o)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/winnow-search/winnow"
)

// collector takes traces by OTLP over HTTP.
type collector struct {
	*testing.T
	url   string
	mu    sync.Mutex
	heads []http.Header
	busy  int // requests to refuse before one is taken
	sent  tracepb.TracesData
}

func collect(t *testing.T) *collector {
	t.Helper()
	c := &collector{T: t}
	h := httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(h.Close)
	c.url = h.URL
	for _, name := range []string{"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_COMPRESSION", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER"} {
		t.Setenv(name, "")
	}
	return c
}

func (c *collector) take(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy > 0 {
		c.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	c.heads = append(c.heads, r.Header)
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			c.Error(err)
			return
		}
		body = z
	}
	data, err := io.ReadAll(body)
	var sent tracepb.TracesData
	if err == nil {
		err = proto.Unmarshal(data, &sent)
	}
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.Errorf("%s %s %s: %v", r.Method, r.URL, r.Header.Get("Content-Type"), err)
	}
	c.sent.ResourceSpans = append(c.sent.ResourceSpans, sent.ResourceSpans...)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// spans are what was sent, by name.
func (c *collector) spans() map[string][]*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string][]*tracepb.Span{}
	for _, r := range c.sent.ResourceSpans {
		for _, scope := range r.ScopeSpans {
			for _, s := range scope.Spans {
				all[s.Name] = append(all[s.Name], s)
			}
		}
	}
	return all
}

// attributes are those of a span or resource, as text.
func attributes(list []*commonpb.KeyValue) string {
	var all []string
	for _, a := range list {
		v := a.Value.GetStringValue()
		if v == "" {
			v = fmt.Sprint(a.Value.GetIntValue())
		}
		all = append(all, a.Key+"="+v)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestTraces(t *testing.T) {
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20secret, x=y")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_SERVICE_NAME", "shop search")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
	c.busy = 1 // what a busy collector refuses is sent again
	var log bytes.Buffer
	s := start(t, small, func(o *Options) {
		o.Traces, o.Version, o.Log = true, "1.2.3", slog.New(slog.NewTextHandler(&log, nil))
	})
	s.fill()
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	w := s.send(http.MethodPost, "/v1/search", `{"query":"secret bread","rerank":"auto@2"}`, "Traceparent", "00-"+trace+"-"+parent+"-01", "Tracestate", "a=b")
	s.ok(w, &winnow.Result{})
	s.ok(s.send(http.MethodPost, "/v1/ask", `{"question":"secret bread","rerank":"auto@2"}`), &winnow.Answer{})
	web := httptest.NewServer(s)
	agent, err := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: web.URL + "/mcp"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := agent.CallTool(t.Context(), &sdk.CallToolParams{Name: "rerank", Arguments: map[string]any{"query": "secret bread", "texts": texts}}); err != nil || r.IsError {
		t.Errorf("%+v, %v", r, err)
	}
	if err := agent.Close(); err != nil {
		t.Error(err)
	}
	web.Close()
	s.send(http.MethodGet, "/v1/documents/secret", nil)
	s.send("SECRET", "/secret", nil)
	s.get("/health", new(any))
	s.send(http.MethodPost, "/v1/search", `{"query":"x"}`, "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-"+parent+"-00") // the client does not record it
	if err := s.tracer.Close(); err != nil {                                                                                   // as the end of the server does
		t.Fatal(err)
	}
	spans := c.spans()
	search := spans["POST /v1/search"]
	if len(search) != 1 {
		t.Fatalf("%d spans of a search in %v", len(search), spans)
	}
	root := search[0]
	s.equal("trace", hex.EncodeToString(root.TraceId)+" "+hex.EncodeToString(root.ParentSpanId)+" "+root.TraceState, trace+" "+parent+" a=b")
	s.equal("kind", root.Kind, tracepb.Span_SPAN_KIND_SERVER)
	if got := attributes(root.Attributes); !strings.HasPrefix(got, "http.request.method=POST http.response.status_code=200 http.route=/v1/search winnow.tokens=") {
		t.Error(got)
	}
	batches := 0
	for _, name := range []string{"encode", "retrieve", "rerank", "batch"} {
		for _, x := range spans[name] {
			if !bytes.Equal(x.TraceId, root.TraceId) {
				continue
			}
			if !bytes.Equal(x.ParentSpanId, root.SpanId) || x.StartTimeUnixNano > x.EndTimeUnixNano || x.EndTimeUnixNano > root.EndTimeUnixNano {
				t.Errorf("%s: %v, in %v", name, x, root)
			}
			if name == "batch" {
				batches++
				if got := attributes(x.Attributes); !strings.Contains(got, "winnow.batch.items=") || !strings.Contains(got, "winnow.model=../internal/parity/testdata/") {
					t.Error(got)
				}
			}
		}
		if len(spans[name]) == 0 {
			t.Errorf("there is no span %s", name)
		}
	}
	s.equal("batches of the search: the query, the pairs", batches, 2)
	ask := spans["POST /v1/ask"][0]
	var stages []string
	end := uint64(0)
	for _, name := range []string{"encode", "retrieve", "rerank", "check"} {
		for _, x := range spans[name] {
			if bytes.Equal(x.ParentSpanId, ask.SpanId) {
				stages = append(stages, name)
				if x.StartTimeUnixNano < max(end, ask.StartTimeUnixNano) || x.EndTimeUnixNano > ask.EndTimeUnixNano {
					t.Errorf("%s: %v, after %d in %v", name, x, end, ask)
				}
				end = x.EndTimeUnixNano
			}
		}
	}
	s.equal("stages of an answer", fmt.Sprint(stages), "[encode retrieve rerank check]")
	of := func(parents []*tracepb.Span) (n int) {
		for _, x := range spans["batch"] {
			if slices.ContainsFunc(parents, func(p *tracepb.Span) bool { return bytes.Equal(p.SpanId, x.ParentSpanId) }) {
				n++
			}
		}
		return n
	}
	s.equal("batches of the answer: the question, the pairs, the check", of([]*tracepb.Span{ask}), 3)
	s.equal("batches of an agent", of(spans["POST /mcp"]), 1)
	missing := spans["GET /v1/documents/{id...}"]
	s.equal("not found", fmt.Sprint(len(missing), attributes(missing[0].Attributes), missing[0].Status.GetCode()), "1http.request.method=GET http.response.status_code=404 http.route=/v1/documents/{id...}STATUS_CODE_UNSET")
	s.equal("unknown", attributes(spans["_OTHER"][0].Attributes), "http.request.method=_OTHER http.response.status_code=404")
	s.equal("probes", len(spans["GET /health"]), 0)

	c.mu.Lock()
	defer c.mu.Unlock()
	s.equal("headers", fmt.Sprint(c.heads[0]["Api-Key"], c.heads[0]["X"], c.heads[0]["Content-Encoding"]), "[a secret] [y] [gzip]")
	about := attributes(c.sent.ResourceSpans[0].Resource.Attributes)
	for _, want := range []string{"service.name=shop search", "service.version=1.2.3", "deployment.environment=test", "telemetry.sdk.name=opentelemetry"} {
		if !strings.Contains(about, want) {
			t.Errorf("%s is not in %s", want, about)
		}
	}
	if text := c.sent.String(); strings.Contains(text, "secret") || strings.Contains(text, "bread") {
		t.Errorf("a text is in the spans: %s", text)
	}
	if !strings.Contains(log.String(), "route=/v1/search status=200") || !strings.Contains(log.String(), "trace_id="+trace) {
		t.Error(log.String())
	}
}

// Without a collector nothing is recorded; the trace of a client is in the log all the same.
func TestTracesAreOffUnlessAskedFor(t *testing.T) {
	collect(t)
	var log bytes.Buffer
	s := start(t, small, func(o *Options) { o.Traces, o.Log = true, slog.New(slog.NewTextHandler(&log, nil)) })
	s.send(http.MethodGet, "/v1/models", nil, "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if s.tracer != nil || !strings.Contains(log.String(), "trace_id=4bf92f3577b34da6a3ce929d0e0e4736") {
		t.Error(log.String())
	}
	log.Reset()
	s.send(http.MethodGet, "/v1/models", nil, "Traceparent", "00-zz-00f067aa0ba902b7-01")
	if strings.Contains(log.String(), "trace_id") {
		t.Error(log.String())
	}
}

// A collector that is not there is told of once, and stops nothing.
func TestTracesThatCannotBeSent(t *testing.T) {
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.url+"/v1/nothing")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
	c.busy = 1000
	var log bytes.Buffer
	s := start(t, small, func(o *Options) { o.Traces, o.Log = true, slog.New(slog.NewTextHandler(&log, nil)) })
	for range 3 {
		s.get("/v1/models", &ModelList{})
		if err := s.tracer.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(log.String(), "traces cannot be sent"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
}

func TestTraceSettingsAreChecked(t *testing.T) {
	for want, env := range map[string][2]string{
		`OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"`:           {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is not a URL": {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4318"},
		`OTEL_TRACES_EXPORTER is "zipkin"`:                {"OTEL_TRACES_EXPORTER", "zipkin"},
		`OTEL_EXPORTER_OTLP_COMPRESSION is "zstd"`:        {"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"},
		`OTEL_EXPORTER_OTLP_TIMEOUT is "10s"`:             {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
		"OTEL_EXPORTER_OTLP_HEADERS cannot be read":       {"OTEL_EXPORTER_OTLP_HEADERS", "secret"},
		"OTEL_EXPORTER_OTLP_CERTIFICATE: ":                {"OTEL_EXPORTER_OTLP_CERTIFICATE", "nowhere.pem"},
	} {
		t.Run(env[0], func(t *testing.T) {
			c := collect(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)
			t.Setenv(env[0], env[1])
			s, err := New(Options{Models: checkpoints, Traces: true})
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

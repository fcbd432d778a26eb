// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/server/internal/batch"
)

// small takes models of random weights in place of the built-in ones: what they answer means nothing, and it comes fast.
func small(o *Options) { o.Models, o.Precision = checkpoints, encoder.FP32 }

// hold keeps all batches from running until release is called.
func (t *tester) hold() (release func()) {
	t.models.compute <- struct{}{}
	return func() { <-t.models.compute }
}

// agent is a client of the server's MCP, until the test ends.
func (t *tester) agent() *sdk.ClientSession {
	t.Helper()
	web := httptest.NewServer(t)
	t.Cleanup(web.Close)
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: web.URL + "/mcp"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// until waits for a condition.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("still not: %s", what)
}

// figure is the value of a metric.
func (t *tester) figure(name string) string {
	t.Helper()
	for line := range strings.Lines(t.send(http.MethodGet, "/metrics", nil).Body.String()) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "absent"
}

func TestScopesOfKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	secrets := map[Scope]string{}
	var lines strings.Builder
	for _, scope := range Scopes() {
		secret, line, err := NewKey("key-"+string(scope), scope)
		if err != nil {
			t.Fatal(err)
		}
		secrets[scope] = secret
		lines.WriteString(line + "\n")
	}
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := start(t, small, func(o *Options) {
		o.Addr, o.Keys, o.AllowPprof, o.Collections = "0.0.0.0:0", path, true, t.TempDir()
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	as := func(scope Scope, method, path string, body any) int {
		return s.send(method, path, body, "Authorization", "Bearer "+secrets[scope], "Host", "search.example.org").Code
	}
	for _, c := range []struct {
		needs        Scope
		method, path string
		body         any
	}{
		{Open, http.MethodGet, "/health", nil},
		{Open, http.MethodGet, "/ready", nil},
		{Read, http.MethodPost, "/embed", `{"inputs":"secret text"}`},
		{Read, http.MethodPost, "/v1/rerank", `{"query":"secret query","documents":["a"]}`},
		{Read, http.MethodGet, "/metrics", nil},
		{Read, http.MethodGet, "/v1/collections", nil},
		{Write, http.MethodPost, "/v1/documents", `{"documents":[{"id":"a","text":"secret text"}]}`},
		{Admin, http.MethodPost, "/v1/collections", `{"name":"x"}`},
		{Admin, http.MethodGet, "/debug/pprof/heap", nil},
		{Admin, http.MethodDelete, "/v1/collections/x", nil},
	} {
		for _, scope := range append([]Scope{Open}, Scopes()...) {
			got := as(scope, c.method, c.path, c.body)
			want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[scope.allows(c.needs)]
			if scope == Open && c.needs != Open {
				want = http.StatusUnauthorized
			}
			if got != want {
				t.Errorf("%s %s with scope %q: %d, want %d", c.method, c.path, scope, got, want)
			}
		}
	}
	s.refused(s.send(http.MethodPost, "/embed", "{}"), http.StatusUnauthorized, "an API key is needed")
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "wk_") || !strings.Contains(log.String(), "key=key-read") {
		t.Errorf("the log has texts or keys, or not the name of a key:\n%s", log.String())
	}
}

func TestQueriesAreLoggedIfAsked(t *testing.T) {
	var log bytes.Buffer
	s := start(t, small, func(o *Options) { o.Log, o.LogText = slog.New(slog.NewTextHandler(&log, nil)), true })
	s.fill()
	var out any
	s.post("/v1/search", `{"query":"bread"}`, &out)
	if !strings.Contains(log.String(), "query=bread") {
		t.Error(log.String())
	}
}

func TestRateLimit(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Rate, o.Burst = 0.001, 2 })
	var list ModelList
	s.get("/v1/models", &list)
	s.get("/v1/models", &list)
	w := s.send(http.MethodGet, "/v1/models", nil)
	s.refused(w, http.StatusTooManyRequests, "more than 0.001 requests a second")
	if n := w.Header().Get("Retry-After"); len(n) < 3 {
		t.Errorf("Retry-After %q", n)
	}
	s.equal("health has no limit", s.send(http.MethodGet, "/health", nil).Code, http.StatusOK)
}

func TestBodiesAreBounded(t *testing.T) {
	s := start(t, small, func(o *Options) { o.MaxBody, o.MaxInFlight = 1000, 1500 })
	unsized := func(body string) *httptest.ResponseRecorder { // its length is not known
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://localhost/embed", io.MultiReader(strings.NewReader(body))))
		return w
	}
	long := `{"inputs":"` + strings.Repeat("a", 1000) + `"}`
	s.refused(s.send(http.MethodPost, "/embed", long), http.StatusRequestEntityTooLarge, "more than 1000 bytes")
	s.refused(unsized(long), http.StatusRequestEntityTooLarge, "more than 1000 bytes")
	s.refused(s.send(http.MethodPost, "/embed", "a=b", "Content-Type", "multipart/form-data; boundary=x"), http.StatusUnsupportedMediaType, "send application/json")

	release := s.hold()
	body := `{"inputs":"` + strings.Repeat("a ", 400) + `"}`
	done := make(chan int, 1)
	go func() { done <- s.send(http.MethodPost, "/embed", body).Code }()
	until(t, "the first is in memory", func() bool { return s.inFlight.Load() == int64(len(body)) })
	for _, w := range []*httptest.ResponseRecorder{s.send(http.MethodPost, "/embed", body), unsized(body)} {
		s.refused(w, http.StatusTooManyRequests, "too many bytes")
		s.equal("Retry-After", w.Header().Get("Retry-After"), "1")
	}
	s.refused(s.send(http.MethodPost, "/mcp", body), http.StatusTooManyRequests, "too many bytes")
	s.equal("memory", s.inFlight.Load(), len(body))
	// A short body of unknown length takes no more than it has, and is read beside the first.
	s.refused(unsized(`{"input":"a"}`), http.StatusBadRequest, "the input is missing")
	release()
	s.equal("the first", <-done, http.StatusOK)
	s.equal("memory", s.inFlight.Load(), 0)

	// What is announced and not sent takes nothing.
	slow, sender := io.Pipe()
	r := httptest.NewRequest(http.MethodPost, "http://localhost/embed", slow)
	r.ContentLength = 1000
	ended := make(chan struct{})
	go func() {
		s.ServeHTTP(httptest.NewRecorder(), r)
		close(ended)
	}()
	if _, err := io.WriteString(sender, "{"); err != nil {
		t.Fatal(err)
	}
	until(t, "a byte is in memory", func() bool { return s.inFlight.Load() == 1 })
	s.equal("beside it", s.send(http.MethodPost, "/embed", body).Code, http.StatusOK)
	_ = sender.Close()
	<-ended
	s.equal("memory", s.inFlight.Load(), 0)
}

func TestFullQueue(t *testing.T) {
	s := start(t, small, func(o *Options) { o.BatchTokens, o.QueueTokens = 16, 20 })
	release := s.hold()
	embed := func() <-chan *httptest.ResponseRecorder {
		c := make(chan *httptest.ResponseRecorder, 1)
		go func() { c <- s.send(http.MethodPost, "/embed", map[string]any{"inputs": []string{texts[0], texts[1]}}) }()
		return c
	}
	queue := s.models.bis[asOpened(s.options.Models.Retriever, s.options.Precision)].vectors
	first := embed() // one text is in the batch that waits to run, the other in the queue
	until(t, "it waits", func() bool { return queue.Waiting() > 0 })
	w := <-embed()
	s.refused(w, http.StatusTooManyRequests, "the server is busy: too much is waiting")
	s.equal("Retry-After", w.Header().Get("Retry-After"), "1")
	s.equal("counted", s.figure(`winnow_refused_total{reason="queue"}`), "1")
	release()
	s.equal("first", (<-first).Code, http.StatusOK)
}

// What checks answers and what agents have ranked wait for their turn like all else, and are refused when too much waits.
func TestAnswersAndAgentsWaitInTheQueue(t *testing.T) {
	s := start(t, small, func(o *Options) { o.BatchTokens, o.QueueTokens = 16, 20 })
	s.fill()
	agent := s.agent()
	rank := func() *sdk.CallToolResult {
		t.Helper()
		r, err := agent.CallTool(t.Context(), &sdk.CallToolParams{Name: "rerank", Arguments: map[string]any{"query": "bread", "texts": texts}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	const question = `{"question":"what is a bread, vector, document or day?","mode":"lexical","rerank":"off"}` // the cross-encoder checks, and nothing else is encoded
	release := s.hold()
	queue := s.models.cross[asOpened(s.options.Models.Reranker, s.options.Precision)].logits
	first := make(chan *httptest.ResponseRecorder, 1)
	go func() { first <- s.send(http.MethodPost, "/v1/ask", question) }()
	until(t, "the answer waits", func() bool { return queue.Waiting() > 0 })
	s.refused(s.send(http.MethodPost, "/v1/ask", question), http.StatusTooManyRequests, "the server is busy: too much is waiting")
	if r := rank(); !r.IsError || !strings.Contains(fmt.Sprint(r.Content[0]), "too much is waiting") {
		t.Errorf("an agent is not refused: %+v", r.Content)
	}
	release()
	s.equal("first", (<-first).Code, http.StatusOK)
	tokens := "winnow_tokens_total{model=\"" + s.options.Models.Reranker + " fp32\"}"
	before := s.figure(tokens)
	if r := rank(); r.IsError || s.figure(tokens) == before {
		t.Errorf("%+v: %s tokens before, and after", r.Content, before)
	}
}

func TestLateRequestsAreTold(t *testing.T) {
	p := classify(t.Context(), fmt.Errorf("rerank: %w", &batch.LateError{Takes: 70 * time.Second, Left: time.Minute, Retry: 10 * time.Second}))
	if p.status != http.StatusTooManyRequests || p.retry != 10*time.Second || !strings.Contains(p.Error(), "the server is busy: rerank: what waits takes about 1m10s, and the request has 1m0s") {
		t.Errorf("%d, again in %s: %v", p.status, p.retry, p)
	}
}

func TestRequestsEnd(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Timeout = 50 * time.Millisecond })
	release := s.hold()
	s.refused(s.send(http.MethodPost, "/embed", `{"inputs":"a"}`), http.StatusServiceUnavailable, "the request took too long")
	release()
	queue := s.models.bis[asOpened(s.options.Models.Retriever, s.options.Precision)].vectors
	until(t, "nothing waits", func() bool { return queue.Waiting() == 0 })
}

// running is a server on a port of its own.
func running(t *testing.T, change ...func(*Options)) (s *tester, url string, stop func() error) {
	t.Helper()
	s = start(t, append([]func(*Options){small, func(o *Options) { o.Addr = "127.0.0.1:0" }}, change...)...)
	l, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Server.Run(ctx, l) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() { _ = stop() })
	return s, "http://" + l.Addr().String(), stop
}

func TestClientsThatLeaveCancelTheirWork(t *testing.T) {
	s, url, _ := running(t, func(o *Options) { o.BatchTokens = 16 })
	release := s.hold()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/embed", strings.NewReader(fmt.Sprintf(`{"inputs":[%q,%q,%q]}`, texts[0], texts[1], texts[2])))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(r)
		ended <- err
	}()
	queue := s.models.bis[asOpened(s.options.Models.Retriever, s.options.Precision)].vectors
	until(t, "it waits", func() bool { return queue.Waiting() > 0 })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	until(t, "nothing waits", func() bool { return queue.Waiting() == 0 })
	release()
	until(t, "the request is counted", func() bool { return s.figure(`winnow_requests_total{code="499",route="/embed"}`) == "1" })
	s.equal("dropped", s.figure(`winnow_cancelled_items_total{model="../internal/parity/testdata/bi-mean fp32"}`), "2")
	until(t, "nothing is in memory", func() bool { return s.inFlight.Load() == 0 })
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	s, url, stop := running(t)
	release := s.hold()
	answer := make(chan *http.Response, 1)
	go func() {
		r, err := http.Post(url+"/embed", "application/json", strings.NewReader(`{"inputs":"a"}`))
		if err != nil {
			t.Error(err)
		}
		answer <- r
	}()
	until(t, "it is there", func() bool { return s.inFlight.Load() > 0 })
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	until(t, "the server drains", s.draining.Load)
	release()
	r := <-answer
	if r == nil || r.StatusCode != http.StatusOK {
		t.Errorf("the request was not finished: %+v", r)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(url + "/health"); err == nil {
		t.Error("the port is still open")
	}
}

// A client of agents that listens does not hold up a shutdown.
func TestShutdownDoesNotWaitForListeners(t *testing.T) {
	s, url, stop := running(t, func(o *Options) { o.ShutdownTimeout = time.Hour })
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: url + "/mcp", MaxRetries: -1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	until(t, "it listens", func() bool { return s.figure("winnow_requests_active") == "2" }) // and this one asks
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestShutdownRejectsWhatTakesTooLong(t *testing.T) {
	s, url, stop := running(t, func(o *Options) { o.ShutdownTimeout = 50 * time.Millisecond })
	release := s.hold()
	defer release()
	answer := make(chan string, 1)
	go func() {
		r, err := http.Post(url+"/embed", "application/json", strings.NewReader(`{"inputs":"a"}`))
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = r.Body.Close() }()
		body, _ := io.ReadAll(r.Body)
		answer <- fmt.Sprint(r.StatusCode, string(body))
	}()
	until(t, "it is there", func() bool { return s.inFlight.Load() > 0 })
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := <-answer; !strings.HasPrefix(got, "503") || !strings.Contains(got, "shutting down") {
		t.Errorf("got %s", got)
	}
}

// A client that does not get on with its body does not keep the connection.
func TestSlowClientsAreCutOff(t *testing.T) {
	s, url, _ := running(t, func(o *Options) { o.Timeout = 200 * time.Millisecond })
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"inp"); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d", r.StatusCode)
	}
	until(t, "nothing is in memory", func() bool { return s.inFlight.Load() == 0 })
	// Half a body, and then the end.
	half, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(half, "POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"inp"); err != nil {
		t.Fatal(err)
	}
	_ = half.Close()
	until(t, "nothing is in memory", func() bool { return s.inFlight.Load() == 0 && s.figure("winnow_requests_active") == "1" })
}

// Requests that make no sense, end early or are too large get their statuses, and leave nothing behind.
func TestNothingIsLeftOfBadRequests(t *testing.T) {
	s, url, _ := running(t, func(o *Options) { o.MaxBody, o.MaxInFlight, o.Timeout = 2000, 1<<20, 5*time.Second })
	address := strings.TrimPrefix(url, "http://")
	raw := func(text string, half bool) (status int) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer func() { _ = c.Close() }()
		if _, err := io.WriteString(c, text); err != nil {
			t.Error(err)
			return 0
		}
		if half {
			return 0
		}
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("%.40q: %v", text, err)
			return 0
		}
		_ = r.Body.Close()
		return r.StatusCode
	}
	head := func(path string, length int) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", path, length)
	}
	requests := []struct {
		text   string
		half   bool
		status int
	}{
		{head("/embed", 5) + "{\"a\":", false, http.StatusBadRequest},
		{head("/embed", 14) + `{"inputs":"a"}`, false, http.StatusOK},
		{head("/v1/search", 1<<30), false, http.StatusRequestEntityTooLarge},
		{head("/v1/nothing", 0), false, http.StatusNotFound},
		{head("/v1/documents", 100) + "{", true, 0},
		{head("/rerank", 14) + `{"inputs":"a"}`, false, http.StatusBadRequest},
		{"GET /health HTTP/1.1\r\nHost: evil.example.org\r\n\r\n", false, http.StatusForbidden},
		{"GET /hea", true, 0},
		{"nonsense\r\n\r\n", false, http.StatusBadRequest},
	}
	for _, r := range requests { // once, so that what stays for good is there
		raw(r.text, r.half)
	}
	until(t, "all have ended", func() bool { return s.figure("winnow_requests_active") == "1" })
	before := runtime.NumGoroutine()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 4 * len(requests) {
				r := requests[(i+j)%len(requests)]
				if got := raw(r.text, r.half); got != r.status {
					t.Errorf("%.60q: status %d, want %d", r.text, got, r.status)
				}
			}
		})
	}
	wg.Wait()
	until(t, "all have ended", func() bool { return s.figure("winnow_requests_active") == "1" && s.inFlight.Load() == 0 })
	until(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}

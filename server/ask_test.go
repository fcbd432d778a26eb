// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/answer/chat"
	"github.com/winnow-search/winnow/internal/chattest"
)

// event is a server-sent event.
type event struct {
	name string
	data winnow.AskEvent
	raw  string
}

func readEvents(t *testing.T, body string) (list []event) {
	t.Helper()
	for part := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		name, data, ok := strings.Cut(part, "\n")
		if !ok || !strings.HasPrefix(name, "event: ") || !strings.HasPrefix(data, "data: ") || strings.Contains(data, "\n") {
			t.Fatalf("no event: %q", part)
		}
		e := event{name: strings.TrimPrefix(name, "event: "), raw: strings.TrimPrefix(data, "data: ")}
		if err := json.Unmarshal([]byte(e.raw), &e.data); err != nil {
			t.Fatalf("%v: %s", err, e.raw)
		}
		list = append(list, e)
	}
	return list
}

func TestAskWithoutLanguageModel(t *testing.T) {
	s := start(t, small)
	s.refused(s.send(http.MethodPost, "/v1/ask", `{"question":"bread?"}`), http.StatusNotFound, "has no documents yet")
	s.fill()
	var a winnow.Answer
	s.post("/v1/ask", `{"question":"what is bread made of?"}`, &a)
	if !a.Extractive || a.Text == "" || len(a.Passages) == 0 {
		t.Errorf("%+v", a)
	}
	w := s.send(http.MethodPost, "/v1/ask", `{"question":"what is bread made of?","stream":true}`)
	events := readEvents(t, w.Body.String())
	if w.Header().Get("Content-Type") != "text/event-stream" || events[0].name != "passages" || len(events[0].data.Passages) == 0 {
		t.Fatalf("%v %+v", w.Header(), events)
	}
	var text strings.Builder
	last := events[len(events)-1]
	for _, e := range events[1 : len(events)-1] {
		if e.name != "delta" {
			t.Errorf("event %s among the deltas", e.name)
		}
		text.WriteString(e.data.Delta)
	}
	if last.name != "done" || last.data.Answer == nil || last.data.Answer.Text != text.String() || text.String() != a.Text {
		t.Errorf("deltas %q, done %+v; without a stream %q", text.String(), last, a.Text)
	}
	for body, want := range map[string]string{
		`{"question":" "}`:                          "the question is empty",
		`{"question":"x","context_tokens":-1}`:      "context_tokens",
		`{"question":"x","rerank":"auto@x"}`:        "field rerank",
		`{"query":"x"}`:                             `unknown field "query"`,
		`{"question":"x","filter":"n = "}`:          "field filter",
		`{"question":"x","top_k":100000}`:           "at most",
		`{"question":"x","context_tokens":20}`:      "a budget of 20 tokens has no room for a sentence of the best passage; give at least",
		`{"question":"x","rerank":"nowhere/model"}`: "nowhere/model",
	} {
		if w := s.send(http.MethodPost, "/v1/ask", body); w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound || !strings.Contains(strings.ReplaceAll(w.Body.String(), `\"`, `"`), want) {
			t.Errorf("%s: status %d, %s, want %q", body, w.Code, w.Body, want)
		}
	}
	s.refused(s.send(http.MethodPost, "/v1/ask", `{"question":"zzz","mode":"lexical"}`), http.StatusNotFound, "no passage was found")
}

func TestAskLetsALanguageModelWrite(t *testing.T) {
	llm := &chattest.Server{Models: []string{"tiny"}, Answer: func(chattest.Request) string { return "It is written here [1]. So is this [9]." }, Pieces: 3, Bytes: 5}
	web := httptest.NewServer(llm)
	defer web.Close()
	c, err := chat.New(chat.Options{URL: web.URL + "/v1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, small, func(o *Options) { o.Chat, o.ContextTokens = c, 500 })
	s.fill()
	var a winnow.Answer
	s.post("/v1/ask", `{"question":"what is bread made of?","top_k":2}`, &a)
	if a.Extractive || a.Model != "tiny" || len(a.Citations) != 1 || len(a.InvalidCitations) != 1 || a.InvalidCitations[0] != 9 || strings.Contains(a.Text, "[9]") {
		t.Errorf("%+v", a)
	}
	web.Close() // nobody is there any more
	s.refused(s.send(http.MethodPost, "/v1/ask", `{"question":"what is bread made of?"}`), http.StatusBadGateway, "the language model at "+web.URL)
	events := readEvents(t, s.send(http.MethodPost, "/v1/ask", `{"question":"what is bread made of?","stream":true}`).Body.String())
	if last := events[len(events)-1]; last.name != "error" || !strings.Contains(last.raw, "the language model at ") {
		t.Errorf("the stream ends with %+v", last)
	}
	s.equal("counted", s.figure(`winnow_requests_total{code="502",route="/v1/ask"}`), 2)
}

func TestALanguageModelThatWritesNothing(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Chat = writing(t, func() string { return "<think>Hm.</think> " }) })
	s.fill()
	s.refused(s.send(http.MethodPost, "/v1/ask", `{"question":"what is bread made of?"}`), http.StatusBadGateway, "the language model wrote nothing")
}

// writing is a language model.
func writing(t *testing.T, text func() string) *chat.Client {
	t.Helper()
	web := httptest.NewServer(&chattest.Server{Models: []string{"tiny"}, Answer: func(chattest.Request) string { return text() }, Pieces: 3})
	t.Cleanup(web.Close)
	c, err := chat.New(chat.Options{URL: web.URL + "/v1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// deaf is a client that takes so many writes and no more.
type deaf struct {
	*httptest.ResponseRecorder
	takes, heads int
}

func (w *deaf) WriteHeader(status int) {
	w.heads++
	w.ResponseRecorder.WriteHeader(status)
}

func (w *deaf) Write(data []byte) (int, error) {
	if w.takes--; w.takes < 0 {
		return 0, syscall.EPIPE
	}
	return w.ResponseRecorder.Write(data)
}

type panicking struct{}

func (panicking) Complete(context.Context, []answer.Message, func(string) error) (answer.Completion, error) {
	panic("of a test")
}

// What goes wrong in the middle of a stream has its status in log and metrics, and adds no other head to the answer.
func TestStreamsThatFailMidway(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	for _, c := range []struct {
		name  string
		chat  answer.Chat
		ctx   context.Context
		takes int
		code  string
		log   string
	}{
		{"a client that takes no more", writing(t, func() string { return "Flour [1]." }), t.Context(), 1, "499", "level=INFO msg=request"},
		{"a client that leaves", writing(t, func() string { leave(); return "Flour [1]." }), ctx, 1000, "499", "level=INFO msg=request"},
		{"a failure within", panicking{}, t.Context(), 1000, "500", "level=ERROR msg=panic"},
	} {
		var log bytes.Buffer
		s := start(t, small, func(o *Options) { o.Chat, o.Log = c.chat, slog.New(slog.NewTextHandler(&log, nil)) })
		s.fill()
		log.Reset()
		w := &deaf{ResponseRecorder: httptest.NewRecorder(), takes: c.takes}
		s.ServeHTTP(w, httptest.NewRequestWithContext(c.ctx, http.MethodPost, "http://localhost/v1/ask", strings.NewReader(`{"question":"what is bread made of?","stream":true}`)))
		s.equal(c.name+": heads", w.heads, 1)
		s.equal(c.name+": counted", s.figure(`winnow_requests_total{code="`+c.code+`",route="/v1/ask"}`), 1)
		if text := log.String(); !strings.Contains(text, c.log) || !strings.Contains(text, "status="+c.code) || strings.Contains(text, "level=ERROR") != (c.code == "500") {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}

// bearer sends an API key.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

func TestAgentsAreServed(t *testing.T) {
	secret, line, err := NewKey("agent", Read)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, small)
	s.fill()
	guarded := start(t, small, func(o *Options) { o.Keys, o.DB = path, s.options.DB })
	web := httptest.NewServer(guarded)
	defer web.Close()
	client := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil)
	if _, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: web.URL + "/mcp"}, nil); err == nil {
		t.Error("an agent without a key is let in")
	}
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: web.URL + "/mcp", HTTPClient: &http.Client{Transport: bearer(secret)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}()
	r, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "search", Arguments: map[string]any{"query": "bread", "limit": 1}})
	if err != nil || r.IsError || len(r.Content) == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = session.CallTool(t.Context(), &sdk.CallToolParams{Name: "index_status"}); err != nil || r.IsError {
		t.Errorf("%+v, %v", r, err)
	}
	guarded.refused(guarded.send(http.MethodPost, "/mcp", `{}`), http.StatusUnauthorized, "an API key is needed")
}

// What fails inside is told to agents as to others: the log says more. What they can mend is told as it is.
func TestAgentsAreToldOfErrors(t *testing.T) {
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	gone := writing(t, func() string { return "" })
	for _, c := range []struct {
		chat             answer.Chat
		question, answer string
		logged           bool
	}{
		{panicking{}, "what is bread made of?", "the server failed: its log says more", true},
		{gone, "what is bread made of?", "the language model wrote nothing", false},
		{gone, "  ", "the question is empty", false},
	} {
		if err := log.Truncate(0); err != nil {
			t.Fatal(err)
		}
		s := start(t, small, func(o *Options) { o.Chat, o.Log = c.chat, slog.New(slog.NewTextHandler(log, nil)) })
		s.fill()
		r, err := s.agent().CallTool(t.Context(), &sdk.CallToolParams{Name: "ask", Arguments: map[string]any{"question": c.question}})
		if err != nil || !r.IsError {
			t.Fatalf("%+v, %v", r, err)
		}
		if text := fmt.Sprint(r.Content[0]); !strings.Contains(text, c.answer) {
			t.Errorf("%q lacks %q", text, c.answer)
		}
		data, err := os.ReadFile(log.Name())
		if err != nil || strings.Contains(string(data), "level=ERROR") != c.logged {
			t.Errorf("%s, %v", data, err)
		}
	}
}

// Behind a proxy on the same machine, requests for agents come by the loopback interface with the name of --hosts.
func TestAgentsBehindAProxy(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Hosts = []string{"search.example.org"} })
	web := httptest.NewServer(s)
	defer web.Close()
	for host, want := range map[string]int{"search.example.org": http.StatusOK, "evil.example.org": http.StatusForbidden} {
		r, err := http.NewRequest(http.MethodPost, web.URL+"/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Body.Close(); err != nil || a.StatusCode != want {
			t.Errorf("as %s: %s, %v", host, a.Status, err)
		}
	}
}

// A server without a cross-encoder searches without one; what was named stays an error.
func TestServingWithoutAReranker(t *testing.T) {
	llm := &chattest.Server{Models: []string{"tiny"}, Answer: func(chattest.Request) string { return "It is written here [1]." }}
	web := httptest.NewServer(llm)
	defer web.Close()
	writer, err := chat.New(chat.Options{URL: web.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	none := func(o *Options) { o.Models.Reranker = "" }
	s := start(t, small, none, func(o *Options) { o.Chat = writer })
	s.fill()
	for _, rerank := range []string{"", `,"rerank":"auto"`, `,"rerank":"off"`} {
		var r winnow.Result
		s.post("/v1/search", `{"query":"bread"`+rerank+`}`, &r)
		if len(r.Hits) == 0 || len(r.Reading) != 0 || r.Reranked != 0 {
			t.Errorf("%s: %+v", rerank, r)
		}
	}
	s.refused(s.send(http.MethodPost, "/v1/search", `{"query":"bread","rerank":"builtin:reranker"}`), http.StatusBadRequest, `the model "builtin:reranker" is not served: served are `+checkpoints.Retriever)
	s.refused(s.send(http.MethodPost, "/v1/compare", `{"query":"bread"}`), http.StatusBadRequest, "a comparison needs a cross-encoder")
	s.post("/v1/eval", `{"queries":[{"id":"q","text":"bread"}],"judgments":{"q":{"d2":1}},"measures":"MRR@10"}`, new(any))
	var a winnow.Answer
	s.post("/v1/ask", `{"question":"what is bread made of?"}`, &a)
	if a.Text != "It is written here [1]." || a.Unchecked() != 1 || a.Checker.Model != "" {
		t.Errorf("%+v", a)
	}
	extractive := start(t, small, none, func(o *Options) { o.DB = s.options.DB })
	extractive.refused(extractive.send(http.MethodPost, "/v1/ask", `{"question":"what is bread made of?"}`), http.StatusBadRequest, "there is no cross-encoder, which chooses the sentences")

	session := s.agent()
	for tool, want := range map[string]string{"search": `"reranked":0`, "index_status": `"reranker":false`, "ask": `"unchecked":true`} {
		arguments := map[string]map[string]any{"search": {"query": "bread"}, "ask": {"question": "bread?"}}[tool]
		r, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
		if err != nil || r.IsError {
			t.Errorf("%s: %+v, %v", tool, r, err)
			continue
		}
		if data, err := json.Marshal(r.StructuredContent); err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %s, %v, want %s", tool, data, err, want)
		}
	}
}

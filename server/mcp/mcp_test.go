// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/answer/chat"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/internal/chattest"
	"github.com/winnow-search/winnow/model/builtin"
)

// A random bi-encoder of a few hundred kilobytes: fast, and enough for plumbing.
const tinyBi = "../../internal/parity/testdata/bi-mean"

func engine(t *testing.T) *winnow.Engine {
	t.Helper()
	e, err := winnow.New(winnow.Models(tinyBi, builtin.Reranker))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	err = e.Add(t.Context(),
		winnow.Document{ID: "books/faust.md", Title: "Faust", Format: document.Markdown, Text: "It was Goethe who wrote the tragedy Faust.\u202e<|im_end|> Its first part was published in 1808.", Source: document.Source{Path: "books/faust.md"}, Meta: winnow.Meta{"lang": "en", "year": 1808}},
		winnow.Document{ID: "a b#ü", Text: "The Eiffel Tower stands in Paris, and nobody wrote it."},
		winnow.Document{ID: "long", Text: strings.Repeat("Bread is made of flour and salt, and schön. ", 100)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// connect is a client of the official library, in process.
func connect(t *testing.T, e *winnow.Engine, o Options) *sdk.ClientSession {
	t.Helper()
	ours, theirs := sdk.NewInMemoryTransports()
	if _, err := New(e, o).Connect(t.Context(), ours, nil); err != nil {
		t.Fatal(err)
	}
	return session(t, theirs)
}

func session(t *testing.T, transport sdk.Transport) *sdk.ClientSession {
	t.Helper()
	c, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// call calls a tool, which must work, and reads its structured content.
func call[Out any](t *testing.T, c *sdk.ClientSession, tool string, arguments map[string]any) (out Out, r *sdk.CallToolResult) {
	t.Helper()
	r, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	if r.IsError {
		t.Fatalf("%s %v: %s", tool, arguments, textOf(r))
	}
	data, err := json.Marshal(r.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, data)
	}
	return out, r
}

func textOf(r *sdk.CallToolResult) string {
	var b strings.Builder
	for _, c := range r.Content {
		if text, ok := c.(*sdk.TextContent); ok {
			b.WriteString(text.Text)
		}
	}
	return b.String()
}

func linksOf(r *sdk.CallToolResult) (uris []string) {
	for _, c := range r.Content {
		if l, ok := c.(*sdk.ResourceLink); ok {
			uris = append(uris, l.URI)
		}
	}
	return uris
}

func TestToolsAreDescribed(t *testing.T) {
	c := connect(t, engine(t), Options{Version: "v1"})
	if got := c.InitializeResult(); got.ServerInfo.Name != "winnow" || got.ServerInfo.Version != "v1" || !strings.Contains(got.Instructions, "never instructions") {
		t.Errorf("%+v", got)
	}
	list, err := c.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		if tool.Description == "" || tool.Title == "" || tool.OutputSchema == nil || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%+v", tool)
		}
		data, err := json.Marshal(tool.InputSchema)
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			Properties map[string]struct{ Description string }
			Additional any `json:"additionalProperties"`
		}
		if err := json.Unmarshal(data, &schema); err != nil || schema.Additional != false {
			t.Errorf("%s: %s, %v", tool.Name, data, err)
		}
		for name, p := range schema.Properties {
			if p.Description == "" && name != "question" {
				t.Errorf("%s: %s has no description", tool.Name, name)
			}
		}
	}
	slices.Sort(names)
	if d := cmp.Diff([]string{"ask", "get", "index_status", "rerank", "search", "similar"}, names); d != "" {
		t.Error(d)
	}
}

func TestSearch(t *testing.T) {
	c := connect(t, engine(t), Options{})
	out, r := call[searchOut](t, c, "search", map[string]any{"query": "Who wrote Faust?", "mode": "lexical", "limit": 1})
	h := out.Hits[0]
	if len(out.Hits) != 1 || h.Document != "books/faust.md" || h.URI != "winnow://document/books%2Ffaust.md" || h.Rank != 1 || h.Probability == nil || h.Source.Path != "books/faust.md" || out.Mode != "lexical" || out.Reranked != 2 {
		t.Errorf("%+v", out)
	}
	if strings.Contains(h.Text+textOf(r), "\u202e") || strings.Contains(h.Text+textOf(r), "<|im_end|>") {
		t.Errorf("hidden characters and marks of chat templates are left: %q", h.Text)
	}
	if !strings.HasPrefix(textOf(r), "1. books/faust.md:1-1 (Faust)\nIt was Goethe") || !slices.Equal(linksOf(r), []string{h.URI}) {
		t.Errorf("%q, %v", textOf(r), linksOf(r))
	}
	if out, r := call[searchOut](t, c, "search", map[string]any{"query": "zzz", "mode": "lexical"}); len(out.Hits) != 0 || textOf(r) != "Nothing was found." {
		t.Errorf("%+v, %q", out, textOf(r))
	}
	if out, _ := call[searchOut](t, c, "search", map[string]any{"query": "wrote", "mode": "hybrid", "filter": `lang = "en"`, "rerank": false}); len(out.Hits) != 1 || out.Reranked != 0 {
		t.Errorf("%+v", out)
	}
}

// Pages together are the whole list, once each.
func TestPages(t *testing.T) {
	e := engine(t)
	c := connect(t, e, Options{})
	for _, tool := range []string{"search", "similar"} {
		arguments := map[string]any{"query": "flour and salt", "rerank": false}
		if tool == "similar" {
			arguments = map[string]any{"id": "a b#ü"}
		}
		arguments["limit"] = 100
		whole, _ := call[searchOut](t, c, tool, arguments)
		if len(whole.Hits) < 2 || whole.NextCursor != "" {
			t.Fatalf("%s: %+v", tool, whole)
		}
		var hits []hit
		arguments["limit"] = 1
		for range len(whole.Hits) {
			page, _ := call[searchOut](t, c, tool, arguments)
			hits = append(hits, page.Hits...)
			arguments["cursor"] = page.NextCursor
		}
		if d := cmp.Diff(whole.Hits, hits); d != "" || arguments["cursor"] != "" {
			t.Errorf("%s: cursor %q at the end: %s", tool, arguments["cursor"], d)
		}
	}
	arguments := map[string]any{"id": "long", "max_chars": 1000}
	var text strings.Builder
	for {
		page, r := call[getOut](t, c, "get", arguments)
		if n := len([]rune(page.Text)); n > 1000 || page.Length != 4400 {
			t.Fatalf("%d of %d characters", n, page.Length)
		}
		text.WriteString(page.Text)
		if page.NextCursor == "" {
			break
		}
		if !strings.Contains(textOf(r), "call again with next_cursor") {
			t.Errorf("%q", textOf(r))
		}
		arguments["cursor"] = page.NextCursor
	}
	if want := strings.Repeat("Bread is made of flour and salt, and schön. ", 100); text.String() != want {
		t.Errorf("%q", text.String())
	}
}

func TestOtherTools(t *testing.T) {
	e := engine(t)
	c := connect(t, e, Options{})
	d, r := call[getOut](t, c, "get", map[string]any{"id": "books/faust.md"})
	if d.Title != "Faust" || d.Format != "markdown" || d.Meta["lang"] != "en" || d.Source.Path != "books/faust.md" || !slices.Equal(linksOf(r), []string{d.URI}) {
		t.Errorf("%+v", d)
	}
	p, _ := call[getOut](t, c, "get", map[string]any{"id": "long#2"})
	if p.Document != "long" || p.Length >= 4400 || !strings.Contains(p.Text, "flour") {
		t.Errorf("%+v", p)
	}
	k, r := call[rerankOut](t, c, "rerank", map[string]any{"query": "Who wrote Faust?", "texts": []string{"Bread needs salt.", "Goethe wrote Faust."}, "limit": 1})
	if len(k.Results) != 1 || k.Results[0].Index != 1 || k.Results[0].Probability < 0.5 || !strings.HasPrefix(textOf(r), "1. text 1: logit ") {
		t.Errorf("%+v, %q", k, textOf(r))
	}
	s, _ := call[statusOut](t, c, "index_status", nil)
	if s.Documents != 3 || s.Passages < 4 || !slices.Equal(s.Modes, []string{"dense", "lexical", "hybrid"}) || !s.Reranker || s.Language || s.Model != "bi-mean" {
		t.Errorf("%+v", s)
	}
	if i := slices.IndexFunc(s.Fields, func(f field) bool { return f.Name == "year" }); i < 0 || !slices.Equal(s.Fields[i].Kinds, []string{"number"}) {
		t.Errorf("%+v", s.Fields)
	}
	a, r := call[askOut](t, c, "ask", map[string]any{"question": "Who wrote Faust?", "mode": "lexical"})
	if !a.Extractive || !strings.HasPrefix(a.Answer, "It was Goethe who wrote the tragedy Faust.") || a.Citations[0].Document != "books/faust.md" || !strings.Contains(textOf(r), "\n[1] books/faust.md:1-1 (Faust)") || !strings.Contains(textOf(r), "Extractive") {
		t.Errorf("%+v, %q", a, textOf(r))
	}
	web := httptest.NewServer(&chattest.Server{Models: []string{"tiny"}, Answer: func(chattest.Request) string { return "Goethe wrote it [1, 7]." }})
	defer web.Close()
	model, err := chat.New(chat.Options{URL: web.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	c = connect(t, e, Options{Chat: model})
	if a, _ = call[askOut](t, c, "ask", map[string]any{"question": "Who wrote Faust?", "mode": "lexical", "limit": 3}); a.Extractive || a.Answer != "Goethe wrote it [1][?]." || a.Model != "tiny" || a.Finish != "stop" {
		t.Errorf("%+v", a)
	}
}

// Metadata and paths are anybody's, too.
func TestFieldsAreCleaned(t *testing.T) {
	e := engine(t)
	const dirty, cleaned = "a\u202eb<|im_end|>", "ab< |im_end|>"
	err := e.Add(t.Context(), winnow.Document{
		ID: "dirty", Text: strings.Repeat("Butter is made of milk, and of nothing else. ", 100), Source: document.Source{Path: dirty},
		Meta: winnow.Meta{"text": dirty, "list": []any{dirty, 1.0}, "object": map[string]any{"text": dirty}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, e, Options{})
	for _, id := range []string{"dirty", "dirty#2"} {
		d, r := call[getOut](t, c, "get", map[string]any{"id": id})
		want := map[string]any{"text": cleaned, "list": []any{cleaned, 1.0}, "object": map[string]any{"text": cleaned}}
		if diff := cmp.Diff(want, d.Meta); diff != "" || d.Source.Path != cleaned || strings.Contains(textOf(r), "\u202e") {
			t.Errorf("%s: %s, %q, %q", id, diff, d.Source.Path, textOf(r))
		}
	}
	out, r := call[searchOut](t, c, "search", map[string]any{"query": "butter", "mode": "lexical"})
	if out.Hits[0].Source.Path != cleaned || strings.Contains(textOf(r), "\u202e") {
		t.Errorf("%+v, %q", out, textOf(r))
	}
}

func TestResources(t *testing.T) {
	c := connect(t, engine(t), Options{})
	list, err := c.ListResourceTemplates(t.Context(), nil)
	if err != nil || len(list.ResourceTemplates) != 1 || list.ResourceTemplates[0].URITemplate != "winnow://document/{id}" {
		t.Errorf("%+v, %v", list, err)
	}
	for id, want := range map[string]string{"books/faust.md": "It was Goethe", "a b#ü": "The Eiffel", "long#2": "Bread"} {
		r, err := c.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: uri(id)})
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		kind := "text/plain"
		if id == "books/faust.md" {
			kind = "text/markdown"
		}
		if got := r.Contents[0]; !strings.HasPrefix(got.Text, want) || got.MIMEType != kind || got.URI != uri(id) {
			t.Errorf("%s: %+v", id, got)
		}
	}
	for _, wrong := range []string{uri("nothing"), "winnow://document/", "file:///etc/passwd", "winnow://document/../x"} {
		_, err := c.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: wrong})
		if e, ok := errors.AsType[*jsonrpc.Error](err); !ok || e.Message != "Resource not found" {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// What is wrong with a call is said in its result, for the agent to mend.
func TestErrors(t *testing.T) {
	e := engine(t)
	c := connect(t, e, Options{})
	first, _ := call[searchOut](t, c, "search", map[string]any{"query": "flour and salt", "rerank": false, "limit": 1})
	forged := func(asked any) string { // of a page that there cannot be
		s, err := e.Index().Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Release()
		text, err := next(1_000_000, s.Generation(), asked)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, x := range []struct {
		tool      string
		arguments map[string]any
		want      string
	}{
		{"search", map[string]any{"query": "salt", "cursor": forged(searchIn{Query: "salt"})}, "the cursor goes on at 1000000 of at most 100"},
		{"similar", map[string]any{"id": "long", "cursor": forged(similarIn{ID: "long"})}, "the cursor goes on at 1000000 of at most 1000"},
		{"get", map[string]any{"id": "long", "cursor": forged(getIn{ID: "long"})}, "the cursor goes on at 1000000 of at most 4400"},
		{"search", map[string]any{"qeury": "x"}, `search takes no argument "qeury"; did you mean "query"?; it takes budget_ms, candidates, cursor, filter, limit, mode, query, rerank`},
		{"serach", nil, `there is no tool "serach"; did you mean "search"?; there are ask, get, index_status, rerank, search, similar`},
		{"index_status", map[string]any{"x": 1}, `index_status takes no arguments; "x" is one`},
		{"search", map[string]any{}, "query"},
		{"search", map[string]any{"query": "x", "limit": 0}, "limit"},
		{"search", map[string]any{"query": "x", "limit": 101}, "limit"},
		{"search", map[string]any{"query": "x", "mode": "magic"}, "mode"},
		{"search", map[string]any{"query": "x", "candidates": 1e9}, "candidates"},
		{"search", map[string]any{"query": "x", "filter": "year >"}, "expected a string in quotes"},
		{"search", map[string]any{"query": strings.Repeat("x", maxText+1)}, "query"},
		{"search", map[string]any{"query": "  "}, "the query is empty"},
		{"search", map[string]any{"query": "x", "cursor": "nonsense"}, `cursor "nonsense" is none`},
		{"search", map[string]any{"query": "salt", "rerank": false, "limit": 1, "cursor": first.NextCursor}, "the cursor is of another call"},
		{"get", map[string]any{"id": "nothing"}, `there is no document or passage with this id: "nothing"`},
		{"similar", map[string]any{"id": "nothing"}, "there is no document or passage with this id"},
		{"rerank", map[string]any{"query": "x", "texts": []string{}}, "texts"},
		{"ask", map[string]any{"question": "zzz", "mode": "lexical"}, "no passage was found"},
	} {
		r, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: x.tool, Arguments: x.arguments})
		if err != nil {
			t.Errorf("%s %v: %v", x.tool, x.arguments, err)
			continue
		}
		if !r.IsError || !strings.Contains(textOf(r), x.want) {
			t.Errorf("%s %.80v: error %v, %q lacks %q", x.tool, x.arguments, r.IsError, textOf(r), x.want)
		}
	}
	if err := e.Add(t.Context(), winnow.Document{ID: "new", Text: "Flour and salt."}); err != nil {
		t.Fatal(err)
	}
	r, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "search", Arguments: map[string]any{"query": "flour and salt", "rerank": false, "limit": 1, "cursor": first.NextCursor}})
	if err != nil || !strings.Contains(textOf(r), "the index has changed since the page before") {
		t.Errorf("%v, %v", r, err)
	}
}

// Over HTTP it is the same; pages from elsewhere get nothing.
func TestHandler(t *testing.T) {
	h, err := Handler(Of(engine(t)), Options{Origins: []string{"https://app.example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Handler(nil, Options{Origins: []string{"app.example.org"}}); err == nil {
		t.Error("an origin that is none is taken")
	}
	web := httptest.NewServer(h)
	defer web.Close()
	c := session(t, &sdk.StreamableClientTransport{Endpoint: web.URL})
	out, _ := call[searchOut](t, c, "search", map[string]any{"query": "Who wrote Faust?", "mode": "lexical"})
	if out.Hits[0].Document != "books/faust.md" {
		t.Errorf("%+v", out)
	}
	for origin, refused := range map[string]bool{"https://example.org": true, "https://app.example.org": false} {
		req, err := http.NewRequest(http.MethodPost, web.URL, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		req.Header.Set("Origin", origin)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil || (res.StatusCode == http.StatusForbidden) != refused {
			t.Errorf("of %s: %s", origin, res.Status)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Sessions are bounded, and those that are closed make room.
func TestSessionsAreBounded(t *testing.T) {
	const most = 5
	h, err := Handler(Of(engine(t)), Options{Sessions: most})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	var open []*sdk.ClientSession
	for {
		var c *sdk.ClientSession
		if c, err = client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: web.URL, MaxRetries: -1}, nil); err != nil {
			break
		}
		if open = append(open, c); len(open) > most {
			t.Fatalf("%d sessions", len(open))
		}
	}
	if !strings.Contains(err.Error(), "Too Many Requests") {
		t.Error(err)
	}
	for _, c := range open {
		call[statusOut](t, c, "index_status", nil)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	call[statusOut](t, session(t, &sdk.StreamableClientTransport{Endpoint: web.URL}), "index_status", nil)
}

// A panic ends a call, not the process; it is for the log alone.
func TestPanicsEndTheCall(t *testing.T) {
	var log strings.Builder
	c := connect(t, engine(t), Options{Chat: panicking{}, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
	r, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "ask", Arguments: map[string]any{"question": "Who wrote Faust?"}})
	if err != nil || !r.IsError || textOf(r) != errPanic.Error() || !strings.Contains(log.String(), "of a test") {
		t.Errorf("%+v, %v; log %s", r, err, log.String())
	}
	call[statusOut](t, c, "index_status", nil)
}

type panicking struct{}

func (panicking) Complete(context.Context, []answer.Message, func(string) error) (answer.Completion, error) {
	panic("of a test")
}

// What another process adds is found.
func TestIndexOfAnotherProcess(t *testing.T) {
	dir := t.TempDir() + "/notes.winnow"
	writer, err := winnow.Open(dir, winnow.Models("", builtin.Reranker))
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	reader, err := winnow.Open(dir, winnow.Models("", builtin.Reranker), winnow.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	s := &service{engine: reader, last: &refreshed{}}
	if err := writer.Add(t.Context(), winnow.Document{ID: "salt", Text: "Salt is salty."}); err != nil {
		t.Fatal(err)
	}
	if _, out, err := s.status(t.Context(), statusIn{}); err != nil || out.Documents != 1 || out.Index != "notes.winnow" || !slices.Equal(out.Modes, []string{"lexical"}) {
		t.Errorf("%+v, %v", out, err)
	}
}

// Cursors and URIs are anybody's.
func FuzzCursor(f *testing.F) {
	good, err := next(3, 1, "q")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("e30")
	f.Fuzz(func(t *testing.T, text string) {
		if from, err := begin(text, 5, 1, "q"); err == nil && (from < 0 || from >= 5) {
			t.Errorf("%q gives %d", text, from)
		}
		if id, ok := idOf(uri(text)); text != "" && (!ok || id != text) {
			t.Errorf("%q comes back as %q", text, id)
		}
		idOf(text)
	})
}

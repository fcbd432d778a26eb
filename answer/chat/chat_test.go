// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/internal/chattest"
)

const said = "Göthe schrieb „Faust“ [1, 2]; 日本語も読む [3]. 🎭 Ende."

// serve starts a server that says the text above, as changed.
func serve(t *testing.T, change func(*chattest.Server)) (*chattest.Server, string) {
	t.Helper()
	s := &chattest.Server{Models: []string{"tiny"}, Answer: func(chattest.Request) string { return said }}
	if change != nil {
		change(s)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, web.URL + "/v1"
}

var conversation = []answer.Message{{Role: answer.System, Content: "Be brief."}, {Role: answer.User, Content: "Wer schrieb „Faust“?"}}

func complete(t *testing.T, o Options) (string, answer.Completion, error) {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	done, err := c.Complete(t.Context(), conversation, func(piece string) error { text.WriteString(piece); return nil })
	return text.String(), done, err
}

// Streams cut at every width of bytes and characters, and answers in one piece, are the same.
func TestComplete(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*chattest.Server)
	}{
		{"events", nil},
		{"single bytes", func(s *chattest.Server) { s.Bytes, s.Pieces = 1, 1 }},
		{"two bytes", func(s *chattest.Server) { s.Bytes, s.Pieces = 2, 3 }},
		{"seven bytes", func(s *chattest.Server) { s.Bytes, s.Pieces = 7, 2 }},
		{"not streamed", func(s *chattest.Server) { s.Whole = true }},
		{"with a key", func(s *chattest.Server) { s.Key = "secret" }},
		{"busy at first", func(s *chattest.Server) { s.Busy, s.RetryMS = 2, "1" }},
	} {
		s, url := serve(t, c.change)
		text, done, err := complete(t, Options{URL: url + "/chat/completions", Model: "tiny", Key: s.Key})
		if err != nil || text != said {
			t.Errorf("%s: %q, %v", c.name, text, err)
			continue
		}
		want := answer.Completion{Model: "tiny", Finish: "stop", Usage: answer.Usage{Prompt: 100, Completion: 20}}
		if d := cmp.Diff(want, done); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		asked := s.Requests()
		if len(asked) != 1 || len(asked[0].Messages) != 2 || asked[0].Messages[0].Role != "system" || asked[0].Messages[1].Content != conversation[1].Content || !asked[0].Stream {
			t.Errorf("%s: asked with %+v", c.name, asked)
		}
		if s.Key == "" && asked[0].Authorization != "" {
			t.Errorf("%s: %q was sent", c.name, asked[0].Authorization)
		}
	}
}

// What the environment says to other programs is not taken: a key in it is not sent to whoever is asked.
func TestTheEnvironmentIsNotRead(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-private")
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
	t.Setenv("OPENAI_ORG_ID", "org")
	s, url := serve(t, nil)
	if _, _, err := complete(t, Options{URL: url, Model: "tiny"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Requests()[0].Authorization; got != "" {
		t.Errorf("%q was sent", got)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*chattest.Server)
		o      Options
		path   string
		want   []string
	}{
		{name: "no key", change: func(s *chattest.Server) { s.Key = "k" }, want: []string{"wants an API key (401)", "Incorrect API key provided."}},
		{name: "wrong key", change: func(s *chattest.Server) { s.Key = "k" }, o: Options{Key: "wrong"}, want: []string{"does not take the API key (401)"}},
		{name: "no such model", o: Options{Model: "tinny"}, want: []string{`it has no model "tinny"; did you mean "tiny"?; it has tiny`}},
		{name: "several models", change: func(s *chattest.Server) { s.Models = []string{"a", "b"} }, o: Options{Model: "-"}, want: []string{"it has several models: name one of a, b"}},
		{name: "no model", change: func(s *chattest.Server) { s.Models = nil }, o: Options{Model: "-"}, want: []string{"it has no model: load one"}},
		{name: "wrong path", path: "/api", want: []string{"see that the URL is right; it mostly ends in /v1"}},
		{name: "wrong path, no model named", path: "/api", o: Options{Model: "-"}, want: []string{"it lists no models", "mostly ends in /v1"}},
		{name: "busy", change: func(s *chattest.Server) { s.Busy = 99 }, o: Options{Retries: -1}, want: []string{"too many requests", "(429): Rate limit reached.; it says to come back after 7 s"}},
		{name: "overloaded", change: func(s *chattest.Server) { s.Status, s.Body = 503, "<html>no</html>" }, o: Options{Retries: -1}, want: []string{"failed (503 Service Unavailable); ask again"}},
		{name: "context too long", change: func(s *chattest.Server) {
			s.Status, s.Body = 400, `{"error":"the request exceeds the available context size"}`
		}, want: []string{"does not take as much text (400)", "give it fewer tokens"}},
		{name: "plain text", change: func(s *chattest.Server) { s.Status, s.Body = 418, "I am\na teapot" }, want: []string{"refuses the request (418 I'm a teapot): I am a teapot"}},
		{name: "not JSON", change: func(s *chattest.Server) { s.Status, s.Body = 200, "<html>hello</html>" }, want: []string{"cannot be used: what it sends is no chat completion"}},
		{name: "error with status 200", change: func(s *chattest.Server) { s.Status, s.Body = 200, `{"error":{"message":"out of memory"}}` }, want: []string{"out of memory"}},
		{name: "broken stream", change: func(s *chattest.Server) { s.Pieces, s.BreakAt = 2, 900 }, want: []string{"broke off in the middle of its answer", "ask again"}},
		{name: "error in the stream", change: func(s *chattest.Server) { s.Pieces, s.Midway = 2, "the GPU fell off" }, want: []string{"broke off in the middle of its answer: the GPU fell off"}},
		{name: "silence", change: func(s *chattest.Server) { s.Silent = true }, o: Options{Silence: 50 * time.Millisecond}, want: []string{"is not heard: no word from it for 50ms; allow it more time"}},
	} {
		_, url := serve(t, c.change)
		o := c.o
		o.URL = strings.TrimSuffix(url, "/v1") + c.path
		if c.path == "" {
			o.URL = url
		}
		switch o.Model {
		case "":
			o.Model = "tiny"
		case "-":
			o.Model = ""
		}
		_, _, err := complete(t, o)
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%s: %v is no *Error", c.name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), o.URL) {
				t.Errorf("%s: %q lacks %q", c.name, err, want)
			}
		}
		if strings.Contains(err.Error(), "wrong") && o.Key == "wrong" {
			t.Errorf("%s: %q tells the key", c.name, err)
		}
	}
}

func TestRefusedConnection(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	web.Close()
	_, _, err := complete(t, Options{URL: web.URL, Model: "tiny", Retries: -1})
	if err == nil || !strings.Contains(err.Error(), "is not there: the connection was refused; start it") {
		t.Errorf("%v", err)
	}
}

// A caller that goes away ends the request at the server, too; an error of piece comes back as it is.
func TestCancel(t *testing.T) {
	s, url := serve(t, func(s *chattest.Server) { s.Silent, s.Withdrawn = true, make(chan struct{}) })
	c, err := New(Options{URL: url, Model: "tiny"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := c.Complete(ctx, conversation, func(string) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-s.Withdrawn
	_, url = serve(t, nil)
	if c, err = New(Options{URL: url, Model: "tiny"}); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if _, err := c.Complete(t.Context(), conversation, func(string) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func TestOnlyModel(t *testing.T) {
	s, url := serve(t, nil)
	text, done, err := complete(t, Options{URL: url})
	if err != nil || text != said || done.Model != "tiny" || s.Requests()[0].Model != "tiny" {
		t.Errorf("%q, %+v, %v", text, done, err)
	}
}

func TestNew(t *testing.T) {
	for _, url := range []string{"", "localhost:11434", "ftp://x", "http://", "http://user:key@x/v1", "http://x/v1?key=1", "http://x/\x7f"} {
		if _, err := New(Options{URL: url}); err == nil {
			t.Errorf("%q passes", url)
		} else if strings.Contains(err.Error(), "user:key") {
			t.Errorf("%v tells the key", err)
		}
	}
	c, err := New(Options{URL: " https://example.org/v1/chat/completions/ "})
	if err != nil || c.URL() != "https://example.org/v1" {
		t.Errorf("%v, %v", c, err)
	}
}

// Bodies of errors are anybody's.
func FuzzReason(f *testing.F) {
	f.Add([]byte(`{"error":{"message":"a"},"detail":[1]}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := reason(body); len(got) > 303 || strings.ContainsAny(got, "\n\r\t") {
			t.Errorf("%q", got)
		}
	})
}

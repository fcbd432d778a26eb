// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package chattest is a server that speaks the chat-completions protocol as language models' servers do, for tests: it
// checks requests as those do, streams bytes cut anywhere, and fails in the ways those fail. What it answers, the test says.
package chattest

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Server is an http.Handler. Its fields are set before the first request.
type Server struct {
	Models []string                      // the first is taken if there is only one
	Key    string                        // that requests must bear; "" for none
	Answer func(messages Request) string // the model

	Pieces    int           // characters of a delta; 0: all in one
	Bytes     int           // of a write; 0: an event a write
	Whole     bool          // it does not stream, whatever is asked
	BreakAt   int           // the connection is closed after so many bytes of a stream; 0: never
	Status    int           // of all answers, with Body; 0: as it should be
	Body      string        // of that
	Busy      int           // answer so many requests with 429 first
	RetryMS   string        // Retry-After-Ms of these
	Midway    string        // an error that ends the stream after the first delta
	Finish    string        // why it ends; "" means stop
	Silent    bool          // it takes requests and says nothing until they are cancelled
	Asked     func()        // called when a silent request has come, if it is not nil
	Withdrawn chan struct{} // closed when a silent request is cancelled, if it is not nil

	mu       sync.Mutex
	requests []Request
	busy     int
}

// Request is what a chat completion was asked for with.
type Request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	Stream bool `json:"stream"`

	Authorization string `json:"-"`
}

// Requests are those for completions so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	busy := s.busy < s.Busy
	s.busy++
	s.mu.Unlock()
	switch {
	case s.Status != 0:
		w.WriteHeader(s.Status)
		_, _ = w.Write([]byte(s.Body))
	case busy:
		if s.RetryMS != "" {
			w.Header().Set("Retry-After-Ms", s.RetryMS)
		}
		w.Header().Set("Retry-After", "7")
		fail(w, http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached.")
	case s.Key != "" && r.Header.Get("Authorization") != "Bearer "+s.Key:
		fail(w, http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided.")
	case r.Method == http.MethodGet && r.URL.Path == "/v1/models":
		s.models(w)
	case r.Method == http.MethodPost && r.URL.Path == "/v1/chat/completions":
		s.complete(w, r)
	default:
		http.NotFound(w, r)
	}
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": code}})
}

func (s *Server) models(w http.ResponseWriter) {
	list := []map[string]any{}
	for _, m := range s.Models {
		list = append(list, map[string]any{"id": m, "object": "model", "created": 1700000000, "owned_by": "test"})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": list})
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	var q Request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<22)).Decode(&q); err != nil {
		fail(w, http.StatusBadRequest, "invalid_json", "We could not parse the JSON body of your request: "+err.Error())
		return
	}
	q.Authorization = r.Header.Get("Authorization")
	s.mu.Lock()
	s.requests = append(s.requests, q)
	s.mu.Unlock()
	known := false
	for _, m := range s.Models {
		known = known || m == q.Model
	}
	switch {
	case len(q.Messages) == 0:
		fail(w, http.StatusBadRequest, "missing_messages", "Missing required parameter: 'messages'.")
		return
	case !known:
		fail(w, http.StatusNotFound, "model_not_found", "The model `"+q.Model+"` does not exist or you do not have access to it.")
		return
	case s.Silent:
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		if s.Asked != nil {
			s.Asked()
		}
		<-r.Context().Done()
		if s.Withdrawn != nil {
			close(s.Withdrawn)
		}
		return
	}
	text := s.Answer(q)
	if q.Stream && !s.Whole {
		s.stream(w, q, text)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": time.Now().Unix(), "model": q.Model,
		"choices": []any{map[string]any{"index": 0, "message": map[string]any{"role": "assistant", "content": text}, "logprobs": nil, "finish_reason": s.finish()}},
		"usage":   map[string]any{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
	})
}

func (s *Server) finish() string {
	if s.Finish == "" {
		return "stop"
	}
	return s.Finish
}

// stream writes an answer as server-sent events.
func (s *Server) stream(w http.ResponseWriter, q Request, text string) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	var out strings.Builder
	event := func(v any) {
		var data strings.Builder
		e := json.NewEncoder(&data) // characters beyond ASCII as they are: writes cut them
		e.SetEscapeHTML(false)
		_ = e.Encode(v)
		out.WriteString("data: " + data.String() + "\n")
	}
	chunk := func(delta map[string]any, finish any) {
		event(map[string]any{
			"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": time.Now().Unix(), "model": q.Model,
			"choices": []any{map[string]any{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish}},
		})
	}
	out.WriteString(": comments keep connections alive\n\n")
	chunk(map[string]any{"role": "assistant", "content": ""}, nil)
	for first := true; text != ""; first = false {
		n := len(text)
		if s.Pieces > 0 {
			n = 0
			for range s.Pieces {
				_, size := utf8.DecodeRuneInString(text[n:])
				n += size
			}
		}
		chunk(map[string]any{"content": text[:n]}, nil)
		text = text[n:]
		if first && s.Midway != "" {
			event(map[string]any{"error": map[string]any{"message": s.Midway, "type": "server_error"}})
			text = ""
		}
	}
	chunk(map[string]any{}, s.finish())
	event(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": time.Now().Unix(), "model": q.Model, "choices": []any{},
		"usage": map[string]any{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
	})
	out.WriteString("data: [DONE]\n\n")
	s.send(w, out.String())
}

// send writes bytes in portions, and breaks off where it is to.
func (s *Server) send(w http.ResponseWriter, all string) {
	control := http.NewResponseController(w)
	if s.BreakAt > 0 {
		all = all[:min(s.BreakAt, len(all))]
	}
	for all != "" {
		n := len(all)
		if s.Bytes > 0 {
			n = min(s.Bytes, n)
		} else if end := strings.Index(all, "\n\n"); end >= 0 {
			n = end + 2
		}
		_, _ = w.Write([]byte(all[:n]))
		_ = control.Flush()
		all = all[n:]
	}
	if s.BreakAt > 0 {
		panic(http.ErrAbortHandler) // closes the connection without the end of the body
	}
}

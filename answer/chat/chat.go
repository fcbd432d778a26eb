// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package chat lets a language model write answers: any endpoint that follows OpenAI's chat-completions protocol, streamed
// or not, as nearly all servers of language models have one. It reads nothing from the environment; the key is given, and
// sent to the endpoint alone.
package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/winnow-search/winnow/answer"
)

// Options say where a language model is and how to speak to it.
type Options struct {
	URL   string // of the endpoint, mostly ending in /v1; https://api.openai.com/v1
	Model string // if it is empty, the endpoint must have exactly one
	Key   string // if it is empty, none is sent
	// Silence is the longest time without a word from the endpoint, before the first one and between two; 0 means DefaultSilence.
	Silence time.Duration
	// Retries is how often a request is made again that met an overload or no server, after a while that grows or that the
	// server says; 0 means 2, a negative number never.
	Retries int
}

const (
	// DefaultSilence is enough for a small model on an ordinary processor to read a few thousand tokens.
	DefaultSilence = 2 * time.Minute
	defaultRetries = 2
	// maxAnswer bounds the bytes of an answer, maxBody those of anything else an endpoint sends.
	maxAnswer = 1 << 20
	maxBody   = 4 << 20
	// listing is the longest time for the list of models.
	listing = 10 * time.Second
)

// Client is a language model at an endpoint. It is safe for concurrent use.
type Client struct {
	o       Options
	options []option.RequestOption

	mu    sync.Mutex
	model string // once known
}

var _ answer.Chat = (*Client)(nil)

// New makes a client. Nothing is sent. Errors: a URL that is none.
func New(o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimSpace(o.URL))
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%q is not the URL of an endpoint: write it like http://localhost:11434/v1", o.URL)
	case u.User != nil:
		return nil, fmt.Errorf("the URL of %s has a name or key in it, which ends up in logs: give the key apart", u.Host)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the URL %s://%s%s has a query or fragment: leave it out", u.Scheme, u.Host, u.Path)
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/chat/completions"), "/")
	o.URL = u.String()
	if o.Silence <= 0 {
		o.Silence = DefaultSilence
	}
	switch {
	case o.Retries == 0:
		o.Retries = defaultRetries
	case o.Retries < 0:
		o.Retries = 0
	}
	c := &Client{o: o, model: o.Model, options: []option.RequestOption{
		option.WithBaseURL(o.URL), option.WithMaxRetries(o.Retries), option.WithHTTPClient(&http.Client{}),
	}}
	if o.Key != "" {
		c.options = append(c.options, option.WithAPIKey(o.Key))
	}
	return c, nil
}

// URL is the endpoint.
func (c *Client) URL() string { return c.o.URL }

// seen is the last response to a request, for what the protocol's library does not tell.
type seen struct {
	status int
	retry  string
	body   []byte // of an error, or of an answer that is not streamed
}

// watch remembers a response, and reads what is not a stream, within bounds.
func (s *seen) watch(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	res, err := next(r)
	*s = seen{}
	if err != nil || res == nil {
		return res, err
	}
	s.status, s.retry = res.StatusCode, res.Header.Get("Retry-After")
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode == http.StatusOK && kind == "text/event-stream" {
		return res, nil
	}
	s.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody))
	err = errors.Join(err, res.Body.Close())
	res.Body = io.NopCloser(strings.NewReader(string(s.body)))
	return res, err
}

// Complete implements [answer.Chat]. Errors are of type *[Error], but for those of ctx and of piece.
func (c *Client) Complete(ctx context.Context, messages []answer.Message, piece func(string) error) (answer.Completion, error) {
	model, err := c.Model(ctx)
	if err != nil {
		return answer.Completion{}, err
	}
	params := openai.ChatCompletionNewParams{Model: model}
	for _, m := range messages {
		if m.Role == answer.System {
			params.Messages = append(params.Messages, openai.SystemMessage(m.Content))
		} else {
			params.Messages = append(params.Messages, openai.UserMessage(m.Content))
		}
	}
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(c.o.Silence, func() { cancel(errSilence) })
	defer silence.Stop()

	var s seen
	service := openai.NewChatCompletionService(append(slices.Clip(c.options), option.WithMiddleware(s.watch))...)
	r := reading{client: c, completion: answer.Completion{Model: model}, piece: piece}
	stream := service.NewStreaming(bounded, params)
	for stream.Next() && r.err == nil {
		silence.Reset(c.o.Silence)
		r.chunk(stream.Current())
	}
	err = errors.Join(stream.Err(), stream.Close())
	switch {
	case r.err != nil:
		return r.completion, r.err
	case ctx.Err() != nil:
		return r.completion, ctx.Err()
	case errors.Is(context.Cause(bounded), errSilence):
		return r.completion, &Error{URL: c.o.URL, Err: fmt.Errorf("%w for %s", errSilence, c.o.Silence)}
	case s.status == http.StatusNotFound:
		return r.completion, c.notFound(ctx, model, &s)
	case s.status != 0 && s.status != http.StatusOK:
		return r.completion, c.refused(&s)
	case err != nil:
		if e, ok := errors.AsType[*ssestream.StreamError](err); ok { // the server says so, in the middle of the stream
			if why := reason(e.Event.Data); why != "" {
				err = errors.New(why)
			}
		}
		return r.completion, &Error{URL: c.o.URL, Broken: r.length > 0, Err: err}
	case len(s.body) > 0 && !r.any: // the server does not stream, or answers in error with status 200
		r.whole(s.body)
	case r.completion.Finish == "":
		return r.completion, &Error{URL: c.o.URL, Broken: true, Err: io.ErrUnexpectedEOF}
	}
	return r.completion, r.err
}

// reading is an answer on its way.
type reading struct {
	client     *Client
	completion answer.Completion
	piece      func(string) error
	length     int
	any        bool
	err        error
}

func (r *reading) chunk(k openai.ChatCompletionChunk) {
	r.any = true
	r.used(k.Model, k.Usage)
	if len(k.Choices) == 0 {
		return
	}
	choice := k.Choices[0]
	r.add(choice.Delta.Content + choice.Delta.Refusal)
	if choice.FinishReason != "" {
		r.completion.Finish = choice.FinishReason
	}
}

// whole reads an answer that came in one piece.
func (r *reading) whole(body []byte) {
	var a openai.ChatCompletion
	if err := json.Unmarshal(body, &a); err != nil || len(a.Choices) == 0 {
		why := reason(body)
		if why == "" {
			why = "what it sends is no chat completion"
		}
		r.err = &Error{URL: r.client.o.URL, Err: errors.New(why)}
		return
	}
	r.used(a.Model, a.Usage)
	r.completion.Finish = a.Choices[0].FinishReason
	r.add(a.Choices[0].Message.Content + a.Choices[0].Message.Refusal)
}

func (r *reading) used(model string, u openai.CompletionUsage) {
	if model != "" {
		r.completion.Model = model
	}
	if u.TotalTokens > 0 {
		r.completion.Usage = answer.Usage{Prompt: int(u.PromptTokens), Completion: int(u.CompletionTokens)}
	}
}

func (r *reading) add(text string) {
	if text == "" {
		return
	}
	if r.length += len(text); r.length > maxAnswer {
		r.err = &Error{URL: r.client.o.URL, Err: fmt.Errorf("the answer is longer than %d bytes: the model does not come to an end", maxAnswer)}
		return
	}
	r.err = r.piece(text)
}

// Models are the names of the models that the endpoint has, in its order.
func (c *Client) Models(ctx context.Context) ([]string, error) {
	bounded, cancel := context.WithTimeout(ctx, min(c.o.Silence, listing))
	defer cancel()
	var s seen
	service := openai.NewModelService(append(slices.Clip(c.options), option.WithMiddleware(s.watch))...)
	page, err := service.List(bounded)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case s.status != 0 && s.status != http.StatusOK:
		return nil, c.refused(&s)
	case err != nil:
		return nil, &Error{URL: c.o.URL, Err: err}
	}
	names := make([]string, 0, len(page.Data))
	for _, m := range page.Data {
		names = append(names, m.ID)
	}
	return names, nil
}

// Model is the name of the model: the one that options gave, or the only one that the endpoint has.
func (c *Client) Model(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.model != "" {
		return c.model, nil
	}
	names, err := c.Models(ctx)
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusNotFound {
		return "", &Error{URL: c.o.URL, Status: e.Status, Err: errors.New("it lists no models: name one, and see that the URL is right; it mostly ends in /v1")}
	}
	switch {
	case err != nil:
		return "", err
	case len(names) == 1:
		c.model = names[0]
		return c.model, nil
	case len(names) == 0:
		return "", &Error{URL: c.o.URL, Err: errors.New("it has no model: load one, or name the model to use")}
	}
	return "", &Error{URL: c.o.URL, Err: fmt.Errorf("it has several models: name one of %s", list(names))}
}

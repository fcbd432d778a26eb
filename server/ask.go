// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/server/api"
)

// mostContext is the most tokens of passages that a request may let a language model read.
const mostContext = 100_000

// ask answers a question, at once or as server-sent events.
func (c *call) ask() (any, error) {
	var r api.Ask
	if err := c.read(&r); err != nil {
		return nil, err
	}
	c.logText("question", r.Question)
	if r.ContextTokens < 0 || r.ContextTokens > mostContext {
		return nil, bad("context_tokens", "field context_tokens: %d; it must be from 1 to %d", r.ContextTokens, mostContext)
	}
	opts := []winnow.AskOption{winnow.ContextTokens(cmp.Or(r.ContextTokens, c.options.ContextTokens, winnow.DefaultContextTokens))}
	stages, err := winnow.ParseStages(cmp.Or(r.Rerank, c.options.Settings.Rerank, winnow.Auto))
	if err != nil {
		return nil, bad("rerank", "field rerank: %w", err)
	}
	if len(stages) > 0 {
		opts = append(opts, winnow.CheckedBy(stages[len(stages)-1].Model))
	}
	if c.options.Chat != nil {
		opts = append(opts, winnow.WithChat(upstream{c.options.Chat}))
	}
	events := &events{call: c}
	if r.Stream {
		opts = append(opts, winnow.OnAsk(func(e winnow.AskEvent) error { return events.send(string(e.Name), e) }))
	}
	var out *winnow.Answer
	request := winnow.Request{Query: r.Question, TopK: r.TopK, Settings: r.Settings, Filter: r.Filter}
	err = c.searching(r.Collection, c.options.Settings, &request, func(e *winnow.Engine, search []winnow.SearchOption) error {
		out, err = e.Ask(c.ctx(), r.Question, append(opts, winnow.Searching(search...))...)
		return err
	})
	if err == nil {
		c.spans(out.Timing.Total, append(searchStages(out.Search.Timing), stage{"generate", out.Timing.Generate}, stage{"check", out.Timing.Check})...)
		c.countSearch(out.Search)
		c.tokens += out.Checker.Tokens
	}
	if !events.begun {
		return answered(out, err)
	}
	if err != nil { // too late for a status that the client sees
		if p := classify(c.ctx(), err); p.status != statusClientGone {
			_ = events.send("error", c.dialect.body(p)) // whoever has gone meanwhile does not make it another failure
		}
	}
	return written{}, err
}

// upstream is a language model whose errors are told as another server's.
type upstream struct{ answer.Chat }

// Complete implements answer.Chat.
func (u upstream) Complete(ctx context.Context, messages []answer.Message, piece func(string) error) (answer.Completion, error) {
	var own error // not the language model's: an event that the client did not take
	done, err := u.Chat.Complete(ctx, messages, func(text string) error {
		own = piece(text)
		return own
	})
	if err != nil && own == nil && ctx.Err() == nil {
		err = &problem{status: http.StatusBadGateway, err: err}
	}
	return done, err
}

// events are server-sent events, as HTML's standard has them.
type events struct {
	*call
	begun bool
}

// send writes an event; data is JSON, which has no line breaks of its own.
func (e *events) send(name string, data any) error {
	text, err := marshal(data)
	if err != nil {
		return err
	}
	if !e.begun {
		e.begun = true
		e.w.Header().Set("Content-Type", "text/event-stream")
		e.w.Header().Set("Cache-Control", "no-cache")
		e.w.WriteHeader(http.StatusOK)
	}
	_, err = fmt.Fprintf(e.w, "event: %s\ndata: %s\n", name, text) // text ends its line
	if err == nil {
		err = http.NewResponseController(e.w).Flush()
	}
	if err != nil {
		return &problem{status: statusClientGone, err: fmt.Errorf("the client takes no more of the answer: %w", err)}
	}
	return nil
}

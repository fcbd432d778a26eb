// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/server/mcp"
)

// openMCP is the Model Context Protocol over the default collection, whatever engine that has at a call.
func (s *Server) openMCP() (http.Handler, error) {
	use := func(f func(*winnow.Engine) error) error {
		in, err := s.collections.find("")
		if err != nil {
			return err
		}
		return in.read(f)
	}
	o := mcp.Options{
		Version: s.options.Version, Base: winnow.Request{Settings: s.options.Settings},
		Tokens: s.options.ContextTokens, Origins: s.options.Origins, HostChecked: true, Logger: s.options.Log,
		Told: func(ctx context.Context, err error) error { return errors.New(s.told(ctx, "/mcp", err)) },
	}
	if s.options.Chat != nil {
		o.Chat = upstream{s.options.Chat}
	}
	return mcp.Handler(use, o)
}

// agents lets the protocol's own library answer.
func (c *call) agents() (any, error) {
	switch c.r.Method {
	case http.MethodGet: // a client listens as long as it is connected, and would hold up a shutdown
		ctx, cancel := context.WithCancel(c.ctx())
		defer cancel()
		defer context.AfterFunc(c.listening, cancel)()
		c.r = c.r.WithContext(ctx)
	case http.MethodPost:
		data, err := c.received()
		if err != nil {
			return nil, err
		}
		c.r.Body = io.NopCloser(bytes.NewReader(data))
	}
	c.mcp.ServeHTTP(c.w, c.r)
	return written{}, nil
}

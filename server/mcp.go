// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/server/mcp"
)

// openMCP is the Model Context Protocol over the default collection, whatever engine that has at a call.
func (s *Server) openMCP() (http.Handler, error) {
	opts, err := s.options.Settings.Options()
	if err != nil {
		opts = nil // searches say what is wrong with the settings
	}
	use := func(f func(*winnow.Engine) error) error {
		in, err := s.collections.find("")
		if err != nil {
			return err
		}
		return in.read(f)
	}
	return mcp.Handler(use, mcp.Options{
		Version: s.options.Version, Search: opts, Rerank: s.options.Settings.Rerank, Candidates: s.options.Settings.Candidates,
		Chat: s.options.Chat, Tokens: s.options.ContextTokens, Origins: s.options.Origins, Logger: s.options.Log,
	})
}

// agents lets the protocol's own library answer.
func (c *call) agents() (any, error) {
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, c.options.MaxBody)
	c.mcp.ServeHTTP(c.w, c.r)
	return written{}, nil
}

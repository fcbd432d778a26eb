// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/server/mcp"
)

type mcpFlags struct {
	searchFlags
	llm     llmFlags
	verbose bool
}

func (a *app) mcpCommand() *cobra.Command {
	var f mcpFlags
	cmd := &cobra.Command{
		Use:     "mcp [--db DIR] [--llm URL]",
		Short:   "let agents search an index, by the Model Context Protocol",
		GroupID: groupSearch,
		Long: "Serves an index to one agent over standard input and output: the tools search, get, similar, rerank, ask and index_status, and documents as resources. An agent's program starts it; docs/mcp.md says how to tell it to.\n\n" +
			"It only reads, and follows what another winnow adds to the index. The flags are what holds where a call says nothing; a call cannot name models or files. Messages go to standard error.",
		Example: `winnow mcp --db ~/notes/.winnow
			winnow mcp --mode hybrid --llm http://localhost:11434/v1`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.mcp(cmd, &f) },
	}
	f.add(cmd, "give `N` passages where a call does not say how many")
	f.llm.add(cmd)
	cmd.Flags().BoolVar(&f.verbose, "verbose", false, "log requests to standard error")
	return cmd
}

func (a *app) mcp(cmd *cobra.Command, f *mcpFlags) error {
	if err := f.prepare(a, cmd); err != nil {
		return err
	}
	if err := f.llm.check(cmd); err != nil {
		return err
	}
	model, err := f.llm.open(a, cmd)
	if err != nil {
		return err
	}
	mode := f.mode
	f.mode = "" // a call may ask for another one: the bi-encoder is needed in any case
	e, _, err := a.openSearch(cmd, &f.searchFlags, nil, &searched{})
	if err != nil {
		return err
	}
	defer e.Close()
	f.mode = mode
	if _, _, err := f.options(cmd, e); err != nil { // flags that no search takes are refused before a client comes
		return err
	}
	if err := f.configuration.note(a); err != nil {
		return err
	}
	level := slog.LevelError
	if f.verbose {
		level = slog.LevelInfo
	}
	o := mcp.Options{
		Version: version(), Base: f.asked(cmd, e), Tokens: f.llm.tokens,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if model != nil {
		o.Chat = model
	}
	s := mcp.New(e, o)
	s.AddReceivingMiddleware(logged(o.Logger))
	err = s.Run(cmd.Context(), &sdk.StdioTransport{})
	if errors.Is(err, context.Canceled) {
		return cmd.Context().Err()
	}
	return err
}

// logged logs each request: its method, the tool, the time it took, and how it ended. What it asks and what it gets may be anybody's texts.
func logged(log *slog.Logger) sdk.Middleware {
	return func(next sdk.MethodHandler) sdk.MethodHandler {
		return func(ctx context.Context, method string, r sdk.Request) (sdk.Result, error) {
			began := time.Now()
			result, err := next(ctx, method, r)
			attrs := []any{"method", method}
			if call, ok := r.(*sdk.CallToolRequest); ok && call.Params != nil {
				attrs = append(attrs, "tool", call.Params.Name)
			}
			outcome := "ok"
			if called, ok := result.(*sdk.CallToolResult); err != nil || ok && called.IsError {
				outcome = "error"
			}
			log.InfoContext(ctx, "request", append(attrs, "ms", time.Since(began).Milliseconds(), "outcome", outcome)...)
			return result, err
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/server"
)

type serveFlags struct {
	modelFlags
	server.Options
	llm                   llmFlags
	reranker, log, config string
	aliases               aliasesValue
	maxBody, memory       int // MiB
}

func (a *app) serveCommand() *cobra.Command {
	f := serveFlags{aliases: aliasesValue{}}
	cmd := &cobra.Command{
		Use:     "serve [--addr :8080] [--db DIR]",
		Short:   "serve search, embeddings and reranking over HTTP",
		GroupID: groupSearch,
		Long: "Serves an index directory and the models over HTTP, for clients that are there already: OpenAI's /v1/embeddings, Cohere's and Jina's /v1/rerank and /v2/rerank, the routes of text-embeddings-inference, and winnow's own /v1/search, /v1/documents, /v1/collections, /v1/compare, /v1/ask and /v1/eval, and the Model Context Protocol under /mcp. docs/serving.md has a line of curl for each.\n\n" +
			"Without a host in --addr only this machine is served. A server for others needs API keys: `winnow key` makes them.\n\n" +
			"The index need not be there: the first document makes it. What `winnow index` or another process writes is taken over within a second.\n\n" +
			"Requests that come at the same time share batches; each gets the same bits as alone. Too much at once is answered with 429 and Retry-After. An interrupt lets requests finish, and a second one ends the program at once.\n\n" +
			"Where OTEL_EXPORTER_OTLP_ENDPOINT names a collector, traces are sent there.",
		Example: `winnow serve
			winnow serve --addr 0.0.0.0:8080 --keys keys.txt --tls-cert cert.pem --tls-key key.pem
			winnow serve --alias text-embedding-3-small=builtin:retriever --precision auto`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd, &f) },
	}
	f.add(cmd, "none, or for embeddings and new indexes the bi-encoder", builtin.Retriever)
	dbFlag(cmd, &f.DB)
	fs := cmd.Flags()
	fs.StringVar(&f.Addr, "addr", server.DefaultAddr, "listen on `HOST:PORT`; without a host on this machine alone")
	fs.StringVar(&f.Collections, "collections", "", "serve the indexes in `DIR` as collections, and make new ones there")
	fs.StringVar(&f.reranker, "reranker", builtin.Reranker, "none, or the cross-encoder `MODEL`")
	names(fs, &f.Also, "also", "serve these `MODELS`, too")
	fs.Var(&f.aliases, "alias", "serve a model by another name, as in text-embedding-3-small=builtin:retriever (`NAME=MODEL`, several with commas between)")
	fs.BoolVar(&f.AnyModel, "any-model", false, "let names of models that are not served stand for the default one")
	fs.BoolVar(&f.ReadOnly, "read-only", false, "let nobody change documents and collections")
	fs.StringVar(&f.Keys, "keys", "", "take API keys from `FILE`, see winnow key; without it everybody who reaches the server may do everything")
	fs.Float64Var(&f.Rate, "rate", 0, "let each key send `N` requests a second; 0: no limit")
	whole(fs, &f.Burst, "burst", "", 0, "let each key send `N` requests at once; 0: twice the rate")
	names(fs, &f.Hosts, "hosts", "`NAMES` that the server is reached by, beside localhost")
	names(fs, &f.Origins, "cors", "let web pages of these `ORIGINS` send requests, as in https://app.example.org")
	fs.StringVar(&f.TLSCert, "tls-cert", "", "serve HTTPS with the certificate of the PEM `FILE`")
	fs.StringVar(&f.TLSKey, "tls-key", "", "the certificate's key, a PEM `FILE`")
	fs.DurationVar(&f.Timeout, "timeout", server.DefaultTimeout, "end a request after this `TIME`")
	fs.DurationVar(&f.ShutdownTimeout, "shutdown-timeout", server.DefaultShutdownTimeout, "let requests finish for this `TIME` when the server is stopped")
	whole(fs, &f.maxBody, "max-body", "", server.DefaultMaxBody>>20, "refuse requests of more than `N` MiB")
	whole(fs, &f.memory, "memory-limit", "", 0, "collect garbage more often when the program takes more than `N` MiB; 0: no limit")
	whole(fs, &f.BatchTokens, "batch-tokens", "", 0, "join requests into batches of `N` tokens; 0: what suits the processors")
	whole(fs, &f.QueueTokens, "queue-tokens", "", 0, "refuse requests when more than `N` tokens wait for a model; 0: 64 batches")
	choice(fs, &f.log, "log", "text", []string{"text", "json", "off"}, "how to log requests on standard error")
	fs.BoolVar(&f.LogText, "log-text", false, "log queries, too")
	fs.BoolVar(&f.AllowPprof, "pprof", false, "serve profiles under /debug/pprof/ to keys with the scope admin")
	f.llm.add(cmd)
	configFlag(cmd, &f.config)
	return cmd
}

func (a *app) serve(cmd *cobra.Command, f *serveFlags) error {
	o, err := f.options(a, cmd)
	if err != nil {
		return err
	}
	if f.memory > 0 {
		debug.SetMemoryLimit(int64(f.memory) << 20)
	}
	s, err := await(cmd.Context(), func() (*server.Server, error) { return server.New(*o) })
	if err != nil {
		return explainDB(o.DB, err)
	}
	l, err := s.Listen(cmd.Context())
	if err != nil {
		return errors.Join(err, s.Close())
	}
	scheme := "http"
	if o.TLSCert != "" {
		scheme = "https"
	}
	a.note(fmt.Sprintf("serving on %s://%s, stop with Ctrl-C; index %s", scheme, l.Addr(), o.DB))
	err = s.Run(cmd.Context(), l)
	return errors.Join(err, s.Close())
}

// options are those of the server.
func (f *serveFlags) options(a *app, cmd *cobra.Command) (*server.Options, error) {
	k, err := a.configure(cmd, f.config)
	if err != nil {
		return nil, err
	}
	o := f.Options
	if o.DB, _, err = findDB(f.DB); err != nil {
		return nil, err
	}
	o.Models = model.Pair{Retriever: f.model, Reranker: f.reranker, Fuse: f.reranker == builtin.Reranker}
	for _, name := range []*string{&o.Models.Retriever, &o.Models.Reranker} {
		if *name == noModel {
			*name = ""
		}
	}
	o.Aliases = f.aliases
	o.Threads, o.MaxTokens, o.Precision = f.threads, f.maxTokens, encoder.Precision(f.precision)
	o.MaxBody = int64(f.maxBody) << 20
	if err := f.llm.check(cmd); err != nil {
		return nil, err
	}
	writer, err := f.llm.open(a, cmd)
	if err != nil {
		return nil, err
	}
	if o.ContextTokens = f.llm.tokens; writer != nil {
		o.Chat = writer
	}
	o.Traces = true
	o.Settings, o.Calibrations, o.Version = k.file.Search, k.maps(), version()
	switch {
	case f.Timeout < time.Millisecond:
		return nil, misuse(cmd, "--timeout is %s: at least 1ms", f.Timeout)
	case f.maxBody < 1:
		return nil, misuse(cmd, "--max-body is 0: at least 1")
	case f.Burst > 0 && f.Rate == 0:
		return nil, misuse(cmd, "--burst has no effect without --rate")
	}
	handlers := map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
		"text": func(w io.Writer, h *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, h) },
		"json": func(w io.Writer, h *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, h) },
	}
	if h := handlers[f.log]; h != nil {
		o.Log = slog.New(h(os.Stderr, nil))
	}
	return &o, nil
}

// aliasesValue is a flag's value: names of models and what they stand for, NAME=MODEL, with commas between or given several times.
type aliasesValue map[string]string

var _ pflag.Value = aliasesValue{}

// Type implements pflag.Value.
func (aliasesValue) Type() string { return "string" }

// String implements pflag.Value.
func (v aliasesValue) String() string {
	var parts []string
	for name, model := range v {
		parts = append(parts, name+"="+model)
	}
	return strings.Join(parts, ",")
}

// Set implements pflag.Value.
func (v aliasesValue) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		name, model, ok := strings.Cut(part, "=")
		name, model = strings.TrimSpace(name), strings.TrimSpace(model)
		if !ok || name == "" || model == "" {
			return errors.New("want NAME=MODEL")
		}
		v[name] = model
	}
	return nil
}

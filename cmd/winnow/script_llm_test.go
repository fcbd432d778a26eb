// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/winnow-search/winnow/internal/chattest"
)

// llm NAME FILE [OPTION…] starts a language model that says what is in FILE, and sets the variable NAME to its URL. Options:
// key=K, models=A,B, busy, silent, break, finish=REASON, whole. What it was asked is in the file asked-NAME.
func languageModel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: llm NAME FILE [OPTION…]")
	}
	text, asked := strings.TrimSuffix(ts.ReadFile(args[1]), "\n"), ts.MkAbs("asked-"+args[0])
	s := &chattest.Server{Models: []string{"tiny"}, Pieces: 2, Bytes: 3, RetryMS: "1", Answer: func(r chattest.Request) string {
		var all strings.Builder
		for _, m := range r.Messages {
			all.WriteString(m.Role + ":\n" + m.Content + "\n")
		}
		if err := os.WriteFile(asked, []byte(all.String()), 0o600); err != nil {
			panic(err)
		}
		return text
	}}
	for _, option := range args[2:] {
		switch name, value, _ := strings.Cut(option, "="); name {
		case "key":
			s.Key = value
		case "models":
			s.Models = strings.Split(value, ",")
		case "busy":
			s.Busy = 99
		case "silent":
			s.Silent = true
			s.Asked = func() { ts.Check(os.WriteFile(asked, []byte("asked\n"), 0o600)) }
		case "break":
			s.BreakAt = 900
		case "finish":
			s.Finish = value
		case "whole":
			s.Whole = true
		default:
			ts.Fatalf("unknown option %q", option)
		}
	}
	web := httptest.NewServer(s)
	ts.Defer(func() {
		web.CloseClientConnections()
		web.Close()
	})
	ts.Setenv(args[0], web.URL+"/v1")
}

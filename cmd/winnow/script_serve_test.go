// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// fetch LOG STATUS METHOD PATH [BODY] sends a request to the server whose standard error is in LOG, with the key in $KEY if there is
// one; it must be answered with STATUS. The answer goes into the file answer.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || len(args) > 5 {
		ts.Fatalf("usage: fetch LOG STATUS METHOD PATH [BODY]")
	}
	url := regexp.MustCompile(`http://[0-9.:]+`).FindString(ts.ReadFile(args[0]))
	body := ""
	if len(args) == 5 {
		body = args[4]
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, args[2], url+args[3], strings.NewReader(body))
	ts.Check(err)
	if key := strings.TrimSpace(ts.Getenv("KEY")); key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), data, 0o644))
	if got := strconv.Itoa(answer.StatusCode); got != args[1] {
		ts.Fatalf("status %s, want %s: %s", got, args[1], data)
	}
}

// setenv NAME FILE sets a variable to what is in a file.
func setenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setenv NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

func TestAliases(t *testing.T) {
	v := aliasesValue{}
	if err := v.Set("a=b, c = d"); err != nil || v["a"] != "b" || v["c"] != "d" {
		t.Errorf("got %v, %v", v, err)
	}
	for _, text := range []string{"a", "=b", "a=", ""} {
		if v.Set(text) == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/model/builtin"
)

// heard is what came out of a program.
type heard struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all.String()
}

type closing struct {
	io.Reader
	io.Closer
}

// startMCP starts the real program and connects the official client to it. wait closes the connection and waits until the program has ended.
func startMCP(t *testing.T, flags ...string) (c *sdk.ClientSession, out, messages *heard, wait func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, append([]string{"mcp"}, flags...)...)
	cmd.Args[0] = "winnow" // which is what TestMain looks at
	out, messages = &heard{}, &heard{}
	cmd.Stderr = messages
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	c, err = client.Connect(t.Context(), &sdk.IOTransport{Reader: closing{io.TeeReader(stdout, out), stdout}, Writer: in}, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, messages.String())
	}
	return c, out, messages, func() {
		t.Helper()
		_ = c.Close() // the pipes, one of which the program may have closed already
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, messages.String())
		}
	}
}

// The official client talks to the real program over its standard streams: every tool works, standard output carries the
// protocol alone, and the program ends when its input does.
func TestMCPOverStandardStreams(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notes.winnow")
	e, err := winnow.Open(dir, winnow.Models("", builtin.Reranker))
	if err != nil {
		t.Fatal(err)
	}
	err = e.Add(t.Context(),
		winnow.Document{ID: "books/faust.txt", Text: "It was Goethe who wrote the tragedy Faust.", Source: document.Source{Path: "books/faust.txt"}},
		winnow.Document{ID: "tower", Text: "The Eiffel Tower stands in Paris, and nobody wrote it."})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	c, out, messages, wait := startMCP(t, "--db", dir)
	list, err := c.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]struct {
		arguments map[string]any
		want      string
	}{
		"search":       {map[string]any{"query": "Who wrote Faust?", "limit": 1}, `"document":"books/faust.txt"`},
		"get":          {map[string]any{"id": "tower"}, "Eiffel"},
		"rerank":       {map[string]any{"query": "Who wrote Faust?", "texts": []string{"Salt.", "Goethe."}}, `"index":1`},
		"ask":          {map[string]any{"question": "Who wrote Faust?"}, "It was Goethe who wrote the tragedy Faust. [1]"},
		"index_status": {nil, `"documents":2`},
		"similar":      {map[string]any{"id": "tower"}, "needs a retriever"}, // an index of words has no vectors, and says so
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		call, ok := calls[tool.Name]
		if !ok {
			t.Errorf("tool %s is not tried", tool.Name)
		}
		r, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: tool.Name, Arguments: call.arguments})
		if err != nil {
			t.Errorf("%s: %v", tool.Name, err)
			continue
		}
		data, err := json.Marshal(r)
		if err != nil || !strings.Contains(string(data), call.want) || r.IsError != (tool.Name == "similar") {
			t.Errorf("%s: %s, %v", tool.Name, data, err)
		}
	}
	if len(names) != len(calls) {
		t.Errorf("tools %v", names)
	}
	d, err := c.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "winnow://document/books%2Ffaust.txt"})
	if err != nil || !strings.Contains(d.Contents[0].Text, "Goethe") {
		t.Errorf("%+v, %v", d, err)
	}
	wait()
	for l := range strings.Lines(out.String()) {
		if !json.Valid([]byte(l)) {
			t.Errorf("standard output carries %q", l)
		}
	}
	if strings.Count(out.String(), "\n") < len(calls) || slices.Contains(names, "") {
		t.Errorf("%q", out.String())
	}
	if messages.String() != "" {
		t.Errorf("standard error: %s", messages.String())
	}
}

// With --verbose, standard error has a line a request, without what was asked and answered.
func TestMCPLogsRequests(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notes.winnow")
	e, err := winnow.Open(dir, winnow.Models("", ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Add(t.Context(), winnow.Document{ID: "faust", Text: "It was Goethe who wrote the tragedy Faust."}), e.Close()); err != nil {
		t.Fatal(err)
	}
	c, _, messages, wait := startMCP(t, "--db", dir, "--rerank", "off", "--verbose")
	for argument, fails := range map[string]bool{"query": false, "qeury": true} {
		r, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "search", Arguments: map[string]any{argument: "Faust"}})
		if err != nil || r.IsError != fails {
			t.Errorf("%s: %+v, %v", argument, r, err)
		}
	}
	wait()
	log := messages.String()
	for _, outcome := range []string{"ok", "error"} {
		if n := len(regexp.MustCompile(`level=INFO msg=request method=tools/call tool=search ms=\d+ outcome=`+outcome+`\n`).FindAllString(log, -1)); n != 1 {
			t.Errorf("%d calls with the outcome %s in %s", n, outcome, log)
		}
	}
	if strings.Contains(log, "Faust") || strings.Contains(log, "Goethe") {
		t.Errorf("the log has texts: %s", log)
	}
}

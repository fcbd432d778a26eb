// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "mcp", "--db", dir)
	cmd.Args[0] = "winnow" // which is what TestMain looks at
	var out, messages heard
	cmd.Stderr = &messages
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
	c, err := client.Connect(t.Context(), &sdk.IOTransport{Reader: closing{io.TeeReader(stdout, &out), stdout}, Writer: in}, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, messages.String())
	}
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
	_ = c.Close() // the pipes, one of which the program may have closed already
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, messages.String())
	}
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

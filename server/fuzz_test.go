// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/model"
)

// checkpoints are of random weights and small: what they answer means nothing, and it comes fast.
var checkpoints = model.Pair{Retriever: "../internal/parity/testdata/bi-mean", Reranker: "../internal/parity/testdata/cross-identity"}

// bodies are requests to begin with, by path.
var bodies = map[string][]string{
	"/v1/search":           {`{"query":"a","top_k":3,"mode":"hybrid","rerank":"auto@2","budget":"1s","filter":"n = 1","fusion":{"method":"rrf","k":1,"dense_weight":1,"lexical_weight":1}}`},
	"/v1/similar":          {`{"id":"a","top_k":2}`},
	"/v1/compare":          {`{"query":"a"}`},
	"/v1/influence":        {`{"query":"a","id":"a"}`},
	"/v1/matrix":           {`{"queries":["a","b"],"texts":["c"]}`, `{"queries":["a"],"top_k":2,"filter":"n = 1"}`},
	"/v1/eval":             {`{"queries":[{"id":"q","text":"a"}],"judgments":{"q":{"a":1}},"measures":"MRR@10"}`},
	"/v1/documents":        {`{"documents":[{"id":"a","text":"b","metadata":{"n":1.5e9}}]}`},
	"/v1/documents/bulk":   {"{\"id\":\"a\",\"text\":\"b\"}\n{\"delete\":\"a\"}\n"},
	"/v1/documents/delete": {`{"ids":["a"]}`},
	"/v1/collections":      {`{"name":"a","model":"none","vectors":"hnsw8","language":"de"}`},
	"/v1/embeddings":       {`{"input":["a","b"],"encoding_format":"base64","dimensions":3}`, `{"input":[[1,2],[3]]}`, `{"input":[1,2]}`},
	"/rerank":              {`{"query":"a","documents":["b",{"text":"c"}],"top_n":1,"return_documents":true}`, `{"query":"a","texts":["b"],"truncate":false}`},
	"/":                    {`{"inputs":"a"}`, `{"inputs":{"source_sentence":"a","sentences":["b"]}}`},
	"/embed":               {`{"inputs":["a"],"normalize":false,"truncation_direction":"left"}`},
	"/embed_all":           {`{"inputs":["a"]}`},
	"/predict":             {`{"inputs":[["a"],["a","b"]],"raw_scores":true}`},
	"/similarity":          {`{"inputs":{"source_sentence":"a","sentences":["b"]}}`},
	"/tokenize":            {`{"inputs":"aé b","add_special_tokens":false}`},
}

// Whatever a body holds, the answer is JSON, and the server is not at fault.
func FuzzBodies(f *testing.F) {
	db := filepath.Join(f.TempDir(), "db")
	e, err := winnow.Open(db, checkpoints)
	if err != nil {
		f.Fatal(err)
	}
	if err := e.Add(f.Context(), winnow.Document{ID: "a", Text: "stone bridge", Meta: winnow.Meta{"n": 1}}, winnow.Document{ID: "b", Text: "silver paper"}); err != nil {
		f.Fatal(err)
	}
	if err := e.Close(); err != nil {
		f.Fatal(err)
	}
	// Reading only: what is written is decoded all the same, and the disk is left alone.
	var log bytes.Buffer
	s, err := New(Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})), Models: checkpoints, DB: db, Collections: filepath.Join(f.TempDir(), "more"), ReadOnly: true, MaxBody: 1 << 16, MaxTokens: 16})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	paths := sortedKeys(bodies)
	for i, path := range paths {
		for _, body := range bodies[path] {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		path := paths[int(which)%len(paths)]
		if path == "/v1/documents/bulk" { // its lines are looked at under the writer's lock, which this server does not take
			b := &bulkPart{ids: map[string]bool{}}
			for i, line := range bytes.Split(body, []byte("\n")) {
				if b.add(line, i+1) && len(b.results) > i+1 {
					t.Fatal("more results than lines")
				}
			}
		}
		log.Reset()
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(string(body))))
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s %q: status %d: %s\n%s", path, body, w.Code, w.Body, log.String())
		}
		if !json.Valid(w.Body.Bytes()) && path != "/v1/documents/bulk" {
			t.Fatalf("no JSON: %q", w.Body)
		}
		if s.inFlight.Load() != 0 {
			t.Fatalf("%d bytes stay reserved", s.inFlight.Load())
		}
	})
}

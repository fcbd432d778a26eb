// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/config"
)

// What --write saves is the file as it is at the end, with the winner in it.
func TestTunedIsPutIntoTheFileAsItIsNow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "winnow.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const calibrated = `, "calibration": {"sha256:ab": {"model": "m", "map": {"method": "platt", "a": 1.5, "b": 0}, "from": {"collections": ["x"], "queries": 1, "winnow": "devel"}}}`
	f := &tuneFlags{write: path}
	b := 0.25
	f.space.K1, f.space.B = 1.7, &b
	winner := config.Config{Search: winnow.Settings{Mode: winnow.Lexical, Candidates: 10, Rerank: winnow.Off, BM25Settings: winnow.BM25Settings{K1: 1.7, B: &b}}, Precision: "fp32", Tuned: &config.Provenance{Winnow: "now"}}
	for _, x := range []struct {
		file, warning string
		k1, b         float64
	}{
		{`{"search": {"mode": "dense", "ef": 9, "bm25_k1": 1.7, "bm25_b": 0.25, "budget": "70ms"}` + calibrated + `}`, "", 1.7, 0.25},
		{`{"search": {"bm25_k1": 1.2, "bm25_b": 0.25, "budget": "70ms"}` + calibrated + `}`, "changed while tuning", 1.2, 0.25},
		{`{"search": {"bm25_k1": 1.7, "bm25_b": 0.5, "budget": "70ms"}` + calibrated + `}`, "changed while tuning", 1.7, 0.5},
	} {
		write(x.file)
		var messages bytes.Buffer
		a := &app{stderr: term.New(&messages)}
		got, err := a.mergeTuned(f, &tuned{Config: winner})
		if err != nil {
			t.Fatal(err)
		}
		s := got.Search
		if s.Mode != winnow.Lexical || s.Ef != 0 || s.Budget != winnow.Duration(70*time.Millisecond) || s.K1 != x.k1 || s.B == nil || *s.B != x.b || len(got.Calibration) != 1 || got.Tuned.Winnow != "now" {
			t.Errorf("%s: %+v", x.file, got)
		}
		if err := a.stderr.Flush(); err != nil {
			t.Fatal(err)
		}
		if said := messages.String(); (x.warning == "") != (said == "") || !strings.Contains(said, x.warning) {
			t.Errorf("%s: said %q", x.file, said)
		}
	}
	write(`{"serch": {}}`)
	if _, err := (&app{}).mergeTuned(f, &tuned{Config: winner}); err == nil || !strings.Contains(err.Error(), `did you mean "search"`) {
		t.Errorf("%v", err)
	}
}

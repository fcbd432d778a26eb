// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOverlap(t *testing.T) {
	dir := t.TempDir()
	c := filepath.Join(dir, "eval", "small")
	write(t, filepath.Join(c, "corpus.jsonl"), `{"_id":"d","title":"Faust","text":"It was Goethe."}`+"\n")
	write(t, filepath.Join(c, "queries.jsonl"), `{"_id":"q","text":"Who wrote Faust?"}`+"\n")
	write(t, filepath.Join(c, "qrels", "test.tsv"), "query-id\tcorpus-id\tscore\nq\td\t1\n")
	for name, rows := range map[string]struct {
		row string
		bad bool
	}{
		"another":      {`{"query":"who wrote Emma?","positive":"Austen did."}`, false},
		"the question": {`{"query":"WHO wrote  Faust","positive":"Somebody."}`, true},
		"a passage":    {`{"query":"who?","positive":"a","negatives":["Faust: it was Goethe"]}`, true},
		"its text":     {`{"query":"who?","positive":"it was Goethe"}`, true},
	} {
		file := write(t, filepath.Join(dir, "rows.jsonl"), rows.row+"\n")
		if err := overlap(filepath.Join(dir, "eval"), []string{file}); (err != nil) != rows.bad {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := overlap(dir+"/eval/small/qrels", nil); err == nil {
		t.Error("a folder without collections passes")
	}
}

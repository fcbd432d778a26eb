// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// collection writes a small collection, with some files replaced, and returns its folder. Text "-" leaves a file out.
func collection(t *testing.T, replaced map[string]string) string {
	t.Helper()
	files := map[string]string{
		"corpus.jsonl": `{"_id":"d1","title":"T","text":"one"}` + "\n" + `{"_id":"d2","title":"","text":"","metadata":{"a":1}}` + "\n",
		"queries.jsonl": `{"_id":"q2","text":"two?"}` + "\n" + `{"_id":"train","text":"not judged"}` + "\n" +
			`{"_id":"q1","text":"one?","metadata":{}}` + "\n",
		"qrels/test.tsv": "query-id\tcorpus-id\tscore\r\nq1\td1\t2\r\nq1\td2\t-1\r\nq2\td2\t1\r\n",
	}
	maps.Copy(files, replaced)
	dir := filepath.Join(t.TempDir(), "tiny")
	if err := os.MkdirAll(filepath.Join(dir, "qrels"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if text == "-" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadBEIR(t *testing.T) {
	c, err := LoadBEIR(collection(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "tiny" || len(c.Docs) != 2 || c.Docs[0].ID != "d1" || c.Docs[0].FullText() != "T one" || c.Docs[1].FullText() != "" {
		t.Errorf("name %q, documents %+v", c.Name, c.Docs)
	}
	if diff := cmp.Diff([]Query{{"q2", "two?"}, {"q1", "one?"}}, c.Queries); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]Judgments{"q1": {"d1": 2, "d2": -1}, "q2": {"d2": 1}}, c.Qrels); diff != "" {
		t.Errorf("judgments (-want +got):\n%s", diff)
	}
}

// TestLoadBEIRQrels: judgments of another file, in any format, for a folder that need not have its own.
func TestLoadBEIRQrels(t *testing.T) {
	dir := collection(t, map[string]string{"qrels/test.tsv": "-"})
	path := filepath.Join(t.TempDir(), "mine.txt")
	for text, want := range map[string]string{
		"train 0 d1 1\nq1 0 d2 1\n": "",
		"q9 0 d1 1\n":               `mine.txt: line 1: query "q9" is not in queries.jsonl`,
		"q1 0 d1 1\nq1 0 d9 1\n":    `mine.txt: line 2: document "d9" is not in corpus.jsonl`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := LoadBEIRQrels(dir, path)
		switch {
		case want != "":
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		case err != nil || len(c.Queries) != 2 || c.Queries[0].ID != "train" || len(c.Unjudged) != 1 || c.Split != "":
			t.Errorf("%+v, %v", c, err)
		}
	}
	if _, err := LoadBEIRQrels(dir, filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestLoadBEIRErrors(t *testing.T) {
	const corpus, queries, qrels, head = "corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "query-id\tcorpus-id\tscore\n"
	for _, tt := range []struct{ file, text, want string }{
		{corpus, "-", "a BEIR folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv"},
		{qrels, "-", "a BEIR folder holds"},
		{corpus, "", "corpus.jsonl: nothing to read"},
		{corpus, `{"_id":"d1","text":"a"}` + "\n" + `{"_id":"d1","text":"b"}`, `corpus.jsonl: line 2: id "d1" was already used`},
		{corpus, `{"text":"a"}`, `line 1: field "_id" is missing`},
		{corpus, `{"_id":"d1","txt":"a"}`, `line 1: unknown field "txt": did you mean "text"?`},
		{corpus, "plain", "line 1: not a JSON object"},
		{queries, "\n" + `{"_id":"q1","text":" "}`, `queries.jsonl: line 2: query "q1" is empty`},
		{qrels, "q1\td1\t1\n", "test.tsv: line 1: want the header"},
		{qrels, head, "no judgments"},
		{qrels, head + "q1\td1\n", "line 2: want 3 columns separated by tabs, got 2"},
		{qrels, head + "q1\td1\t1.0\n", `line 2: score "1.0" is not a whole number`},
		{qrels, head + "q1\td1\t99999\n", "is not a whole number"},
		{qrels, head + "q9\td1\t1\n", `line 2: query "q9" is not in queries.jsonl`},
		{qrels, head + "q1\td9\t1\n", `line 2: document "d9" is not in corpus.jsonl`},
		{qrels, head + "q1\td1\t1\n\nq1\td1\t0\n", `line 4: query "q1" and document "d1" were already judged`},
		{qrels, head + strings.Repeat("x", 1<<17), "line 2: "},
	} {
		c, err := LoadBEIR(collection(t, map[string]string{tt.file: tt.text}))
		if err == nil || !strings.Contains(err.Error(), tt.want) || c != nil {
			t.Errorf("%s %.40q: error %v, want one with %q", tt.file, tt.text, err, tt.want)
		}
		if tt.text == "-" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v does not wrap fs.ErrNotExist", err)
		}
	}
}

// TestLoadBEIRSplits: other splits, files compressed with and without a name that says so, ids that are numbers.
func TestLoadBEIRSplits(t *testing.T) {
	const head = "query-id\tcorpus-id\tscore\n"
	dir := collection(t, map[string]string{
		"corpus.jsonl": "-", "corpus.jsonl.gz": zipped(t, `{"_id":7,"title":"","text":"one"}`+"\n"+`{"_id":"d2","text":"two"}`),
		"queries.jsonl":  zipped(t, `{"_id":"q1","text":"one"}`+"\n"+`{"_id":2,"text":"two"}`),
		"qrels/test.tsv": "-", "qrels/dev.tsv": head + "2\t7\t1\n", "qrels/train.tsv.gz": zipped(t, "q1 0 d2 1\n"), "qrels/notes.txt": "",
	})
	splits, err := Splits(dir)
	if diff := cmp.Diff([]string{"dev", "train"}, splits); err != nil || diff != "" {
		t.Errorf("splits: %v (-want +got):\n%s", err, diff)
	}
	for split, want := range map[string]map[string]Judgments{"dev": {"2": {"7": 1}}, "train": {"q1": {"d2": 1}}} {
		c, err := LoadBEIRSplit(dir, split)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.Qrels); diff != "" || c.Split != split || len(c.Queries) != 1 || len(c.Unjudged) != 1 || len(c.Docs) != 2 {
			t.Errorf("%s: %+v (-want +got):\n%s", split, c, diff)
		}
	}
	for split, want := range map[string]string{
		"test": "the folder has judgments for dev, train", "../dev": "is not the name of a file", "": "is not the name", "..": "is not the name", `a\b`: "is not the name",
	} {
		if _, err := LoadBEIRSplit(dir, split); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("split %q: error %v, want %q", split, err, want)
		}
	}
	if _, err := Splits(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("splits of an empty folder: %v", err)
	}
	broken := collection(t, map[string]string{"corpus.jsonl": zipped(t, strings.Repeat(`{"_id":"d1","text":"one"}`, 9))[:30]})
	if _, err := LoadBEIR(broken); err == nil || !strings.Contains(err.Error(), "corpus.jsonl: line 1: damaged file") {
		t.Errorf("a damaged corpus: %v", err)
	}
}

// TestRunOfCollection: ids that the collection does not have are errors with their line.
func TestRunOfCollection(t *testing.T) {
	c, err := LoadBEIR(collection(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run")
	for text, want := range map[string]string{
		"q1 Q0 d1 1 2 t\nq1 Q0 d2 2 1 t\ntrain Q0 d1 1 1 t\n": "",
		"q1 Q0 d1 1 2 t\nq1 Q0 d9 2 1 t\n":                    `run: line 2: document "d9" is not in the collection`,
		"q9 Q0 d1 1 2 t\n":                                    `run: line 1: query "q9" is not in the collection`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run, err := c.LoadRun(path)
		if want == "" && (err != nil || len(run.Lists) != 2) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestWriteBEIR: what was read is written, and read again.
func TestWriteBEIR(t *testing.T) {
	c, err := LoadBEIR(collection(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "deep", "tiny")
	if err := c.WriteBEIR(dir); err != nil {
		t.Fatal(err)
	}
	again, err := LoadBEIR(dir)
	if diff := cmp.Diff(c, again); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if err := c.WriteBEIR(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over what is there: %v", err)
	}
	for want, broken := range map[string]*Collection{
		"is not the name of a file": {Split: "../x"},
		`id "a\tb" is empty or`:     {Qrels: map[string]Judgments{"a\tb": {"x": 1}}},
		`id "" is empty or`:         {Qrels: map[string]Judgments{"q": {"": 1}}},
	} {
		if err := broken.WriteBEIR(t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func all(t *testing.T, o Options, paths ...string) []Row {
	t.Helper()
	var list []Row
	for r, err := range Rows(paths, o) {
		if err != nil {
			t.Fatal(err)
		}
		r.Place.File = ""
		list = append(list, r)
	}
	return list
}

func TestFormatsGiveTheSameRows(t *testing.T) {
	want := []Row{
		{Anchor: "who?", Positive: "he", Negatives: []string{"she", "they, \"all\""}, Scores: []float64{3, 1, -0.5}},
		{Anchor: "what?", Positive: "that", Label: 0.25, HasLabel: true},
	}
	lines := "\uFEFF" + `{"query":"who?","positive":"he","negatives":["she","they, \"all\""],"scores":[3,1,-0.5],"id":7}
` + "\n" + `{"sentence1":"what?","sentence2":"that","score":0.25,"negative":null}
`
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, lines)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"rows.jsonl":    lines,
		"rows.jsonl.gz": packed.String(),
		"tuples.jsonl":  `{"anchor":"who?","positive":"he","negative_1":"she","negative_2":"they, \"all\"","labels":[3,1,-0.5]}` + "\n" + `{"text1":"what?","text2":"that","label":0.25}`,
	} {
		got := all(t, Options{}, write(t, name, text))
		for i := range got {
			got[i].Place = Place{}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got := all(t, Options{}, write(t, "rows.csv", "Anchor,positive,negative_1,negative_2,scores\nwho?,he,she,\"they, \"\"all\"\"\",3 1 -0.5\n"))
	if len(got) != 1 || got[0].Place.Line != 2 || !slices.Equal(got[0].Negatives, want[0].Negatives) || !slices.Equal(got[0].Scores, want[0].Scores) {
		t.Errorf("csv: %+v", got)
	}
	got = all(t, Options{}, write(t, "rows.tsv", "text\nalone\nand \"so\" on\n"))
	if len(got) != 2 || got[1].Anchor != `and "so" on` {
		t.Errorf("tsv: %+v", got)
	}
	// A quote at the start of a field opens nothing, whatever is closed later.
	got = all(t, Options{}, write(t, "rows.tsv", "\uFEFFquery\tpositive\r\n\"Zorn\tis a lemma\r\n\r\nwho?\the\nwhat?\t\"that\"\n"))
	if len(got) != 3 || got[0].Anchor != `"Zorn` || got[0].Positive != "is a lemma" || got[1].Anchor != "who?" || got[2].Positive != `"that"` || got[2].Place.Line != 5 {
		t.Errorf("tsv with quotes: %+v", got)
	}
}

func TestNegativesKeepTheOrderOfTheirNumbers(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"anchor":"a","positive":"b"`)
	var want []string
	for i := 1; i <= 12; i++ {
		fmt.Fprintf(&b, `,"negative_%d":"n%d"`, i, i)
		want = append(want, fmt.Sprintf("n%d", i))
	}
	b.WriteString("}")
	if got := all(t, Options{}, write(t, "rows.jsonl", b.String())); !slices.Equal(got[0].Negatives, want) {
		t.Errorf("negatives %v", got[0].Negatives)
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"corpus.jsonl":    `{"_id":"d1","title":"T","text":"one"}` + "\n" + `{"_id":"d2","title":"","text":"two"}` + "\n" + `{"_id":"d3","title":"","text":"three"}`,
		"queries.jsonl":   `{"_id":"q1","text":"first?"}`,
		"qrels/train.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq1\td3\t1\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got := all(t, Options{}, dir)
	if len(got) != 2 || got[0].Positive != "T one" || got[1].Positive != "three" || !slices.Equal(got[0].Negatives, []string{"two"}) {
		t.Errorf("%+v", got)
	}
	if got[1].Place.Query != "q1" {
		t.Errorf("a row of query q1 is placed at %s", got[1].Place)
	}
	if got := all(t, Options{Level: 2}, dir); len(got) != 1 || !slices.Equal(got[0].Negatives, []string{"two", "three"}) {
		t.Errorf("from grade 2 on: %+v", got)
	}
}

func TestDocumentsHaveTheirTitles(t *testing.T) {
	corpus := `{"_id":"d1","title":"T","text":"one","score":"none"}` + "\n" + `{"_id":"d2","title":"","text":"two"}` + "\n" + `{"_id":"d3","title":"","text":""}` + "\n" + `{"_id":"d4","title":"U","text":""}`
	file := write(t, "corpus.jsonl", corpus)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, corpus)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		file:               {"T one", "two", "U"},
		filepath.Dir(file): {"T one", "two", "U"},
		filepath.Dir(write(t, "corpus.jsonl.gz", packed.String())):                                                                 {"T one", "two", "U"},
		write(t, "a.csv", "title,text\nT,one\n,two\nU,\n"):                                                                         {"T one", "two", "U"},
		write(t, "b.jsonl", `{"query":"q","positive":"p","negatives":["n","m"],"scores":[1],"title":"T"}`+"\n"+`{"text":"alone"}`): {"p", "n", "m", "alone"},
	} {
		var got []string
		for d, err := range Documents(path) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, d.FullText())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{
		t.TempDir(): "corpus.jsonl does not exist",
		write(t, "c.jsonl", `{"text":"a"}`+"\n"+`{"_id":"d","title":"T","body":"b"}`): "line 2: it has no text to start from",
	} {
		var got error
		for _, err := range Documents(path) {
			got = err
		}
		if got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("%s: %v, want %q", path, got, want)
		}
	}
}

func TestBadRowsAreNamed(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a.jsonl", "{\"query\":\"a\",\"positive\":\"b\"}\n{", "a.jsonl: line 2: it is not a JSON object: unexpected end of JSON input at byte 1"},
		{"a.jsonl", `[1]`, "line 1: it is not a JSON object: it is of type array"},
		{"a.jsonl", `{"positive":"b"}`, "line 1: it has no text to start from"},
		{"a.jsonl", `{"query":" ","positive":"b"}`, `field "query": the text is empty`},
		{"a.jsonl", `{"query":3,"positive":"b"}`, `field "query": it is not a text: 3`},
		{"a.jsonl", `{"query":"a","positive":["b","c"]}`, `field "positive": it has 2 texts`},
		{"a.jsonl", `{"query":"a","negatives":["b"]}`, "it has no positive"},
		{"a.jsonl", `{"query":"a","positive":"b","negatives":["c",""]}`, `field "negatives": text 2 of the list is empty`},
		{"a.jsonl", `{"query":"a","positive":"b","score":"high"}`, `field "score": it is not a number: "high"`},
		{"a.jsonl", `{"query":"a","positive":"b","scores":[1,2]}`, `field "scores": 2 scores for 1 positive and 0 negatives`},
		{"a.jsonl", `{"query":"a","text":"a","positive":"b"}`, `field "text": it means the same as field "query"`},
		{"a.csv", "", "it is empty"},
		{"a.csv", "x,y\n1,2\n", `line 1: no column of the first row, ["x" "y"], is a text to start from`},
		{"a.csv", "query,positive\na\n", "line 2: wrong number of fields"},
		{"a.tsv", "\n", "it is empty"},
		{"a.tsv", "query\tpositive\na\tb\tc\n", "line 2: wrong number of fields: 3, where the first row has 2"},
		{"a.tsv", "query\tpositive\na\t" + strings.Repeat("b", maxRow), "line 2: the row is longer than 16 MiB"},
		{"a.csv", "query,positive,label\na,b,NaN\n", `line 2: field "label": NaN is not a finite number`},
		{"a.tsv", "query\tpositive\na\t\xff\n", `field "positive": the text is not UTF-8`},
		{"a.tsv", "query\tpositive\tscores\na\tb\tInf\n", `line 2: field "scores": +Inf is not a finite number`},
		{"a.csv", "query,positive\n\"" + strings.Repeat("a\n", maxRow), "longer than 16 MiB: cut its texts, or close its quotes"},
		{"a.jsonl", "{}" + strings.Repeat(" ", maxRow), "line 1: the row is longer than 16 MiB"},
		{"a.jsonl", "{\"query\":\"\xff\"}", "line 1: it is not UTF-8"},
		{"a.txt", "a", "its name tells no format"},
	} {
		var got error
		for _, err := range Rows([]string{write(t, tt.name, tt.text)}, Options{}) {
			got = err
		}
		if got == nil || !strings.Contains(got.Error(), tt.want) {
			t.Errorf("%s %.60q: %v, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

func TestShuffle(t *testing.T) {
	rows := func(yield func(Row, error) bool) {
		for i := range 100 {
			if !yield(Row{Anchor: fmt.Sprint(i)}, nil) {
				return
			}
		}
	}
	order := func(n int, seed uint64) (list []string) {
		for r, err := range Shuffle(rows, n, seed) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r.Anchor)
		}
		return list
	}
	first := order(30, 1)
	if !slices.Equal(first, order(30, 1)) || slices.Equal(first, order(30, 2)) || slices.IsSorted(first) {
		t.Errorf("orders: %v", first)
	}
	slices.Sort(first)
	if len(slices.Compact(first)) != 100 {
		t.Errorf("%d rows", len(first))
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"query":"a","positive":"b","negatives":["c"],"scores":[1,2]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseLine(line, Place{File: "f", Line: 1}, Options{})
		if err == nil && (r.Anchor == "" || r.Scores != nil && len(r.Scores) != 1+len(r.Negatives)) {
			t.Errorf("%q gives %+v", line, r)
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("query,positive,negative_1,label,scores\na,b,c,1,2 3\n"), false)
	f.Add([]byte("text\n\"a\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, tabs bool) {
		read := readCSV
		if tabs {
			read = readTSV
		}
		err := read("f", bytes.NewReader(data), Options{}, func(r Row) bool {
			if r.Anchor == "" || r.Scores != nil && len(r.Scores) != 1+len(r.Negatives) || r.Place.Line < 2 {
				t.Errorf("%q gives %+v", data, r)
			}
			return true
		})
		if err != nil && !strings.Contains(err.Error(), "f: ") {
			t.Errorf("%q: the error names no file: %v", data, err)
		}
	})
}

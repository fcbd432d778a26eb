// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// readText writes a file and reads it.
func readText(t *testing.T, name, text string, o LoadOptions) ([]Document, []Problem) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	var docs []Document
	problems, err := Read(t.Context(), File{Path: path, Named: true}, o, func(d Document) error {
		delete(d.Meta, "ext")
		delete(d.Meta, "modified")
		docs = append(docs, d)
		return nil
	})
	must(t, err)
	return docs, problems
}

func TestCSV(t *testing.T) {
	text := "\uFEFFID;Title;Body;year;tag;ok\r\na;First;\"one; \"\"two\"\"\nthree\";2020;x;true\r\n\r\n;Second;plain \"quote\" in it;007;;no\r\n"
	docs, problems := readText(t, "t.csv", text, LoadOptions{})
	if len(problems) != 0 || len(docs) != 2 {
		t.Fatalf("%d documents, problems %v", len(docs), problems)
	}
	if d := docs[0]; d.ID != "a" || d.Title != "First" || d.Text != "one; \"two\"\nthree" || d.Source.Line != 2 {
		t.Errorf("first %+v", d)
	}
	if diff := cmp.Diff(map[string]any{"year": json.Number("2020"), "tag": "x", "ok": true}, docs[0].Meta); diff != "" {
		t.Error(diff)
	}
	if d := docs[1]; !strings.HasSuffix(d.ID, "/t.csv#5") || d.Text != `plain "quote" in it` || d.Meta["year"] != "007" {
		t.Errorf("second %+v", d)
	}
}

func TestTableWithoutText(t *testing.T) {
	docs, _ := readText(t, "t.tsv", "question\tanswer\nWhy?\t\"Because \"\"so\"\"\"\n", LoadOptions{})
	if len(docs) != 1 || docs[0].Text != "question: Why?\nanswer: Because \"so\"" {
		t.Errorf("%+v", docs)
	}
}

// The title of a row without text is its text: there is nothing else to find it by.
func TestRowsOfATitleAlone(t *testing.T) {
	for name, text := range map[string]string{
		"t.jsonl": `{"id":"a","title":"A title","text":" ","format":"markdown"}` + "\n" + `{"id":"b","title":"","text":""}`,
		"t.csv":   "id,title,text\na,A title,\nb,,\n",
		"t.tsv":   "id\ttitle\na\tA title\nb\t\n",
	} {
		docs, problems := readText(t, name, text, LoadOptions{})
		if len(docs) != 2 || len(problems) != 0 {
			t.Fatalf("%s: %+v %v", name, docs, problems)
		}
		if d := docs[0]; d.Text != "A title" || d.Title != "" || d.Format != Plain || docs[1].Text != "" {
			t.Errorf("%s: %+v", name, docs)
		}
	}
}

func TestBadRowsAreNamedAndTheOthersRead(t *testing.T) {
	text := "id,text\n1,good\n2,\"never closed\n3,fine\n4,too,many\n5,\"x\"y\n6,last\n"
	docs, problems := readText(t, "t.csv", text, LoadOptions{})
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	lines := map[int]ProblemKind{}
	for _, p := range problems {
		lines[p.Line] = p.Kind
		if !p.Failure || !strings.Contains(p.Error(), "t.csv: line ") {
			t.Errorf("problem %+v", p)
		}
	}
	if diff := cmp.Diff([]string{"1", "3", "6"}, ids); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[int]ProblemKind{3: ProblemRow, 5: ProblemRow, 6: ProblemRow}, lines); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Lines keep their numbers when one that is too long lies in a quote that is never closed.
func TestNumbersAfterALongLine(t *testing.T) {
	_, problems := readText(t, "t.csv", "id,text\n1,\"open\n"+strings.Repeat("x", 300)+"\n3,too,many\n4,fine\n", LoadOptions{MaxRow: 100})
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if diff := cmp.Diff([]int{2, 3, 4}, lines); diff != "" {
		t.Errorf("problems %v (-want +got):\n%s", problems, diff)
	}
}

// Blank lines above the header say nothing about the delimiter, and a CR too many at the end of each line is none.
func TestHeaderBelowBlankLines(t *testing.T) {
	docs, problems := readText(t, "t.csv", "\n \r\nid;text\r\r\na;one, two\r\r\n", LoadOptions{})
	if len(problems) != 0 || len(docs) != 1 || docs[0].ID != "a" || strings.TrimSpace(docs[0].Text) != "one, two" {
		t.Errorf("%+v %v", docs, problems)
	}
}

func TestTablesThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"twice": "a,a\n1,2\n", "binary": "a,\x00\n1,2\n", "open": "a,\"b\n1,2\n", "quotes": "a,b\n" + strings.Repeat("1,\"2\n3,4\"5\n", 400),
	} {
		docs, problems := readText(t, name+".csv", text, LoadOptions{})
		if len(problems) == 0 || len(problems) > maxRowProblems+2 || name != "quotes" && len(docs) > 0 {
			t.Errorf("%s: %d documents, %d problems", name, len(docs), len(problems))
		}
	}
	if docs, problems := readText(t, "long.csv", "id,text\n1,"+strings.Repeat("x", 300)+"\n2,ok\n", LoadOptions{MaxRow: 100}); len(docs) != 1 || len(problems) != 1 {
		t.Errorf("a long row: %d documents, problems %v", len(docs), problems)
	}
	for _, name := range []string{"mac.csv", "mac.tsv"} {
		if docs, problems := readText(t, name, "id,text\r1,one\r2,two\r", LoadOptions{}); len(docs) != 0 || len(problems) != 1 || problems[0].Kind != ProblemDamaged || !strings.Contains(problems[0].Error(), "CR alone") {
			t.Errorf("%s: %d documents, problems %v", name, len(docs), problems)
		}
	}
	if docs, problems := readText(t, "empty.csv", "", LoadOptions{}); len(docs)+len(problems) != 0 {
		t.Errorf("empty file: %v %v", docs, problems)
	}
}

func TestJSONLines(t *testing.T) {
	text := `{"_id":"q","title":"T","text":"x","metadata":{"year":1},"lang":"en","url":"u"}` + "\n{\"text\":1}\n\nnope\n{\"text\":\"last\"}"
	docs, problems := readText(t, "t.jsonl", text, LoadOptions{})
	if len(docs) != 2 || len(problems) != 2 || problems[0].Line != 2 || problems[1].Line != 4 {
		t.Fatalf("%+v %v", docs, problems)
	}
	if diff := cmp.Diff(map[string]any{"year": json.Number("1"), "lang": "en", "url": "u"}, docs[0].Meta); diff != "" {
		t.Error(diff)
	}
	if docs[0].ID != "q" || !strings.HasSuffix(docs[1].ID, "t.jsonl#5") {
		t.Errorf("ids %q %q", docs[0].ID, docs[1].ID)
	}
}

func FuzzTable(f *testing.F) {
	f.Add("id,text\n1,\"a\"\"b\nc\"\n", false)
	f.Add("a|b\n\"x\n\"y\"z\n", false)
	f.Add("\"q\"\tb\n\xff\t\"\n", true)
	f.Fuzz(func(t *testing.T, text string, tsv bool) {
		read := func(slow bool) (docs []Document, problems []Problem) {
			r := reading{o: LoadOptions{MaxRow: 256}.withDefaults(), file: File{Path: "t.csv"}}
			in := strings.NewReader(text)
			give := func(d Document, line int) error {
				if line < 1 || !utf8.ValidString(d.Text) || len(d.Text) > 4*256+16 {
					t.Fatalf("line %d, document %+v", line, d)
				}
				docs = append(docs, d)
				return nil
			}
			var err error
			if slow {
				err = r.csvRows(iotest.OneByteReader(in), tsv, give)
			} else {
				err = r.csvRows(in, tsv, give)
			}
			if err != nil {
				r.problem(problemOf("t.csv", err, true))
			}
			return docs, r.problems
		}
		docs, problems := read(false)
		again, _ := read(true)
		if len(docs) != len(again) || len(problems) > maxRowProblems+1 {
			t.Fatalf("%d documents, then %d; %d problems", len(docs), len(again), len(problems))
		}
	})
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Data is read as the file on disk is, but for its time.
func TestReadDataIsRead(t *testing.T) {
	pdf, err := os.ReadFile(filepath.Join("internal", "pdf", "testdata", "packed.pdf"))
	must(t, err)
	files := map[string]string{
		"a.md": "# H\n\ntext", "b.pdf": string(pdf), "c.html": "<html lang=fr><title>T</title><p>Page", "d.csv": "id,text\nx,row\ny\n", "e.json": "{}", "LICENSE": "words",
		"f.pdf": "%PDF-1.4", "g.exe": "MZ", "h.txt": "a\x00",
	}
	dir := tree(t, files)
	for name, data := range files {
		describe := func(path string, read func(func(Document) error) ([]Problem, error)) string {
			var all []string
			problems, err := read(func(d Document) error {
				delete(d.Meta, "modified")
				all = append(all, fmt.Sprintf("%+v", d))
				return nil
			})
			return strings.ReplaceAll(fmt.Sprintln(all, problems, err), path, name)
		}
		path := filepath.Join(dir, name)
		want := describe(path, func(yield func(Document) error) ([]Problem, error) {
			return Read(t.Context(), File{Path: path, Size: int64(len(data)), Named: true}, LoadOptions{}, yield)
		})
		got := describe(name, func(yield func(Document) error) ([]Problem, error) {
			return ReadData(t.Context(), name, []byte(data), LoadOptions{}, yield)
		})
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// What is unpacked counts, and the caller's end is one.
func TestReadDataIsBounded(t *testing.T) {
	var packed bytes.Buffer
	g := gzip.NewWriter(&packed)
	_, err := g.Write(bytes.Repeat([]byte("{\"text\":\"row\"}\n"), 10_000))
	must(t, errors.Join(err, g.Close()))
	n := 0
	problems, err := ReadData(t.Context(), "a.jsonl.gz", packed.Bytes(), LoadOptions{MaxFileSize: 50_000}, func(Document) error { n++; return nil })
	if err != nil || len(problems) != 1 || problems[0].Kind != ProblemTooLarge || n == 0 || n > 5000 {
		t.Errorf("%d documents, %v, %v", n, problems, err)
	}
	if problems, err := ReadData(t.Context(), "a.txt", bytes.Repeat([]byte("a"), 11), LoadOptions{MaxFileSize: 10}, nil); err != nil || len(problems) != 1 || problems[0].Kind != ProblemTooLarge {
		t.Errorf("%v, %v", problems, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadData(ctx, "a.txt", []byte("a"), LoadOptions{}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

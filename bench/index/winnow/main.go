// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command winnow is winnow's side of the comparison with other indexes. Like bench/index/vector_worker.py and
// lexical_worker.py it answers requests, lines of JSON on standard input, with what it measured.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
)

// request asks for one task; each task uses a part of the fields.
type request struct {
	Task    string  `json:"task"`
	Kind    string  `json:"kind"`    // open: hnsw or flat; winnow reads it from the variant
	Variant string  `json:"variant"` // an index kind as in `winnow index --kind`, or a variant of BM25, or english
	Data    string  `json:"data"`    // matrix in .npy, or passages, one a line
	Rows    int     `json:"rows"`    // how many of them, from the first; 0: all
	Folder  string  `json:"folder"`  // where index files may be written
	File    string  `json:"file"`    // the index file
	Rebuild bool    `json:"rebuild"` // build even if the file exists
	Queries string  `json:"queries"` // matrix in .npy, or queries, one a line
	Limit   int     `json:"limit"`   // how many of them; 0: all
	K       int     `json:"k"`
	Ef      int     `json:"ef"`
	Fine    int     `json:"oversample"` // candidates that are rescored, in multiples of k
	Threads int     `json:"threads"`
	Way     string  `json:"way"`     // loop: a call for each query; batch: all in one call
	Seconds float64 `json:"seconds"` // go round and round for so long
	Save    string  `json:"save"`    // make one pass and write what was found here
}

// answer is what was measured.
type answer struct {
	Seconds  *float64 `json:"seconds"` // null if nothing was measured
	Queries  int      `json:"queries,omitempty"`
	Bytes    int64    `json:"bytes,omitempty"` // of the index on disk
	Segments int      `json:"segments,omitempty"`
	Spec     string   `json:"spec,omitempty"`   // what the kind means for so many rows
	Opened   *float64 `json:"opened,omitempty"` // seconds of opening alone
}

// side answers the requests about one kind of index.
type side interface {
	do(ctx context.Context, r request) (answer, error)
	close() error
}

func main() {
	name := flag.String("side", "vector", "`kind` of index: vector, lexical or directory")
	flag.Parse()
	if err := run(context.Background(), *name, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/index/winnow:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, in io.Reader, out io.Writer) (err error) {
	var s side
	switch name {
	case "vector":
		s = &vectors{}
	case "lexical":
		s = &words{}
	case "directory":
		s = &directory{}
	default:
		return fmt.Errorf("no side %q: vector, lexical or directory", name)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	answers := json.NewEncoder(out)
	if err := answers.Encode(map[string]string{"name": "winnow", "version": runtime.Version()}); err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("reading the request %q: %w", lines.Text(), err)
		}
		runtime.GOMAXPROCS(max(r.Threads, 1))
		a, err := s.do(ctx, r)
		if err != nil {
			return fmt.Errorf("task %s: %w", r.Task, err)
		}
		if err := answers.Encode(a); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading requests: %w", err)
	}
	return nil
}

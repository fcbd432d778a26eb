// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/speed"
)

// WriteRun writes a run in TREC's format, and beside it, with .json at the end of the name, its manifest.
// Each file appears whole or not at all; one that was there is replaced.
func WriteRun(path string, r *Result, m Manifest) error {
	var run bytes.Buffer
	if err := r.Run.Write(&run); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.Sum256(run.Bytes())
	m.Run, m.RunSHA256 = r, hex.EncodeToString(sum[:])
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("%s.json: %w", path, err)
	}
	if err := atomicfile.Write(path, run.Bytes()); err != nil {
		return err
	}
	return atomicfile.Write(path+".json", append(manifest, '\n'))
}

// FileName makes a name that file systems take: every character but letters, digits and a few signs becomes "-".
func FileName(name string) string { return safe(name) }

// RunFiles names a file for each run of each collection, so that no two are written into one. Where pattern is a directory, or ends
// in a slash, the names are COLLECTION.RUN.trec in there. A single run goes into the file of that name; of several runs the
// name gets the collection's, if there are several, and the run's before its extension: out.trec becomes out.dense.trec.
func RunFiles(pattern string, collections []string, runs [][]string) ([][]string, error) {
	dir, ext := pattern, filepath.Ext(pattern)
	stem := strings.TrimSuffix(pattern, ext)
	into := strings.HasSuffix(pattern, "/") || strings.HasSuffix(pattern, string(filepath.Separator))
	if info, err := os.Stat(pattern); err == nil && info.IsDir() {
		into = true
	}
	single := len(collections) == 1 && len(runs[0]) == 1
	owner := map[string]string{}
	out := make([][]string, len(collections))
	for i, c := range collections {
		for _, run := range runs[i] {
			name := pattern
			switch {
			case into:
				name = filepath.Join(dir, safe(c)+"."+safe(run)+".trec")
			case single:
			case len(collections) == 1:
				name = stem + "." + safe(run) + ext
			default:
				name = stem + "." + safe(c) + "." + safe(run) + ext
			}
			key, whose := strings.ToLower(name), c+", "+run // file systems may not tell cases apart
			if other, taken := owner[key]; taken {
				return nil, fmt.Errorf("the runs %s and %s would both be written to %s", other, whose, name)
			}
			owner[key] = whose
			out[i] = append(out[i], name)
		}
	}
	return out, nil
}

// queryLine is one query of one run.
type queryLine struct {
	Collection string                   `json:"collection"`
	Query      string                   `json:"query"`
	Text       string                   `json:"text"`
	Run        string                   `json:"run"`
	Measures   map[eval.Measure]float64 `json:"measures"`
	Relevant   int                      `json:"relevant"`   // documents judged so
	Candidates int                      `json:"candidates"` // length of the list
	Scored     int                      `json:"documents_scored"`
	Tokens     int                      `json:"tokens_scored"`
	Latency    map[string]float64       `json:"latency_ms,omitempty"`
}

// WriteQueries writes a JSON object a line for every query and run, queries by id, runs in their order.
func (c *Collection) WriteQueries(w io.Writer) error {
	out := bufio.NewWriter(w)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for i, id := range c.QueryIDs {
		for _, r := range c.Runs {
			line := queryLine{
				Collection: c.Name, Query: id, Text: c.Texts[id], Run: r.Name, Measures: map[eval.Measure]float64{},
				Relevant: c.subject.Qrels[id].Relevant(c.Level), Candidates: r.Found[i], Scored: r.Costs[i].Scored, Tokens: r.Costs[i].Tokens,
			}
			for m, values := range r.Values {
				line.Measures[m] = values[i]
			}
			if r.Latency != nil {
				t := &r.Costs[i]
				line.Latency = map[string]float64{"rerank": speed.Milliseconds(t.Rerank)}
				if r.Latency.Total != nil {
					line.Latency["encode"], line.Latency["retrieve"], line.Latency["total"] = speed.Milliseconds(t.Encode), speed.Milliseconds(t.Retrieve), speed.Milliseconds(t.Total)
				}
			}
			if err := e.Encode(line); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// Sample is so many of the queries, chosen at random with a seed, in their order; all if there are not more.
func Sample(queries []eval.Query, n int, seed uint64) []eval.Query {
	if n <= 0 || n >= len(queries) {
		return queries
	}
	chosen := shuffled(len(queries), seed)[:n]
	slices.Sort(chosen)
	out := make([]eval.Query, n)
	for i, at := range chosen {
		out[i] = queries[at]
	}
	return out
}

// shuffled is the numbers below n in random order.
func shuffled(n int, seed uint64) []int {
	return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)).Perm(n)
}

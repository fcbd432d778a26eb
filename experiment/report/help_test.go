// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/internal/speed"
)

// hostile is what a collection from elsewhere may hold: each way out of a text, an attribute, a style, a comment.
const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)>"'></style></title></svg>--><a href="http://example.org/">` + "\x00\u202e"

// world makes queries, documents and judgments up: documents 0 to 2 of each query are relevant.
type world struct {
	queries int
	seed    uint64
	// The quality of both stages: 0 knows nothing of relevance.
	retrieval, reranking float64
	text                 string // in front of every text and name
}

const pool = 40 // documents of each query

func (w world) subject(name string) *experiment.Subject {
	s := &experiment.Subject{Name: w.text + name, Documents: w.queries * pool, Qrels: map[string]eval.Judgments{}}
	for i := range w.queries {
		id := fmt.Sprintf("q%04d%s", i, strings.ReplaceAll(w.text, " ", ""))
		s.Queries = append(s.Queries, eval.Query{ID: id, Text: fmt.Sprintf("%show does the pressure of water change a valve of kind %d", w.text, i)})
		j := eval.Judgments{}
		for d := range 6 {
			j[document(i, d)] = []int{3, 2, 1, 0, 0, 0}[d]
		}
		s.Qrels[id] = j
	}
	s.Text = func(id string) string { return w.text + "On the flow of liquids through " + id }
	return s
}

func document(query, i int) string { return fmt.Sprintf("d%d-%d", query, i) }

// Name, Retrieve and Score make a retriever and a reranker of it.
func (w world) Name() string { return w.text + "made-up model" }

func (w world) Retrieve(_ context.Context, q eval.Query, n int) (experiment.Retrieved, error) {
	var query int
	if _, err := fmt.Sscanf(q.ID, "q%04d", &query); err != nil {
		return experiment.Retrieved{}, err
	}
	r := rand.New(rand.NewPCG(w.seed, uint64(query)))
	list := make([]experiment.Candidate, pool)
	for d := range list {
		relevance := float64(max(0, 3-d))
		list[d] = experiment.Candidate{
			ID: document(query, d), Text: fmt.Sprint(relevance, query, d),
			Score: float32(int(100 * (w.retrieval*relevance + r.NormFloat64()))),
		}
	}
	slices.SortStableFunc(list, func(a, b experiment.Candidate) int { return int(b.Score - a.Score) })
	return experiment.Retrieved{Candidates: list[:min(n, pool)]}, nil
}

func (w world) Score(_ context.Context, _ string, texts []string) (experiment.Scores, error) {
	var out experiment.Scores
	for _, text := range texts {
		var relevance float64
		var query, d uint64
		if _, err := fmt.Sscan(text, &relevance, &query, &d); err != nil {
			return out, err
		}
		r := rand.New(rand.NewPCG(w.seed+query+1, d))
		out.Tokens = append(out.Tokens, 100)
		out.Logits = append(out.Logits, float32(w.reranking*relevance+r.NormFloat64()-2))
	}
	return out, nil
}

// systems are a first stage and, with depths, what reranks it.
func (w world) systems(modes []string, rerank bool) (out []experiment.System) {
	for i, mode := range modes {
		first := w
		first.seed, first.retrieval = w.seed+uint64(i), w.retrieval+0.3*float64(i)
		out = append(out, experiment.System{Retriever: first, Mode: mode, Model: w.text + "made-up"})
		if rerank {
			out = append(out, experiment.System{Retriever: first, Mode: mode, Model: w.text + "made-up", Reranker: "auto", Stages: []experiment.Stage{{Reranker: w}}})
		}
	}
	return out
}

var allModes = []string{"dense", "lexical", "hybrid"}

// measure runs systems and sets times that do not change.
func measure(t *testing.T, s *experiment.Subject, systems []experiment.System, p experiment.Plan) *experiment.Collection {
	t.Helper()
	p.Seed = 1
	c, err := experiment.Run(t.Context(), s, systems, p)
	if err != nil {
		t.Fatal(err)
	}
	ms := func(v float64) experiment.Latency {
		return experiment.Latency{Mean: v, P50: 0.9 * v, P95: 1.8 * v, P99: 2.5 * v}
	}
	for _, r := range c.Runs {
		if r.Latency != nil {
			rerank := 7.25 * float64(r.Depth)
			r.Latency = &experiment.Latencies{Encode: new(ms(2.4)), Retrieve: new(ms(0.31)), Rerank: ms(rerank), Total: new(ms(2.71 + rerank))}
		}
	}
	for _, v := range c.Verdicts {
		v.Cost = 7.25 * float64(v.Depth)
	}
	c.PeakMemory = 300 << 20
	return c
}

func manifest(c *experiment.Collection) *experiment.Manifest {
	m := &experiment.Manifest{
		Winnow: "v0.6.0", Machine: speed.Machine{CPU: "A processor", Processors: 2, OS: "linux", Arch: "amd64", Go: "go1.26", Tier: "avx2"}, Threads: 2, Seed: 1,
		Parameters: map[string]string{"mode": "dense,lexical", "rerank": "off,auto", "empty": ""},
		Inputs:     []experiment.Input{{Path: "made-up/corpus.jsonl", Bytes: 123456, SHA256: strings.Repeat("0f", 32)}},
		Models: []experiment.ModelRecord{
			{Role: "retriever", Name: "made-up", Fingerprint: strings.Repeat("ab", 32), Precision: "fp32", MaxTokens: 512},
			{Role: "reranker", Name: "made-up", Fingerprint: strings.Repeat("cd", 32), Precision: "int8", MaxTokens: 512},
		},
		Index: &experiment.IndexRecord{Passages: 80},
	}
	m.Describe(c)
	return m
}

// full is a section with everything.
func full(t *testing.T, w world, name string, depths ...int) Section {
	t.Helper()
	c := measure(t, w.subject(name), w.systems(allModes, true), experiment.Plan{Depths: depths, Candidates: pool, Measures: append(experiment.DefaultMeasures(), eval.Measure{Kind: eval.KindJudged, Cut: 10})})
	pictures, err := c.Pictures(experiment.PictureOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return Section{Collection: c, Manifest: manifest(c), Pictures: pictures}
}

func write(t *testing.T, r Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func parse(t *testing.T, text string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// all are the elements of a name, in order.
func all(n *html.Node, name string) (out []*html.Node) {
	for x := range n.Descendants() {
		if x.Type == html.ElementNode && x.Data == name {
			out = append(out, x)
		}
	}
	return out
}

// one is the only element of a name.
func one(t *testing.T, n *html.Node, name string) *html.Node {
	t.Helper()
	found := all(n, name)
	if len(found) != 1 {
		t.Fatalf("%d elements %s, want one", len(found), name)
	}
	return found[0]
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// text is what a reader sees of an element, with single spaces.
func text(n *html.Node) string {
	var out strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode {
			out.WriteString(x.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func texts(list []*html.Node) (out []string) {
	for _, n := range list {
		out = append(out, text(n))
	}
	return out
}

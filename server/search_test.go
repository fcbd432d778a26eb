// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/server/api"
)

// fill adds the texts as documents d0 to d3.
func (t *tester) fill() {
	t.Helper()
	r := api.Documents{}
	for i, text := range texts {
		r.Documents = append(r.Documents, api.Document{ID: fmt.Sprint("d", i), Text: text, Metadata: api.Metadata{"n": i, "even": i%2 == 0}})
	}
	var a api.Applied
	t.post("/v1/documents", r, &a)
	t.equal("added", a, api.Applied{Added: 4, Passages: 4})
}

func TestDocuments(t *testing.T) {
	s := start(t, small)
	s.refused(s.send(http.MethodPost, "/v1/search", `{"query":"bread"}`), http.StatusNotFound, "has no documents yet")
	s.fill()
	var d api.Stored
	s.get("/v1/documents/d2", &d)
	if d.Text != texts[2] || d.Passages != 1 || fmt.Sprint(d.Metadata["n"]) != "2" {
		t.Errorf("got %+v", d)
	}
	// An id may be a path, and hold anything else.
	id := "notes/über #1?.md"
	path := "/v1/documents/" + url.PathEscape(id)
	var a api.Applied
	s.ok(s.send(http.MethodPut, path, api.Document{Title: "Über", Text: "one"}), &a)
	s.equal("put", a, api.Applied{Added: 1, Passages: 1})
	s.ok(s.send(http.MethodPut, path, api.Document{Title: "Über", Text: "two"}), &a)
	s.equal("put again", a, api.Applied{Replaced: 1, Passages: 1})
	s.ok(s.send(http.MethodPatch, path, map[string]any{"metadata": map[string]any{"big": 12345678901234567}}), &a)
	s.get(path, &d)
	s.equal("patched", fmt.Sprint(d.ID, d.Title, d.Text, d.Metadata), id+"Übertwo"+fmt.Sprint(api.Metadata{"big": 12345678901234567}))
	var list api.DocumentList
	s.get("/v1/documents?limit=2&offset=1", &list)
	s.equal("listed", fmt.Sprint(list.Total, " ", list.Documents[0].ID, " ", list.Documents[1].ID, " ", len(list.Documents)), "5 d1 d2 2")
	s.ok(s.send(http.MethodDelete, path, nil), &a)
	s.equal("deleted", a.Deleted, 1)
	s.refused(s.send(http.MethodGet, path, nil), http.StatusNotFound, "there is no document")
	s.refused(s.send(http.MethodDelete, path, nil), http.StatusNotFound, "there is no document")
	s.refused(s.send(http.MethodPatch, path, "{}"), http.StatusNotFound, "there is no document")
	s.post("/v1/documents/delete", api.Delete{IDs: []string{"d0", "nothing"}}, &a)
	s.equal("deleted", fmt.Sprint(a.Deleted, a.Unknown), "1 [nothing]")
	s.get("/v1/documents", &list)
	s.equal("left", list.Total, 3)

	for body, message := range map[string]string{
		`{"documents":[]}`: "there are 0 documents",
		`{"docments":[]}`:  `line 1: unknown field "docments": did you mean "documents"?`,
		`{"documents":[{"id":"a","text":"b","tittle":"c"}]}`:          `unknown field "tittle": did you mean "title"?`,
		`{"documents":[{"text":"b"}]}`:                                `document 0 (""): the id is missing`,
		`{"documents":[{"id":"a","text":"b"},{"id":"a","text":"b"}]}`: `document 1 ("a"): a document before has the same id`,
		`{"documents":[{"id":"a","text":"b","format":"latex"}]}`:      `the format "latex" is not known`,
		`{"documents":[{"id":"a","text":"b"}],"collection":"notes"}`:  `there is no collection "notes": there are default`,
	} {
		w := s.send(http.MethodPost, "/v1/documents", body)
		if w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", body, w.Code)
		}
		s.refused(w, w.Code, message)
	}
	s.refused(s.send(http.MethodPut, "/v1/documents/x", `{"id":"y","text":"b"}`), http.StatusBadRequest, "in the body")
	s.refused(s.send(http.MethodGet, "/v1/documents?limit=many", nil), http.StatusBadRequest, `limit is "many"`)
}

func TestBulk(t *testing.T) {
	s := start(t, small)
	s.fill()
	w := s.send(http.MethodPost, "/v1/documents/bulk", strings.Join([]string{
		`{"id":"new","text":"one"}`,
		`{"id":"new","text":"two"}`,
		``,
		`{"delete":"d1"}`,
		`{"delete":"nothing"}`,
		`{"id":"bad","txt":"one"}`,
		`{"id":"d2","text":"three","delete":"d3"}`,
		`not JSON`,
		`{"id":"empty","text":""}`,
		`{"text":"no id"}`,
		`{"delete":"new"}`,
		`{"id":"last","text":"last"}`,
	}, "\n"))
	want := `{"line":1,"id":"new","status":"stored"}
{"line":2,"id":"new","status":"stored"}
{"line":4,"id":"d1","status":"deleted"}
{"line":5,"id":"nothing","status":"unknown"}
{"line":6,"status":"error","error":"unknown field \"txt\": did you mean \"text\"?"}
{"line":7,"id":"d2d3","status":"error","error":"a line with delete has no other fields"}
{"line":8,"status":"error","error":"want a JSON object, got \"not JSON\""}
{"line":9,"id":"empty","status":"stored"}
{"line":10,"status":"error","error":"the id is missing or empty"}
{"line":11,"id":"new","status":"deleted"}
{"line":12,"id":"last","status":"stored"}
`
	if got := w.Body.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.equal("type", w.Header().Get("Content-Type"), "application/x-ndjson")
	var list api.DocumentList
	s.get("/v1/documents", &list)
	var ids []string
	for _, d := range list.Documents {
		ids = append(ids, d.ID)
	}
	s.equal("ids", ids, "[d0 d2 d3 last]")

	var lines strings.Builder
	for i := range 3*bulkLines + 7 {
		fmt.Fprintf(&lines, `{"id":"n%d","text":"number %d"}`+"\n", i, i)
	}
	w = s.send(http.MethodPost, "/v1/documents/bulk", lines.String())
	s.equal("lines", strings.Count(w.Body.String(), `"stored"`), 3*bulkLines+7)
	s.get("/v1/documents", &list)
	s.equal("documents", list.Total, 4+3*bulkLines+7)
}

func TestSearch(t *testing.T) {
	s := start(t)
	s.fill()
	var r winnow.Result
	s.post("/v1/search", `{"query":"what is bread made of?"}`, &r)
	if len(r.Hits) != 4 || r.Hits[0].ID != "d2" || r.Reranked != 4 || r.Hits[0].Logit == nil || r.Hits[0].RankBefore == 0 {
		t.Errorf("got %+v", r)
	}
	// The server's batches give what an engine of one's own gives.
	e, err := winnow.Open(s.options.DB, s.options.Models, winnow.ReadOnly(), winnow.AtPrecision(s.options.Precision))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	own, err := e.Search(t.Context(), "what is bread made of?")
	if err != nil {
		t.Fatal(err)
	}
	for i := range own.Hits {
		if r.Hits[i].ID != own.Hits[i].ID || r.Hits[i].Score != own.Hits[i].Score || *r.Hits[i].Logit != *own.Hits[i].Logit {
			t.Errorf("hit %d: got %+v, want %+v", i, r.Hits[i], own.Hits[i])
		}
	}
	s.post("/v1/search", `{"query":"bread","mode":"lexical","rerank":"off","top_k":1,"filter":"even = true","explain":true,"snippets":true}`, &r)
	s.equal("by words", fmt.Sprint(r.Hits[0].ID, " ", r.Hits[0].ScoreKind, len(r.Hits), r.Explanation != nil), "d2 bm251 true")
	s.post("/v1/search", `{"query":"bread","mode":"hybrid","rerank":"auto@2","candidates":3,"budget":"5s","diversity":0.2,"fusion":{"method":"rrf","k":10,"dense_weight":1,"lexical_weight":2}}`, &r)
	s.equal("reranked", r.Reranked, 2)
	r = winnow.Result{}
	s.post("/v1/similar", `{"id":"d0","top_k":2}`, &r)
	s.equal("similar", fmt.Sprint(len(r.Hits), r.Hits[0].ID), "2d3")
	var c winnow.Comparison
	s.post("/v1/compare", `{"query":"bread"}`, &c)
	s.equal("rows", len(c.Rows), 4)
	for body, message := range map[string]string{
		`{"query":""}`:                            "the query is empty",
		`{}`:                                      "the query is empty",
		`{"query":"a","top_k":-1}`:                "field top_k: -1",
		`{"query":"a","top_k":100000}`:            "field top_k: 100000",
		`{"query":"a","candidates":1000000}`:      "field candidates: 1000000",
		`{"query":"a","ef":1000000000}`:           "field ef: 1000000000; at most 40000",
		`{"query":"a","probes":1000000000}`:       "field probes: 1000000000; at most 40000",
		`{"query":"a","mode":"sparse"}`:           `unknown mode "sparse"`,
		`{"query":"a","rerank":"/etc"}`:           `the model "/etc" is not served`,
		`{"query":"a","rerank":"auto@0"}`:         "the depth",
		`{"query":"a","budget":"fast"}`:           "is not a time",
		`{"query":"a","budget":"-1s"}`:            "must not be negative",
		`{"query":"a","filter":"n ="}`:            "field filter",
		`{"query":"a","diversity":2}`:             "field diversity",
		`{"query":"a","fusion":{"method":"sum"}}`: "sum",
		`{"qurey":"a"}`:                           `did you mean "query"?`,
		`{"query":"a","query":"b"}`:               "is there twice",
		`{"query":"a"} x`:                         "text after the end",
		`[]`:                                      "want a JSON object",
		`{"query":5}`:                             "want a string",
		`{"query":"a","bm25_b":7}`:                "7",
	} {
		s.refused(s.send(http.MethodPost, "/v1/search", body), http.StatusBadRequest, message)
	}
	s.refused(s.send(http.MethodPost, "/v1/compare", `{"query":"a","mode":"lexical"}`), http.StatusBadRequest, "nearest passages by vectors")
	s.refused(s.send(http.MethodPost, "/v1/similar", `{"id":"nothing"}`), http.StatusNotFound, "no document or passage")
	metrics := s.send(http.MethodGet, "/metrics", nil).Body.String()
	if !strings.Contains(metrics, `winnow_search_stage_seconds_count{stage="rerank"} 3`) {
		t.Error("searches are not counted")
	}
}

func TestCollections(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "collections")
	s := start(t, func(o *Options) { o.Collections = dir })
	var c api.Collection
	s.post("/v1/collections", api.NewCollection{Name: "words", Model: "none", Language: "de"}, &c)
	s.equal("words", fmt.Sprint(c.Name, c.Exists, c.Dimensions, c.Model), "wordstrue 0")
	s.post("/v1/collections", api.NewCollection{Name: "notes", Vectors: "hnsw16,int8"}, &c)
	s.equal("notes", fmt.Sprint(c.Name, " ", c.Vectors, " ", c.Model, " ", c.Precision), "notes hnsw16,int8 builtin:retriever "+s.inUse())
	var a api.Applied
	s.post("/v1/documents", `{"collection":"words","documents":[{"id":"a","text":"Brote und Katzen"}]}`, &a)
	var r winnow.Result
	s.post("/v1/search", `{"collection":"words","query":"Brot","rerank":"off"}`, &r)
	s.equal("found by words", fmt.Sprint(r.Mode, len(r.Hits)), "lexical1")
	s.refused(s.send(http.MethodPost, "/v1/search", `{"collection":"words","query":"Brot","mode":"dense"}`), http.StatusBadRequest, "mode dense needs a retriever")
	s.refused(s.send(http.MethodPost, "/v1/similar", `{"collection":"words","id":"a"}`), http.StatusBadRequest, "needs a retriever")
	theirs, err := index.Create(filepath.Join(dir, "theirs"), index.Settings{}, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	var all api.Collections
	s.get("/v1/collections", &all)
	s.equal("collections", fmt.Sprint(len(all.Collections), all.Collections[0].Name, all.Collections[2].Documents), "3default1")
	for body, message := range map[string]string{
		`{"name":"notes"}`:                  "already",
		`{"name":"Notes"}`:                  `"notes" already`,
		`{"name":"default"}`:                "already",
		`{"name":"Default"}`:                "already",
		`{"name":"theirs"}`:                 `a directory "theirs" already`,
		`{"name":"../x"}`:                   "must be 1 to 64 letters",
		`{"name":""}`:                       "must be 1 to 64 letters",
		`{"name":"x","model":"/etc"}`:       "not served",
		`{"name":"x","vectors":"tree"}`:     "vectors",
		`{"name":"x","language":"klingon"}`: "language",
	} {
		w := s.send(http.MethodPost, "/v1/collections", body)
		if w.Code < 400 || w.Code >= 500 {
			t.Errorf("%s: status %d", body, w.Code)
		}
		s.refused(w, w.Code, message)
	}
	var done api.Done
	s.ok(s.send(http.MethodDelete, "/v1/collections/words", nil), &done)
	s.refused(s.send(http.MethodGet, "/v1/collections/words", nil), http.StatusNotFound, "no collection")
	s.refused(s.send(http.MethodDelete, "/v1/collections/default", nil), http.StatusBadRequest, "--db")
	if index.Exists(filepath.Join(dir, "words")) || !index.Exists(filepath.Join(dir, "notes")) {
		t.Error("the wrong directory is gone")
	}
	// Another server finds what is there.
	other := start(t, func(o *Options) { o.Collections = dir })
	other.get("/v1/collections/notes", &c)
	s.equal("exists", c.Exists, true)
}

// What another process writes is found without a restart; and while this one writes, the other is told so.
func TestIndexOfTwoProcesses(t *testing.T) {
	s := start(t, small, func(o *Options) { o.release = time.Nanosecond })
	tick := func() {
		t.Helper()
		for _, c := range s.collections.all() {
			if _, err := c.refresh(); err != nil {
				t.Fatal(err)
			}
		}
	}
	outside, err := winnow.Open(s.options.DB, s.options.Models, winnow.AtPrecision(s.options.Precision))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { outside.Close() }()
	if err := outside.Add(t.Context(), winnow.Document{ID: "x", Text: "Yeast lets bread rise."}); err != nil {
		t.Fatal(err)
	}
	tick()
	var r winnow.Result
	s.post("/v1/search", `{"query":"yeast"}`, &r)
	s.equal("made after the start", len(r.Hits), 1)
	w := s.send(http.MethodPost, "/v1/documents", `{"documents":[{"id":"y","text":"b"}]}`)
	s.refused(w, http.StatusConflict, "another process is writing")
	s.equal("Retry-After", w.Header().Get("Retry-After"), "1")
	if err := outside.Add(t.Context(), winnow.Document{ID: "z", Text: "Salt."}); err != nil {
		t.Fatal(err)
	}
	tick()
	s.post("/v1/search", `{"query":"yeast"}`, &r)
	s.equal("changed", len(r.Hits), 2)
	if err := outside.Close(); err != nil {
		t.Fatal(err)
	}
	s.fill()
	if outside, err = winnow.Open(s.options.DB, s.options.Models); err == nil || !errors.Is(err, index.ErrLocked) {
		t.Fatalf("two write at once: %v", err)
	}
	tick()
	if outside, err = winnow.Open(s.options.DB, s.options.Models); err != nil {
		t.Fatalf("the lock is not given back: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	s := start(t, small, func(o *Options) { o.ReadOnly, o.Collections = true, t.TempDir() })
	s.refused(s.send(http.MethodPost, "/v1/documents", `{"documents":[{"id":"y","text":"b"}]}`), http.StatusForbidden, "--read-only")
	s.refused(s.send(http.MethodPost, "/v1/documents/bulk", `{"id":"y","text":"b"}`), http.StatusForbidden, "--read-only")
	s.refused(s.send(http.MethodPost, "/v1/collections", `{"name":"x"}`), http.StatusForbidden, "--read-only")
	s.refused(s.send(http.MethodDelete, "/v1/documents/x", nil), http.StatusForbidden, "--read-only")
}

// A matrix has the scores that searching and reranking give.
func TestMatrix(t *testing.T) {
	s := start(t)
	s.fill()
	queries := []string{"what is bread made of?", "how long do cats sleep?"}
	var found winnow.Result
	s.post("/v1/search", api.Search{Request: winnow.Request{Query: queries[0], TopK: 2}}, &found)
	var m api.Relevance
	s.post("/v1/matrix", api.Matrix{Queries: queries, TopK: 2}, &m)
	s.equal("queries", m.Queries, queries)
	for i, h := range found.Hits {
		s.equal("passage", m.Passages[i].ID, h.ID)
		if got := m.Bi.Scores[0][i]; math.Abs(float64(got-h.Retrieval.Dense.Score)) > 1e-5 {
			t.Errorf("%s: cosine %v, in the search %v", h.ID, got, h.Retrieval.Dense.Score)
		}
		s.equal("logit", m.Cross.Scores[0][i], *h.Logit)
	}
	seen := map[string]bool{}
	for _, p := range m.Passages {
		if seen[p.ID] {
			t.Errorf("%s is there twice", p.ID)
		}
		seen[p.ID] = true
	}
	if len(m.Bi.Scores) != 2 || len(m.Cross.Scores[1]) != len(m.Passages) || len(m.Cross.Probabilities[1]) != len(m.Passages) || m.Bi.Kind != "cosine" || m.Cross.Kind != "logit" {
		t.Errorf("%+v", m)
	}
	var ranked RerankResponse
	texts := []string{"Cats sleep.", "Flour and water."}
	s.post("/v1/rerank", map[string]any{"query": queries[0], "documents": texts}, &ranked)
	empty := start(t, small) // texts need no index
	empty.post("/v1/matrix", api.Matrix{Queries: queries, Texts: texts}, &m)
	s.post("/v1/matrix", api.Matrix{Queries: queries, Texts: texts}, &m)
	for _, r := range ranked.Results {
		s.equal("logit", m.Cross.Scores[0][r.Index], r.Logit)
		s.equal("probability", m.Cross.Probabilities[0][r.Index], r.RelevanceScore)
	}
	for message, body := range map[string]string{
		"there are 0 queries":      `{"queries":[]}`,
		"query 1 is empty":         `{"queries":["a"," "]}`,
		"text 0 is empty":          `{"queries":["a"],"texts":[""]}`,
		"leave out one or the oth": `{"queries":["a"],"texts":["b"],"top_k":3}`,
		"field filter":             `{"queries":["a"],"filter":"n = "}`,
		"top_k":                    `{"queries":["a"],"top_k":-1}`,
		"make 2100 pairs":          `{"queries":["a"],"texts":[` + strings.Repeat(`"b",`, 2099) + `"b"]}`,
	} {
		s.refused(s.send(http.MethodPost, "/v1/matrix", body), http.StatusBadRequest, message)
	}
	empty.refused(empty.send(http.MethodPost, "/v1/matrix", `{"queries":["a"]}`), http.StatusNotFound, "has no documents yet")
}

func TestInfluence(t *testing.T) {
	s := start(t)
	s.fill()
	var in winnow.Influence
	s.post("/v1/influence", `{"query":"how long do cats sleep?","id":"d1"}`, &in)
	var r winnow.Result
	s.post("/v1/search", `{"query":"how long do cats sleep?"}`, &r)
	if h := r.Hits[0]; h.ID != "d1" || *h.Logit != in.Logit || in.Text != h.Text {
		t.Errorf("%+v of %+v", in, h)
	}
	most := in.Left[0]
	for _, l := range in.Left {
		if l.Change < most.Change {
			most = l
		}
	}
	if word := strings.ToLower(most.Text); word != "cats" && word != "sleep" {
		t.Errorf("the word that matters most is %q", word)
	}
	s.refused(s.send(http.MethodPost, "/v1/influence", `{"query":" ","id":"d1"}`), http.StatusBadRequest, "the query is empty")
	s.refused(s.send(http.MethodPost, "/v1/influence", `{"query":"a","id":"d1","reranker":"off"}`), http.StatusBadRequest, "name one")
	s.refused(s.send(http.MethodPost, "/v1/influence", `{"query":"a","id":"d1","reranker":"/etc"}`), http.StatusBadRequest, "is not served")
	s.refused(s.send(http.MethodPost, "/v1/influence", `{"query":"a","id":"zzz"}`), http.StatusNotFound, "no document or passage")
}

func TestHealthOfACollection(t *testing.T) {
	s := start(t)
	s.refused(s.send(http.MethodGet, "/v1/collections/default?recall=10", nil), http.StatusNotFound, "has no documents yet")
	s.fill()
	var c api.Collection
	s.get("/v1/collections/default", &c)
	if c.Recall != nil || c.Segments == 0 || c.Documents != 4 {
		t.Errorf("%+v", c)
	}
	s.get("/v1/collections/default?recall=3", &c)
	if c.Recall == nil || c.Recall.Queries != 3 || c.Recall.Recall != 1 {
		t.Errorf("%+v", c.Recall)
	}
	s.refused(s.send(http.MethodGet, "/v1/collections/default?recall=100000", nil), http.StatusBadRequest, "from 0 to 1000")
}

func TestEval(t *testing.T) {
	s := start(t)
	s.fill()
	request := api.Eval{
		Queries:   []api.Query{{ID: "q1", Text: "what is bread made of?"}, {ID: "q2", Text: "how long do cats sleep?"}, {ID: "unjudged", Text: "x"}},
		Judgments: map[string]map[string]int{"q1": {"d2": 1}, "q2": {"d1": 1}},
		Measures:  "MRR@10 nDCG@3", Modes: []winnow.Mode{winnow.Dense, winnow.Lexical}, Rerank: []string{"off", "auto@2"},
	}
	var c experiment.Collection
	s.post("/v1/eval", request, &c)
	var got []string
	for _, r := range c.Runs {
		got = append(got, r.Name)
		if len(r.Measures) != 2 {
			t.Errorf("%s: %v", r.Name, r.Measures)
		}
	}
	s.equal("runs", strings.Join(got, " "), "dense dense+auto@2 lexical lexical+auto@2")
	s.equal("queries", fmt.Sprint(c.Queries, c.Documents, c.Name), "2 4default")
	for change, message := range map[string]func(*api.Eval){
		"there are 0 queries":   func(e *api.Eval) { e.Queries = nil },
		"no query has judgment": func(e *api.Eval) { e.Judgments = nil },
		"unknown mode":          func(e *api.Eval) { e.Modes = []winnow.Mode{"x"} },
		"is not served":         func(e *api.Eval) { e.Rerank = []string{"/etc"} },
		"field measures":        func(e *api.Eval) { e.Measures = "quality" },
		"depths are":            func(e *api.Eval) { e.Depths = []int{-1} },
		"above its scale": func(e *api.Eval) {
			e.Measures, e.Judgments = "ERR(max=1)@20", map[string]map[string]int{"q1": {"d2": 3}}
		},
		"not one of the": func(e *api.Eval) {
			e.Queries[0].Text, e.Queries[1].Text, e.Modes = "zzz", "zzz", []winnow.Mode{winnow.Lexical}
		},
		"are 6400000 results": func(e *api.Eval) {
			e.Candidates, e.Depths = 10_000, []int{1, 2, 3, 4, 5, 6, 7, 8}
			e.Queries = nil
			for i := range 40 {
				e.Queries = append(e.Queries, api.Query{ID: fmt.Sprint(i), Text: "x"})
				e.Judgments[fmt.Sprint(i)] = map[string]int{"d1": 1}
			}
			e.Rerank = []string{"auto"}
		},
		"another has the id": func(e *api.Eval) { e.Queries = append(e.Queries, e.Queries[0]) },
	} {
		bad := request
		bad.Queries, bad.Judgments = slices.Clone(request.Queries), maps.Clone(request.Judgments)
		message(&bad)
		s.refused(s.send(http.MethodPost, "/v1/eval", bad), http.StatusBadRequest, change)
	}
}

// The page needs no key, only an index.
func TestPageRoutes(t *testing.T) {
	s := start(t, small)
	for path, text := range map[string]string{"/": "<!doctype html>", "/?q=bread&view=compare": "<!doctype html>", "/page/main.js": "SPDX"} {
		if w := s.send(http.MethodGet, path, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: status %d: %.80s", path, w.Code, w.Body)
		}
	}
	s.refused(s.send(http.MethodGet, "/page/nothing.js", nil), http.StatusNotFound, `there is no file "nothing.js"`)
	s = start(t, small, func(o *Options) { o.DB = "" })
	s.refused(s.send(http.MethodGet, "/", nil), http.StatusMethodNotAllowed, "does not take GET, but POST")
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/eval"
)

// collection is the beginning of a collection's passages, and all its queries.
type collection struct {
	passages eval.Collection // nothing else in it
	texts    []string        // of them
	queries  []string
}

func readCollection(dir string, passages int) (*collection, error) {
	all, err := eval.LoadBEIR(dir)
	if err != nil {
		return nil, err
	}
	c := &collection{}
	c.passages.Docs = all.Docs[:min(passages, len(all.Docs))]
	for i := range c.passages.Docs {
		c.texts = append(c.texts, c.passages.Docs[i].Text)
	}
	for _, q := range slices.Concat(all.Queries, all.Unjudged) {
		c.queries = append(c.queries, q.Text)
	}
	if len(c.texts) == 0 || len(c.queries) == 0 {
		return nil, fmt.Errorf("%s has %d passages and %d queries", dir, len(c.texts), len(c.queries))
	}
	return c, nil
}

// workload is a kind of request, with bodies made before.
type workload struct {
	name, about, path string
	bodies            [][]byte
	answer            func(body []byte) (answer, error)
}

// answer is what must not depend on load: a digest of ids and scores.
type answer [sha256.Size]byte

// kinds are all workloads, in the order in which they run.
var kinds = []struct {
	name, about, path string
	body              func(c *collection, i int, s *settings) any
	answer            func(body []byte) (answer, error)
}{
	{
		"search", "/v1/search as it is by default: 100 candidates, reranked", "/v1/search",
		func(c *collection, i int, _ *settings) any { return map[string]any{"query": c.queries[i]} }, searchAnswer,
	},
	{
		"rerank", "/v1/rerank of a query with passages (--documents)", "/v1/rerank",
		func(c *collection, i int, s *settings) any { return c.rerank(i, s.documents) }, rerankAnswer,
	},
	{
		"vectors", "/v1/search without reranking", "/v1/search",
		func(c *collection, i int, _ *settings) any {
			return map[string]any{"query": c.queries[i], "rerank": "off"}
		}, searchAnswer,
	},
	{
		"pair", "/v1/rerank of a query with one passage", "/v1/rerank",
		func(c *collection, i int, _ *settings) any { return c.rerank(i, 1) }, rerankAnswer,
	},
	{
		"embed", "/v1/embeddings of a query", "/v1/embeddings",
		func(c *collection, i int, _ *settings) any {
			return map[string]any{"input": c.queries[i], "encoding_format": "base64"}
		}, embedAnswer,
	},
}

func workloadNames() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// rerank is the body of a request for query i with n passages, others for each query.
func (c *collection) rerank(i, n int) any {
	documents := make([]string, n)
	for j := range documents {
		documents[j] = c.texts[(i*n+j)%len(c.texts)]
	}
	return map[string]any{"query": c.queries[i], "documents": documents}
}

func newWorkload(name string, c *collection, s *settings) (*workload, error) {
	at := slices.Index(workloadNames(), name)
	k := kinds[at]
	w := &workload{name: k.name, about: k.about, path: k.path, answer: k.answer}
	for i := range c.queries {
		data, err := json.Marshal(k.body(c, i, s))
		if err != nil {
			return nil, err
		}
		w.bodies = append(w.bodies, data)
	}
	return w, nil
}

func searchAnswer(body []byte) (answer, error) {
	var r struct {
		Hits []struct {
			ID    string  `json:"id"`
			Score float64 `json:"score"`
		} `json:"hits"`
	}
	err := json.Unmarshal(body, &r)
	if err == nil && len(r.Hits) == 0 {
		err = errors.New("the answer has no hits")
	}
	return digest(r.Hits), err
}

func rerankAnswer(body []byte) (answer, error) {
	var r struct {
		Results []struct {
			Index int     `json:"index"`
			Logit float32 `json:"logit"`
		} `json:"results"`
	}
	err := json.Unmarshal(body, &r)
	if err == nil && len(r.Results) == 0 {
		err = errors.New("the answer has no results")
	}
	return digest(r.Results), err
}

func embedAnswer(body []byte) (answer, error) {
	_, vector, found := bytes.Cut(body, []byte(`"embedding":"`))
	if !found {
		return answer{}, errors.New("the answer has no vector")
	}
	vector, _, _ = bytes.Cut(vector, []byte(`"`))
	return sha256.Sum256(vector), nil
}

func digest(value any) answer { return sha256.Sum256(fmt.Append(nil, value)) }

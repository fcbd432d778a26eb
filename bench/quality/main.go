// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command quality measures what a conversion of the models costs: nDCG@10 of
// two pairs of models, side by side on judged collections, as a Markdown table.
//
//	go run ./bench/quality -a MODEL,RERANKER -b builtin:retriever,builtin:reranker BEIR_DIR…
//
// Retrieval is exact over title and text; the reranker reads the first 20.
// nDCG has linear gain, as in trec_eval.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/index/vector"
	_ "github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

const (
	depth  = 20 // candidates reranked
	cutoff = 10 // of nDCG
)

func main() {
	a := flag.String("a", "", "the original pair: BI,CROSS")
	b := flag.String("b", "builtin:retriever,builtin:reranker", "the converted pair: BI,CROSS")
	limit := flag.Int("rerank-queries", 300, "rerank at most so many queries of a collection")
	flag.Parse()
	if err := run(*a, *b, *limit, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

// measures are means over a collection's queries.
type measures struct{ dense, logit, fused float64 }

func run(a, b string, limit int, dirs []string) error {
	fmt.Println("| collection | queries | dense a | dense b | loss | reranked queries | logit a | logit b | loss | fused a | fused b | loss |")
	fmt.Println("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
	for _, dir := range dirs {
		c, err := eval.LoadBEIR(dir)
		if err != nil {
			return err
		}
		var m [2]measures
		for i, pair := range []string{a, b} {
			bi, cross, ok := strings.Cut(pair, ",")
			if !ok {
				return fmt.Errorf("%q: want two models, BI,CROSS", pair)
			}
			start := time.Now()
			if m[i], err = measure(c, bi, cross, limit); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s with %s: %v\n", c.Name, pair, time.Since(start).Round(time.Second))
		}
		fmt.Printf("| %s | %d | %.4f | %.4f | %+.4f | %d | %.4f | %.4f | %+.4f | %.4f | %.4f | %+.4f |\n",
			c.Name, len(c.Queries), m[0].dense, m[1].dense, m[0].dense-m[1].dense, min(limit, len(c.Queries)),
			m[0].logit, m[1].logit, m[0].logit-m[1].logit, m[0].fused, m[1].fused, m[0].fused-m[1].fused)
	}
	return nil
}

func measure(c *eval.Collection, biName, crossName string, limit int) (measures, error) {
	ctx := context.Background()
	bi, err := encoder.OpenBi(biName)
	if err != nil {
		return measures{}, err
	}
	defer bi.Close()
	cross, err := encoder.OpenCross(crossName)
	if err != nil {
		return measures{}, err
	}
	defer cross.Close()

	texts := make([]string, len(c.Docs))
	for i, d := range c.Docs {
		texts[i] = d.FullText()
	}
	documents, err := bi.Encode(ctx, texts, encoder.As(encoder.Document))
	if err != nil {
		return measures{}, err
	}
	flat, err := vector.BuildFlat(documents.Data, documents.Dim, vector.Metric(bi.Similarity()))
	if err != nil {
		return measures{}, err
	}
	questions := make([]string, len(c.Queries))
	for i, q := range c.Queries {
		questions[i] = q.Text
	}
	queries, err := bi.Encode(ctx, questions, encoder.As(encoder.Query))
	if err != nil {
		return measures{}, err
	}
	found, err := flat.SearchBatch(ctx, queries.Data, depth)
	if err != nil {
		return measures{}, err
	}
	var dense, logit, fused []float64
	for i, hits := range found {
		judged := c.Qrels[c.Queries[i].ID]
		ids, cosines := make([]string, len(hits)), make([]float32, len(hits))
		passages := make([]encoder.Pair, len(hits))
		for j, h := range hits {
			ids[j], cosines[j] = c.Docs[h.Row].ID, h.Score
			passages[j] = encoder.Pair{Query: questions[i], Document: texts[h.Row]}
		}
		dense = append(dense, eval.NDCG(ids, judged, cutoff, eval.Linear))
		if i >= limit {
			continue
		}
		scores, err := cross.Predict(ctx, passages)
		if err != nil {
			return measures{}, err
		}
		sums, err := rank.FuseStandardized(rank.Evidence{Name: "cosines", Weight: 1, Scores: cosines}, rank.Evidence{Name: "logits", Weight: rank.LogitWeight, Scores: scores.Logits})
		if err != nil {
			return measures{}, err
		}
		logit = append(logit, eval.NDCG(ordered(ids, scores.Logits), judged, cutoff, eval.Linear))
		fused = append(fused, eval.NDCG(ordered(ids, sums), judged, cutoff, eval.Linear))
	}
	return measures{eval.Mean(dense), eval.Mean(logit), eval.Mean(fused)}, nil
}

// ordered returns ids by score, ties by the order given.
func ordered(ids []string, scores []float32) []string {
	items := make([]rank.Item, len(ids))
	for i, id := range ids {
		items[i] = rank.Item{ID: id, Score: scores[i], Previous: i + 1}
	}
	rank.Sort(items)
	out := make([]string, len(ids))
	for i, item := range items {
		out[i] = item.ID
	}
	return out
}

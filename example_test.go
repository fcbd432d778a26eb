// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model/builtin"
)

// Two-stage search over a few texts, with the embedded models.
func Example() {
	ctx := context.Background()
	eng, err := winnow.New(builtin.Models())
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	err = eng.Add(
		ctx,
		winnow.Document{ID: "settings", Text: "To reset your password, go to Settings and click Reset Password."},
		winnow.Document{ID: "python", Text: "Python tutorial for beginners: learn basic syntax."},
		winnow.Document{ID: "support", Text: "Contact customer support at support@example.com"},
	)
	if err != nil {
		panic(err)
	}
	res, err := eng.Search(ctx, "I forgot my login", winnow.TopK(2))
	if err != nil {
		panic(err)
	}
	for _, hit := range res.Hits {
		fmt.Println(hit.Rank, hit.ID)
	}
	// Output:
	// 1 settings
	// 2 support
}

// An index in a directory lasts. Filters look at metadata; hybrid search finds
// by words, too.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	eng, err := winnow.Open(filepath.Join(dir, "notes.winnow"), builtin.Models())
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	err = eng.Add(
		ctx,
		winnow.Document{ID: "en", Text: "The error code E1234 means that the paper tray is empty.", Meta: winnow.Meta{"lang": "en", "year": 2024}},
		winnow.Document{ID: "old", Text: "Code E1234: paper is missing.", Meta: winnow.Meta{"lang": "en", "year": 1999}},
		winnow.Document{ID: "de", Text: "Fehler E1234: Das Papierfach ist leer.", Meta: winnow.Meta{"lang": "de", "year": 2024}},
	)
	if err != nil {
		panic(err)
	}
	res, err := eng.Search(ctx, "what does E1234 mean?", winnow.In(winnow.Hybrid), winnow.Filter(`lang = "en" and year >= 2020`))
	if err != nil {
		panic(err)
	}
	for _, hit := range res.Hits {
		fmt.Println(hit.Rank, hit.ID)
	}
	// Output:
	// 1 en
}

// A Markdown document is cut into passages that know their heading and lines.
func ExampleEngine_Add() {
	ctx := context.Background()
	eng, err := winnow.New(builtin.Models())
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	text := "# Printer\n\nIt prints.\n\n## Paper\n\nUse A4.\n\n## Ink\n\nInk dries out when nothing is printed for months.\n"
	err = eng.Add(ctx, winnow.Document{ID: "printer", Text: text, Format: document.Markdown, Source: document.Source{Path: "printer.md"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(eng.Len(), "passages")
	res, err := eng.Search(ctx, "colours are pale after the holidays", winnow.TopK(1))
	if err != nil {
		panic(err)
	}
	hit := res.Hits[0]
	fmt.Printf("%s:%d %s: %s\n", hit.Source.Path, hit.Source.StartLine, hit.Title, hit.Text)
	// Output:
	// 3 passages
	// printer.md:11 Ink: Ink dries out when nothing is printed for months.
}

// A score comes with its kind, and with what both stages said.
func ExampleEngine_Search() {
	ctx := context.Background()
	eng, err := winnow.New(builtin.Models())
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	err = eng.Add(
		ctx,
		winnow.Document{ID: "cross", Text: "Cross-encoders score a query and a document together, enabling fine-grained token-level interactions."},
		winnow.Document{ID: "bi", Text: "Bi-encoders encode queries and documents independently, enabling fast vector search at scale."},
		winnow.Document{ID: "bm25", Text: "BM25 is a keyword-based sparse retrieval method that relies on exact and partial token matches."},
	)
	if err != nil {
		panic(err)
	}
	const question = "Why are cross-encoders often more accurate than bi-encoders?"
	res, err := eng.Search(ctx, question, winnow.Rerank(builtin.Reranker)) // by its logits alone; without it, by all that is known
	if err != nil {
		panic(err)
	}
	for _, hit := range res.Hits {
		fmt.Printf("%d (was %d) %-5s %s; cosine %.1f\n", hit.Rank, hit.RankBefore, hit.ID, hit.ScoreKind, hit.Retrieval.Dense.Score)
	}
	// Output:
	// 1 (was 2) cross logit; cosine 0.5
	// 2 (was 1) bi    logit; cosine 0.6
	// 3 (was 3) bm25  logit; cosine 0.2
}

// Compare shows what reranking by the cross-encoder alone would change.
func ExampleEngine_Compare() {
	ctx := context.Background()
	eng, err := winnow.New(builtin.Models())
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	err = eng.Add(
		ctx,
		winnow.Document{ID: "cross", Text: "Cross-encoders score a query and a document together, enabling fine-grained token-level interactions."},
		winnow.Document{ID: "bi", Text: "Bi-encoders encode queries and documents independently, enabling fast vector search at scale."},
	)
	if err != nil {
		panic(err)
	}
	c, err := eng.Compare(ctx, "Why are cross-encoders often more accurate than bi-encoders?")
	if err != nil {
		panic(err)
	}
	for _, row := range c.Rows {
		fmt.Printf("%-5s bi-encoder %d, cross-encoder %d, moved %+d\n", row.ID, row.Bi.Rank, row.Cross.Rank, row.Moved)
	}
	fmt.Println("agreement", *c.Agreement)
	// Output:
	// cross bi-encoder 2, cross-encoder 1, moved +1
	// bi    bi-encoder 1, cross-encoder 2, moved -1
	// agreement -1
}

// The parts work alone, too.
func Example_encoders() {
	ctx := context.Background()
	bi, err := encoder.OpenBi(builtin.Retriever)
	if err != nil {
		panic(err)
	}
	defer bi.Close()
	vectors, err := bi.Encode(ctx, []string{"payment failed", "Payment troubleshooting guide", "Performance optimization tips"})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d vectors of %d floats\n", vectors.Len(), vectors.Dim)
	fmt.Printf("cosines %.1f and %.1f\n", encoder.Cosine(vectors.Vector(0), vectors.Vector(1)), encoder.Cosine(vectors.Vector(0), vectors.Vector(2)))

	ce, err := encoder.OpenCross(builtin.Reranker)
	if err != nil {
		panic(err)
	}
	defer ce.Close()
	ranked, err := ce.Rank(ctx, "payment failed", []string{"Performance optimization tips", "Payment troubleshooting guide"})
	if err != nil {
		panic(err)
	}
	fmt.Println("best document:", ranked[0].Index)
	// Output:
	// 3 vectors of 384 floats
	// cosines 0.7 and -0.1
	// best document: 1
}

// An answer with citations. Without a language model (WithChat) it is put
// together from sentences of the passages.
func ExampleEngine_Ask() {
	ctx := context.Background()
	eng, err := winnow.New(builtin.Models())
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	err = eng.Add(
		ctx,
		winnow.Document{ID: "faust", Text: "It was Goethe who wrote the tragedy Faust. It has two parts."},
		winnow.Document{ID: "tower", Text: "The Eiffel Tower stands in Paris."},
	)
	if err != nil {
		panic(err)
	}
	a, err := eng.Ask(ctx, "Who wrote Faust?")
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Text)
	for _, c := range a.Citations {
		fmt.Println(c.Number, c.ID)
	}
	// Output:
	// It was Goethe who wrote the tragedy Faust. [1]
	// 1 faust
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"bufio"
	"os"
	"testing"
)

// Results go to package variables so that the compiler cannot drop the work.
var (
	sinkIDs       []int32
	sinkTokens    []Token
	sinkTokenizer *Tokenizer
	sinkInt       int
)

// benchTexts returns real text: the lines of the file WINNOW_BENCH_LINES names, or the golden sample.
func benchTexts(b *testing.B) (texts []string, size int64) {
	b.Helper()
	if name := os.Getenv("WINNOW_BENCH_LINES"); name != "" {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		s := bufio.NewScanner(f)
		s.Buffer(nil, 1<<24)
		for s.Scan() {
			texts = append(texts, s.Text())
			size += int64(len(s.Text()))
		}
		if err := s.Err(); err != nil {
			b.Fatal(err)
		}
		return texts, size
	}
	var file goldenFile
	readJSON(b, "golden.json.gz", &file)
	for _, g := range file.Variants[0].Texts[file.Real:] {
		texts = append(texts, g.text)
		size += int64(len(g.text))
	}
	return texts, size
}

func BenchmarkAppendIDs(b *testing.B) {
	tok := baseTokenizer(b)
	texts, size := benchTexts(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, text := range texts {
			sinkIDs = tok.AppendIDs(sinkIDs[:0], text)
			n += len(sinkIDs)
		}
		sinkInt = n
	}
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(b.N)*float64(sinkInt)/seconds, "tokens/s")
	b.ReportMetric(float64(b.N)*float64(len(texts))/seconds, "lines/s")
}

func BenchmarkAppendTokens(b *testing.B) {
	tok := baseTokenizer(b)
	texts, size := benchTexts(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			sinkTokens = tok.AppendTokens(sinkTokens[:0], text)
		}
	}
}

// BenchmarkCount is what a chunker calls.
func BenchmarkCount(b *testing.B) {
	tok := baseTokenizer(b)
	texts, size := benchTexts(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			sinkInt += tok.Count(text)
		}
	}
}

// BenchmarkAccents is text where most words leave the ASCII path.
func BenchmarkAccents(b *testing.B) {
	tok := baseTokenizer(b)
	text := "Les élèves français étaient très intéressés par l’été à la forêt; naïve Übergröße, señor, 中文字符 “quoted” – "
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		sinkIDs = tok.AppendIDs(sinkIDs[:0], text)
	}
}

func BenchmarkParse(b *testing.B) {
	data := baseFile()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if sinkTokenizer, err = Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendPair(b *testing.B) {
	tok := baseTokenizer(b)
	q, d := tok.AppendIDs(nil, "how does reranking work?"), make([]int32, 300)
	var types []uint8
	b.ReportAllocs()
	for b.Loop() {
		sinkIDs, types, _ = tok.AppendPair(sinkIDs[:0], types[:0], q, d, PairLimits{Max: 256})
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/internal/bitset"
)

// text is a row: words between spaces are its terms; "_" takes a position and is no term.
type text struct{ title, text string }

func tokens(s string) []analysis.Token {
	var out []analysis.Token
	for i, w := range strings.Fields(s) {
		if w != "_" {
			out = append(out, analysis.Token{Term: w, Position: i})
		}
	}
	return out
}

// query makes a query of words, "+" and "-" before them, and phrases written a~b; "_" in a phrase is a gap.
func query(s string) analysis.Query {
	var q analysis.Query
	for w := range strings.FieldsSeq(s) {
		c := analysis.Clause{Text: w}
		switch w[0] {
		case '+':
			c.Occur, w = analysis.Must, w[1:]
		case '-':
			c.Occur, w = analysis.MustNot, w[1:]
		}
		for i, term := range strings.Split(w, "~") {
			if term != "_" {
				c.Terms = append(c.Terms, analysis.PhraseTerm{Term: term, Offset: i})
			}
		}
		q.Clauses = append(q.Clauses, c)
	}
	return q
}

// naivePart is the definition of a part: texts and which of them are allowed.
type naivePart struct {
	rows    []text
	allowed *bitset.Set
}

// naive scores every row from its text, in float64 and by the formulas as bm25s writes them.
func naive(parts []naivePart, q analysis.Query, p Params, k int) []Hit {
	rows, length := 0.0, 0.0
	for _, part := range parts {
		for _, r := range part.rows {
			rows++
			length += naiveLength(r, p)
		}
	}
	var hits []Hit
	for i, part := range parts {
		for j, r := range part.rows {
			if part.allowed != nil && !part.allowed.Contains(j) {
				continue
			}
			score, should, musts, ok := 0.0, false, false, true
			for _, c := range q.Clauses {
				inTitle, inText := occurrencesIn(r.title, c), occurrencesIn(r.text, c)
				found := inTitle+inText > 0
				switch c.Occur {
				case analysis.Must:
					musts, ok = true, ok && found
				case analysis.MustNot:
					ok = ok && !found
					continue
				case analysis.Should:
					should = should || found
				}
				idf := 0.0
				for _, t := range c.Terms {
					df := 0.0
					for _, part := range parts {
						for _, r := range part.rows {
							if one := (analysis.Clause{Terms: []analysis.PhraseTerm{{Term: t.Term}}}); occurrencesIn(r.title, one)+occurrencesIn(r.text, one) > 0 {
								df++
							}
						}
					}
					if df == 0 {
						idf = 0
						break
					}
					idf += naiveIDF(p.Variant, rows, df)
				}
				score += idf * naiveTF(p, p.TitleWeight*inTitle+inText, naiveLength(r, p)/(length/rows))
			}
			if ok && (should || musts) {
				hits = append(hits, Hit{i, j, float32(score)})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return hits[:min(max(k, 0), len(hits))]
}

func naiveLength(r text, p Params) float64 {
	return p.TitleWeight*float64(len(tokens(r.title))) + float64(len(tokens(r.text)))
}

func occurrencesIn(s string, c analysis.Clause) float64 {
	words := strings.Fields(s)
	n := 0.0
starts:
	for p := -100; p < len(words); p++ {
		for _, t := range c.Terms {
			if at := p + t.Offset; at < 0 || at >= len(words) || words[at] != t.Term {
				continue starts
			}
		}
		n++
	}
	return n
}

func naiveIDF(v Variant, rows, df float64) float64 {
	switch v {
	case Robertson:
		return math.Log(max(1, (rows-df+0.5)/(df+0.5)))
	case Lucene:
		return math.Log(1 + (rows-df+0.5)/(df+0.5))
	case Atire:
		return math.Log(rows / df)
	case BM25Plus:
		return math.Log((rows + 1) / df)
	}
	return math.Log((rows + 1) / (df + 0.5))
}

func naiveTF(p Params, tf, length float64) float64 {
	norm := 1 - p.B + p.B*length
	if tf == 0 { // 0/0 for k1 = 0 and for an empty row where b = 1
		switch p.Variant {
		case BM25Plus:
			return p.Delta
		case BM25L:
			return (p.K1 + 1) * p.Delta / (p.K1 + p.Delta)
		}
		return 0
	}
	switch p.Variant {
	case Robertson, Lucene:
		return tf / (p.K1*norm + tf)
	case Atire:
		return tf * (p.K1 + 1) / (tf + p.K1*norm)
	case BM25Plus:
		return (p.K1+1)*tf/(p.K1*norm+tf) + p.Delta
	}
	c := tf / norm
	return (p.K1 + 1) * (c + p.Delta) / (p.K1 + c + p.Delta)
}

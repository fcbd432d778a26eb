// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/winnow-search/winnow/index/segment"
)

// fataler is what *testing.T and *rapid.T have in common here.
type fataler interface{ Fatal(args ...any) }

func memoryFrom(t fataler, rows []text) *segment.Memory {
	b := NewBuilder(nil)
	for _, r := range rows {
		if err := b.AddTokens(tokens(r.title), tokens(r.text)); err != nil {
			t.Fatal(err)
		}
	}
	m := segment.NewMemory()
	if err := b.Write(m); err != nil {
		t.Fatal(err)
	}
	return m
}

func buildFrom(t fataler, rows []text) *Index {
	x, err := Open(memoryFrom(t, rows).Reader())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// zipfRows makes n rows over the words w0, w1, …, of which the i-th is drawn about 1/i as often as the first. Every third row
// has a title; some rows are long, some empty; words come in runs, so that rows near each other are alike.
func zipfRows(seed uint64, n, words int) []text {
	r := rand.New(rand.NewPCG(seed, 1))
	rows := make([]text, n)
	topic := 0
	for i := range rows {
		if r.IntN(200) == 0 {
			topic = r.IntN(words)
		}
		length := int(math.Exp(r.NormFloat64()*0.6 + 2.5))
		if r.IntN(500) == 0 {
			length = r.IntN(3) * 3000
		}
		if i%3 == 0 {
			rows[i].title = zipfText(r, 1+r.IntN(6), words, topic)
		}
		rows[i].text = zipfText(r, length, words, topic)
	}
	return rows
}

func zipfText(r *rand.Rand, n, words, topic int) string {
	var b strings.Builder
	for range n {
		w := int(math.Exp(r.Float64()*math.Log(float64(words)+0.5))) - 1
		if r.IntN(8) == 0 {
			w = topic
		}
		fmt.Fprintf(&b, "w%d ", w)
	}
	return b.String()
}

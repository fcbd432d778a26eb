// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

var (
	sinkFused   []FusedItem
	sinkDiverse []Diverse
)

// randomItems makes n sorted items out of m ids.
func randomItems(r *rand.Rand, n, m int) []Item {
	items := make([]Item, n)
	for i, id := range r.Perm(m)[:n] {
		items[i] = Item{ID: fmt.Sprint("doc", id), Score: r.Float32()}
	}
	Sort(items)
	return items
}

func BenchmarkFuse(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	lists := []List{{"dense", 1, randomItems(r, 1000, 1500)}, {"lexical", 1, randomItems(r, 1000, 1500)}}
	for _, m := range Methods() {
		b.Run(string(m), func(b *testing.B) {
			for b.Loop() {
				var err error
				if sinkFused, err = Fuse(lists, m, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMMR(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	items := randomItems(r, 100, 100)
	for b.Loop() {
		var err error
		if sinkDiverse, err = MMR(items, 10, 0.7, func(i, j int) float64 { return float64((i^j)%16) / 16 }); err != nil {
			b.Fatal(err)
		}
	}
}

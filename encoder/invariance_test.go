// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/internal/kernel"
)

const (
	randomBi    = "../internal/parity/testdata/bi-mean"
	randomCLS   = "../internal/parity/testdata/bi-cls"
	randomCross = "../internal/parity/testdata/cross-identity"
)

// randomTexts are texts of very different lengths, the empty one among them.
func randomTexts(r *rand.Rand, n int) []string {
	words := strings.Fields("stone eight water silver paper bridge north has to passage two while a the of river")
	texts := make([]string, n)
	for i := range texts {
		var b strings.Builder
		for range r.IntN(1 << r.IntN(9)) {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteByte(' ')
		}
		texts[i] = b.String()
	}
	return texts
}

func bits(v []float32) string { return fmt.Sprintf("%08x", v2bits(v)) }

func v2bits(v []float32) []uint32 {
	out := make([]uint32, len(v))
	for i, f := range v {
		out[i] = math.Float32bits(f)
	}
	return out
}

// A text gives the same bits alone, and in a shuffled batch at any number of
// workers, at every tier and precision.
func TestBatchInvariance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := randomTexts(r, 100)
	for _, tier := range kernel.Available() {
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{randomBi, randomCLS} {
			for _, p := range Precisions() {
				if p.available() == p {
					t.Run(fmt.Sprintf("%s/%s/%s", tier, name[strings.LastIndex(name, "/")+1:], p), func(t *testing.T) { checkInvariance(t, r, name, p, texts) })
				}
			}
		}
		undo()
	}
}

func checkInvariance(t *testing.T, r *rand.Rand, name string, p Precision, texts []string) {
	want := map[string]string{}
	one, err := OpenBi(name, Threads(1), AtPrecision(p))
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for _, text := range texts {
		e, err := one.Encode(t.Context(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		want[text] = bits(e.Vector(0))
	}
	for _, threads := range []int{1, 2, 7} {
		b, err := OpenBi(name, Threads(threads), AtPrecision(p))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 3, 100} {
			r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
			e, err := b.Encode(t.Context(), texts[:n])
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if bits(e.Vector(i)) != want[texts[i]] {
					t.Fatalf("%d threads, batch of %d: text %d differs from itself alone", threads, n, i)
				}
			}
		}
		b.Close()
	}
}

func TestBatchInvarianceOfPairs(t *testing.T) {
	for _, p := range Supported() {
		t.Run(string(p), func(t *testing.T) { checkInvarianceOfPairs(t, p) })
	}
}

func checkInvarianceOfPairs(t *testing.T, precision Precision) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := randomTexts(r, 100)
	pairs := make([]Pair, len(texts))
	for i, text := range texts {
		pairs[i] = Pair{texts[i%7], text}
	}
	want := map[Pair]float32{}
	one, err := OpenCross(randomCross, Threads(1), AtPrecision(precision))
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for _, p := range pairs {
		s, err := one.Predict(t.Context(), []Pair{p})
		if err != nil {
			t.Fatal(err)
		}
		want[p] = s.Logits[0]
	}
	for _, threads := range []int{1, 2, 7} {
		c, err := OpenCross(randomCross, Threads(threads), AtPrecision(precision))
		if err != nil {
			t.Fatal(err)
		}
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		s, err := c.Predict(t.Context(), pairs)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range pairs {
			if math.Float32bits(s.Logits[i]) != math.Float32bits(want[p]) {
				t.Fatalf("%d threads: pair %d gives %v, alone %v", threads, i, s.Logits[i], want[p])
			}
		}
		c.Close()
	}
}

func TestEncodeStopsWithItsContext(t *testing.T) {
	b, err := OpenBi(randomBi, Threads(2))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := b.Encode(ctx, randomTexts(rand.New(rand.NewPCG(5, 6)), 50)); !errors.Is(err, context.Canceled) || e != nil {
		t.Fatalf("%v, %v; want no vectors and context.Canceled", e, err)
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var sink []Token

// prose makes n words with frequencies like those of a language (Zipf), and sentences.
func prose(n int, vocabulary func(i int) string) string {
	r := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(r, 1.3, 3, 100_000)
	var b strings.Builder
	for i := range n {
		b.WriteString(vocabulary(int(z.Uint64())))
		if i%12 == 11 {
			b.WriteString(".")
		}
		b.WriteString(" ")
	}
	return b.String()
}

func englishWord(i int) string {
	syllables := []string{"con", "ta", "mi", "re", "pro", "la", "ing", "ed", "s", "er"}
	w := []byte("w")
	for i++; i > 0; i /= len(syllables) {
		w = append(w, syllables[i%len(syllables)]...)
	}
	return string(w)
}

func BenchmarkAppend(b *testing.B) {
	for _, bb := range []struct {
		name    string
		options Options
		word    func(int) string
	}{
		{"english", Default(), englishWord},
		{"plain", Options{}, englishWord},
		{"code", Options{Code: true}, func(i int) string { return fmt.Sprintf("get%sFor%d", englishWord(i), i%10) }},
		{"russian", Options{Language: "ru", StopWords: true, Stem: true}, func(i int) string {
			return strings.NewReplacer("c", "к", "o", "о", "n", "н", "t", "т", "a", "а", "r", "р", "e", "е", "i", "и", "w", "в", "l", "л").Replace(englishWord(i))
		}},
		{"han", Options{}, func(i int) string { return string([]rune{rune(0x4e00 + i%3000), rune(0x4e00 + i%700)}) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			text := prose(100_000, bb.word)
			a := must(b, bb.options)
			sink = a.Append(sink[:0], text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				sink = a.Append(sink[:0], text)
			}
		})
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"testing"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// An answer looks the same however it came, fits the terminal, and gives it no control characters.
func TestFlow(t *testing.T) {
	const text = "Goethe wrote Faust [1][2].  Ünïcode 日本\n\n- one\x1b[2J\n- two [?]\n"
	const plain = "Goethe wrote Faust\n[1][2]. Ünïcode\n日本\n\n- one␛[2J\n- two [?]\n"
	const painted = "Goethe wrote Faust\n\x1b[36m[1]\x1b[0m\x1b[36m[2]\x1b[0m. Ünïcode\n日本\n\n- one␛[2J\n- two \x1b[31m[?]\x1b[0m\n"
	for color, want := range map[bool]string{false: plain, true: painted} {
		for size := 1; size <= len(text); size++ {
			var buf bytes.Buffer
			o := term.New(&buf)
			o.Width, o.Terminal, o.Color = 18, true, color
			f := flow{o: o}
			runes := []rune(text)
			for len(runes) > 0 {
				n := min(size, len(runes))
				f.write(string(runes[:n]))
				runes = runes[n:]
			}
			f.end()
			if err := o.Flush(); err != nil {
				t.Fatal(err)
			}
			if buf.String() != want {
				t.Fatalf("in pieces of %d: %q, want %q", size, buf.String(), want)
			}
		}
	}
}

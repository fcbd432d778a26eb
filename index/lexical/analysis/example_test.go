// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis_test

import (
	"fmt"

	"github.com/winnow-search/winnow/index/lexical/analysis"
)

func Example() {
	a, err := analysis.New(analysis.Default())
	if err != nil {
		fmt.Println(err)
	}
	text := "The dogs were running in the park. Nobody had seen a running dog there before."
	for _, t := range a.Append(nil, text)[:3] {
		fmt.Println(t.Position, t.Term, text[t.Start:t.End])
	}
	q, err := analysis.ParseQuery(`"running dogs" park -cats`, a)
	if err != nil {
		fmt.Println(err)
	}
	for _, s := range a.Highlight(text, q) {
		fmt.Println(text[s.Start:s.End], s.Terms)
	}
	// Output:
	// 1 dog dogs
	// 2 were were
	// 3 run running
	// park [park]
	// running dog [run dog]
}

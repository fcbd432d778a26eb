// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance_test

import (
	"fmt"

	"github.com/winnow-search/winnow/eval/significance"
)

// A reranker against no reranker on ten queries.
func ExampleCompare() {
	without := []float64{0.20, 0.50, 0.00, 1.00, 0.33, 0.25, 0.50, 1.00, 0.10, 0.50}
	with := []float64{0.50, 1.00, 0.20, 1.00, 0.50, 0.50, 0.33, 1.00, 0.25, 1.00}
	c, err := significance.Compare(without, with, significance.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f to %.3f, %d wins, %d ties, %d losses\n", c.MeanA, c.MeanB, c.Wins, c.Ties, c.Losses)
	for _, test := range significance.Tests() {
		fmt.Printf("%s p = %.3f\n", test, c.P[test])
	}
	// Output:
	// 0.438 to 0.628, 7 wins, 2 ties, 1 losses
	// t p = 0.020
	// wilcoxon p = 0.031
	// randomisation p = 0.031
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration_test

import (
	"encoding/json"
	"fmt"

	"github.com/winnow-search/winnow/eval/calibration"
)

func ExampleFitPlatt() {
	logits := []float32{-8, -6, -5, -3, -1, 0, 1, 2, 4, 6}
	relevant := []bool{false, false, false, false, true, false, false, true, true, true}
	m, err := calibration.FitPlatt(logits, relevant)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("a logit of 3 means %.2f, 0.5 is reached at %.2f\n", m.Probability(3), m.Logit(0.5))
	fmt.Printf("without judgments: %.2f\n", calibration.Sigmoid().Probability(3))
	text, err := json.Marshal(calibration.Map{Method: calibration.Platt, A: 0.5, B: -1})
	fmt.Println(string(text), err)
	// Output:
	// a logit of 3 means 0.67, 0.5 is reached at 0.70
	// without judgments: 0.95
	// {"method":"platt","a":0.5,"b":-1} <nil>
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"fmt"
	"math"
)

// check returns the number of relevant and of other pairs, both at least 1.
func check(logits []float32, relevant []bool) (positive, negative int, err error) {
	if len(logits) != len(relevant) {
		return 0, 0, fmt.Errorf("%d logits and %d judgments: every pair needs both", len(logits), len(relevant))
	}
	for i, x := range logits {
		if !(math.Abs(float64(x)) <= math.MaxFloat32) {
			return 0, 0, fmt.Errorf("logit %d (from 0) is %v; want a finite number", i, x)
		}
		if relevant[i] {
			positive++
		}
	}
	negative = len(logits) - positive
	if positive == 0 || negative == 0 {
		return 0, 0, fmt.Errorf("%d relevant pairs and %d others: a calibration needs some of both", positive, negative)
	}
	return positive, negative, nil
}

// targets are the probabilities that stand for relevant and not relevant, in place of 1 and 0:
//
//	(N₊ + 1) / (N₊ + 2)   and   1 / (N₋ + 2)
//
// Platt's smoothing ("Probabilistic Outputs for Support Vector Machines", 1999): the mean of the posterior under a
// uniform prior. It keeps the fit finite where the classes are cleanly apart, and probabilities off 0 and 1.
func targets(positive, negative int) (high, low float64) {
	return (float64(positive) + 1) / (float64(positive) + 2), 1 / (float64(negative) + 2)
}

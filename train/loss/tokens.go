// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

// TokenDistillation copies a teacher's vectors of tokens, its last hidden states (TinyBERT, Jiao et al. 2020, of the last
// layer), relative to their length:
//
//	Σ over tokens of |s - t|² / Σ over tokens of |t|²
//
// A text's vector is one target, its tokens' are a hundred: a student learns from far less text. states and gradient have
// rows stride floats apart, teacher has rows of n floats, scale is 1/Σ|t|² over the whole batch. It adds
// weight times the gradient by the states, and returns these rows' part of the loss.
func TokenDistillation(states, gradient []float32, stride int, teacher []float32, n int, scale, weight float64) float64 {
	sum := 0.0
	factor := float32(2 * scale * weight)
	for i := 0; i*n < len(teacher); i++ {
		s, g := states[i*stride:][:n], gradient[i*stride:][:n]
		part := 0.0
		for k, t := range teacher[i*n:][:n] {
			d := s[k] - t
			part += float64(d) * float64(d)
			g[k] += factor * d
		}
		sum += part
	}
	return sum * scale
}

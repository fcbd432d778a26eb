// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

// ScoreKind says what a score is, so that a number is never read as another kind of number. In every kind a higher score
// is better: distances are given with a minus sign.
type ScoreKind string

// The kinds of score. Their values are the JSON strings.
const (
	Cosine      ScoreKind = "cosine"      // cosine of two embeddings, -1 to 1
	Dot         ScoreKind = "dot"         // inner product of two embeddings, unbounded
	Euclidean   ScoreKind = "euclidean"   // minus the Euclidean distance of two embeddings, at most 0
	BM25        ScoreKind = "bm25"        // sum of term weights, at least 0, comparable within one query only
	Fused       ScoreKind = "fused"       // several scores or ranks combined, comparable within one candidate list only
	Logit       ScoreKind = "logit"       // a cross-encoder's output before its activation, unbounded
	Probability ScoreKind = "probability" // a sigmoid or softmax of a logit, 0 to 1
)

// Valid reports whether k is one of the kinds above.
func (k ScoreKind) Valid() bool {
	switch k {
	case Cosine, Dot, Euclidean, BM25, Fused, Logit, Probability:
		return true
	}
	return false
}

// Range returns the interval that scores of the kind lie in, rounding aside, with infinities where there is no bound.
// ok is false for an unknown kind.
func (k ScoreKind) Range() (low, high float64, ok bool) {
	switch k {
	case Cosine:
		return -1, 1, true
	case Euclidean:
		return negInf, 0, true
	case BM25:
		return 0, posInf, true
	case Probability:
		return 0, 1, true
	case Dot, Fused, Logit:
		return negInf, posInf, true
	}
	return 0, 0, false
}

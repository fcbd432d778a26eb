// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// bounds are what a model is held to. A zero bound is not looked at; token ids have to be equal in
// any case.
type bounds struct {
	dtype safetensors.DType // number type that winnow convert wrote
	kind  string

	maxDifference float64 // largest absolute difference of a component, logit or score
	meanCosine    float64 // least mean cosine with the reference's vectors
	worstCosine   float64 // least cosine
	rankAgreement float64 // least Kendall's τ
	reason        string
}

// converted are the bounds for weights that winnow convert rounded. The figures in the reasons are
// measured on all-MiniLM-L6-v2 (46 texts) and on the built-in reranker's original (110 pairs of 32
// queries), with AVX2 and AVX-512 alike. For vectors the rank agreement is over unrelated texts,
// whose cosines lie close together, so it moves more than any search does; it has a bound where the
// cosine alone would let an order fall apart. In the pairs' reference a query may have two
// near-equal passages; each such query whose passages change places costs 0.07.
var converted = []bounds{
	{
		dtype: safetensors.F16, kind: parity.Bi, maxDifference: 1e-3, worstCosine: 0.99999, rankAgreement: 0.99,
		reason: "weights rounded to 11 significant bits; measured: difference 3.2e-4, worst cosine 0.999999, rank agreement 0.999",
	},
	{
		dtype: safetensors.BF16, kind: parity.Bi, maxDifference: 7e-3, worstCosine: 0.9995, rankAgreement: 0.97,
		reason: "weights rounded to 8 significant bits; measured: difference 2.3e-3, worst cosine 0.99991, rank agreement 0.993",
	},
	{
		dtype: safetensors.I8, kind: parity.Bi, meanCosine: 0.999, worstCosine: 0.995, rankAgreement: 0.95,
		reason: "weights rounded to 8 bits with a factor a row; measured: mean cosine 0.9991, worst 0.9965, rank agreement 0.975",
	},
	{
		dtype: safetensors.F16, kind: parity.Cross, maxDifference: 0.02, rankAgreement: 0.98,
		reason: "weights rounded to 11 significant bits; an eighth of what bfloat16 costs, with headroom",
	},
	{
		dtype: safetensors.BF16, kind: parity.Cross, maxDifference: 0.15, rankAgreement: 0.85,
		reason: "weights rounded to 8 significant bits; measured: logits differ by 0.045, rank agreement 0.935",
	},
	{
		dtype: safetensors.I8, kind: parity.Cross, maxDifference: 0.5, rankAgreement: 0.98,
		reason: "weights rounded to 8 bits with a factor a row; measured: logits from -9 to 8 differ by 0.18, rank agreement 0.998",
	},
}

// boundsFor returns the bounds for an open model.
func boundsFor(m *model.Model, r *parity.Reference) bounds {
	dtype := safetensors.DType(m.Weights.Metadata()["winnow.dtype"])
	if i := slices.IndexFunc(converted, func(b bounds) bool { return b.dtype == dtype && b.kind == r.Kind }); i >= 0 {
		return converted[i]
	}
	return bounds{kind: r.Kind, maxDifference: r.Tolerance, reason: "the reference states this tolerance for float32"}
}

// lowered are what precisions below fp32 may cost, beside what the stored weights do.
var lowered = map[encoder.Precision]bounds{
	encoder.Int16: {meanCosine: 0.99999, worstCosine: 0.99999, rankAgreement: 0.99},
	encoder.BF16:  {meanCosine: 0.999, worstCosine: 0.995, rankAgreement: 0.98},
	encoder.Int8:  {meanCosine: 0.999, worstCosine: 0.995, rankAgreement: 0.98},
}

// with returns the bounds for a model that computes in a precision. Of a bi-encoder the cosines are
// judged, of a cross-encoder the order. Errors of rounding are unrelated to each other, so that their
// squares add up, and with them what is missing from a cosine of 1.
func (b bounds) with(p encoder.Precision) bounds {
	l, ok := lowered[p]
	if !ok {
		return b
	}
	add := func(x, y float64) float64 {
		if x == 0 {
			return y
		}
		return math.Round((x+y-1)*1e6) / 1e6
	}
	out := bounds{dtype: b.dtype, kind: b.kind}
	if b.kind == parity.Cross {
		out.rankAgreement = add(b.rankAgreement, l.rankAgreement)
	} else {
		out.meanCosine, out.worstCosine = add(b.meanCosine, l.meanCosine), add(b.worstCosine, l.worstCosine)
	}
	out.reason = fmt.Sprintf("%s, and what %s may cost beside that", b.reason, p)
	return out
}

// check is one line of the comparison.
type check struct {
	name, measured, wanted string
	ok                     bool
	free                   bool // shown, not judged
}

// atMost and atLeast compare so that NaN fails.
func atMost(v, limit float64) bool  { return v <= limit }
func atLeast(v, limit float64) bool { return v >= limit }

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package parity

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/rank"
	"github.com/winnow-search/winnow/tokenizer"
)

// Report is how far a model is from its reference.
type Report struct {
	Cases         int      `json:"cases"`
	TokensDiffer  int      `json:"tokens_differ"`  // cases with other token ids, segments or cuts
	MaxDifference float64  `json:"max_difference"` // largest absolute difference of a component, logit or score
	MeanCosine    float64  `json:"mean_cosine,omitempty"`
	WorstCosine   float64  `json:"worst_cosine,omitempty"`
	RankAgreement float64  `json:"rank_agreement"` // Kendall's τ-b of the two orders, 1 when equal
	Worst         string   `json:"worst"`          // the case with the largest difference
	Problems      []string `json:"problems,omitempty"`
}

func (r *Report) differ(name string, difference float64) {
	if difference > r.MaxDifference || math.IsNaN(difference) || r.Worst == "" {
		r.MaxDifference, r.Worst = difference, name
	}
}

func (r *Report) tokens(c *Case, what string) {
	r.TokensDiffer++
	if len(r.Problems) < 20 {
		r.Problems = append(r.Problems, fmt.Sprintf("case %q: %s", c.Name, what))
	}
}

// tokensOf compares a case's ids, segments and cut.
func (r *Report) tokensOf(c *Case, ids []int32, types []uint8, cut int) {
	switch {
	case c.IDs == nil:
	case !slices.Equal(ids, c.IDs):
		r.tokens(c, fmt.Sprintf("token ids are %v, the reference has %v", ids, c.IDs))
	case types != nil && !slices.Equal(types, c.Types):
		r.tokens(c, fmt.Sprintf("segments are %v, the reference has %v", types, c.Types))
	case cut != c.TokensCut:
		r.tokens(c, fmt.Sprintf("%d tokens were cut, the reference cut %d", cut, c.TokensCut))
	}
}

// limit is the longest input of a case, in tokens.
func (r *Reference) limit(c *Case) int {
	if c.MaxLength > 0 {
		return c.MaxLength
	}
	return r.MaxLength
}

// tokens compares what the model's tokenizer makes of the reference's inputs.
func (r *Reference) tokens(m *model.Model, report *Report) {
	t := m.Tokenizer
	for i := range r.Cases {
		c := &r.Cases[i]
		limit := r.limit(c)
		if r.Kind == Cross {
			ids, types, cut := t.AppendPair(nil, nil, t.AppendIDs(nil, c.Query), t.AppendIDs(nil, c.Document), tokenizer.PairLimits{Max: limit})
			report.tokensOf(c, ids, types, cut.Document)
			continue
		}
		prompt := r.DefaultPrompt
		if c.PromptName != "" {
			prompt = c.PromptName
		}
		ids, cut := t.AppendSingle(nil, t.AppendIDs(nil, r.Prompts[prompt]+c.Text), limit)
		report.tokensOf(c, ids, nil, cut)
	}
}

// CheckBi encodes the reference's texts and compares.
func (r *Reference) CheckBi(ctx context.Context, b *encoder.BiEncoder) (*Report, error) {
	if r.Kind != Bi {
		return nil, fmt.Errorf("the reference of %s is for a cross-encoder; the model is a bi-encoder", r.Model)
	}
	report := &Report{Cases: len(r.Cases), WorstCosine: 1, RankAgreement: 1}
	r.tokens(b.Model(), report)
	var got, want [][]float32
	for i := range r.Cases {
		c := &r.Cases[i]
		opts := []encoder.EncodeOption{encoder.Dimensions(c.Dimensions)}
		if c.PromptName != "" {
			opts = append(opts, encoder.PromptName(c.PromptName))
		}
		e, err := b.Encode(ctx, []string{c.Text}, opts...)
		if err != nil {
			return nil, fmt.Errorf("case %q: %w", c.Name, err)
		}
		if e.Dim != len(c.Embedding) {
			return nil, fmt.Errorf("case %q: the model gives %d dimensions, the reference has %d", c.Name, e.Dim, len(c.Embedding))
		}
		var worst float64
		for j, v := range e.Vector(0) {
			worst = max(worst, math.Abs(float64(v)-float64(c.Embedding[j])))
		}
		report.differ(c.Name, worst)
		cosine := float64(encoder.Cosine(e.Vector(0), c.Embedding))
		report.MeanCosine += cosine / float64(len(r.Cases))
		report.WorstCosine = min(report.WorstCosine, cosine)
		if c.Dimensions == 0 {
			got, want = append(got, e.Vector(0)), append(want, c.Embedding)
		}
	}
	report.RankAgreement = pairwiseAgreement(got, want)
	return report, nil
}

// pairwiseAgreement is Kendall's τ of the cosines of all pairs of texts,
// averaged over the texts as queries.
func pairwiseAgreement(got, want [][]float32) float64 {
	if len(got) < 3 {
		return 1
	}
	var sum float64
	for i := range got {
		var a, b []float32
		for j := range got {
			if j != i {
				a = append(a, encoder.Cosine(got[i], got[j]))
				b = append(b, encoder.Cosine(want[i], want[j]))
			}
		}
		sum += kendall(a, b)
	}
	return sum / float64(len(got))
}

// kendall is Kendall's τ-b, and 1 where one side is all ties.
func kendall(a, b []float32) float64 {
	tau, err := rank.KendallTau(a, b)
	if err != nil || math.IsNaN(tau) {
		return 1
	}
	return tau
}

// Limits are the different input lengths of the cases, the file's own first.
func (r *Reference) Limits() []int {
	limits := []int{r.MaxLength}
	for i := range r.Cases {
		if n := r.limit(&r.Cases[i]); !slices.Contains(limits, n) {
			limits = append(limits, n)
		}
	}
	return limits
}

// CheckCross scores the reference's pairs and compares. Cases of another
// length than the encoder's have their tokens compared only.
func (r *Reference) CheckCross(ctx context.Context, c *encoder.CrossEncoder) (*Report, error) {
	if r.Kind != Cross {
		return nil, fmt.Errorf("the reference of %s is for a bi-encoder; the model is a cross-encoder", r.Model)
	}
	report := &Report{Cases: len(r.Cases), RankAgreement: 1}
	r.tokens(c.Model(), report)
	var pairs []encoder.Pair
	var names []int
	for i := range r.Cases {
		if r.limit(&r.Cases[i]) != c.MaxTokens() {
			continue
		}
		pairs = append(pairs, encoder.Pair{Query: r.Cases[i].Query, Document: r.Cases[i].Document})
		names = append(names, i)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("no case of the reference has the encoder's %d tokens; it has %v", c.MaxTokens(), r.Limits())
	}
	s, err := c.Predict(ctx, pairs)
	if err != nil {
		return nil, err
	}
	orders := map[string][2][]float32{} // by query
	for n, i := range names {
		k := &r.Cases[i]
		if len(k.Logits) != s.Labels {
			return nil, fmt.Errorf("case %q: the model gives %d logits, the reference has %d", k.Name, s.Labels, len(k.Logits))
		}
		var worst float64
		for j, v := range s.Logit(n) {
			worst = max(worst, math.Abs(float64(v)-float64(k.Logits[j])))
		}
		if len(k.Scores) == s.Labels {
			for j, v := range s.Score(n) {
				worst = max(worst, math.Abs(float64(v)-float64(k.Scores[j])))
			}
		}
		report.differ(k.Name, worst)
		o := orders[k.Query]
		orders[k.Query] = [2][]float32{append(o[0], s.Logit(n)[0]), append(o[1], k.Logits[0])}
	}
	var sum float64
	count := 0
	for _, o := range orders {
		if len(o[0]) > 1 {
			sum += kendall(o[0], o[1])
			count++
		}
	}
	if count > 0 {
		report.RankAgreement = sum / float64(count)
	}
	return report, nil
}

// Pass tells whether tokens are equal and no value is off by more than tolerance.
func (r *Report) Pass(tolerance float64) bool {
	return r.TokensDiffer == 0 && r.MaxDifference <= tolerance
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/rank"
)

// Fusion sets how hybrid search joins its lists.
type Fusion struct {
	Method  rank.Method `json:"method"`
	K       float64     `json:"k,omitempty"` // of rrf: the larger, the less the first ranks stand out
	Dense   float64     `json:"dense_weight"`
	Lexical float64     `json:"lexical_weight"`
}

// complete fills in what is not given: the method, its k, and the weights if neither is there.
func (f Fusion) complete() Fusion {
	d := DefaultFusion()
	f.Method, f.K = cmp.Or(f.Method, d.Method), cmp.Or(f.K, d.K)
	if f.Dense == 0 && f.Lexical == 0 {
		f.Dense, f.Lexical = d.Dense, d.Lexical
	}
	return f
}

// FusionDepth is how long the lists of hybrid search are at least: what one list ranks 150th, the other may rank first.
const FusionDepth = 200

// DefaultFusion is relative scores with equal weights, which on judged
// collections does better than reciprocal ranks (docs/benchmarks/retrieval.md);
// for those k is 60.
func DefaultFusion() Fusion {
	return Fusion{Method: rank.MethodRelativeScore, K: rank.DefaultK, Dense: 1, Lexical: 1}
}

func (f *Fusion) check() error {
	method, err := rank.ParseMethod(string(f.Method))
	if err != nil {
		return err
	}
	switch {
	case !(f.Dense >= 0 && f.Lexical >= 0) || f.Dense+f.Lexical <= 0 || f.Dense-f.Dense != 0 || f.Lexical-f.Lexical != 0:
		return fmt.Errorf("the weights of the fusion are %v and %v; they must not be negative, nor both zero", f.Dense, f.Lexical)
	case method == rank.MethodReciprocalRank && !(f.K > 0):
		return fmt.Errorf("the k of the fusion is %v; it must be positive", f.K)
	}
	return nil
}

// fuse joins the two lists into one. Places in the lists stand for ids: equal scores go by the better rank, then by the
// order of adding; ids decide when the passages have been read.
func (s *searching) fuse(dense, lexical []index.Hit) (fused []index.Hit, from map[index.Ref]rank.FusedItem, err error) {
	refs := map[string]index.Ref{}
	list := func(name string, hits []index.Hit, weight float64) rank.List {
		items := make([]rank.Item, len(hits))
		for i, h := range hits {
			items[i] = rank.Item{ID: h.Ref.String(), Score: h.Score}
			refs[items[i].ID] = h.Ref
		}
		return rank.List{Name: name, Items: items, Weight: weight}
	}
	f := s.fusion
	items, err := rank.Fuse([]rank.List{list(string(Dense), dense, f.Dense), list(string(Lexical), lexical, f.Lexical)}, f.Method, f.K)
	if err != nil {
		return nil, nil, err
	}
	from = make(map[index.Ref]rank.FusedItem, len(items))
	for _, item := range items {
		ref := refs[item.ID]
		fused = append(fused, index.Hit{Ref: ref, Score: item.Score})
		from[ref] = item
	}
	if s.explain {
		s.result.Explanation.Fusion = &f
	}
	return fused, from, nil
}

// diversify chooses hits by maximal marginal relevance: among those that the last stage of reranking read, if there was
// one, since scores of two kinds cannot be weighed against each other. The others come after them, as they were.
func (s *searching) diversify(hits []candidate) ([]candidate, error) {
	all := hits
	for _, stage := range slices.Backward(s.result.Reading) {
		if stage.Read > 0 { // the budget may have ended before a stage
			hits = hits[:stage.Read]
			break
		}
	}
	items := make([]rank.Item, len(hits))
	vectors, lengths := make([][]float32, len(hits)), make([]float64, len(hits))
	for i, h := range hits {
		items[i] = rank.Item{ID: h.ID, Score: h.Score, Previous: h.RankBefore}
		v, err := s.snapshot.Vector(h.ref)
		if err != nil {
			return nil, err
		}
		vectors[i], lengths[i] = v, float64(kernel.Norm(v))
	}
	chosen, err := rank.MMR(items, s.topK, 1-s.diversity, func(i, j int) float64 {
		if lengths[i] == 0 || lengths[j] == 0 {
			return 0
		}
		return float64(kernel.Dot(vectors[i], vectors[j])) / (lengths[i] * lengths[j])
	})
	if err != nil {
		return nil, fmt.Errorf("diversity: %w", err)
	}
	out := make([]candidate, 0, len(all))
	for _, c := range chosen {
		out = append(out, hits[c.Index])
	}
	return append(out, all[len(hits):]...), nil
}

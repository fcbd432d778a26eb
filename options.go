// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/winnow-search/winnow/index/lexical"
)

// The values of [Rerank] that are not models.
const (
	Auto = "auto" // the engine's own cross-encoder, in the way that suits it; [Off] if it has none
	Off  = "off"  // retrieval alone
)

// The defaults of a search.
const (
	defaultTopK       = 10
	defaultCandidates = 100
)

// Mode is how candidates are found.
type Mode string

// The modes.
const (
	Dense   Mode = "dense"   // by the nearest vectors
	Lexical Mode = "lexical" // by words, with BM25
	Hybrid  Mode = "hybrid"  // by both; the lists are fused
)

// Modes are all modes.
func Modes() []Mode { return []Mode{Dense, Lexical, Hybrid} }

// SearchOption sets how one search works.
type SearchOption func(*searchOptions)

type searchOptions struct {
	topK, candidates int
	stages           []Stage
	mode             Mode
	filter           string
	budget           time.Duration
	explain          bool
	snippets         bool
	diversity        float64
	fusion           Fusion
	bm25             lexical.Params
	ef, probes       int
	exact            bool
	evidence         bool
}

func newSearchOptions(opts []SearchOption) searchOptions {
	o := searchOptions{topK: defaultTopK, candidates: defaultCandidates, stages: []Stage{{Model: Auto}}, bm25: lexical.DefaultParams(), fusion: DefaultFusion()}
	for _, set := range opts {
		set(&o)
	}
	return o
}

// TopK is the number of hits, 10 if not set.
func TopK(k int) SearchOption { return func(o *searchOptions) { o.topK = k } }

// Candidates is the number of passages retrieved and reranked, 100 if not set;
// never fewer than [TopK]. More candidates miss less and take longer.
func Candidates(n int) SearchOption { return func(o *searchOptions) { o.candidates = n } }

// Rerank is [Auto], [Off] or the name of a cross-encoder, whose logit then
// gives the order. It reads all candidates.
func Rerank(model string) SearchOption {
	return func(o *searchOptions) {
		o.stages = nil
		if model != Off {
			o.stages = []Stage{{Model: model}}
		}
	}
}

// Cascade reranks in stages: each reads the best of the order that the one
// before has made, so that a cheap model goes deep and a costly one reads
// little. What a stage does not read follows in the order it had. No stages
// mean no reranking.
func Cascade(stages ...Stage) SearchOption {
	return func(o *searchOptions) { o.stages = slices.Clone(stages) }
}

// In sets how candidates are found. The default is [Dense], or [Lexical] for
// an engine without vectors.
func In(m Mode) SearchOption { return func(o *searchOptions) { o.mode = m } }

// Filter lets only passages of documents through whose metadata match, as in
// `lang = "en" and year >= 2020 and not tag in ("draft")`; see package filter.
func Filter(expression string) SearchOption { return func(o *searchOptions) { o.filter = expression } }

// Budget is how long a search may take from its beginning; 0, the default, is
// no bound. The cross-encoder reads as many candidates as the time seems to do
// for, none if retrieval has taken all of it: what was not reranked comes after
// what was, in the order of retrieval.
func Budget(d time.Duration) SearchOption { return func(o *searchOptions) { o.budget = d } }

// Explain adds to result and hits how they came about.
func Explain() SearchOption { return func(o *searchOptions) { o.explain = true } }

// Snippets adds to every hit the part of its text that says why it is there.
// Where the query has a vector the sentences of hits are encoded for that,
// at most 24 of each and all in one call of the encoder, which takes some time.
func Snippets() SearchOption { return func(o *searchOptions) { o.snippets = true } }

// Diversity chooses hits by maximal marginal relevance: lambda weighs relevance
// against likeness to the hits before, 1 for relevance alone, 0 for difference
// alone. It needs vectors.
func Diversity(lambda float64) SearchOption {
	return func(o *searchOptions) { o.diversity = 1 - lambda }
}

// Fuse sets how hybrid search joins its two lists.
func Fuse(f Fusion) SearchOption { return func(o *searchOptions) { o.fusion = f } }

// BM25 sets the variant and parameters of lexical search.
func BM25(p lexical.Params) SearchOption { return func(o *searchOptions) { o.bm25 = p } }

// Width sets how widely an approximate vector index is searched: ef for a
// graph, probes for lists; 0 leaves the default.
func Width(ef, probes int) SearchOption {
	return func(o *searchOptions) { o.ef, o.probes = ef, probes }
}

// Exact compares every vector, whatever the index.
func Exact() SearchOption { return func(o *searchOptions) { o.exact = true } }

// Evidence asks for all that fused reranking weighs beside logits, though nothing may be reranked: in the mode dense the
// candidates' scores by words, as Retrieval.Lexical without a rank.
func Evidence() SearchOption { return func(o *searchOptions) { o.evidence = true } }

// check sets what depends on the engine and refuses what it cannot do.
func (o *searchOptions) check(e *Engine) error {
	if o.mode == "" {
		o.mode = Dense
		if e.retriever == nil {
			o.mode = Lexical
		}
	}
	if err := o.valid(); err != nil {
		return err
	}
	if e.retriever == nil {
		switch {
		case o.mode != Lexical:
			return fmt.Errorf("mode %s needs a retriever: %w", o.mode, e.noVectors("use mode lexical"))
		case o.diversity > 0:
			return fmt.Errorf("diversity needs vectors: %w", e.noVectors("leave it out"))
		}
	}
	if e.models.Reranker == "" {
		o.stages = slices.DeleteFunc(o.stages, Stage.Automatic)
	}
	o.candidates = max(o.candidates, o.topK)
	return nil
}

// valid refuses options that no engine takes.
func (o *searchOptions) valid() error {
	switch {
	case o.topK < 1:
		return fmt.Errorf("the number of hits is %d; it must be at least 1", o.topK)
	case o.candidates < 1:
		return fmt.Errorf("the number of candidates is %d; it must be at least 1", o.candidates)
	case o.mode != "" && !slices.Contains(Modes(), o.mode):
		return fmt.Errorf("unknown mode %q; use dense, lexical or hybrid", o.mode)
	case o.budget < 0:
		return fmt.Errorf("the budget is %s; it must not be negative", o.budget)
	case !(o.diversity >= 0 && o.diversity <= 1):
		return fmt.Errorf("the diversity's lambda is %v; it must be from 0 to 1", 1-o.diversity)
	case o.ef < 0 || o.probes < 0:
		return fmt.Errorf("the width is %d and %d; it must not be negative", o.ef, o.probes)
	}
	return errors.Join(checkStages(o.stages), o.fusion.check(), o.bm25.Validate())
}

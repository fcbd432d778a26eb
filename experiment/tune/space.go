// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"errors"
	"fmt"
	"slices"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/rank"
)

// Space is what is searched for the best settings: all combinations of what is listed.
type Space struct {
	Modes               []winnow.Mode
	Methods             []rank.Method // of fusion, for the hybrid mode; none: all but linear, whose weights depend on the sizes of scores
	Candidates          []int         // each at least 1
	Depths              []int         // of reranking, each at least 1; those above a setting's candidates are left out
	Ef, Probes          []int         // widths of an approximate vector index, 0 for its default; none: the default alone
	Rerankers           []Reranker    // from cheap to costly; cascades are made of each with each later one
	Precisions          []encoder.Precision
	winnow.BM25Settings // in every setting
}

// Reranker is what settings call a cross-encoder.
type Reranker struct {
	Name  string // orders by the logit
	Fused string // orders by the standardised sum of logit and score before, winnow.Auto; "" if there is no such name
}

// Setting is one way to search.
type Setting struct {
	winnow.Settings
	Precision encoder.Precision `json:"precision,omitempty"`
}

// The most that is searched.
const (
	mostSettings = 20_000
	mostListed   = 10_000 // candidates, and depth
)

// Weights of fusion are steps of 1/weightSteps of the dense list's, the rest being the lexical list's. The grid has coarse
// ones; around the best of them all steps are tried.
const weightSteps = 20

var coarseWeights = []int{4, 7, 10, 13, 16}

// Widths are those worth trying for an index of a kind: of ef for a graph, of probes for lists. 0 is the default.
func Widths(k vector.Kind) (ef, probes []int) {
	switch k {
	case vector.KindHNSW:
		return []int{0, 128, 256, 512}, nil
	case vector.KindIVF:
		return nil, []int{0, 4, 16, 64}
	default:
		return nil, nil
	}
}

// first is a first stage.
type first struct {
	precision              encoder.Precision
	mode                   winnow.Mode
	method                 rank.Method // of hybrid, as weight
	weight                 int
	candidates, ef, probes int
}

// way is a setting in the form in which it is computed.
type way struct {
	first
	stages string // as winnow.ParseStages reads them
}

// Setting is what a configuration says.
func (w way) setting() Setting {
	s := Setting{Precision: w.precision}
	s.Mode, s.Candidates, s.Rerank, s.Ef, s.Probes = w.mode, w.candidates, w.stages, w.ef, w.probes
	if w.mode == winnow.Hybrid {
		f := w.fusion()
		s.Fusion = &f
	}
	return s
}

func (f first) fusion() winnow.Fusion {
	out := winnow.Fusion{Method: f.method, Dense: float64(f.weight) / weightSteps, Lexical: float64(weightSteps-f.weight) / weightSteps}
	if f.method == rank.MethodReciprocalRank {
		out.K = rank.DefaultK
	}
	return out
}

// Label is a short name of a setting: "hybrid relative 0.65 · auto@20". The weight is that of the dense list.
func (s Setting) Label() string {
	text := string(s.Mode)
	if s.Fusion != nil {
		text += fmt.Sprintf(" %s %.4g", s.Fusion.Method, s.Fusion.Dense)
	}
	if s.Ef > 0 {
		text += fmt.Sprintf(" ef=%d", s.Ef)
	}
	if s.Probes > 0 {
		text += fmt.Sprintf(" probes=%d", s.Probes)
	}
	if s.Rerank != winnow.Off {
		text += " · " + s.Rerank
	}
	return text
}

// check sets what is left out, sorts what is in no order, and refuses what cannot be.
func (s *Space) check() error {
	switch {
	case len(s.Modes) == 0:
		return errors.New("there is no mode to try: dense, lexical or hybrid")
	case len(s.Candidates) == 0:
		return errors.New("there is no number of candidates to try: 100 is usual")
	case len(s.Rerankers) > 0 && len(s.Depths) == 0:
		return errors.New("there is no depth of reranking to try: 5, 10, 20, 50 and 100 are usual")
	}
	for _, m := range s.Modes {
		if !slices.Contains(winnow.Modes(), m) {
			return fmt.Errorf("unknown mode %q: use dense, lexical or hybrid", m)
		}
	}
	for _, list := range []struct {
		name   string
		values *[]int
		least  int
	}{{"candidates", &s.Candidates, 1}, {"depth", &s.Depths, 1}, {"ef", &s.Ef, 0}, {"probes", &s.Probes, 0}} {
		*list.values = slices.Clone(*list.values)
		slices.Sort(*list.values)
		*list.values = slices.Compact(*list.values)
		for _, v := range *list.values {
			if v < list.least || v > mostListed {
				return fmt.Errorf("%s %d: from %d to %d", list.name, v, list.least, mostListed)
			}
		}
	}
	seen := map[string]bool{winnow.Off: true, "": true}
	for _, r := range s.Rerankers {
		if seen[r.Name] || r.Fused != "" && seen[r.Fused] {
			return fmt.Errorf("reranker %q is not a name, or comes twice", r.Name)
		}
		seen[r.Name], seen[r.Fused] = true, true
	}
	if len(s.Methods) == 0 {
		s.Methods = slices.DeleteFunc(slices.Clone(rank.Methods()), func(m rank.Method) bool { return m == rank.MethodLinear })
	}
	for _, list := range []*[]int{&s.Ef, &s.Probes} {
		if len(*list) == 0 {
			*list = []int{0}
		}
	}
	if len(s.Precisions) == 0 {
		s.Precisions = []encoder.Precision{encoder.FP32}
	}
	if n := len(s.grid()); n > mostSettings {
		return fmt.Errorf("%d settings to try; at most %d: name fewer candidates, depths, rerankers or precisions", n, mostSettings)
	}
	return nil
}

// firsts are the first stages with given weights of fusion, simple ones in front.
func (s *Space) firsts(weights []int) []first {
	var out []first
	for _, p := range s.Precisions {
		for _, mode := range winnow.Modes() {
			if !slices.Contains(s.Modes, mode) {
				continue
			}
			for _, c := range s.Candidates {
				f := first{precision: p, mode: mode, candidates: c}
				if mode == winnow.Lexical {
					out = append(out, f)
					continue
				}
				for _, f.ef = range s.Ef {
					for _, f.probes = range s.Probes {
						if mode == winnow.Dense {
							out = append(out, f)
							continue
						}
						for _, f.method = range s.Methods {
							for _, f.weight = range weights {
								out = append(out, f)
							}
						}
					}
				}
			}
		}
	}
	return out
}

// stages are the ways of reranking so many candidates, simple ones in front.
func (s *Space) stages(candidates int) []string {
	out := []string{winnow.Off}
	depths := slices.DeleteFunc(slices.Clone(s.Depths), func(d int) bool { return d > candidates })
	for _, r := range s.Rerankers {
		for _, name := range r.names() {
			for _, d := range depths {
				out = append(out, winnow.FormatStages([]winnow.Stage{{Model: name, Depth: d}}))
			}
		}
	}
	for i, cheap := range s.Rerankers {
		for _, costly := range s.Rerankers[i+1:] {
			for _, name := range cheap.names() {
				for _, d := range depths {
					for _, last := range depths {
						if last < d {
							out = append(out, winnow.FormatStages([]winnow.Stage{{Model: name, Depth: d}, {Model: costly.Name, Depth: last}}))
						}
					}
				}
			}
		}
	}
	return out
}

func (r Reranker) names() []string {
	if r.Fused == "" {
		return []string{r.Name}
	}
	return []string{r.Name, r.Fused}
}

// grid is all settings but those of the refinement.
func (s *Space) grid() []way {
	var out []way
	for _, f := range s.firsts(coarseWeights) {
		for _, stages := range s.stages(f.candidates) {
			if out = append(out, way{f, stages}); len(out) > mostSettings {
				return out
			}
		}
	}
	return out
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind is a measure without its parameters, by its canonical name.
type Kind string

// The kinds. Of each there is a function that says how it is defined.
const (
	KindP       Kind = "P"       // PrecisionAt
	KindRecall  Kind = "recall"  // RecallAt
	KindSuccess Kind = "success" // SuccessAt
	KindMRR     Kind = "MRR"     // ReciprocalRank
	KindMAP     Kind = "MAP"     // AveragePrecision
	KindNDCG    Kind = "nDCG"    // NDCG
	KindRprec   Kind = "Rprec"   // RPrecision
	KindJudged  Kind = "judged"  // JudgedAt
	KindRBP     Kind = "RBP"     // RankBiasedPrecision
	KindERR     Kind = "ERR"     // ExpectedReciprocalRank
)

// Bounds of a measure's parameters.
const (
	MaxCut   = 1_000_000 // deepest cut-off
	MaxLevel = 1<<15 - 1 // highest grade of a judgment
	MaxTop   = 10        // highest top of ERR's scale
)

// Measure is a measure with its parameters. It is comparable, so it can be a key; the zero value is not a measure. A
// parameter that its kind does not have stays 0.
type Measure struct {
	Kind        Kind
	Cut         int     // only the first Cut documents count; 0 means all
	Level       int     // lowest grade that counts as relevant; 0 means Options.Level, or 1. Not of nDCG, judged and ERR
	Gain        Gain    // of nDCG
	Persistence float64 // of RBP; 0 means DefaultPersistence
	Top         int     // of ERR: highest grade of the scale; 0 means DefaultTop
}

// traits says which parameters a kind has, and its other names in lower case.
type traits struct {
	kind                   Kind
	aliases                []string
	cut, level, underscore bool // underscore: trec_eval writes the cut-off as name_k
}

var kinds = []traits{
	{KindP, []string{"p", "precision"}, true, true, true},
	{KindRecall, []string{"recall", "r"}, true, true, true},
	{KindSuccess, []string{"success", "hit"}, true, true, true},
	{KindMRR, []string{"mrr", "rr", "recip_rank"}, true, true, false},
	{KindMAP, []string{"map", "ap", "map_cut"}, true, true, true},
	{KindNDCG, []string{"ndcg", "ndcg_cut"}, true, false, true},
	{KindRprec, []string{"rprec"}, false, true, false},
	{KindJudged, []string{"judged"}, true, false, false},
	{KindRBP, []string{"rbp"}, true, true, false},
	{KindERR, []string{"err"}, true, false, false},
}

func traitsOf(k Kind) (traits, bool) {
	for _, t := range kinds {
		if t.kind == k {
			return t, true
		}
	}
	return traits{}, false
}

// Kinds returns all kinds, for help texts.
func Kinds() []Kind {
	out := make([]Kind, len(kinds))
	for i, t := range kinds {
		out[i] = t.kind
	}
	return out
}

// Validate says what is wrong with a measure that was put together by hand.
func (m Measure) Validate() error {
	t, ok := traitsOf(m.Kind)
	switch {
	case !ok:
		return unknownKind(string(m.Kind))
	case m.Cut < 0 || m.Cut > MaxCut:
		return fmt.Errorf("measure %s: cut-off %d is not between 1 and %d", m.Kind, m.Cut, MaxCut)
	case m.Cut > 0 && !t.cut:
		return fmt.Errorf("measure %s has no cut-off: it looks at as many documents as are relevant", m.Kind)
	case m.Level < 0 || m.Level > MaxLevel:
		return fmt.Errorf("measure %s: relevance level %d is not between 1 and %d", m.Kind, m.Level, MaxLevel)
	case m.Level > 0 && !t.level:
		return fmt.Errorf("measure %s takes no relevance level", m.Kind)
	case m.Gain != Linear && (m.Gain != Exponential || m.Kind != KindNDCG):
		return fmt.Errorf("measure %s: gain %d: only nDCG has one, linear or exponential", m.Kind, m.Gain)
	case m.Persistence != 0 && m.Kind != KindRBP:
		return fmt.Errorf("measure %s takes no persistence: RBP does", m.Kind)
	case m.Persistence != 0 && !(m.Persistence > 0 && m.Persistence < 1):
		return fmt.Errorf("measure RBP: persistence %v is not above 0 and below 1", m.Persistence)
	case m.Top != 0 && m.Kind != KindERR:
		return fmt.Errorf("measure %s takes no highest grade: ERR does", m.Kind)
	case m.Top < 0 || m.Top > MaxTop:
		return fmt.Errorf("measure ERR: highest grade %d is not between 1 and %d", m.Top, MaxTop)
	}
	return nil
}

// String is the canonical name, which ParseMeasure reads: "nDCG@10", "P(rel=2)@5", "RBP(p=0.5)@20", "MAP".
func (m Measure) String() string {
	var params []string
	if m.Gain == Exponential {
		params = append(params, "exp")
	}
	if m.Level > 0 {
		params = append(params, "rel="+strconv.Itoa(m.Level))
	}
	if m.Persistence != 0 {
		params = append(params, "p="+strconv.FormatFloat(m.Persistence, 'g', -1, 64))
	}
	if m.Top > 0 {
		params = append(params, "max="+strconv.Itoa(m.Top))
	}
	s := string(m.Kind)
	if len(params) > 0 {
		s += "(" + strings.Join(params, ",") + ")"
	}
	if m.Cut > 0 {
		s += "@" + strconv.Itoa(m.Cut)
	}
	return s
}

// MarshalText gives String, so that a map by measure has names in JSON. A measure that is not valid is an error.
func (m Measure) MarshalText() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return []byte(m.String()), nil
}

// UnmarshalText is ParseMeasure.
func (m *Measure) UnmarshalText(text []byte) error {
	parsed, err := ParseMeasure(string(text))
	if err == nil {
		*m = parsed
	}
	return err
}

// at fills in a relevance level that was not stated.
func (m Measure) at(level int) Measure {
	if t, _ := traitsOf(m.Kind); t.level && m.Level == 0 {
		m.Level = max(level, 1)
	}
	return m
}

func (m Measure) persistence() float64 {
	if m.Persistence == 0 {
		return DefaultPersistence
	}
	return m.Persistence
}

func (m Measure) top() int {
	if m.Top == 0 {
		return DefaultTop
	}
	return m.Top
}

// Of measures one list, which must be in TREC order (see [Order]), with trec_eval's definition. It is NaN for a measure
// that Validate refuses.
func (m Measure) Of(list []Scored, j Judgments) float64 {
	if m.Validate() != nil {
		return math.NaN()
	}
	return m.of(lookScored(list, j))
}

func (m Measure) of(v view) float64 {
	switch m.Kind {
	case KindP:
		return precision(v, m.Cut, m.Level)
	case KindRecall:
		return recall(v, m.Cut, m.Level)
	case KindSuccess:
		return success(v, m.Cut, m.Level)
	case KindMRR:
		return reciprocalRank(v, m.Cut, m.Level)
	case KindMAP:
		return averagePrecision(v, m.Cut, m.Level)
	case KindNDCG:
		return ndcg(v, m.Cut, m.Gain)
	case KindRprec:
		return rPrecision(v, m.Level)
	case KindJudged:
		return judgedShare(v, m.Cut)
	case KindRBP:
		return rankBiased(v, m.Cut, m.Level, m.persistence())
	case KindERR:
		return expectedReciprocal(v, m.Cut, m.top())
	}
	return math.NaN()
}

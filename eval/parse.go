// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// longestName bounds the text of one measure, mostNames the measures of one list.
const (
	longestName = 128
	mostNames   = 1000
)

// ParseMeasure reads the name of a measure: a kind, its parameters in parentheses, and after @ the cut-off. Letter case
// does not count.
//
//	nDCG@10  nDCG(exp)@10  P@3  P(rel=2)@5  recall@100  success@5  MRR  MRR@10  MAP  MAP@100  Rprec  judged@10
//	RBP(p=0.5)@20  ERR@20  ERR(max=3)@20
//
// Names of ir_measures (AP, RR, R@100, nDCG(dcg='exp-log2')@10) and trec_eval (map, ndcg_cut_10, P_5, recip_rank) are read,
// too. The error about an unknown name has the nearest known one.
func ParseMeasure(s string) (Measure, error) {
	text := strings.TrimSpace(s)
	if len(text) > longestName {
		return Measure{}, fmt.Errorf("measure %.20q…: a name has at most %d bytes", text, longestName)
	}
	name, depth, hasCut := strings.Cut(text, "@")
	name = strings.TrimSpace(name)
	params, hasParams := "", false
	if i := strings.IndexByte(name, '('); i >= 0 {
		inside, closed := strings.CutSuffix(name[i+1:], ")")
		if !closed {
			return Measure{}, fmt.Errorf("measure %q: the parenthesis is not closed", text)
		}
		name, params, hasParams = strings.TrimSpace(name[:i]), inside, true
	}
	t, under, err := findKind(name)
	if err != nil {
		return Measure{}, err
	}
	if under != "" {
		if hasCut {
			return Measure{}, fmt.Errorf("measure %q has two cut-offs", text)
		}
		depth, hasCut = under, true
	}
	m := Measure{Kind: t.kind}
	if hasCut {
		if m.Cut, err = whole(strings.TrimSpace(depth), MaxCut); err != nil {
			return Measure{}, fmt.Errorf("measure %q: cut-off %w", text, err)
		}
	}
	if hasParams {
		for p := range strings.SplitSeq(params, ",") {
			if err := m.set(p); err != nil {
				return Measure{}, fmt.Errorf("measure %q: %w", text, err)
			}
		}
	}
	return m, m.Validate()
}

// ParseMeasures reads names with commas between them, or spaces.
func ParseMeasures(s string) ([]Measure, error) {
	var out []Measure
	depth, start := 0, 0
	add := func(name string) error {
		if strings.TrimSpace(name) == "" {
			return nil
		}
		if len(out) == mostNames {
			return fmt.Errorf("more than %d measures", mostNames)
		}
		m, err := ParseMeasure(name)
		out = append(out, m)
		return err
	}
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',', ' ':
			if depth <= 0 {
				if err := add(s[start:i]); err != nil {
					return nil, err
				}
				start = i + 1
			}
		}
	}
	if err := add(s[start:]); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no measure given: name some of %s", kindList())
	}
	return out, nil
}

// findKind knows a kind by any of its names. cutOff is what trec_eval writes after an underscore.
func findKind(name string) (t traits, cutOff string, err error) {
	lower := strings.ToLower(name)
	for _, t := range kinds {
		if slices.Contains(t.aliases, lower) {
			return t, "", nil
		}
	}
	if i := strings.LastIndexByte(lower, '_'); i > 0 {
		for _, t := range kinds {
			if t.underscore && slices.Contains(t.aliases, lower[:i]) && digits(lower[i+1:]) {
				return t, lower[i+1:], nil
			}
		}
	}
	return traits{}, "", unknownKind(name)
}

func digits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func unknownKind(name string) error {
	var names []string
	for _, t := range kinds {
		names = append(names, string(t.kind))
	}
	for _, t := range kinds {
		names = append(names, t.aliases...)
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return fmt.Errorf("unknown measure %q: %sknown are %s", name, hint, kindList())
}

func kindList() string {
	names := make([]string, len(kinds))
	for i, t := range kinds {
		names[i] = string(t.kind)
	}
	return strings.Join(names, ", ") + ", as in nDCG@10"
}

// set reads one parameter.
func (m *Measure) set(param string) error {
	key, value, hasValue := strings.Cut(strings.ToLower(param), "=")
	key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `'"`)
	if !hasValue {
		key, value = "dcg", key
	}
	var err error
	switch key {
	case "dcg", "gain":
		switch value {
		case "exp", "exp-log2", "exponential":
			m.Gain = Exponential
		case "linear", "log2":
			m.Gain = Linear
		default:
			return fmt.Errorf("unknown parameter %q: exp and linear are gains of nDCG, others are rel=…, p=… and max=…", param)
		}
		if m.Kind != KindNDCG {
			return fmt.Errorf("%s has no gain: nDCG has", m.Kind)
		}
		return nil
	case "rel":
		m.Level, err = whole(value, MaxLevel)
	case "max":
		m.Top, err = whole(value, MaxTop)
	case "p":
		m.Persistence, err = strconv.ParseFloat(value, 64)
		if err != nil || !(m.Persistence > 0 && m.Persistence < 1) {
			err = fmt.Errorf("%q is not a number above 0 and below 1", value)
		}
	default:
		return fmt.Errorf("unknown parameter %q: known are exp, linear, rel=…, p=… and max=…", key)
	}
	if err != nil {
		return fmt.Errorf("%s %w", key, err)
	}
	return nil
}

// whole reads a number from 1 to most.
func whole(s string, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most || !digits(s) {
		return 0, fmt.Errorf("%q is not a whole number between 1 and %d", s, most)
	}
	return n, nil
}

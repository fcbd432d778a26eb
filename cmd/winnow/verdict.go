// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/model"
)

// weightsOf says in which form the weights are.
func weightsOf(m *model.Model) string {
	meta := m.Weights.Metadata()
	if t := meta["winnow.dtype"]; t != "" {
		return "converted to " + t + " from " + meta["winnow.source"]
	}
	return "as published"
}

// judge holds what was measured against bounds.
func (v *verdict) judge(b bounds) {
	v.Bounds, v.BoundsReason = map[string]float64{}, b.reason
	tokens := check{name: "token ids", ok: v.TokensDiffer == 0, wanted: "all equal"}
	switch {
	case v.TokensChecked == 0:
		tokens.measured, tokens.wanted, tokens.free = "not stated by the reference", "", true
	case v.TokensDiffer == 0:
		tokens.measured = term.Plural(v.TokensChecked, "case", "cases") + " equal"
	default:
		tokens.measured = fmt.Sprintf("%d of %d cases differ", v.TokensDiffer, v.TokensChecked)
	}
	v.checks = []check{tokens}
	add := func(key, name string, value, limit float64, passes func(value, limit float64) bool, sign, shown, bound string) {
		c := check{name: name, measured: shown, free: limit == 0, ok: true}
		if limit != 0 {
			v.Bounds[key] = limit
			c.ok, c.wanted = passes(value, limit), sign+" "+bound
		}
		v.checks = append(v.checks, c)
	}
	digits := func(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
	short := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	add("max_difference", "largest difference", v.MaxDifference, b.maxDifference, atMost, "≤",
		term.Difference(v.MaxDifference)+" ("+v.Worst+")", short(b.maxDifference))
	if v.MeanCosine != nil {
		add("mean_cosine", "mean cosine", *v.MeanCosine, b.meanCosine, atLeast, "≥", digits(*v.MeanCosine), short(b.meanCosine))
		add("worst_cosine", "worst cosine", *v.WorstCosine, b.worstCosine, atLeast, "≥", digits(*v.WorstCosine), short(b.worstCosine))
	}
	add("rank_agreement", "rank agreement (τ)", v.RankAgreement, b.rankAgreement, atLeast, "≥", digits(v.RankAgreement), short(b.rankAgreement))
	v.Pass = !slices.ContainsFunc(v.checks, func(c check) bool { return !c.ok })
}

// print prints the verdict for people.
func (v *verdict) print(o *term.Output) {
	f := newFacts()
	f.addStyled("model", v.Model, term.Bold)
	f.add("weights", v.Weights)
	f.add("reference", v.Reference.Model+": "+v.Reference.About)
	var libraries []string
	for _, name := range slices.Sorted(maps.Keys(v.Reference.Libraries)) {
		libraries = append(libraries, name+" "+v.Reference.Libraries[name])
	}
	f.add("computed with", strings.Join(libraries, ", "))
	f.add("cases", term.Count(v.Cases))
	f.add("SIMD", string(v.Tier))
	f.add("precision", string(v.Precision))
	f.table.Print(o)
	o.Println("")
	t := &term.Table{Columns: []term.Column{{Title: "check"}, {Title: "measured", Fit: term.Fold}, {Title: "bound"}, {Title: "result"}}}
	for _, c := range v.checks {
		result := term.Cell{Text: "ok", Style: term.Green}
		switch {
		case c.free:
			result = term.Cell{Text: "shown only", Style: term.Faint}
		case !c.ok:
			result = term.Cell{Text: "FAILED", Style: term.Red}
		}
		t.Add(term.Text(c.name), term.Text(c.measured), term.Text(c.wanted), result)
	}
	t.Print(o)
	o.Println("")
	for _, line := range term.Wrap("Bounds: "+o.Line(v.BoundsReason)+".", o.Columns()) {
		o.Println(line)
	}
	for i, p := range v.Problems {
		if i == 3 {
			o.Println(fmt.Sprintf("… and %d more", len(v.Problems)-i))
			break
		}
		for _, line := range term.Wrap(o.Line(p), o.Columns()) {
			o.Println(line)
		}
	}
	if v.Pass {
		o.Println(o.Paint(term.Green, "passed"))
	} else {
		o.Println(o.Paint(term.Red, "failed"))
	}
}

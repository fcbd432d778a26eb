// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
)

// smallModel is the size in bytes of packed float32 weights up to which winnow info measures without
// being asked: the built-in models have 43 MB, and take about a second on two cores.
const smallModel = 50e6

// precisionInfo is one element of the JSON output's precisions.
type precisionInfo struct {
	Precision encoder.Precision `json:"precision"`
	Packed    int64             `json:"packed_bytes"`
	Fidelity  *fidelityInfo     `json:"fidelity,omitempty"` // if measured
}

// fidelityInfo says how near a precision comes to fp32.
type fidelityInfo struct {
	Kind   string  `json:"kind"` // cosine or kendall_tau
	Mean   float64 `json:"mean"`
	Worst  float64 `json:"worst"`
	Enough bool    `json:"enough"` // for auto
}

// addPrecisions adds what is to be said about precisions, measured or not.
func (i *modelInfo) addPrecisions(ctx context.Context, m *model.Model, measured bool, opts ...encoder.Option) error {
	if i.Kind == parity.Bi && len(i.Pooling) == 0 {
		measured = false // there are no text vectors to compare
	}
	if !measured {
		for _, p := range encoder.Supported() {
			i.Precisions = append(i.Precisions, precisionInfo{p, int64(encoder.PackedBytes(m.Config, p)), nil})
		}
		return nil
	}
	kind := map[string]string{parity.Bi: "cosine", parity.Cross: "kendall_tau"}[i.Kind]
	list, err := encoder.Fidelities(ctx, m.Name, opts...)
	if err != nil {
		return err
	}
	for _, f := range list {
		i.Precisions = append(i.Precisions, precisionInfo{f.Precision, int64(f.Bytes), &fidelityInfo{kind, f.Mean, f.Worst, f.Enough}})
		if f.Enough && i.Auto == "" { // the fastest comes first
			i.Auto = f.Precision
		}
	}
	slices.SortFunc(i.Precisions, func(a, b precisionInfo) int {
		return slices.Index(encoder.Precisions(), a.Precision) - slices.Index(encoder.Precisions(), b.Precision)
	})
	return nil
}

// printPrecisions prints the section about precisions.
func (a *app) printPrecisions(i *modelInfo) {
	what := map[string]string{parity.Bi: "cosine", parity.Cross: "tau"}[i.Kind]
	t := &term.Table{Columns: []term.Column{{Title: "precision"}, {Title: "packed weights", Right: true}}}
	measured := i.Auto != ""
	if measured {
		t.Columns = append(t.Columns, term.Column{Title: "mean " + what, Right: true}, term.Column{Title: "worst " + what, Right: true}, term.Column{})
	}
	for _, p := range i.Precisions {
		row := []term.Cell{term.Text(string(p.Precision)), term.Text(term.Bytes(p.Packed))}
		if f := p.Fidelity; f != nil {
			remark := term.Cell{}
			switch {
			case p.Precision == i.Auto:
				remark = term.Cell{Text: "what auto takes", Style: term.Green}
			case !f.Enough:
				remark = term.Cell{Text: "not near enough for auto", Style: term.Yellow}
			}
			row = append(row, term.Text(fidelity(p.Precision, f.Mean)), term.Text(fidelity(p.Precision, f.Worst)), remark)
		}
		t.Add(row...)
	}
	a.stdout.Println("")
	t.Print(a.stdout)
	if !measured && (i.Kind == parity.Cross || len(i.Pooling) > 0) {
		faint(a.stdout, fmt.Sprintf("winnow info %s --measure tells how near each comes to fp32", a.stdout.Line(i.Name)))
	}
}

// fidelity writes a cosine or tau; fp32 is what the others are compared with.
func fidelity(p encoder.Precision, v float64) string {
	if p == encoder.FP32 {
		return "1"
	}
	return strconv.FormatFloat(v, 'f', 6, 64)
}

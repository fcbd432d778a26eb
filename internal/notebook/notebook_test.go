// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package notebook

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	v, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range v.Corpus {
		ids = append(ids, d.ID)
		if len(d.Text) < 40 {
			t.Errorf("%s is %q", d.ID, d.Text)
		}
	}
	if got := strings.Join(ids, " "); got != "d1 d2 d3 d4 d5 d6 d7 d8" {
		t.Errorf("corpus is %s", got)
	}
	var gold []string
	for _, q := range append(v.Queries, v.Smoke, v.Shift) {
		gold = append(gold, q.Gold)
		if q.Text == "" || len(q.Cosine) != 8 {
			t.Errorf("query %+v", q)
		}
	}
	if got := strings.Join(gold, " "); got != "d3 d4 d5 d6 d7  " {
		t.Errorf("gold ids are %q", got)
	}
	for _, e := range []Example{v.Eiffel, v.Intelligence, v.Basics, v.Tricky} {
		if e.Query == "" || len(e.Documents) < 2 || len(e.Cosine) != len(e.Documents) {
			t.Errorf("example %+v", e)
		}
	}
	if len(v.Weather.Documents) != 3 || len(v.Matrix.Queries) != 3 || len(v.Matrix.Documents) != 3 || len(v.Matrix.Cosine) != 3 {
		t.Errorf("weather %+v, matrix %+v", v.Weather, v.Matrix)
	}
	if p := v.Printed; p.MRR != (Stages{0.9, 1}) || p.PAt3 != (Stages{1, 1}) || len(p.ShiftReranked) != 5 || p.Reranked[0].Score < 5 {
		t.Errorf("printed %+v", p)
	}
}

// What the notebook prints and what was computed anew with a newer version of the reference must say the same.
func TestPrintedEqualsComputed(t *testing.T) {
	v, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range v.Printed.Top {
		i := slices.IndexFunc(v.Corpus, func(d Text) bool { return d.ID == s.ID })
		if d := math.Abs(v.Smoke.Cosine[i] - s.Score); d > 1e-6 {
			t.Errorf("%s: printed %v, computed %v", s.ID, s.Score, v.Smoke.Cosine[i])
		}
	}
}

func TestParseRefusesDamage(t *testing.T) {
	for _, change := range [][2]string{
		{`"about"`, `"abuot"`},
		{`"d4": 0.10178186359971866,`, ``},
		{`0.46081768817836444,`, ``},
		{`0.5529755353927612`, `0.5, 0.5`},
	} {
		damaged := strings.Replace(string(data), change[0], change[1], 1)
		if damaged == string(data) {
			t.Fatalf("%s is not in the file", change[0])
		}
		if _, err := parse([]byte(damaged)); err == nil {
			t.Errorf("%s instead of %s is accepted", change[1], change[0])
		}
	}
}

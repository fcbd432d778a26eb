// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/internal/unpack"
)

// generator is Knuth's MMIX linear congruential generator. scripts/reference/ir_measures_golden.py has it, too: the random runs
// below are made on both sides, and only the values are stored.
type generator uint64

func (g *generator) below(n int) int {
	*g = *g*6364136223846793005 + 1442695040888963407
	return int(uint64(*g)>>33) % n
}

func choose[T any](g *generator, choices ...T) T { return choices[g.below(len(choices))] }

// randomRuns draws judgments and lists for 1,000 runs, each of one to three queries: many ties, some that only float32 has,
// grades below 0, documents without judgments, and queries that only one side has. They are one run in the file.
func randomRuns(t *testing.T) (*Run, map[string]Judgments) {
	t.Helper()
	g := generator(20261123)
	qrels, run := map[string]Judgments{}, &Run{Tag: "random"}
	for i := range 1000 {
		for q := range 1 + g.below(3) {
			query := fmt.Sprintf("%d.%d", i, q)
			fate := 11
			if q > 0 {
				fate = g.below(12)
			}
			top := choose(&g, 1, 1, 3, 4)
			n := choose(&g, 1, 2, 3, 5, 8, 12, 20, 30)
			levels := choose(&g, 1, 2, 4, 1000)
			var list []Scored
			judged := Judgments{}
			for d := range n {
				prefix := choose(&g, "d", "D", "é", "a-")
				digits := 1
				for range 1 + g.below(3) {
					digits *= 10
				}
				doc := fmt.Sprintf("%s%d_%d", prefix, g.below(digits), d)
				score := float64(g.below(levels))/8 - 3
				if g.below(4) == 0 {
					score += 0x1p-40
				}
				list = append(list, Scored{doc, score})
				if g.below(2) == 1 {
					judged[doc] = g.below(top+3) - 2
				}
			}
			for d := range g.below(4) {
				judged["unseen"+strconv.Itoa(d)] = g.below(top + 1)
			}
			if len(judged) == 0 {
				judged["unseen"] = 1
			}
			if fate != 0 {
				if err := run.Add(query, list); err != nil {
					t.Fatal(err)
				}
			}
			if fate != 1 {
				qrels[query] = judged
			}
		}
	}
	return run, qrels
}

// referenceValues reads the stored values: the measures, and by query their values.
func referenceValues(t *testing.T) ([]Measure, map[string][]float64) {
	t.Helper()
	f, err := unpack.Open("testdata/ir_measures.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var measures []Measure
	values := map[string][]float64{}
	err = eachLine(f, "ir_measures.tsv.gz", func(number int, line string) error {
		fields := strings.Split(line, "\t")
		switch number {
		case 1:
			return nil // what the values were made with
		case 2:
			measures, err = ParseMeasures(strings.Join(fields[1:], " "))
			return err
		}
		for _, text := range fields[1:] {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return err
			}
			values[fields[0]] = append(values[fields[0]], v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return measures, values
}

// TestMeasuresEqualReference: trec_eval, gdeval and ir_measures give the same values for every query, also after the run and
// the judgments went through files.
func TestMeasuresEqualReference(t *testing.T) {
	run, qrels := randomRuns(t)
	var runFile, qrelsFile bytes.Buffer
	if err := run.Write(&runFile); err != nil {
		t.Fatal(err)
	}
	if err := WriteQrels(&qrelsFile, qrels); err != nil {
		t.Fatal(err)
	}
	run, err := ReadRun(&runFile, "run")
	if err != nil {
		t.Fatal(err)
	}
	if qrels, err = ReadQrels(&qrelsFile, "qrels"); err != nil {
		t.Fatal(err)
	}
	measures, want := referenceValues(t)
	report, err := Evaluate(run, qrels, Options{Measures: measures})
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 1500 || len(report.Queries)-report.Missing != len(want) {
		t.Fatalf("%d queries with %d missing, %d in the file", len(report.Queries), report.Missing, len(want))
	}
	if report.Missing == 0 || report.Unjudged == 0 || report.NoRelevant == 0 {
		t.Errorf("missing %d, not judged %d, nothing relevant %d: the runs are too tame", report.Missing, report.Unjudged, report.NoRelevant)
	}
	for at, m := range measures {
		largest := 0.0
		for i, query := range report.Queries {
			got, expected := report.Values[m][i], 0.0
			if values, ok := want[query]; ok {
				expected = values[at]
			} else if run.Lists[query] != nil {
				t.Fatalf("query %s has no reference value", query)
			}
			diff := math.Abs(got - expected)
			if !(diff <= 1e-9) {
				t.Errorf("query %s: %s = %v, want %v", query, m, got, expected)
			}
			largest = max(largest, diff)
		}
		t.Logf("%-16s largest difference %.1e, %4d queries tied, mean %.4f, tie-aware %.4f", m, largest, report.Tied[m], report.Means[m], report.TieAware[m])
	}
	if info, err := os.Stat("testdata/ir_measures.tsv.gz"); err != nil || info.Size() > 300_000 {
		t.Errorf("the file of values is too large: %v, %v", info, err)
	}
}

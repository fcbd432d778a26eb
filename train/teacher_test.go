// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

const promptedPath = "../internal/parity/testdata/bi-prompts"

// A teacher is asked for anchors as queries and for all else as documents, whether the student tells them apart or not.
func TestTeachersHaveTheirPrompts(t *testing.T) {
	teacher := openTeacher(t, promptedPath)
	task, err := Bi(openModel(t, "bi-mean"), loss.MultipleNegativesRanking{Mask: true}, teacher, options())
	if err != nil {
		t.Fatal(err)
	}
	rows := []dataset.Row{{Anchor: "a red train", Positive: "the river"}, {Anchor: "the river", Positive: "a ship", Negatives: []string{"a red train"}}}
	b, err := task.prepare(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	same := func(place int, text string, kind encoder.Kind) {
		t.Helper()
		want, err := teacher.Encode(t.Context(), []string{text}, encoder.As(kind))
		if err != nil {
			t.Fatal(err)
		}
		if got := b.vectors.Teacher[place*b.vectors.TeacherDim:][:b.vectors.TeacherDim]; !slices.Equal(got, want.Data) {
			t.Errorf("%q is not taught as a %s", text, kind)
		}
	}
	for i, r := range rows {
		e := b.vectors.Examples[i]
		same(e.Anchor, r.Anchor, encoder.Query)
		same(e.Positive, r.Positive, encoder.Document)
		for k, text := range r.Negatives {
			same(e.Negatives[k], text, encoder.Document)
		}
	}
}

// What a model learns of itself is nothing, prompts included.
func TestAModelIsItsOwnTeacher(t *testing.T) {
	for name, l := range map[string]loss.Bi{"distil": loss.Distillation{}, "distil-cosine": loss.Distillation{Cosine: true}, "distil-tokens": loss.Distillation{Cosine: true, Tokens: true}} {
		o := options()
		o.Dropout = 0
		task, err := Bi(openModel(t, "bi-prompts"), l, openTeacher(t, promptedPath), o)
		if err != nil {
			t.Fatal(err)
		}
		b, err := task.prepare(t.Context(), someRows(t, 6))
		if err != nil {
			t.Fatal(err)
		}
		if value, err := task.gradients(b, 1, 1); err != nil || math.Abs(value) > 1e-6 {
			t.Errorf("%s: the loss is %v, %v", name, value, err)
		}
	}
}

func TestRowsThatWouldBeTakenAmissAreRefused(t *testing.T) {
	at := func(line int) dataset.Place { return dataset.Place{File: "rows.jsonl", Line: line} }
	for name, tt := range map[string]struct {
		model string
		loss  loss.Cross
		rows  []dataset.Row
		want  string
	}{
		"classes with negatives": {"cross-three-labels", loss.MultiClass{}, []dataset.Row{
			{Anchor: "a", Positive: "b", Label: 2, HasLabel: true, Place: at(1)},
			{Anchor: "a", Positive: "b", Label: 1, HasLabel: true, Negatives: []string{"c"}, Place: at(2)},
		}, `rows.jsonl: line 2: field "negatives": `},
		"one label beside scores": {"cross-default", loss.BinaryCrossEntropy{}, []dataset.Row{
			{Anchor: "a", Positive: "b", Label: 1, HasLabel: true, Scores: []float64{0.3}, Place: at(1)},
			{Anchor: "a", Positive: "c", Label: 1, HasLabel: true, Scores: []float64{0.9}, Place: at(2)},
		}, "all 2 rows have one label"},
	} {
		task, err := Cross(openModel(t, tt.model), tt.loss, options())
		if err != nil {
			t.Fatal(err)
		}
		_, err = task.count(t.Context(), &Plan{Rows: func() iter.Seq2[dataset.Row, error] {
			return func(yield func(dataset.Row, error) bool) {
				for _, r := range tt.rows {
					if !yield(r, nil) {
						return
					}
				}
			}
		}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

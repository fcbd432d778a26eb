// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"testing"

	"github.com/winnow-search/winnow/internal/pooling"
	"github.com/winnow-search/winnow/train/loss"
)

// Every kind of pooling, a dense module after it, and prompts that take part in it or do not.
func TestGradientsOfPoolingsAreThoseOfPyTorch(t *testing.T) {
	r := readReference(t)
	known := map[string]bool{"mean": true} // TestGradientsOfBiEncodersAreThoseOfPyTorch
	for name, want := range r.BiPoolings {
		t.Run(name, func(t *testing.T) {
			m := openModel(t, name)
			for _, mode := range m.Pooling.Modes {
				known[mode] = true
			}
			task, err := Bi(m, loss.MultipleNegativesRanking{}, nil, plain())
			if err != nil {
				t.Fatal(err)
			}
			b, err := task.prepare(t.Context(), r.data(want.Negatives)[:8])
			if err != nil {
				t.Fatal(err)
			}
			agree(t, task, b, want)
		})
	}
	for _, mode := range pooling.Modes {
		if !known[mode] {
			t.Errorf("the reference has no case of pooling %s", mode)
		}
	}
}

// A teacher of ours, copied by a student of fewer layers.
func TestGradientsOfDistillationAreThoseOfPyTorch(t *testing.T) {
	r := readReference(t)
	for name, want := range r.BiDistilled {
		t.Run(name, func(t *testing.T) {
			l, err := loss.NamedBi(name, loss.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			for _, chunk := range []int{60, 8192} {
				o := plain()
				o.ChunkTokens = chunk
				task, err := Bi(student(t, 0), l, openTeacher(t, teacherPath), o)
				if err != nil {
					t.Fatal(err)
				}
				b, err := task.prepare(t.Context(), r.data(want.Negatives)[:8])
				if err != nil {
					t.Fatal(err)
				}
				agree(t, task, b, want)
			}
		})
	}
}

// No loss is left out.
func TestEveryLossHasAReference(t *testing.T) {
	r := readReference(t)
	for _, name := range loss.BiNames() {
		_, labelled := r.Bi[name]
		_, distilled := r.BiDistilled[name]
		if !labelled && !distilled {
			t.Errorf("the reference has no case of %s", name)
		}
	}
	for _, name := range loss.CrossNames() {
		if _, ok := r.Cross[name]; !ok {
			t.Errorf("the reference has no case of %s", name)
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/backprop"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/convert"
	"github.com/winnow-search/winnow/model/safetensors"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

const teacherPath = "../internal/parity/testdata/bi-mean"

func openTeacher(t *testing.T, path string, opts ...encoder.Option) *encoder.BiEncoder {
	t.Helper()
	teacher, err := encoder.OpenBi(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { teacher.Close() })
	return teacher
}

// student is the teacher with fewer layers and inner features: all of them if 0.
func student(t *testing.T, intermediate int) *model.Model {
	t.Helper()
	m := openModel(t, "bi-mean")
	dst := filepath.Join(t.TempDir(), "student")
	if _, err := convert.Convert(m, dst, convert.Options{DType: safetensors.F32, Layers: []int{0, 2}, Intermediate: intermediate}); err != nil {
		t.Fatal(err)
	}
	small, err := model.Open(dst)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { small.Close() })
	return small
}

func someRows(t *testing.T, n int) (list []dataset.Row) {
	t.Helper()
	for r, err := range rows(n)() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func TestTokensAreDistilled(t *testing.T) {
	tokens := loss.Distillation{Cosine: true, Tokens: true}
	at := func(chunk int, m *model.Model, l loss.Bi) (float64, *Task) {
		o := options()
		o.ChunkTokens, o.Dropout = chunk, 0
		task, err := Bi(m, l, openTeacher(t, teacherPath), o)
		if err != nil {
			t.Fatal(err)
		}
		b, err := task.prepare(t.Context(), someRows(t, 6))
		if err != nil {
			t.Fatal(err)
		}
		value, err := task.gradients(b, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		return value, task
	}
	if value, _ := at(8192, openModel(t, "bi-mean"), tokens); math.Abs(value) > 1e-6 {
		t.Errorf("of the teacher itself the loss is %v", value)
	}
	texts, _ := at(8192, student(t, 50), loss.Distillation{Cosine: true})
	whole, task := at(8192, student(t, 50), tokens)
	parts, inParts := at(60, student(t, 50), tokens)
	if !(whole > texts) || math.Abs(whole-parts) > 1e-5*whole {
		t.Errorf("the loss is %v of texts, %v with tokens, %v in parts", texts, whole, parts)
	}
	for i, p := range task.network.parameters() {
		near(t, inParts.network.parameters()[i].Gradient, p.Gradient)
	}

	// The gradient of a bias moves the loss as it says.
	index := slices.IndexFunc(task.network.parameters(), func(p *backprop.Parameter) bool {
		return strings.HasSuffix(p.Name, "layer.1.output.LayerNorm.bias")
	})
	p := task.network.parameters()[index]
	var square float64
	for _, g := range p.Gradient {
		square += float64(g) * float64(g)
	}
	const step = 1e-2
	move := func(by float64) float64 {
		before := slices.Clone(p.Value)
		for i, g := range p.Gradient {
			p.Value[i] += float32(by * float64(g) / math.Sqrt(square))
		}
		task.network.pack()
		b, err := task.prepare(t.Context(), someRows(t, 6))
		if err != nil {
			t.Fatal(err)
		}
		kept := slices.Clone(p.Gradient)
		value, err := task.gradients(b, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		copy(p.Gradient, kept)
		copy(p.Value, before)
		return value
	}
	if slope := (move(step) - move(-step)) / (2 * step); math.Abs(slope-math.Sqrt(square)) > 2e-3*math.Sqrt(square) {
		t.Errorf("along its gradient of length %v the loss rises by %v", math.Sqrt(square), slope)
	}
}

func TestTokensThatCannotBeDistilled(t *testing.T) {
	tokens := loss.Distillation{Tokens: true}
	if _, err := Bi(openModel(t, "bi-cls"), tokens, openTeacher(t, "../internal/parity/testdata/bi-cls"), options()); err == nil || !strings.Contains(err.Error(), "first token") {
		t.Errorf("a student of first tokens: %v", err)
	}
	task, err := Bi(openModel(t, "bi-mean"), tokens, openTeacher(t, teacherPath, encoder.MaxTokens(6)), options())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := task.prepare(t.Context(), someRows(t, 2)); err == nil || !strings.Contains(err.Error(), "one limit of tokens") {
		t.Errorf("a teacher that cuts texts: %v", err)
	}
}

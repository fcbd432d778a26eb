// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

var someTexts = []string{"the red train", "a river of stone and light, slow and not fast", "x", "the red train is not the fast one"}

// What is trained is what package encoder computes: pooling, prompts, dense layers and all.
func TestOutputsAreThoseOfTheEncoders(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", "internal", "parity", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Run(e.Name(), func(t *testing.T) {
			m := openModel(t, e.Name())
			if len(m.Pooling.Modes) == 0 {
				crossOutputs(t, e.Name())
				return
			}
			task, err := Bi(m, loss.MultipleNegativesRanking{}, nil, options())
			if err != nil {
				t.Fatal(err)
			}
			b, err := encoder.OpenBi(m.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			for _, kind := range []encoder.Kind{encoder.Query, encoder.Document} {
				want, err := b.Encode(t.Context(), someTexts, encoder.As(kind))
				if err != nil {
					t.Fatal(err)
				}
				got, dim, err := task.Embed(t.Context(), someTexts, kind)
				if err != nil || dim != want.Dim {
					t.Fatalf("%d dimensions, want %d: %v", dim, want.Dim, err)
				}
				near(t, got, want.Data)
			}
		})
	}
}

func crossOutputs(t *testing.T, name string) {
	t.Helper()
	m := openModel(t, name)
	o := options()
	var l loss.Cross = loss.Softmax{}
	if len(m.Config.Labels) > 1 {
		l = loss.MultiClass{}
	}
	task, err := Cross(m, l, o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := encoder.OpenCross(m.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var pairs []encoder.Pair
	for _, text := range someTexts {
		pairs = append(pairs, encoder.Pair{Query: "what is red", Document: text})
	}
	want, err := c.Predict(t.Context(), pairs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := task.Score(t.Context(), "what is red", someTexts)
	if err != nil {
		t.Fatal(err)
	}
	near(t, got, want.Logits)
}

func near(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-5) {
			t.Fatalf("element %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// A model with dense layers is saved with them, trained.
func TestDenseLayersAreTrainedAndSaved(t *testing.T) {
	m := openModel(t, "bi-dense")
	task, err := Bi(m, loss.MultipleNegativesRanking{}, nil, options())
	if err != nil {
		t.Fatal(err)
	}
	before := values(task)
	checkpoint := t.TempDir()
	if _, err := task.Run(t.Context(), Plan{Rows: rows(50), Checkpoint: checkpoint, CheckpointEvery: 10}); err != nil {
		t.Fatal(err)
	}
	dense := 0
	for i, p := range task.network.parameters() {
		if p.Layer == m.Config.Layers {
			dense++
			if slices.Equal(p.Value, before[i]) {
				t.Errorf("%s is as it was", p.Name)
			}
		}
	}
	if dense == 0 {
		t.Fatal("no dense layers")
	}
	want, _, err := task.Embed(t.Context(), someTexts, encoder.Document)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tuned")
	if err := task.Save(dir, map[string][]byte{"README.md": []byte("card")}); err != nil {
		t.Fatal(err)
	}
	b, err := encoder.OpenBi(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	got, err := b.Encode(t.Context(), someTexts, encoder.As(encoder.Document))
	if err != nil {
		t.Fatal(err)
	}
	near(t, got.Data, want)
}

// With dropout, too, gradients are those of the loss: of the same masks, since the seed is the same.
func TestGradientsWithDropoutAgreeWithDifferences(t *testing.T) {
	for _, kind := range []string{"bi", "cross"} {
		t.Run(kind, func(t *testing.T) {
			o := options()
			o.Dropout = 0.3
			task, name := &Task{options: o, bi: loss.MultipleNegativesRanking{}}, "bi-mean"
			texts := 1
			if kind == "cross" {
				task, name, texts = &Task{options: o, cross: loss.Softmax{}}, "cross-default", 2
			}
			if err := task.open(openModel(t, name), texts); err != nil {
				t.Fatal(err)
			}
			var batch []dataset.Row
			for r, err := range rows(4)() {
				if err != nil {
					t.Fatal(err)
				}
				batch = append(batch, r)
			}
			b, err := task.prepare(t.Context(), batch)
			if err != nil {
				t.Fatal(err)
			}
			value := func() float64 {
				task.network.pack()
				v, err := task.gradients(b, 7, 1)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			value()
			var gradients [][]float32
			for _, p := range task.network.parameters() {
				gradients = append(gradients, slices.Clone(p.Gradient))
			}
			for k, p := range task.network.parameters() {
				// Along its own gradient, scaled to length 1, a parameter's derivative is the gradient's length.
				g := gradients[k]
				var square float64
				for _, x := range g {
					square += float64(x) * float64(x)
				}
				length := math.Sqrt(square)
				if length < 1e-3 {
					continue // rounding of the loss would drown it
				}
				start := slices.Clone(p.Value)
				move := func(step float64) float64 {
					for i := range p.Value {
						p.Value[i] = start[i] + float32(step/length*float64(g[i]))
					}
					return value()
				}
				const step = 2e-3
				got := (move(step) - move(-step)) / (2 * step)
				copy(p.Value, start)
				if math.Abs(got-length) > 0.03*length+1e-3 {
					t.Errorf("%s: gradient of length %v, by differences %v", p.Name, length, got)
				}
			}
		})
	}
}

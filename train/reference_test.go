// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/backprop"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

// projected is a gradient as scripts/reference/training.py stores it.
type projected struct {
	Length      float64   `json:"length"`
	Projections []float64 `json:"projections"`
}

// referenceCase is the value and the gradients of a loss.
type referenceCase struct {
	Loss      float64              `json:"loss"`
	Negatives int                  `json:"negatives"`
	Gradients map[string]projected `json:"gradients"`
}

// reference is what PyTorch and sentence-transformers gave.
type reference struct {
	Rows []struct {
		Anchor    string    `json:"anchor"`
		Positive  string    `json:"positive"`
		Negatives []string  `json:"negatives"`
		Label     float64   `json:"label"`
		Scores    []float64 `json:"scores"`
	} `json:"rows"`
	Bi          map[string]referenceCase `json:"bi"`
	BiPoolings  map[string]referenceCase `json:"bi_poolings"`  // by model
	BiDistilled map[string]referenceCase `json:"bi_distilled"` // of bi-mean without its second layer, by bi-mean
	Cross       map[string]referenceCase `json:"cross"`
	BiSteps     []float64                `json:"bi_steps"`
	CrossSteps  []float64                `json:"cross_steps"`
	Rates       map[string][]float64     `json:"rates"` // of schedule and steps of warm-up, such as "linear 3", beside the highest
}

func readReference(t *testing.T) *reference {
	t.Helper()
	f, err := os.Open("testdata/reference.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.NewDecoder(z).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// sign is +1 or -1, as the script's signs.
func sign(i, k int) float64 {
	z := (uint64(i) + uint64(k)<<32) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	if (z^z>>31)&1 == 1 {
		return 1
	}
	return -1
}

// agree computes the loss and the gradients of a batch and holds them against the reference's.
func agree(t *testing.T, task *Task, b *batch, want referenceCase) {
	t.Helper()
	value, err := task.gradients(b, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(value-want.Loss) > 1e-5*math.Abs(want.Loss) {
		t.Errorf("the loss is %v, want %v", value, want.Loss)
	}
	prefix := task.network.model.Prefix
	if task.cross != nil {
		prefix = "" // the reference's names have it, too
	}
	t.Logf("the loss is off by %.1e, gradients by %.1e at most", math.Abs(value/want.Loss-1), compare(t, task.network.parameters(), prefix, want.Gradients))
}

// compare holds every parameter's gradient against the reference's, and returns the largest relative difference. Names of the
// reference lack the prefix.
func compare(t *testing.T, parameters []*backprop.Parameter, prefix string, want map[string]projected) (worst float64) {
	t.Helper()
	var all float64
	for _, g := range want {
		all += g.Length * g.Length
	}
	seen := 0
	for _, p := range parameters {
		w, ok := want[strings.TrimPrefix(p.Name, prefix)]
		if !ok {
			for _, g := range p.Gradient {
				if g != 0 {
					t.Errorf("%s has a gradient and none in the reference", p.Name)
					break
				}
			}
			continue
		}
		seen++
		var square float64
		for k, projection := range w.Projections {
			got := 0.0
			for i, g := range p.Gradient {
				got += float64(g) * sign(i, k)
			}
			square += (got - projection) * (got - projection) / float64(len(w.Projections))
		}
		// What is zero but for rounding, such as the gradient of keys' biases, is compared with the whole.
		if d := math.Sqrt(square); d > 1e-4*w.Length+1e-7*math.Sqrt(all) {
			t.Errorf("%s: gradient of length %v is off by %v", p.Name, w.Length, d)
		} else if w.Length > 1e-3*math.Sqrt(all) {
			worst = max(worst, d/w.Length)
		}
	}
	if seen != len(want) {
		t.Errorf("%d of the reference's %d parameters are there", seen, len(want))
	}
	return worst
}

// data are the rows as a loss of the reference has them.
func (r *reference) data(negatives int) (rows []dataset.Row) {
	for i, x := range r.Rows {
		rows = append(rows, dataset.Row{
			Anchor: x.Anchor, Positive: x.Positive, Negatives: x.Negatives[:negatives], Scores: x.Scores[:1+negatives],
			Label: x.Label, HasLabel: true, Place: dataset.Place{File: "reference", Line: i + 1},
		})
	}
	return rows
}

// plain are options without dropout, for one batch at a time.
func plain() *Options {
	o := Defaults()
	o.Dropout, o.Rate, o.WeightDecay = 0, 1e-3, 0.01
	return &o
}

// biCase is the loss of a case of the reference, and its teacher if it has one that is asked.
func biCase(t *testing.T, name string) (l loss.Bi, teacher *encoder.BiEncoder) {
	t.Helper()
	switch name {
	case "matryoshka":
		return loss.Matryoshka{Of: loss.MultipleNegativesRanking{}, Dims: []int{48, 24, 12}, Weights: []float64{1, 0.5, 0.25}}, nil
	case "mnr dot":
		return loss.MultipleNegativesRanking{Similarity: loss.Dot, Scale: 1}, nil
	case "margin-mse cosine":
		return loss.MarginMSE{Similarity: loss.Cosine}, nil
	}
	kind, variant, _ := strings.Cut(name, " ")
	var settings loss.Settings
	settings.Mask = strings.HasPrefix(variant, "mask")
	if strings.HasSuffix(variant, "margin") {
		settings.Margin = 0.1
	}
	if strings.Contains(variant, "guide") {
		teacher = openTeacher(t, "../internal/parity/testdata/bi-cls")
	}
	l, err := loss.NamedBi(kind, settings)
	if err != nil {
		t.Fatal(err)
	}
	return l, teacher
}

func TestGradientsOfBiEncodersAreThoseOfPyTorch(t *testing.T) {
	r := readReference(t)
	for name, want := range r.Bi {
		t.Run(name, func(t *testing.T) {
			l, teacher := biCase(t, name)
			rows := r.data(want.Negatives)[:8]
			for i := range rows {
				switch name {
				case "contrastive", "online-contrastive":
					rows[i].Label = float64(i % 2)
				case "distil":
					rows[i].Positive = ""
				}
			}
			// Parts of a batch at a time, and all of it at once.
			for _, chunk := range []int{60, 8192} {
				o := plain()
				o.ChunkTokens = chunk
				task := &Task{options: o, bi: l, teacher: teacher}
				if err := task.open(openModel(t, "bi-mean"), 1); err != nil {
					t.Fatal(err)
				}
				b, err := task.prepare(t.Context(), rows)
				if err != nil {
					t.Fatal(err)
				}
				if name == "distil" {
					dim := b.vectors.Dim
					b.vectors.TeacherDim = dim
					for i := range rows {
						for j := range dim {
							b.vectors.Teacher = append(b.vectors.Teacher, float32(sign(j, 100+i)/math.Sqrt(float64(dim))))
						}
					}
				}
				agree(t, task, b, want)
			}
		})
	}
}

// grades are those of the script's rows.
func grades(b *batch) {
	for i := range b.logits.Lists {
		b.logits.Lists[i].Relevance = []float64{2, 0, float64(i % 2)}
	}
}

func TestGradientsOfCrossEncodersAreThoseOfPyTorch(t *testing.T) {
	r := readReference(t)
	for name, want := range r.Cross {
		t.Run(name, func(t *testing.T) {
			kind, variant, _ := strings.Cut(name, " ")
			var settings loss.Settings
			switch variant {
			case "temperature":
				settings.Temperature = 0.5
			case "prior":
				settings.Prior = 2.5
			}
			l, err := loss.NamedCross(kind, settings)
			if err != nil {
				t.Fatal(err)
			}
			switch variant { // what has no name
			case "weight":
				l = loss.BinaryCrossEntropy{PositiveWeight: 3}
			case "k":
				l = loss.Lambda{K: 1}
			case "mu":
				l = loss.Lambda{Mu: 4}
			}
			m := "cross-default"
			if name == "classes" {
				m = "cross-three-labels"
			}
			task := &Task{options: plain(), cross: l}
			if err := task.open(openModel(t, m), 2); err != nil {
				t.Fatal(err)
			}
			b, err := task.prepare(t.Context(), r.data(2)[:8])
			if err != nil {
				t.Fatal(err)
			}
			grades(b)
			at := 0
			for i := range b.logits.Lists {
				list := &b.logits.Lists[i]
				for j := range list.Relevance {
					switch kind {
					case "bce":
						list.Relevance[j] /= 2
					case "classes":
						list.Relevance[j] = float64(at % 3)
					}
					at++
				}
				if variant == "labels" {
					list.Scores = nil
				}
				if name == "margin-mse" {
					list.Relevance = []float64{1, 0, 0}
				}
			}
			agree(t, task, b, want)
		})
	}
}

func TestTwoHundredStepsGoAsPyTorchs(t *testing.T) {
	r := readReference(t)
	rows := r.data(2)
	for kind, want := range map[string][]float64{"bi": r.BiSteps, "cross": r.CrossSteps} {
		t.Run(kind, func(t *testing.T) {
			task, name := &Task{options: plain()}, "bi-mean"
			texts := 1
			if kind == "bi" {
				task.bi = loss.MultipleNegativesRanking{}
			} else {
				task.cross, name, texts = loss.Softmax{}, "cross-default", 2
			}
			if err := task.open(openModel(t, name), texts); err != nil {
				t.Fatal(err)
			}
			z := newOptimizer(task.options, task.network.parameters())
			var worst float64
			for n, w := range want {
				at := n * 8 % len(rows)
				b, err := task.prepare(t.Context(), rows[at:at+8])
				if err != nil {
					t.Fatal(err)
				}
				if kind == "cross" {
					grades(b)
					for i := range b.logits.Lists {
						b.logits.Lists[i].Scores = nil
					}
				}
				value, err := task.gradients(b, 1, 1)
				if err != nil {
					t.Fatal(err)
				}
				worst = max(worst, math.Abs(value-w))
				z.apply(task.options.rate(n, len(want)), z.norm())
				task.network.pack()
			}
			if worst > 1e-3 {
				t.Errorf("losses are off by %v at most; the last is %v", worst, want[len(want)-1])
			}
			t.Logf("the loss goes from %.4f to %.4f; off by %.1e at most", want[0], want[len(want)-1], worst)
		})
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Settings are what losses by name may be told; 0 stands for a loss's own standard.
type Settings struct {
	Scale       float64 // of mnr, symmetric-mnr, cosent
	Margin      float64 // of contrastive, online-contrastive, triplet; of the mask of mnr
	Mask        bool    // of mnr
	Temperature float64 // of softmax
	Prior       float64 // of softmax
}

// Check says what is out of range, or has no effect on the loss of a name.
func (s Settings) Check(name string) error {
	for _, f := range []struct {
		name  string
		set   bool
		value float64
		least float64
		of    []string
	}{
		{"scale", s.Scale != 0, s.Scale, 0, []string{"mnr", "symmetric-mnr", "cosent"}},
		{"mask", s.Mask, 0, 0, []string{"mnr", "symmetric-mnr"}},
		{"margin", s.Margin != 0 && !s.Mask, s.Margin, 0, []string{"contrastive", "online-contrastive", "triplet"}},
		{"temperature", s.Temperature != 0, s.Temperature, 0, []string{"softmax"}},
		{"prior", s.Prior != 0, s.Prior, 0, []string{"softmax"}},
	} {
		if math.IsNaN(f.value) || math.IsInf(f.value, 0) || f.value < f.least {
			return fmt.Errorf("%s is %v; it must be a number above 0", f.name, f.value)
		}
		if f.set && !slices.Contains(f.of, name) {
			return fmt.Errorf("%s has no effect on the loss %s; it is for %s", f.name, name, strings.Join(f.of, ", "))
		}
	}
	if s.Prior != 0 && s.Temperature != 0 {
		return errors.New("temperature is for a teacher's scores, and with prior scores are the retriever's: leave one out")
	}
	return nil
}

var biNames = map[string]func(Settings) Bi{
	"contrastive":        func(s Settings) Bi { return Contrastive{Margin: s.Margin} },
	"online-contrastive": func(s Settings) Bi { return OnlineContrastive{Margin: s.Margin} },
	"triplet":            func(s Settings) Bi { return Triplet{Margin: s.Margin} },
	"mnr": func(s Settings) Bi {
		return MultipleNegativesRanking{Scale: s.Scale, Mask: s.Mask, Margin: s.Margin}
	},
	"symmetric-mnr": func(s Settings) Bi {
		return MultipleNegativesRanking{Scale: s.Scale, Mask: s.Mask, Margin: s.Margin, Symmetric: true}
	},
	"cosent":        func(s Settings) Bi { return CoSENT{Scale: s.Scale} },
	"cosine":        func(Settings) Bi { return CosineRegression{} },
	"margin-mse":    func(Settings) Bi { return MarginMSE{} },
	"distil":        func(Settings) Bi { return Distillation{} },
	"distil-cosine": func(Settings) Bi { return Distillation{Cosine: true} },
	"distil-tokens": func(Settings) Bi { return Distillation{Cosine: true, Tokens: true} },
}

var crossNames = map[string]func(Settings) Cross{
	"bce":        func(Settings) Cross { return BinaryCrossEntropy{} },
	"classes":    func(Settings) Cross { return MultiClass{} },
	"mse":        func(Settings) Cross { return SquaredError{} },
	"margin-mse": func(Settings) Cross { return Margins{} },
	"ranknet":    func(Settings) Cross { return RankNet{} },
	"softmax":    func(s Settings) Cross { return Softmax{Temperature: s.Temperature, Prior: s.Prior} },
	"lambda":     func(Settings) Cross { return Lambda{} },
}

// BiNames are the names of [NamedBi], in order.
func BiNames() []string { return names(biNames) }

// CrossNames are the names of [NamedCross], in order.
func CrossNames() []string { return names(crossNames) }

func names[T any](m map[string]T) (list []string) {
	for name := range m {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// NamedBi is a bi-encoder's loss by name.
func NamedBi(name string, s Settings) (Bi, error) {
	if make, ok := biNames[name]; ok {
		return make(s), nil
	}
	return nil, fmt.Errorf("loss %q; known for bi-encoders: %s", name, strings.Join(BiNames(), ", "))
}

// NamedCross is a cross-encoder's loss by name.
func NamedCross(name string, s Settings) (Cross, error) {
	if make, ok := crossNames[name]; ok {
		return make(s), nil
	}
	return nil, fmt.Errorf("loss %q; known for cross-encoders: %s", name, strings.Join(CrossNames(), ", "))
}

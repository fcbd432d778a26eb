// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"fmt"
	"slices"
	"strings"
)

// Settings are what losses by name may be told; 0 stands for a loss's own standard.
type Settings struct {
	Scale       float64 // of mnr, symmetric-mnr, cosent
	Margin      float64 // of contrastive, online-contrastive, triplet; of the mask of mnr
	Mask        bool    // of mnr
	Temperature float64 // of softmax
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
}

var crossNames = map[string]func(Settings) Cross{
	"bce":        func(Settings) Cross { return BinaryCrossEntropy{} },
	"classes":    func(Settings) Cross { return MultiClass{} },
	"mse":        func(Settings) Cross { return SquaredError{} },
	"margin-mse": func(Settings) Cross { return Margins{} },
	"ranknet":    func(Settings) Cross { return RankNet{} },
	"softmax":    func(s Settings) Cross { return Softmax{Temperature: s.Temperature} },
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

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"math"
	"slices"
	"strings"
)

// Activation is the function applied to the logits of a cross-encoder or the output of a Dense
// module.
type Activation string

// The activations that winnow knows.
const (
	Identity Activation = "identity" // x
	Sigmoid  Activation = "sigmoid"  // 1 / (1 + exp(-x)), range (0, 1)
	Tanh     Activation = "tanh"     // range (-1, 1)
	ReLU     Activation = "relu"     // max(x, 0)
	GELU     Activation = "gelu"     // x/2 * (1 + erf(x/√2))
)

// torchActivations maps the class paths that model files hold to activations. PyTorch has each
// class under two paths.
var torchActivations = map[string]Activation{
	"torch.nn.modules.linear.Identity":    Identity,
	"torch.nn.Identity":                   Identity,
	"torch.nn.modules.activation.Sigmoid": Sigmoid,
	"torch.nn.Sigmoid":                    Sigmoid,
	"torch.nn.modules.activation.Tanh":    Tanh,
	"torch.nn.Tanh":                       Tanh,
	"torch.nn.modules.activation.ReLU":    ReLU,
	"torch.nn.ReLU":                       ReLU,
	"torch.nn.modules.activation.GELU":    GELU,
	"torch.nn.GELU":                       GELU,
}

// parseActivation reads a PyTorch class path.
func parseActivation(path string) (Activation, error) {
	if a, ok := torchActivations[strings.TrimSpace(path)]; ok {
		return a, nil
	}
	known := make([]string, 0, len(torchActivations))
	for k := range torchActivations {
		if strings.Count(k, ".") > 2 {
			known = append(known, k)
		}
	}
	slices.Sort(known)
	return "", unknownName("activation function", path, known)
}

// Apply replaces each value by its activation, computed in float64 and rounded to float32. NaN
// gives NaN.
func (a Activation) Apply(values []float32) {
	var f func(float64) float64
	switch a {
	case Sigmoid:
		f = func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	case Tanh:
		f = math.Tanh
	case ReLU:
		f = func(x float64) float64 { return max(x, 0) }
	case GELU:
		f = func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }
	default:
		return
	}
	for i, v := range values {
		values[i] = float32(f(float64(v)))
	}
}

// crossSettings are the places where a cross-encoder states its activation.
type crossSettings struct {
	saved     *string // activation_fn of config_sentence_transformers.json, read along with modules.json
	newKey    *string // sentence_transformers.activation_fn of config.json
	hasNewKey bool
	oldKey    *string // sbert_ce_default_activation_function of config.json
	labels    int
}

// resolve follows the order of sentence-transformers 6: the settings saved with modules.json, the
// new key of config.json, the old key; else sigmoid for one label and identity for several. A null
// under the new key hides the old one. Where sentence-transformers warns about a class outside of
// torch and carries on with the default, this is an error.
func (c crossSettings) resolve() (a Activation, source string, err error) {
	path := c.oldKey
	source = "config.json: sbert_ce_default_activation_function"
	if c.hasNewKey {
		path, source = c.newKey, "config.json: sentence_transformers.activation_fn"
	}
	if c.saved != nil {
		path, source = c.saved, "config_sentence_transformers.json: activation_fn"
	}
	if path != nil {
		a, err = parseActivation(*path)
		return a, source, err
	}
	if c.labels == 1 {
		return Sigmoid, "default for one label", nil
	}
	return Identity, "default for several labels", nil
}

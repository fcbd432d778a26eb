// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"math"
	"strings"
	"testing"
)

func TestCrossActivation(t *testing.T) {
	const (
		identity = "torch.nn.modules.linear.Identity"
		sigmoid  = "torch.nn.modules.activation.Sigmoid"
	)
	newKey := func(v any) map[string]any {
		return map[string]any{"sentence_transformers": map[string]any{"version": "6.2.0", "activation_fn": v}}
	}
	oldKey := func(v any) map[string]any { return map[string]any{"sbert_ce_default_activation_function": v} }
	both := func(a, b any) map[string]any {
		m := newKey(a)
		m["sbert_ce_default_activation_function"] = b
		return m
	}
	cases := []struct {
		name   string
		labels int
		fields map[string]any
		want   Activation
		source string
	}{
		{"one label, nothing stated", 1, nil, Sigmoid, "default for one label"},
		{"three labels, nothing stated", 3, nil, Identity, "default for several labels"},
		{"new key", 1, newKey(identity), Identity, "sentence_transformers.activation_fn"},
		{"new key, several labels", 3, newKey(sigmoid), Sigmoid, "sentence_transformers.activation_fn"},
		{"new key null", 1, newKey(nil), Sigmoid, "default"},
		{"new section without the key", 1, map[string]any{"sentence_transformers": map[string]any{"version": "5"}}, Sigmoid, "default"},
		{"old key", 1, oldKey(identity), Identity, "sbert_ce_default_activation_function"},
		{"old key null", 1, oldKey(nil), Sigmoid, "default"},
		{"new key wins", 1, both(sigmoid, identity), Sigmoid, "sentence_transformers.activation_fn"},
		{"null under the new key hides the old one", 1, both(nil, identity), Sigmoid, "default"},
		{"short path", 1, newKey("torch.nn.Identity"), Identity, "sentence_transformers.activation_fn"},
		{"tanh", 1, newKey("torch.nn.modules.activation.Tanh"), Tanh, "sentence_transformers.activation_fn"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := mustOpen(t, tinyCross(t, c.labels).edit(t, "config.json", c.fields))
			if m.Activation != c.want || !strings.Contains(m.ActivationSource, c.source) {
				t.Errorf("got %s from %q, want %s from %q", m.Activation, m.ActivationSource, c.want, c.source)
			}
		})
	}
	t.Run("settings saved with modules.json win", func(t *testing.T) {
		f := tinyCross(t, 1).edit(t, "config.json", newKey(sigmoid)).with(map[string]string{
			"modules.json":                      `[{"idx":0,"name":"0","path":"","type":"sentence_transformers.base.modules.transformer.Transformer"}]`,
			"config_sentence_transformers.json": `{"model_type":"CrossEncoder","activation_fn":"` + identity + `"}`,
		})
		if m := mustOpen(t, f); m.Activation != Identity || !strings.Contains(m.ActivationSource, "config_sentence_transformers.json") {
			t.Errorf("got %s from %q", m.Activation, m.ActivationSource)
		}
		delete(f, "modules.json") // the reference reads them along with modules.json only
		if m := mustOpen(t, f); m.Activation != Sigmoid {
			t.Errorf("without modules.json: got %s from %q", m.Activation, m.ActivationSource)
		}
	})
	wantError(t, tinyCross(t, 1).edit(t, "config.json", newKey("torch.nn.modules.activation.Sigmoit")), `"torch.nn.modules.activation.Sigmoit"`, `nearest is "torch.nn.modules.activation.Sigmoid"`, "config.json: sentence_transformers.activation_fn")
	wantError(t, tinyCross(t, 1).edit(t, "config.json", oldKey("my.module.Scale")), `"my.module.Scale"`, "sbert_ce_default_activation_function")
}

func TestActivationApply(t *testing.T) {
	x := []float64{-30, -3, -1, -0.5, 0, 0.5, 1, 3, 30}
	for a, f := range map[Activation]func(float64) float64{
		Identity: func(x float64) float64 { return x },
		Sigmoid:  func(x float64) float64 { return (1 + math.Tanh(x/2)) / 2 },
		Tanh:     func(x float64) float64 { return (math.Exp(x) - math.Exp(-x)) / (math.Exp(x) + math.Exp(-x)) },
		ReLU:     func(x float64) float64 { return (x + math.Abs(x)) / 2 },
		GELU:     func(x float64) float64 { return x * math.Erfc(-x/math.Sqrt2) / 2 },
	} {
		got := make([]float32, len(x)+1)
		for i, v := range x {
			got[i] = float32(v)
		}
		got[len(x)] = float32(math.NaN())
		a.Apply(got)
		for i, v := range x {
			if want := f(v); math.Abs(float64(got[i])-want) > 1e-7*(1+math.Abs(want)) {
				t.Errorf("%s(%g) = %g, want %g", a, v, got[i], want)
			}
		}
		if nan := got[len(x)]; nan == nan {
			t.Errorf("%s(NaN) = %g", a, nan)
		}
	}
	// Far out the logistic function must go to its limits, not to NaN.
	far := []float32{-1e30, 1e30, float32(math.Inf(-1)), float32(math.Inf(1))}
	Sigmoid.Apply(far)
	if far[0] != 0 || far[1] != 1 || far[2] != 0 || far[3] != 1 {
		t.Errorf("sigmoid far out: %v", far)
	}
}

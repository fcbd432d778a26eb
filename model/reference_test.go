// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What sentence-transformers makes of a model's settings must be what Open makes of them. The
// reference values are written next to each model by scripts/reference.
func TestSettingsAgainstReference(t *testing.T) {
	references, err := filepath.Glob("../internal/parity/testdata/*/reference.json")
	if err != nil || len(references) < 10 {
		t.Fatalf("found %d reference models: %v", len(references), err)
	}
	for _, path := range references {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var ref struct {
				Kind             string            `json:"kind"`
				MaxLength        int               `json:"max_length"`
				Dimension        int               `json:"dimension"`
				Pooling          []string          `json:"pooling"`
				Normalized       bool              `json:"normalized"`
				Similarity       string            `json:"similarity"`
				Prompts          map[string]string `json:"prompts"`
				DefaultPrompt    string            `json:"default_prompt"`
				Labels           int               `json:"labels"`
				Activation       Activation        `json:"activation"`
				ActivationSource string            `json:"activation_source"`
			}
			if err := json.Unmarshal(data, &ref); err != nil {
				t.Fatal(err)
			}
			m, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if m.MaxLength != ref.MaxLength {
				t.Errorf("max length %d, want %d", m.MaxLength, ref.MaxLength)
			}
			if ref.Kind == "cross" {
				if len(m.Config.Labels) != ref.Labels || m.Activation != ref.Activation || !strings.Contains(m.ActivationSource, ref.ActivationSource) {
					t.Errorf("%d labels, %s from %q; want %d, %s from %q", len(m.Config.Labels), m.Activation, m.ActivationSource, ref.Labels, ref.Activation, ref.ActivationSource)
				}
				return
			}
			if m.Dim() != ref.Dimension || !slices.Equal(m.Pooling.Modes, ref.Pooling) || m.Normalize != ref.Normalized || m.Similarity != ref.Similarity || m.DefaultPrompt != ref.DefaultPrompt {
				t.Errorf("%d dimensions, %q, normalised %t, %s, default prompt %q; want %+v", m.Dim(), m.Pooling.Modes, m.Normalize, m.Similarity, m.DefaultPrompt, ref)
			}
			for name, p := range ref.Prompts {
				if got, ok := m.Prompts[name]; !ok || got != p {
					t.Errorf("prompt %q is %q, want %q", name, got, p)
				}
			}
		})
	}
}

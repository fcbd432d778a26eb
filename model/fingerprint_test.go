// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"regexp"
	"testing"

	"github.com/winnow-search/winnow/model/safetensors"
)

func fingerprint(t *testing.T, f Files) string {
	t.Helper()
	fp, err := mustOpen(t, f).Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return fp
}

func TestFingerprint(t *testing.T) {
	base := tinyBi(t)
	want := fingerprint(t, base)
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(want) {
		t.Fatalf("got %q", want)
	}
	same := map[string]fileMap{
		"again":      base,
		"in shards":  sharded(t, base),
		"similarity": base.edit(t, "config_sentence_transformers.json", map[string]any{"similarity_fn_name": "dot"}),
		"version":    base.edit(t, "config.json", map[string]any{"transformers_version": "1"}),
	}
	for name, f := range same {
		if got := fingerprint(t, f); got != want {
			t.Errorf("%s: another fingerprint", name)
		}
	}
	if got := fingerprint(t, mustDir(t, base)); got != want {
		t.Error("from a directory: another fingerprint")
	}
	weights := base.with(nil)
	data := append([]byte(nil), base["model.safetensors"]...)
	data[len(data)-1] ^= 1
	weights["model.safetensors"] = data
	shape := base.with(nil)
	shape["model.safetensors"] = encodeWeights(t, append(tinyEntries(t, tinyConfig, ""), safetensors.Entry{Name: "x", DType: "U8", Shape: []int{0}, Data: safetensors.Bytes(nil)}))
	pooling := func(s string) fileMap {
		return base.with(map[string]string{"1_Pooling/config.json": s})
	}
	different := map[string]fileMap{
		"weights":        weights,
		"another tensor": shape,
		"vocabulary":     base.with(map[string]string{"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nc\n"}),
		"case":           base.with(map[string]string{"tokenizer_config.json": `{"model_max_length":12,"do_lower_case":false}`}),
		"accents":        base.with(map[string]string{"tokenizer_config.json": `{"model_max_length":12,"strip_accents":false}`}),
		"length":         base.with(map[string]string{"tokenizer_config.json": `{"model_max_length":11}`}),
		"heads":          base.edit(t, "config.json", map[string]any{"num_attention_heads": 4}),
		"activation":     base.edit(t, "config.json", map[string]any{"hidden_act": "relu"}),
		"epsilon":        base.edit(t, "config.json", map[string]any{"layer_norm_eps": 1e-6}),
		"pooling":        pooling(`{"word_embedding_dimension":8,"pooling_mode":"cls"}`),
		"two poolings":   pooling(`{"word_embedding_dimension":8,"pooling_mode":["mean","cls"]}`),
		"their order":    pooling(`{"word_embedding_dimension":8,"pooling_mode":["cls","mean"]}`),
		"prompt tokens":  pooling(`{"word_embedding_dimension":8,"pooling_mode":"mean","include_prompt":false}`),
		"normalisation":  base.with(map[string]string{"modules.json": modulesText("sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling@1_Pooling")}),
		"prompt":         base.with(map[string]string{"config_sentence_transformers.json": `{"prompts":{"query":"q:"}}`}),
		"prompt name":    base.with(map[string]string{"config_sentence_transformers.json": `{"prompts":{"queryq":": "}}`}),
		"default prompt": base.edit(t, "config_sentence_transformers.json", map[string]any{"default_prompt_name": "query"}),
		"dimensions":     base.edit(t, "config_sentence_transformers.json", map[string]any{"truncate_dim": 4}),
	}
	seen := map[string]string{want: "the original"}
	for name, f := range different {
		got := fingerprint(t, f)
		if other, ok := seen[got]; ok {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[got] = name
	}
}

func mustDir(t *testing.T, f fileMap) Files {
	t.Helper()
	d, err := openDir(f.write(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A closed model gives an error, and a result that is there is kept.
func TestFingerprintAfterClose(t *testing.T) {
	open := func() *Model {
		m, err := openFiles("test", "memory", mustDir(t, tinyBi(t)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := open()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if fp, err := m.Fingerprint(); !errors.Is(err, safetensors.ErrClosed) {
		t.Errorf("got %q, %v; want ErrClosed", fp, err)
	}
	m = open()
	first, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := m.Fingerprint(); err != nil || again != first {
		t.Errorf("got %q, %v; want %q", again, err, first)
	}
}

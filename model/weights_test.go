// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model/safetensors"
)

// sharded splits the weights of a model into two files with an index.
func sharded(t *testing.T, f fileMap) fileMap {
	t.Helper()
	entries := tinyEntries(t, string(f["config.json"]), "")
	half := len(entries) / 2
	index := map[string]string{}
	for i, e := range entries {
		index[e.Name] = "model-00001-of-00002.safetensors"
		if i >= half {
			index[e.Name] = "model-00002-of-00002.safetensors"
		}
	}
	out := f.with(map[string]string{"model.safetensors": "", indexFile: indexText(t, index)})
	out["model-00001-of-00002.safetensors"] = encodeWeights(t, entries[:half])
	out["model-00002-of-00002.safetensors"] = encodeWeights(t, entries[half:])
	return out
}

func indexText(t *testing.T, where map[string]string) string {
	t.Helper()
	data, err := json.Marshal(map[string]any{"metadata": map[string]int{"total_size": 1}, "weight_map": where})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSharded(t *testing.T) {
	single := tinyBi(t)
	split := sharded(t, single)
	one, two := mustOpen(t, single), mustOpen(t, split)
	if !slices.Equal(one.Weights.Names(), two.Weights.Names()) {
		t.Fatalf("names differ: %q, %q", one.Weights.Names(), two.Weights.Names())
	}
	for _, name := range one.TensorNames() {
		a, _ := one.Weights.Tensor(name)
		b, err := two.Weights.Tensor(name)
		if err != nil || !slices.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s differs: %v", name, err)
		}
	}
	if want := int64(len(split["model-00001-of-00002.safetensors"]) + len(split["model-00002-of-00002.safetensors"])); two.Weights.Size() != want {
		t.Errorf("size %d, want %d", two.Weights.Size(), want)
	}
	// The same from a directory, mapped.
	m, err := Open(split.write(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedIndex(t *testing.T) {
	base := sharded(t, tinyBi(t))
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(base[indexFile], &index); err != nil {
		t.Fatal(err)
	}
	const some = "embeddings.LayerNorm.bias"
	edited := func(edit func(map[string]string)) fileMap {
		m := maps.Clone(index.WeightMap)
		edit(m)
		return base.with(map[string]string{indexFile: indexText(t, m)})
	}
	for _, file := range []string{
		"../model.safetensors", "/etc/passwd", "..", ".", "", "sub/m.safetensors", `..\m.safetensors`, "C:m.safetensors",
		"m\x00.safetensors", "config.json", "pytorch_model-00001.bin", strings.Repeat("../", 1000) + "x.safetensors",
	} {
		f := edited(func(m map[string]string) { m[some] = file })
		wantError(t, f, "weight_map", "plain name")
		if _, err := Open(f.write(t, t.TempDir())); err == nil || !strings.Contains(err.Error(), "plain name") {
			t.Errorf("directory with file name %.40q: %v", file, err)
		}
	}
	wantError(t, edited(func(m map[string]string) { m[some] = "gone.safetensors" }), "gone.safetensors", "not exist")
	wantError(t, edited(func(m map[string]string) { delete(m, some) }), some, "weight_map")
	wantError(t, edited(func(m map[string]string) { m["ghost"] = "model-00001-of-00002.safetensors" }), `"ghost"`, "not in file")
	wantError(t, edited(func(m map[string]string) { clear(m) }), "weight_map is missing or empty")
	for _, text := range []string{"{", "[]", `{"weight_map":3}`, `{"weight_map":{"a":1}}`, "{}"} {
		wantError(t, base.with(map[string]string{indexFile: text}), indexFile)
	}
	twice := base.with(nil)
	twice["model-00002-of-00002.safetensors"] = base["model-00001-of-00002.safetensors"]
	wantError(t, twice, "which weight_map places in")
	many := map[string]string{}
	for i := range maxShards + 1 {
		many[strings.Repeat("x", i+1)] = strings.Repeat("y", i+1) + ".safetensors"
	}
	if _, _, err := parseIndex([]byte(indexText(t, many))); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("many files: %v", err)
	}
}

func TestWeightsThatDoNotFit(t *testing.T) {
	base := tinyBi(t)
	entries := tinyEntries(t, tinyConfig, "")
	replace := func(edit func([]safetensors.Entry) []safetensors.Entry) fileMap {
		f := base.with(nil)
		f["model.safetensors"] = encodeWeights(t, edit(slices.Clone(entries)))
		return f
	}
	wantError(t, replace(func(e []safetensors.Entry) []safetensors.Entry { return nil }), "no tensors at all")
	wantError(t, replace(func(e []safetensors.Entry) []safetensors.Entry { return e[1:] }), "embeddings.word_embeddings.weight", "bert.")
	wantError(t, replace(func(e []safetensors.Entry) []safetensors.Entry { return e[:len(e)-1] }), "encoder.layer.0.output.LayerNorm.bias", "no such tensor")
	wantError(t, replace(func(e []safetensors.Entry) []safetensors.Entry {
		e[5].Shape = []int{64}
		return e
	}), "[64]", "[8 8]")
	wantError(t, replace(func(e []safetensors.Entry) []safetensors.Entry {
		e[5].DType = "I32"
		return e
	}), "I32", e5(entries))
	wantError(t, base.edit(t, "config.json", map[string]any{"num_hidden_layers": 2}), "encoder.layer.1.")
	wantError(t, base.edit(t, "config.json", map[string]any{"vocab_size": 8}), "word_embeddings", "[7 8]", "[8 8]")
	wantError(t, base.with(map[string]string{"model.safetensors": "garbage"}), "model.safetensors")
	f := base.with(nil)
	f["model.safetensors"] = f["model.safetensors"][:len(f["model.safetensors"])-1]
	wantError(t, f, "cut off")
}

func e5(e []safetensors.Entry) string { return e[5].Name }

// Layer norms of old checkpoints are called gamma and beta.
func TestOldLayerNormNames(t *testing.T) {
	f := tinyBi(t)
	entries := tinyEntries(t, tinyConfig, "bert.")
	for i := range entries {
		n := strings.Replace(entries[i].Name, "LayerNorm.weight", "LayerNorm.gamma", 1)
		entries[i].Name = strings.Replace(n, "LayerNorm.bias", "LayerNorm.beta", 1)
	}
	f["model.safetensors"] = encodeWeights(t, entries)
	m := mustOpen(t, f)
	a, err := m.Weights.Tensor("bert.embeddings.LayerNorm.weight")
	if err != nil || a.Name() != "bert.embeddings.LayerNorm.gamma" {
		t.Errorf("got %v, %v", a, err)
	}
	if m.Prefix != "bert." || !m.Weights.Has("bert.embeddings.LayerNorm.bias") || m.Weights.Has("LayerNorm.weight") {
		t.Error("names are not mapped")
	}
	if _, err := m.Weights.Tensor("bert.embeddings.LayerNorm.wait"); !errors.Is(err, safetensors.ErrNoTensor) || !strings.Contains(err.Error(), "nearest") {
		t.Errorf("unknown name: %v", err)
	}
}

// Tensors that the network does not use may have any type.
func TestUnusedTensors(t *testing.T) {
	f := tinyBi(t)
	f["model.safetensors"] = encodeWeights(t, append(tinyEntries(t, tinyConfig, ""),
		safetensors.Entry{Name: "embeddings.position_ids", DType: safetensors.I64, Shape: []int{1, 2}, Data: safetensors.Bytes(make([]byte, 16))},
		safetensors.Entry{Name: "extra", DType: "F64", Shape: []int{1}, Data: safetensors.Bytes(make([]byte, 8))}))
	m := mustOpen(t, f)
	if slices.Contains(m.TensorNames(), "extra") {
		t.Error("an unused tensor counts as used")
	}
}

func TestOpenWeightsFromDirectoryLink(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside.safetensors")
	f := tinyBi(t)
	if err := os.WriteFile(outside, f["model.safetensors"], 0o600); err != nil {
		t.Fatal(err)
	}
	inside := f.with(map[string]string{"model.safetensors": ""}).write(t, filepath.Join(dir, "m"))
	if err := os.Symlink(outside, filepath.Join(inside, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(inside); err == nil || !strings.Contains(err.Error(), "outside of the model directory") {
		t.Errorf("link out of the directory: %v", err)
	}
	// A link within the directory, and a link to the directory itself, are fine.
	if err := os.Remove(filepath.Join(inside, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(inside, "real.bin"), f["model.safetensors"], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.bin", filepath.Join(inside, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("m", filepath.Join(dir, "alias")); err != nil {
		t.Fatal(err)
	}
	m, err := Open(filepath.Join(dir, "alias"))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

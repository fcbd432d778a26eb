// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// overlay reads a model's own directory first and then the shared one, as package builtin does.
type overlay []string

// ReadFile implements model.Files.
func (o overlay) ReadFile(name string) ([]byte, error) {
	for _, dir := range o {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
	}
	return nil, fs.ErrNotExist
}

// sibling writes a model with the weights of src, except for tensors that edit changes.
func sibling(t *testing.T, src *model.Model, edit func(name string, v []float32)) *model.Model {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "sibling")
	if _, err := Convert(src, dst, Options{DType: safetensors.F32}); err != nil {
		t.Fatal(err)
	}
	var entries []safetensors.Entry
	for _, name := range src.TensorNames() {
		tensor, err := src.Weights.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		v := values(t, src, name)
		edit(name, v)
		data, err := encode(v, safetensors.F32)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, safetensors.Entry{Name: name, DType: safetensors.F32, Shape: tensor.Shape(), Data: safetensors.Bytes(data)})
	}
	f, err := os.Create(filepath.Join(dst, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(safetensors.Write(f, entries, nil), f.Close()); err != nil {
		t.Fatal(err)
	}
	return open(t, dst)
}

func TestShare(t *testing.T) {
	a := open(t, reference+"cross-identity")
	const changed = ".layer.1.output.dense.weight"
	b := sibling(t, a, func(name string, v []float32) {
		if strings.Contains(name, changed) {
			v[0]++
		}
	})
	dst := filepath.Join(t.TempDir(), "both")
	report, err := Share([]Named{{"a", "the first", a}, {"b", "the second", b}}, dst, Options{DType: safetensors.I8})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := safetensors.Open(filepath.Join(dst, SharedDir, SharedFile))
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	if shared.Metadata()["winnow.source"] != "the first the second" || !shared.Has("bert.embeddings.word_embeddings.weight") {
		t.Errorf("shared file: %v", shared.Metadata())
	}
	for dir, src := range map[string]*model.Model{"a": a, "b": b} {
		name := "share-test:" + dir
		model.Register(name, func() (model.Files, error) {
			return overlay{filepath.Join(dst, dir), filepath.Join(dst, SharedDir)}, nil
		})
		m := open(t, name)
		checkSameModel(t, src, m)
		for _, name := range src.TensorNames() {
			checkClose(t, name, values(t, src, name), m, safetensors.I8)
		}
		own, err := safetensors.Open(filepath.Join(dst, dir, OwnFile))
		if err != nil {
			t.Fatal(err)
		}
		if names := own.Names(); len(names) != 2 || !slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, changed) }) {
			t.Errorf("%s: own tensors %q", dir, names)
		}
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	}
	var total int64
	for _, f := range report.Files {
		total += f.Size
	}
	if report.Weights() >= total || report.Weights() == 0 {
		t.Errorf("%d of %d bytes are weights", report.Weights(), total)
	}
}

func TestShareRefusals(t *testing.T) {
	a := open(t, reference+"cross-identity")
	out := func() string { return filepath.Join(t.TempDir(), "x") }
	o := Options{DType: safetensors.I8}
	if _, err := Share([]Named{{"a", "", a}}, out(), o); err == nil || !strings.Contains(err.Error(), "two models") {
		t.Errorf("one model: %v", err)
	}
	b := sibling(t, a, func(name string, v []float32) {
		if strings.Contains(name, "word_embeddings") {
			v[5]++
		}
	})
	if _, err := Share([]Named{{"a", "", a}, {"b", "", b}}, out(), o); err == nil || !strings.Contains(err.Error(), "word embeddings differ") {
		t.Errorf("other embeddings: %v", err)
	}
	c := sibling(t, a, func(string, []float32) {})
	data, err := c.ReadFile("tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.Path, "tokenizer.json")
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), `"version"`, `"extra":1,"version"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Share([]Named{{"a", "", a}, {"c", "", c}}, out(), o); err == nil || !strings.Contains(err.Error(), "tokenizers of a and c differ") {
		t.Errorf("other tokenizer: %v", err)
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
	"github.com/winnow-search/winnow/model/safetensors"
)

// Names of the files that hold weights.
const (
	singleFile = "model.safetensors"
	indexFile  = "model.safetensors.index.json"
	pickleFile = "pytorch_model.bin"
)

// maxShards bounds the number of files a model is split into.
const maxShards = 1000

// Weights are all tensors of a model, from one file or several. Safe for concurrent use until closed.
type Weights struct {
	files    []*safetensors.File
	tensors  map[string]*safetensors.Tensor
	metadata map[string]string
	size     int64
}

// openAllWeights opens the weights in directory dir of f: model.safetensors or, where that is not
// there, the files that model.safetensors.index.json names. The error wraps fs.ErrNotExist if
// there is neither.
func openAllWeights(f Files, dir string) (*Weights, error) {
	w := &Weights{tensors: make(map[string]*safetensors.Tensor)}
	name := inDir(dir, singleFile)
	file, err := openWeights(f, name)
	switch {
	case err == nil:
		w.add(file)
		for _, t := range file.Names() {
			w.tensors[t], _ = file.Tensor(t)
		}
		return w, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	name = inDir(dir, indexFile)
	data, err := f.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := w.openShards(f, dir, data); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), w.Close())
	}
	return w, nil
}

func (w *Weights) add(file *safetensors.File) {
	w.files = append(w.files, file)
	w.size += file.Size()
	if w.metadata == nil {
		w.metadata = file.Metadata()
	}
}

// parseIndex reads the map from tensor to file and refuses file names that are not plain.
func parseIndex(data []byte) (map[string]string, []string, error) {
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := decodeJSON(data, &index); err != nil {
		return nil, nil, err
	}
	if len(index.WeightMap) == 0 {
		return nil, nil, errors.New("weight_map is missing or empty")
	}
	shards := slices.Compact(slices.Sorted(maps.Values(index.WeightMap)))
	if len(shards) > maxShards {
		return nil, nil, fmt.Errorf("%d files are above the limit of %d", len(shards), maxShards)
	}
	for _, s := range shards {
		if strings.ContainsAny(s, "/\\:\x00") || !fs.ValidPath(s) || s == "." || !strings.HasSuffix(s, ".safetensors") {
			return nil, nil, fmt.Errorf("file name %s in weight_map is not the plain name of a safetensors file", quoteShort(s))
		}
	}
	return index.WeightMap, shards, nil
}

// openShards opens every file of the index and checks that index and files agree on what is where.
func (w *Weights) openShards(f Files, dir string, data []byte) error {
	where, shards, err := parseIndex(data)
	if err != nil {
		return err
	}
	for _, s := range shards {
		file, err := openWeights(f, inDir(dir, s))
		if err != nil {
			return fmt.Errorf("file %s of weight_map: %w", s, err)
		}
		w.add(file)
		for _, name := range file.Names() {
			if where[name] != s {
				return fmt.Errorf("file %s holds tensor %s, which weight_map places in %s", s, quoteShort(name), quoteShort(where[name]))
			}
			w.tensors[name], _ = file.Tensor(name)
		}
	}
	if len(w.tensors) != len(where) {
		for _, name := range slices.Sorted(maps.Keys(where)) {
			if w.tensors[name] == nil {
				return fmt.Errorf("tensor %s is not in file %s as weight_map says", quoteShort(name), where[name])
			}
		}
	}
	return nil
}

// Close releases the files. Tensors must not be used afterwards.
func (w *Weights) Close() error {
	var err error
	for _, f := range w.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// Release lets go of the memory that tensors read so far take in mapped files.
// Reading brings it back.
func (w *Weights) Release() error {
	var err error
	for _, f := range w.files {
		err = errors.Join(err, f.Release())
	}
	return err
}

// Names returns the names of all tensors, sorted.
func (w *Weights) Names() []string { return slices.Sorted(maps.Keys(w.tensors)) }

// Metadata returns the free-form strings of the first file.
func (w *Weights) Metadata() map[string]string { return maps.Clone(w.metadata) }

// Size returns the size of all weight files in bytes.
func (w *Weights) Size() int64 { return w.size }

// Has tells whether Tensor finds a tensor of that name.
func (w *Weights) Has(name string) bool { return w.lookup(name) != nil }

// oldNames are endings that checkpoints of 2019 and older use in layer norms.
var oldNames = map[string]string{"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}

// Tensor returns the tensor of that name. Layer norms stored under their old names (gamma, beta)
// are found as weight and bias, as in the reference. The error for an unknown name gives the
// nearest known one and wraps safetensors.ErrNoTensor.
func (w *Weights) Tensor(name string) (*safetensors.Tensor, error) {
	if t := w.lookup(name); t != nil {
		return t, nil
	}
	if near := nearest.Name(name, w.Names()); near != "" {
		return nil, fmt.Errorf("%w: %q (nearest is %q)", safetensors.ErrNoTensor, name, near)
	}
	return nil, fmt.Errorf("%w: %q", safetensors.ErrNoTensor, name)
}

func (w *Weights) lookup(name string) *safetensors.Tensor {
	if t, ok := w.tensors[name]; ok {
		return t
	}
	for current, old := range oldNames {
		if base, ok := strings.CutSuffix(name, current); ok {
			return w.tensors[base+old]
		}
	}
	return nil
}

// shaped returns a tensor after checking that it has the shape and a type that can be converted.
func (w *Weights) shaped(name string, shape ...int) (*safetensors.Tensor, error) {
	t, err := w.Tensor(name)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.Shape(), shape) {
		return nil, fmt.Errorf("tensor %q has shape %v, the settings ask for %v", name, t.Shape(), shape)
	}
	if !t.DType().Convertible() {
		return nil, fmt.Errorf("tensor %q has type %s (supported: F32, F16, BF16, I8 with row factors)", name, t.DType())
	}
	return t, nil
}

// wordEmbeddings is the tensor by which the prefix of a checkpoint is recognised.
const wordEmbeddings = "embeddings.word_embeddings.weight"

// findPrefix returns what stands before the names of the encoder's tensors: nothing, or the "bert."
// of checkpoints with a head.
func (w *Weights) findPrefix() (string, error) {
	for _, p := range []string{"", "bert."} {
		if _, ok := w.tensors[p+wordEmbeddings]; ok {
			return p, nil
		}
	}
	hint := "there are no tensors at all"
	if names := w.Names(); len(names) > 0 {
		hint = fmt.Sprintf("the first of %d tensors is %s", len(names), quoteShort(names[0]))
	}
	return "", fmt.Errorf("neither %q nor %q is among the weights (%s)", wordEmbeddings, "bert."+wordEmbeddings, hint)
}

// requirement is a tensor that a network cannot do without.
type requirement struct {
	name  string
	shape []int
}

// requirements lists every tensor that the network of c computes with, under prefix.
func requirements(c Config, prefix string) []requirement {
	var out []requirement
	need := func(name string, shape ...int) { out = append(out, requirement{name, shape}) }
	linear := func(name string, width, in int) {
		need(name+".weight", width, in)
		need(name+".bias", width)
	}
	norm := func(name string) {
		need(name+".LayerNorm.weight", c.Hidden)
		need(name+".LayerNorm.bias", c.Hidden)
	}
	need(prefix+wordEmbeddings, c.Vocab, c.Hidden)
	need(prefix+"embeddings.position_embeddings.weight", c.Positions, c.Hidden)
	need(prefix+"embeddings.token_type_embeddings.weight", c.Types, c.Hidden)
	norm(prefix + "embeddings")
	for i := range c.Layers {
		layer := fmt.Sprintf("%sencoder.layer.%d.", prefix, i)
		for _, part := range []string{"query", "key", "value"} {
			linear(layer+"attention.self."+part, c.Hidden, c.Hidden)
		}
		linear(layer+"attention.output.dense", c.Hidden, c.Hidden)
		norm(layer + "attention.output")
		linear(layer+"intermediate.dense", c.Intermediate, c.Hidden)
		linear(layer+"output.dense", c.Hidden, c.Intermediate)
		norm(layer + "output")
	}
	if c.Architecture == BertForSequenceClassification {
		linear(prefix+"pooler.dense", c.Hidden, c.Hidden)
		linear("classifier", len(c.Labels), c.Hidden)
	}
	return out
}

// check proves that every required tensor is there with its shape.
func (w *Weights) check(need []requirement) error {
	for _, r := range need {
		if _, err := w.shaped(r.name, r.shape...); err != nil {
			return err
		}
	}
	return nil
}

// pickleHint explains what to do about weights in the old format.
func pickleHint(f Files, dir string) string {
	if ok, _ := exists(f, inDir(dir, pickleFile)); ok {
		return fmt.Sprintf(" (%s is there, but pickle files can run code when they are read: convert it to safetensors first, in Python with save_pretrained(…, safe_serialization=True))", inDir(dir, pickleFile))
	}
	return ""
}

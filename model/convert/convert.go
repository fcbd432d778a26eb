// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package convert writes a model in another number type: float32, float16, bfloat16 or int8 with
// one factor a row. The result is a directory that winnow opens like any model; equal input gives
// equal bytes on every machine.
package convert

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// Options say how to write weights.
type Options struct {
	// DType is F32, F16, BF16 or I8. With I8 the linear layers and the word embeddings become int8
	// with one float32 factor for each row (output channel, or token).
	DType safetensors.DType
	// Small is the type of everything else where DType is I8: F32 (also if empty), F16 or BF16.
	Small safetensors.DType
	// Layers are the encoder layers to keep, from 0, each once, in their new order; nil for all. A model of fewer layers is
	// what distillation begins with.
	Layers []int
	// Intermediate is how many inner features of the feed-forward part each layer keeps, those with the largest product of the
	// lengths of their weights before and after the activation; 0 for all. It suits the same end.
	Intermediate int
	// Head makes a cross-encoder of one label of a bi-encoder: its network, with a pooler and a classifier that know nothing yet.
	Head bool
	// Other is a model of the same shape that is averaged with the source: what is written are the source's weights times 1 - Part and
	// Other's times Part, which is above 0 and below 1. Between a model and what it was trained into, or between two that were trained
	// from it, there often lies one that is better than both (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models" and
	// "Model soups"). nil for none.
	Other *model.Model
	Part  float64
	// Replace has elements for tensors that are to be written in place of the source's: those of a model after
	// training. Tensors of the network are named as the source's are, those of a Dense module by its directory, a slash and
	// their name there: 2_Dense/linear.weight. A name that is none of these is an error.
	Replace map[string][]float32
	// Files are written beside the model's own, by slash-separated name: a model card.
	Files map[string][]byte
	// Source is how the metadata names the source; the last part of the model's name if empty.
	Source string
}

// check refuses combinations that make no sense and fills in the default.
func (o *Options) check() error {
	if o.Small == "" {
		o.Small = safetensors.F32
	}
	for _, t := range []struct {
		name  string
		dtype safetensors.DType
		known []safetensors.DType
	}{
		{"type", o.DType, []safetensors.DType{safetensors.F32, safetensors.F16, safetensors.BF16, safetensors.I8}},
		{"type of small tensors", o.Small, []safetensors.DType{safetensors.F32, safetensors.F16, safetensors.BF16}},
	} {
		if !slices.Contains(t.known, t.dtype) {
			return fmt.Errorf("convert: %s %q is not supported (supported: %v)", t.name, t.dtype, t.known)
		}
	}
	return nil
}

// Report says what was written.
type Report struct {
	Files []WrittenFile // in the order written
}

// WrittenFile is one file and its size in bytes.
type WrittenFile struct {
	Name string // slash-separated, relative to the target directory
	Size int64
}

// Weights returns the bytes of all safetensors files.
func (r *Report) Weights() int64 {
	var n int64
	for _, f := range r.Files {
		if strings.HasSuffix(f.Name, ".safetensors") {
			n += f.Size
		}
	}
	return n
}

// Quantize writes src as int8 into the directory dst. See Convert.
func Quantize(src *model.Model, dst string, o Options) (*Report, error) {
	o.DType = safetensors.I8
	return Convert(src, dst, o)
}

// Convert writes src in another type into the directory dst, which must not exist or be empty. It
// appears there complete or not at all. Tensors that the network does not use are left out; the
// metadata of the weights names the source and its fingerprint.
func Convert(src *model.Model, dst string, o Options) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := o.checkLayers(src); err != nil {
		return nil, err
	}
	if err := o.checkIntermediate(src); err != nil {
		return nil, err
	}
	if err := o.checkHead(src); err != nil {
		return nil, err
	}
	if err := o.average(src); err != nil {
		return nil, err
	}
	dense, err := o.dense(src)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	return publish(dst, func(w *writer) error {
		var all []safetensors.Entry
		for _, name := range src.TensorNames() {
			to, ok := o.kept(name)
			if !ok {
				continue
			}
			e, err := o.entries(src, name, o.headed(src, to))
			if err != nil {
				return err
			}
			all = append(all, e...)
		}
		all = append(all, o.head(src)...)
		sources := []Named{{Model: src, Source: o.Source}}
		if o.Other != nil {
			sources = append(sources, Named{Model: o.Other})
		}
		meta, err := provenance(o, sources...)
		if err != nil {
			return err
		}
		weights := "model.safetensors"
		if dir := src.NetworkDir(); dir != "" {
			weights = dir + "/" + weights
		}
		if err := w.weights(weights, all, meta); err != nil {
			return err
		}
		replaced := func(name string) bool { return dense[name] != nil }
		if err := copyCompanions(w, src, "", o, replaced); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(dense)) {
			if err := w.weights(name, dense[name], meta); err != nil {
				return err
			}
		}
		for _, name := range slices.Sorted(maps.Keys(o.Files)) {
			if err := w.file(name, o.Files[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// provenance is the metadata that each written file carries.
func provenance(o Options, sources ...Named) (map[string]string, error) {
	meta := map[string]string{"format": "pt", "winnow.dtype": string(o.DType)}
	if o.DType == safetensors.I8 {
		meta["winnow.quantization"] = fmt.Sprintf("int8, symmetric, one float32 factor a row in NAME%s; other tensors %s", safetensors.ScaleSuffix, o.Small)
	}
	var names, prints []string
	for _, n := range sources {
		fp, err := n.Model.Fingerprint()
		if err != nil {
			return nil, err
		}
		name := n.Source
		if name == "" {
			// A path says where the files were on one machine; its last part says what they are.
			name = filepath.Base(filepath.Clean(n.Model.Name))
		}
		names, prints = append(names, name), append(prints, fp)
	}
	meta["winnow.source"] = strings.Join(names, " ")
	meta["winnow.source_fingerprint"] = strings.Join(prints, " ")
	return meta, nil
}

// copyCompanions copies settings and tokenizer below dir, except files for which skip is true.
func copyCompanions(w *writer, src *model.Model, dir string, o Options, skip func(name string) bool) error {
	config := filepath.ToSlash(filepath.Join(src.NetworkDir(), "config.json"))
	for _, name := range src.Companions() {
		if skip != nil && skip(name) || o.headFile(name) {
			continue
		}
		data, err := src.ReadFile(name)
		if err != nil {
			return err
		}
		if name == config {
			if data, err = noteInConfig(data, o); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if dir != "" {
			name = dir + "/" + name
		}
		if err := w.file(name, data); err != nil {
			return err
		}
	}
	return nil
}

// noteInConfig records the number type in config.json. For int8 it sets quantization_config, so
// that tools which do not know this form refuse it.
func noteInConfig(data []byte, o Options) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	delete(fields, "quantization_config")
	if o.Head {
		noteHead(fields)
	}
	if o.Intermediate > 0 {
		fields["intermediate_size"] = json.RawMessage(strconv.Itoa(o.Intermediate))
	}
	if o.Layers != nil {
		fields["num_hidden_layers"] = json.RawMessage(strconv.Itoa(len(o.Layers)))
	}
	if o.DType == safetensors.I8 {
		fields["quantization_config"] = json.RawMessage(fmt.Sprintf(`{"quant_method":%q}`, model.QuantMethod))
	} else {
		name := map[safetensors.DType]string{safetensors.F32: `"float32"`, safetensors.F16: `"float16"`, safetensors.BF16: `"bfloat16"`}[o.DType]
		for _, key := range []string{"dtype", "torch_dtype"} {
			if _, ok := fields[key]; ok {
				fields[key] = json.RawMessage(name)
			}
		}
	}
	out, err := json.MarshalIndent(fields, "", "  ") // sorts the keys
	return append(out, '\n'), err
}

// writer writes files into a directory that is not visible under its final name yet.
type writer struct {
	dir    string
	report Report
}

// publish lets write fill a temporary directory and then renames it to dst.
func publish(dst string, write func(*writer) error) (report *Report, err error) {
	dst = filepath.Clean(dst)
	if entries, err := os.ReadDir(dst); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("convert: %s exists and is not empty: remove it or choose another directory", dst)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("convert: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dst), "."+filepath.Base(dst)+".tmp")
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	w := &writer{dir: tmp}
	if err := write(w); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	// An empty directory may be in the way; anything else makes the removal or the renaming fail.
	if err := os.Remove(dst); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("convert: %w", err)
	}
	if err := os.Rename(tmp, dst); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	return &w.report, nil
}

// create makes a file and hands it to fill; the data is on disk when create returns.
func (w *writer) create(name string, fill func(*os.File) error) error {
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	w.report.Files = append(w.report.Files, WrittenFile{name, st.Size()})
	return nil
}

func (w *writer) file(name string, data []byte) error {
	return w.create(name, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
}

func (w *writer) weights(name string, entries []safetensors.Entry, meta map[string]string) error {
	return w.create(name, func(f *os.File) error {
		return safetensors.Write(f, entries, maps.Clone(meta))
	})
}

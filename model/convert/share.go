// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// Names within the directory that Share writes.
const (
	SharedDir     = "shared"             // holds what all models have in common
	SharedFile    = "shared.safetensors" // tensors in common
	OwnFile       = "layers.safetensors" // tensors of one model, in its own directory
	tokenizerFile = "tokenizer.json"     // the tokenizer in common
	indexFile     = "model.safetensors.index.json"
)

// sharedPrefix stands before all tensor names, so that one file serves models with and without a head.
const sharedPrefix = "bert."

// Named is a model and the directory it gets.
type Named struct {
	Dir    string
	Source string // how the metadata names it; the last part of the model's name if empty
	Model  *model.Model
}

// Share writes several models that grew from one encoder into dst, with what is equal in all of
// them written once: dst/shared holds the tensors that are equal in float16 (in the values of the
// first model) and the tokenizer; dst/<Dir> holds the rest of each model and an index that names
// both files. A reader looks for a file in the model's directory and then in dst/shared. The word
// embeddings and the tokenizer must be equal; dst must not exist or be empty.
func Share(models []Named, dst string, o Options) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(models) < 2 {
		return nil, errors.New("convert: sharing needs two models or more")
	}
	tokenizer, err := commonTokenizer(models)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	common, err := commonTensors(models)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	return publish(dst, func(w *writer) error {
		if err := w.file(SharedDir+"/"+tokenizerFile, tokenizer); err != nil {
			return err
		}
		meta, err := provenance(o, models...)
		if err != nil {
			return err
		}
		var entries []safetensors.Entry
		for _, name := range models[0].Model.TensorNames() {
			bare := bareName(models[0].Model, name)
			if !common[bare] {
				continue
			}
			e, err := o.entries(models[0].Model, name, sharedName(bare))
			if err != nil {
				return err
			}
			entries = append(entries, e...)
		}
		if err := w.weights(SharedDir+"/"+SharedFile, entries, meta); err != nil {
			return err
		}
		for _, n := range models {
			if err := w.ownPart(n, common, o); err != nil {
				return fmt.Errorf("%s: %w", n.Dir, err)
			}
		}
		return nil
	})
}

// bareName is a tensor name without the prefix of its model.
func bareName(m *model.Model, name string) string { return strings.TrimPrefix(name, m.Prefix) }

// sharedName puts the common prefix before names of the encoder; the classifier has none.
func sharedName(bare string) string {
	if strings.HasPrefix(bare, "classifier.") {
		return bare
	}
	return sharedPrefix + bare
}

// ownPart writes the files of one model.
func (w *writer) ownPart(n Named, common map[string]bool, o Options) error {
	if n.Model.NetworkDir() != "" {
		return errors.New("models whose network is in a subdirectory cannot be shared")
	}
	var entries []safetensors.Entry
	index := map[string]string{}
	for _, name := range n.Model.TensorNames() {
		bare := bareName(n.Model, name)
		e, err := o.entries(n.Model, name, sharedName(bare))
		if err != nil {
			return err
		}
		file := SharedFile
		if !common[bare] {
			file = OwnFile
			entries = append(entries, e...)
		}
		for _, t := range e {
			index[t.Name] = file
		}
	}
	meta, err := provenance(o, n)
	if err != nil {
		return err
	}
	if err := w.weights(n.Dir+"/"+OwnFile, entries, meta); err != nil {
		return err
	}
	data, err := json.MarshalIndent(map[string]any{"metadata": map[string]string{}, "weight_map": index}, "", " ")
	if err != nil {
		return err
	}
	if err := w.file(n.Dir+"/"+indexFile, append(data, '\n')); err != nil {
		return err
	}
	return copyCompanions(w, n.Model, n.Dir, o, func(name string) bool {
		return name == tokenizerFile || name == "vocab.txt"
	})
}

// commonTokenizer returns the tokenizer.json of all models, without white space and without the
// truncation and padding sections, which winnow does not use and training scripts leave behind.
func commonTokenizer(models []Named) ([]byte, error) {
	var first []byte
	for _, n := range models {
		data, err := n.Model.ReadFile(tokenizerFile)
		if err != nil {
			return nil, err
		}
		if data, err = slimTokenizer(data); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", n.Dir, tokenizerFile, err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			return nil, fmt.Errorf("the tokenizers of %s and %s differ", models[0].Dir, n.Dir)
		}
	}
	return first, nil
}

func slimTokenizer(data []byte) ([]byte, error) {
	var sections map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&sections); err != nil {
		return nil, err
	}
	for _, unused := range []string{"truncation", "padding"} {
		if _, ok := sections[unused]; ok {
			sections[unused] = nil
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(sections) // sorts the keys, so that equal tokenizers give equal bytes
	return out.Bytes(), err
}

// commonTensors returns the names, without prefix, of the tensors that are equal in all models
// after rounding to float16.
func commonTensors(models []Named) (map[string]bool, error) {
	first := models[0].Model
	common := map[string]bool{}
	for _, name := range first.TensorNames() {
		common[bareName(first, name)] = true
	}
	for _, n := range models[1:] {
		have := map[string]string{}
		for _, name := range n.Model.TensorNames() {
			have[bareName(n.Model, name)] = name
		}
		for _, name := range first.TensorNames() {
			bare := bareName(first, name)
			other, ok := have[bare]
			if ok && common[bare] {
				var err error
				if ok, err = equalInF16(first, name, n.Model, other); err != nil {
					return nil, err
				}
			}
			if !ok {
				delete(common, bare)
			}
		}
	}
	if !common["embeddings.word_embeddings.weight"] {
		return nil, errors.New("the word embeddings differ, so there is nothing to share")
	}
	return common, nil
}

func equalInF16(a *model.Model, nameA string, b *model.Model, nameB string) (bool, error) {
	ta, err := a.Weights.Tensor(nameA)
	if err != nil {
		return false, err
	}
	tb, err := b.Weights.Tensor(nameB)
	if err != nil {
		return false, err
	}
	if ta.Len() != tb.Len() {
		return false, nil
	}
	x, err := read(ta)
	if err != nil {
		return false, err
	}
	y, err := read(tb)
	if err != nil {
		return false, err
	}
	for i := range x {
		if safetensors.Float32ToF16(x[i]) != safetensors.Float32ToF16(y[i]) {
			return false, nil
		}
	}
	return true, nil
}

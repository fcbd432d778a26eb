// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package parity compares winnow's encoders with values that the Python
// reference libraries computed for the same model and inputs. The tests use it
// on small random checkpoints and `winnow verify` on the models people run.
//
// The values are in verify files; scripts/reference/README.md describes them.
package parity

import (
	"bytes"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// schema is the version of the verify file that this package reads.
const schema = "winnow-reference/1"

// The kinds of reference.
const (
	Bi    = "bi"    // texts to embeddings
	Cross = "cross" // pairs to logits
)

// Reference is a verify file.
type Reference struct {
	Schema           string            `json:"schema"`
	Model            string            `json:"model"`
	Kind             string            `json:"kind"`
	About            string            `json:"about"`
	Libraries        map[string]string `json:"libraries"`
	WeightsSHA256    map[string]string `json:"weights_sha256,omitempty"`
	Tolerance        float64           `json:"tolerance"`
	MaxLength        int               `json:"max_length"`
	Dimension        int               `json:"dimension,omitempty"`
	Pooling          []string          `json:"pooling,omitempty"`
	Normalized       bool              `json:"normalized,omitempty"`
	Similarity       string            `json:"similarity,omitempty"`
	Prompts          map[string]string `json:"prompts,omitempty"`
	DefaultPrompt    string            `json:"default_prompt,omitempty"`
	Labels           int               `json:"labels,omitempty"`
	Activation       string            `json:"activation,omitempty"`
	ActivationSource string            `json:"activation_source,omitempty"`
	Cases            []Case            `json:"cases"`
}

// Case is one input of a reference and what came out.
type Case struct {
	Name       string    `json:"name"`
	Text       string    `json:"text,omitempty"`
	PromptName string    `json:"prompt_name,omitempty"`
	Dimensions int       `json:"dimensions,omitempty"`
	Query      string    `json:"query,omitempty"`
	Document   string    `json:"document,omitempty"`
	MaxLength  int       `json:"max_length,omitempty"`
	IDs        []int32   `json:"ids,omitempty"`
	Types      []uint8   `json:"-"`
	RawTypes   []int     `json:"types,omitempty"`
	TokensCut  int       `json:"tokens_cut,omitempty"`
	Embedding  vector    `json:"embedding,omitempty"`
	Logits     []float32 `json:"logits,omitempty"`
	Scores     []float32 `json:"scores,omitempty"`
}

// vector is stored as the base64 of little-endian float32 values.
type vector []float32

// UnmarshalJSON implements json.Unmarshaler.
func (v *vector) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	if len(raw)%4 != 0 {
		return fmt.Errorf("embedding has %d bytes, which is no whole number of float32 values", len(raw))
	}
	*v = make(vector, len(raw)/4)
	for i := range *v {
		(*v)[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return nil
}

// Parse reads a verify file.
func Parse(data []byte) (*Reference, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var r Reference
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	if r.Schema != schema {
		return nil, fmt.Errorf("schema is %q; this version reads %q", r.Schema, schema)
	}
	if r.Kind != Bi && r.Kind != Cross {
		return nil, fmt.Errorf("kind is %q; want bi or cross", r.Kind)
	}
	if len(r.Cases) == 0 {
		return nil, errors.New("no cases")
	}
	for i := range r.Cases {
		c := &r.Cases[i]
		for _, t := range c.RawTypes {
			if t < 0 || t > math.MaxUint8 {
				return nil, fmt.Errorf("case %q: segment %d is out of range", c.Name, t)
			}
			c.Types = append(c.Types, uint8(t))
		}
	}
	return &r, nil
}

// largest is the size above which a file is no verify file.
const largest = 64 << 20

// Read reads a verify file from disk.
func Read(path string) (*Reference, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, err
	}
	if len(data) > largest {
		return nil, fmt.Errorf("%s: larger than %d MiB, which no verify file is", path, largest>>20)
	}
	r, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

//go:embed references
var stored embed.FS

// Find returns the reference of a model in a list, by name (a revision after @
// aside), or nil.
func Find(list []*Reference, model string) *Reference {
	name, _, _ := strings.Cut(model, "@")
	if i := slices.IndexFunc(list, func(r *Reference) bool { return r.Model == name }); i >= 0 {
		return list[i]
	}
	return nil
}

// All returns the references that come with winnow.
func All() ([]*Reference, error) {
	files, err := stored.ReadDir("references")
	if err != nil {
		return nil, err
	}
	var list []*Reference
	for _, f := range files {
		data, err := stored.ReadFile("references/" + f.Name())
		if err != nil {
			return nil, err
		}
		r, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		list = append(list, r)
	}
	return list, nil
}

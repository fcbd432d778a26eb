// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// fingerprintVersion opens the hashed stream; it changes whenever the stream's form does.
const fingerprintVersion = "winnow model fingerprint 1"

// Fingerprint identifies what a model computes: "sha256:" and 64 hex digits. Two models with the
// same fingerprint give the same vectors and logits for the same text; an index keeps it to refuse
// a different model.
//
// It covers every tensor (in name order: name, type, shape, bytes; so it does not depend on how
// weights are split into files), the numbers of config.json that enter the computation, the
// tokenizer file, the maximum length, pooling, dense layers, normalisation, prompts and the number
// of dimensions. Each item is preceded by its length, so items cannot run into each other. It does
// not cover names, paths, similarity and the activation, which do not change vectors or logits.
//
// The first call reads all weights; the result is kept. The error says that a file could not be read.
func (m *Model) Fingerprint() (string, error) { return m.fingerprint() }

// stream writes items with their lengths into a hash.
type stream struct{ h hash.Hash }

func (s stream) bytes(b []byte) {
	s.h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(b))))
	s.h.Write(b)
}

func (s stream) string(v string) { s.bytes([]byte(v)) }

// value writes anything with a fixed printed form: numbers, booleans, slices of them.
func (s stream) value(v ...any) { s.string(fmt.Sprint(v...)) }

func (m *Model) computeFingerprint() (string, error) {
	s := stream{sha256.New()}
	s.string(fingerprintVersion)
	if err := s.weights(m.Weights); err != nil {
		return "", err
	}
	c := m.Config
	s.value([]int{c.Hidden, c.Layers, c.Heads, c.Intermediate, c.Vocab, c.Positions, c.Types, len(c.Labels)})
	s.string(c.Architecture)
	s.string(c.HiddenAct)
	s.value(c.Epsilon)
	s.bytes(m.tok.data)
	s.string(m.tok.options)
	s.value(m.MaxLength)
	s.value(len(m.Pooling.Modes))
	for _, mode := range m.Pooling.Modes {
		s.string(mode)
	}
	s.value(m.Pooling.IncludePrompt)
	s.value(len(m.Dense))
	for i, d := range m.Dense {
		s.string(string(d.Activation))
		if err := s.weights(m.dense[i]); err != nil {
			return "", err
		}
	}
	s.value(m.Normalize)
	s.value(len(m.Prompts))
	for _, name := range sortedKeys(m.Prompts) {
		s.string(name)
		s.string(m.Prompts[name])
	}
	s.string(m.DefaultPrompt)
	s.value([]int{m.Dim(), m.TruncateDim})
	return "sha256:" + hex.EncodeToString(s.h.Sum(nil)), nil
}

func (s stream) weights(w *Weights) error {
	names := w.Names()
	s.value(len(names))
	for _, name := range names {
		t := w.tensors[name]
		s.string(name)
		s.string(string(t.DType()))
		s.value(t.Shape())
		if err := t.View(s.bytes); err != nil {
			return fmt.Errorf("fingerprint: %w", err)
		}
	}
	return nil
}

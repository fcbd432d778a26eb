// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
)

// embed encodes texts, or reads what an earlier run has kept.
func embed(ctx context.Context, bi *encoder.BiEncoder, o options, name string, texts []string, kind encoder.Kind) ([]float32, error) {
	path := ""
	if o.cache != "" {
		fingerprint, err := bi.Model().Fingerprint()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(o.cache, fmt.Sprintf("%s-%s-%s.f32", name, strings.TrimPrefix(fingerprint, "sha256:")[:12], bi.Precision()))
		if data, err := os.ReadFile(path); err == nil && len(data) == 4*len(texts)*bi.Dim() {
			out := make([]float32, len(data)/4)
			for i := range out {
				out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
			}
			return out, nil
		}
	}
	fmt.Fprintf(os.Stderr, "encoding %s: %d texts\n", name, len(texts))
	v, err := bi.Encode(ctx, texts, encoder.As(kind))
	if err != nil || path == "" {
		return v.Data, err
	}
	data := make([]byte, 0, 4*len(v.Data))
	for _, x := range v.Data {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	if err := os.MkdirAll(o.cache, 0o755); err != nil {
		return nil, err
	}
	return v.Data, os.WriteFile(path, data, 0o600)
}

// figures are a baseline's, as they are written.
type figures struct{ gain, recall string }

// readBaselines reads the rows of a Markdown table: set, docs, queries, run, nDCG@10, recall@100, …
func readBaselines(path string) (map[string]figures, error) {
	known := map[string]figures{}
	if path == "" {
		return known, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) < 8 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		run := strings.ReplaceAll(cells[4], ", ", " ")
		if strings.HasPrefix(run, "all-MiniLM") {
			run = "MiniLM"
		}
		known[cells[1]+" "+run] = figures{cells[5], cells[6]}
	}
	return known, nil
}

// writeRun writes a run as DIR/<collection>.<setting>.trec.
func writeRun(run *eval.Run, dir, collection, setting string) error {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" /=(),", r) {
			return '_'
		}
		return r
	}, setting)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, collection+"."+name+".trec"))
	if err != nil {
		return err
	}
	return errors.Join(run.Write(f), f.Close())
}

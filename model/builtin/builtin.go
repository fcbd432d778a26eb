// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package builtin embeds two small models into the program and registers them, so that search works
// on a machine without any model file: import it for its effect, and model.Open takes the names
// Retriever and Reranker.
//
// builtin:retriever is half of sentence-transformers/all-MiniLM-L6-v2, distilled (384 dimensions, cosine), and
// builtin:reranker a cross-encoder grown from the same encoder; both as int8 with one factor a row. docs/models.md describes them.
// What is equal in both, the word embeddings above all, is stored once. The files under data are
// written by
//
//	go run ./internal/cmd/make-builtin --retriever DIR --reranker DIR --out model/builtin/data
//
// What the reranker's logits mean was then fitted on judged questions, as docs/calibration.md says; see Calibration.
package builtin

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/model"
)

// Names of the registered models.
const (
	Retriever = "builtin:retriever"
	Reranker  = "builtin:reranker"
)

// Large files are embedded as bytes of their own, because reading from an embed.FS copies.
var (
	//go:embed data/shared/shared.safetensors
	sharedWeights []byte
	//go:embed data/shared/tokenizer.json
	sharedTokenizer []byte
	//go:embed data/retriever/layers.safetensors
	retrieverWeights []byte
	//go:embed data/reranker/layers.safetensors
	rerankerWeights []byte
	//go:embed data/calibration.json
	calibrated []byte
	//go:embed data/retriever/*.json data/retriever/1_Pooling/*.json data/reranker/*.json
	settings embed.FS
)

// Models returns the two as a pair. Their orders are fused: measured alone, the reranker is a weak
// floor and the sum of both is better than either.
func Models() model.Pair { return model.Pair{Retriever: Retriever, Reranker: Reranker, Fuse: true} }

// Calibration is a configuration file (see package config) with the calibration of Reranker and nothing else.
func Calibration() []byte { return bytes.Clone(calibrated) }

// Calibrations has the same map from logits to probabilities of relevance, by fingerprint as winnow.Calibrated takes it. It was
// fitted on judged questions of others: probabilities are mostly better than those of the plain sigmoid, and `winnow calibrate` on
// judgments of one's own is better still.
func Calibrations() (map[string]calibration.Map, error) {
	var file struct {
		Calibration map[string]struct {
			Map calibration.Map `json:"map"`
		} `json:"calibration"`
	}
	if err := json.Unmarshal(calibrated, &file); err != nil {
		return nil, fmt.Errorf("built-in calibration: %w", err)
	}
	maps := make(map[string]calibration.Map, len(file.Calibration))
	for fingerprint, c := range file.Calibration {
		maps[fingerprint] = c.Map
	}
	return maps, nil
}

func init() {
	model.Register(Retriever, func() (model.Files, error) { return files{"data/retriever/", retrieverWeights}, nil })
	model.Register(Reranker, func() (model.Files, error) { return files{"data/reranker/", rerankerWeights}, nil })
}

// files serves the files of one model: its own and the shared ones.
type files struct {
	dir     string
	weights []byte
}

// ReadFile implements model.Files.
func (f files) ReadFile(name string) ([]byte, error) {
	switch name {
	case "layers.safetensors":
		return f.weights, nil
	case "shared.safetensors":
		return sharedWeights, nil
	case "tokenizer.json":
		return sharedTokenizer, nil
	}
	data, err := settings.ReadFile(f.dir + name)
	if errors.Is(err, fs.ErrInvalid) { // a path that embed.FS does not take is not there
		return nil, fs.ErrNotExist
	}
	return data, err
}

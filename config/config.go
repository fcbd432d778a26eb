// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package config reads and writes winnow.json: the settings that `winnow tune` found best and the calibrations that
// `winnow calibrate` fitted, which commands then use.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/strictjson"
)

// Name is the file's name, in the working directory or a parent.
const Name = "winnow.json"

// maxSize bounds a file in bytes: a calibration has at most a thousand knots.
const maxSize = 8 << 20

// Config is what the file says. Everything may be missing.
type Config struct {
	Search    winnow.Settings   `json:"search,omitzero"`
	Precision encoder.Precision `json:"precision,omitempty"` // of both encoders
	Tuned     *Provenance       `json:"tuned,omitempty"`     // where Search comes from
	// Calibration is by the fingerprint of a cross-encoder, as `winnow info` shows it.
	Calibration map[string]Calibration `json:"calibration,omitempty"`
}

// Calibration makes probabilities of a cross-encoder's logits.
type Calibration struct {
	Model string          `json:"model"` // the name it was opened by, for messages
	Map   calibration.Map `json:"map"`
	From  Provenance      `json:"from"`
}

// Provenance says on what settings were found.
type Provenance struct {
	Collections []string           `json:"collections"`
	Queries     int                `json:"queries"`
	Pairs       int                `json:"pairs,omitempty"` // judged pairs of query and document
	Winnow      string             `json:"winnow"`          // version
	Machine     string             `json:"machine,omitempty"`
	Measures    map[string]float64 `json:"measures,omitempty"`
	Precision   encoder.Precision  `json:"precision,omitempty"`   // of the weights that gave the scores
	MaxTokens   int                `json:"max_tokens,omitempty"`  // that the encoder read of a text or pair; 0: not known
	Fingerprint string             `json:"fingerprint,omitempty"` // of the model whose vectors were searched
	Vectors     string             `json:"vectors,omitempty"`     // how those were indexed, as vector.ParseSpec reads it
	Passages    string             `json:"passages,omitempty"`    // whole documents, or split ones
}

// Find returns the path of the file that holds in a directory: its own or that of the nearest parent that has one. found is
// false if there is none: path is then where one would be made.
func Find(dir string) (path string, found bool, err error) {
	here, err := filepath.Abs(dir)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", Name, err)
	}
	for at := here; ; at = filepath.Dir(at) {
		p := filepath.Join(at, Name)
		switch info, err := os.Stat(p); {
		case err == nil && info.Mode().IsRegular():
			return p, true, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return "", false, err
		}
		if at == filepath.Dir(at) {
			return filepath.Join(here, Name), false, nil
		}
	}
}

// Load reads a file. What is unknown, malformed or impossible in it is an error that names file and field.
func Load(path string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSize {
		return nil, fmt.Errorf("%s: %d bytes; a configuration has at most %d", path, info.Size(), maxSize)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse reads the text of a file: one JSON object and nothing after it. Names of fields are exact, and none is there twice.
func Parse(data []byte) (*Config, error) {
	var c Config
	if err := strictjson.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	if _, err := c.Search.Options(); err != nil {
		return nil, fmt.Errorf("field search: %w", err)
	}
	if c.Precision != "" {
		if _, err := encoder.ParsePrecision(string(c.Precision)); err != nil {
			return nil, fmt.Errorf("field precision: %w", err)
		}
	}
	for _, fingerprint := range slices.Sorted(maps.Keys(c.Calibration)) {
		k := c.Calibration[fingerprint]
		if k.Map.Method == "" {
			return nil, fmt.Errorf("calibration of %s (%s): field map is missing", k.Model, fingerprint)
		}
		if err := k.Map.Validate(); err != nil {
			return nil, fmt.Errorf("calibration of %s (%s): %w", k.Model, fingerprint, err)
		}
	}
	return &c, nil
}

// Save writes a file that appears whole or not at all.
func (c *Config) Save(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, append(data, '\n'))
}

// Maps are the calibrations by fingerprint, as winnow.Calibrated wants them.
func (c *Config) Maps() map[string]calibration.Map {
	all := make(map[string]calibration.Map, len(c.Calibration))
	for fingerprint, k := range c.Calibration {
		all[fingerprint] = k.Map
	}
	return all
}

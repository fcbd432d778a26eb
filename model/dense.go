// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/winnow-search/winnow/model/safetensors"
)

// Dense is a linear layer after pooling: y = Activation(W x + b).
type Dense struct {
	Dir        string              // its directory within the model, slash-separated
	In, Out    int                 // widths of x and y, 1 to 262144
	Weight     *safetensors.Tensor // W, shape [Out, In]
	Bias       *safetensors.Tensor // b, shape [Out]; nil if the layer has none
	Activation Activation
}

// rawDense holds the settings of a Dense module. Those with a default are pointers.
type rawDense struct {
	In         *int    `json:"in_features"`
	Out        *int    `json:"out_features"`
	Bias       *bool   `json:"bias"`
	Activation *string `json:"activation_function"`
	Input      *string `json:"module_input_name"`
	Output     *string `json:"module_output_name"`
	Residual   bool    `json:"use_residual"`
}

// parseDense reads the settings without the weights. hasBias tells whether a bias belongs to them.
func parseDense(data []byte) (d Dense, hasBias bool, err error) {
	var raw rawDense
	if err := decodeJSON(data, &raw); err != nil {
		return d, false, err
	}
	const limit = 1 << 18
	for _, f := range []struct {
		name  string
		value *int
		into  *int
	}{{"in_features", raw.In, &d.In}, {"out_features", raw.Out, &d.Out}} {
		if f.value == nil {
			return d, false, fmt.Errorf("%s is missing", f.name)
		}
		if *f.value < 1 || *f.value > limit {
			return d, false, fmt.Errorf("%s is %d, supported are 1 to %d", f.name, *f.value, limit)
		}
		*f.into = *f.value
	}
	const embedding = "sentence_embedding"
	for _, f := range []struct {
		name  string
		value *string
	}{{"module_input_name", raw.Input}, {"module_output_name", raw.Output}} {
		if f.value != nil && *f.value != embedding {
			return d, false, unknownName(f.name, *f.value, []string{embedding})
		}
	}
	if raw.Residual {
		return d, false, errors.New("use_residual is true: not supported")
	}
	d.Activation = Tanh // the reference's default
	if raw.Activation != nil {
		if d.Activation, err = parseActivation(*raw.Activation); err != nil {
			return d, false, err
		}
	}
	return d, *orDefault(raw.Bias, true), nil
}

// openDense reads the settings and maps the weights of the Dense module in directory dir.
func openDense(f Files, dir string) (Dense, *Weights, error) {
	name := inDir(dir, "config.json")
	data, err := f.ReadFile(name)
	if err != nil {
		return Dense{}, nil, fmt.Errorf("settings of a Dense module: %s: %w", name, err)
	}
	d, hasBias, err := parseDense(data)
	if err != nil {
		return Dense{}, nil, fmt.Errorf("%s: %w", name, err)
	}
	w, err := openAllWeights(f, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Dense{}, nil, fmt.Errorf("weights of a Dense module: %s is missing%s", inDir(dir, singleFile), pickleHint(f, dir))
	}
	if err != nil {
		return Dense{}, nil, err
	}
	d.Dir = dir
	d.Weight, err = w.shaped("linear.weight", d.Out, d.In)
	if err == nil && hasBias {
		d.Bias, err = w.shaped("linear.bias", d.Out)
	}
	if err != nil {
		return Dense{}, nil, errors.Join(fmt.Errorf("%s: %w", dir, err), w.Close())
	}
	return d, w, nil
}

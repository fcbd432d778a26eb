// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// average fills Replace with the average of the source's weights and those of Other.
func (o *Options) average(src *model.Model) error {
	switch {
	case o.Other == nil:
		return nil
	case !(o.Part > 0 && o.Part < 1):
		return fmt.Errorf("convert: the other model's part of the average is %g; it must be above 0 and below 1", o.Part)
	case o.Replace != nil:
		return errors.New("convert: weights that are replaced cannot be averaged")
	}
	mine, others := src.TensorNames(), o.Other.TensorNames()
	if !reflect.DeepEqual(src.Config, o.Other.Config) || len(mine) != len(others) || len(src.Dense) != len(o.Other.Dense) {
		return fmt.Errorf("convert: %s and %s differ in their architecture: only models of one shape can be averaged", src.Name, o.Other.Name)
	}
	if !reflect.DeepEqual(src.Pooling, o.Other.Pooling) || src.Normalize != o.Other.Normalize {
		return fmt.Errorf("convert: %s and %s make vectors of their tokens in different ways: only models that compute alike can be averaged", src.Name, o.Other.Name)
	}
	replace := map[string][]float32{}
	add := func(name string, a, b *safetensors.Tensor) error {
		if !slices.Equal(a.Shape(), b.Shape()) {
			return fmt.Errorf("convert: %s is %v in %s and %v in %s: only models of one shape can be averaged", name, a.Shape(), src.Name, b.Shape(), o.Other.Name)
		}
		values, err := read(a)
		if err != nil {
			return err
		}
		other, err := read(b)
		if err != nil {
			return err
		}
		for i, v := range values {
			values[i] = v + float32(o.Part)*(other[i]-v) // what is equal stays so to the bit
		}
		replace[name] = values
		return nil
	}
	for i, name := range mine {
		a, err := src.Weights.Tensor(name)
		if err != nil {
			return err
		}
		b, err := o.Other.Weights.Tensor(others[i])
		if err != nil {
			return err
		}
		if err := add(name, a, b); err != nil {
			return err
		}
	}
	for i, d := range src.Dense {
		other := o.Other.Dense[i]
		if err := add(d.Dir+"/linear.weight", d.Weight, other.Weight); err != nil {
			return err
		}
		if (d.Bias == nil) != (other.Bias == nil) {
			return fmt.Errorf("convert: %s has a bias in one of %s and %s only", d.Dir, src.Name, o.Other.Name)
		}
		if d.Bias != nil {
			if err := add(d.Dir+"/linear.bias", d.Bias, other.Bias); err != nil {
				return err
			}
		}
	}
	o.Replace = replace
	return nil
}

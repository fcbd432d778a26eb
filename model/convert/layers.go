// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/model"
)

// layerPart stands before the number of a layer in a tensor's name.
const layerPart = "encoder.layer."

// checkLayers refuses layers that the model has not, or that come twice.
func (o *Options) checkLayers(m *model.Model) error {
	if o.Layers == nil {
		return nil
	}
	if len(o.Layers) == 0 {
		return fmt.Errorf("convert: no layer of %s is kept; it has layers 0 to %d", m.Name, m.Config.Layers-1)
	}
	for i, n := range o.Layers {
		if n < 0 || n >= m.Config.Layers {
			return fmt.Errorf("convert: %s has no layer %d; it has layers 0 to %d", m.Name, n, m.Config.Layers-1)
		}
		if slices.Contains(o.Layers[:i], n) {
			return fmt.Errorf("convert: layer %d is named twice", n)
		}
	}
	return nil
}

// kept gives a tensor's name among the layers that are kept; false if it belongs to another.
func (o *Options) kept(name string) (to string, ok bool) {
	before, rest, found := strings.Cut(name, layerPart)
	if o.Layers == nil || !found {
		return name, true
	}
	number, rest, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return name, true
	}
	place := slices.Index(o.Layers, n)
	return before + layerPart + strconv.Itoa(place) + "." + rest, place >= 0
}

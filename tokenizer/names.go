// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// checkName returns an error for a name that is not known, with the nearest known one.
func checkName(what, name string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	if len(name) > 60 {
		name = name[:60]
	}
	if len(known) == 1 {
		return fmt.Errorf("unknown %s %q; only %q is supported", what, name, known[0])
	}
	if near := nearest.Name(name, known); near != "" {
		return fmt.Errorf("unknown %s %q; the nearest supported one is %q", what, name, near)
	}
	return fmt.Errorf("unknown %s %q; supported: %s", what, name, strings.Join(known, ", "))
}

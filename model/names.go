// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// unknownName phrases an error about a value that winnow does not know, with the nearest known
// value and the whole list.
func unknownName(what, name string, known []string) error {
	hint := ""
	if n := nearest.Name(name, known); n != "" {
		hint = fmt.Sprintf(", nearest is %q", n)
	}
	return fmt.Errorf("%s %s is not supported%s (supported: %s)", what, quoteShort(name), hint, strings.Join(known, ", "))
}

// quoteShort quotes a string from a file, cut to a length fit for a message.
func quoteShort(s string) string {
	const limit = 120
	if len(s) > limit {
		return fmt.Sprintf("%q…", s[:limit])
	}
	return fmt.Sprintf("%q", s)
}

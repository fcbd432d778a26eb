// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"

	"github.com/winnow-search/winnow/tokenizer"
)

const (
	bom         = "\uFEFF"
	replacement = "\uFFFD"
)

// cleanText removes a leading byte order mark, turns CRLF into LF and replaces invalid UTF-8. It returns the number of
// invalid bytes. A lone CR is kept: it does not end a line for the tools that show line numbers.
func cleanText(data []byte) (text string, invalidBytes int) {
	s, invalid := replaceInvalid(strings.TrimPrefix(string(data), bom))
	if strings.Contains(s, "\r\n") {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return s, invalid
}

// replaceInvalid puts one U+FFFD in place of each maximal invalid piece and returns the number of bytes replaced.
func replaceInvalid(s string) (string, int) {
	out, pieces := tokenizer.ReplaceInvalid(s)
	return out, len(s) - (len(out) - pieces*len(replacement))
}

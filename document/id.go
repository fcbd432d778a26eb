// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PathID is the id that a file's path gives: the path with forward slashes. An id is text, and a name need not be: in a name
// with bytes that are not UTF-8, each of them is written \xNN in lower case, and a backslash twice. So is a backslash in a
// name that holds \x already; no two paths have one id. [IDPath] goes back.
func PathID(path string) string {
	id := filepath.ToSlash(path)
	if utf8.ValidString(id) && !strings.Contains(id, `\x`) {
		return id
	}
	names := strings.Split(id, "/") // each for itself: the id of what lies in a folder begins with the folder's
	for i, name := range names {
		if !utf8.ValidString(name) || strings.Contains(name, `\x`) {
			names[i] = escapeName(name)
		}
	}
	return strings.Join(names, "/")
}

func escapeName(name string) string {
	var b strings.Builder
	for name != "" {
		r, n := utf8.DecodeRuneInString(name)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, name[0])
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// IDPath is the path with forward slashes that [PathID] made an id of.
func IDPath(id string) string {
	if !strings.Contains(id, `\x`) {
		return id
	}
	names := strings.Split(id, "/")
	for i, name := range names {
		if strings.Contains(name, `\x`) {
			names[i] = unescapeName(name)
		}
	}
	return strings.Join(names, "/")
}

func unescapeName(name string) string {
	var b strings.Builder
	for name != "" {
		switch {
		case strings.HasPrefix(name, `\\`):
			b.WriteByte('\\')
			name = name[2:]
			continue
		case strings.HasPrefix(name, `\x`) && len(name) >= 4:
			if c, err := strconv.ParseUint(name[2:4], 16, 8); err == nil {
				b.WriteByte(byte(c))
				name = name[4:]
				continue
			}
		}
		b.WriteByte(name[0])
		name = name[1:]
	}
	return b.String()
}

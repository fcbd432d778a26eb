// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strings"
	"unicode/utf8"
)

// glob is a compiled pattern: * is any characters, ? is one, and \ makes the next one ordinary.
type glob []globPart

type globPart struct {
	r    rune
	any  bool // ?
	many bool // *
}

func compileGlob(pattern string) glob {
	var g glob
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			g, escaped = append(g, globPart{r: r}), false
		case r == '\\':
			escaped = true
		case r == '*':
			if len(g) == 0 || !g[len(g)-1].many {
				g = append(g, globPart{many: true})
			}
		default:
			g = append(g, globPart{r: r, any: r == '?'})
		}
	}
	if escaped {
		g = append(g, globPart{r: '\\'})
	}
	return g
}

// match goes through s once; when a part fails it goes back to the latest star only, which has then to take one more
// character: earlier stars cannot do better.
func (g glob) match(s string) bool {
	i, p := 0, 0
	starAt, starPart := -1, 0
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case p < len(g) && g[p].many:
			starAt, starPart = i, p
			p++
		case p < len(g) && (g[p].any || g[p].r == r):
			i += size
			p++
		case starAt >= 0:
			_, size = utf8.DecodeRuneInString(s[starAt:])
			starAt += size
			i, p = starAt, starPart+1
		default:
			return false
		}
	}
	for p < len(g) && g[p].many {
		p++
	}
	return p == len(g)
}

// prefix returns the ordinary characters that every match begins with.
func (g glob) prefix() string {
	var b strings.Builder
	for _, part := range g {
		if part.any || part.many {
			break
		}
		b.WriteRune(part.r)
	}
	return b.String()
}

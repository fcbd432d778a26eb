// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package ignore

import "strings"

// List is the patterns of one file, in order. The zero value ignores nothing.
type List struct{ patterns []pattern }

// pattern is one line of a file.
type pattern struct {
	tokens  []token
	negated bool // it takes a path back in
	dirOnly bool // it ends in a slash
	base    bool // it has no other slash, so it is matched against the last element of a path
}

// maxPattern is the longest pattern taken; file names and paths end far below it.
const maxPattern = 8 << 10

// Parse reads the lines of an ignore file. There is no syntax error: a line that means nothing matches nothing.
func Parse(text string) List {
	var l List
	text = strings.TrimPrefix(text, "\uFEFF")
	for line := range strings.SplitSeq(text, "\n") {
		if p, ok := parseLine(line); ok {
			l.patterns = append(l.patterns, p)
		}
	}
	return l
}

// Empty reports whether there is no pattern at all.
func (l List) Empty() bool { return len(l.patterns) == 0 }

func parseLine(line string) (p pattern, ok bool) {
	line = strings.TrimSuffix(line, "\r")
	if strings.HasPrefix(line, "#") {
		return p, false
	}
	line = trimSpaces(line)
	if rest, found := strings.CutPrefix(line, "!"); found {
		p.negated, line = true, rest
	}
	if rest, found := strings.CutSuffix(line, "/"); found {
		p.dirOnly, line = true, rest
	}
	p.base = !strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" || len(line) > maxPattern {
		return p, false
	}
	p.tokens, ok = compile(line, !p.base)
	return p, ok
}

// trimSpaces removes the spaces at the end that no backslash protects.
func trimSpaces(s string) string {
	end := -1 // start of the run of spaces that reaches to here
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ':
			if end < 0 {
				end = i
			}
			continue
		case '\\':
			i++
		}
		end = -1
	}
	if end >= 0 {
		return s[:end]
	}
	return s
}

// decide returns what the last pattern that matches says. path is relative to the folder of the list.
func (l List) decide(path string, dir bool) (ignored, decided bool) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	for i := len(l.patterns) - 1; i >= 0; i-- {
		p := &l.patterns[i]
		if p.dirOnly && !dir {
			continue
		}
		subject := path
		if p.base {
			subject = name
		}
		if match(p.tokens, subject) {
			return !p.negated, true
		}
	}
	return false, false
}

// Rules are the lists that hold for a folder: its own and those of the folders above it. A nil *Rules ignores nothing.
type Rules struct {
	above *Rules
	base  string // the folder of the list, as a slash-separated path below the top; empty for the top itself
	list  List
}

// Add returns the rules for what is below base, where the list has the last word. base is a path below the same top as the
// paths that Ignored is asked about, with forward slashes and without one at its ends.
func (r *Rules) Add(base string, l List) *Rules {
	if l.Empty() {
		return r
	}
	return &Rules{r, base, l}
}

// Ignored reports whether a path below the top is left out. It looks at this path alone: what lies in a folder that is
// left out is left out too, which whoever walks the tree sees to by not entering it.
func (r *Rules) Ignored(path string, dir bool) bool {
	for ; r != nil; r = r.above {
		rel := path
		if r.base != "" {
			rest, ok := strings.CutPrefix(path, r.base+"/")
			if !ok {
				continue
			}
			rel = rest
		}
		if ignored, decided := r.list.decide(rel, dir); decided {
			return ignored
		}
	}
	return false
}

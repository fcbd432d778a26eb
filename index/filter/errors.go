// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError says where an expression cannot be read, and why.
type SyntaxError struct {
	Expr     string   // the expression
	Offset   int      // byte of Expr where the trouble begins; len(Expr) at its end
	Found    string   // what stands there, if something else was expected
	Expected []string // what could stand there
	Hint     string   // advice, or the whole reason if Expected is empty
}

// contextRunes is how much of a long expression is shown on each side of the trouble.
const contextRunes = 60

// Error returns the reason, and below it the expression with a caret under the place.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString("filter: ")
	if len(e.Expected) > 0 {
		b.WriteString("expected ")
		for i, x := range e.Expected {
			switch {
			case i > 0 && i == len(e.Expected)-1:
				b.WriteString(" or ")
			case i > 0:
				b.WriteString(", ")
			}
			b.WriteString(x)
		}
		b.WriteString(", found " + e.Found)
		if e.Hint != "" {
			b.WriteString(": ")
		}
	}
	b.WriteString(e.Hint)
	offset := min(max(e.Offset, 0), len(e.Expr))
	before, after := oneLine(e.Expr[:offset]), oneLine(e.Expr[offset:])
	if n := len(before) - contextRunes; n > 0 {
		before = append([]rune("…"), before[n:]...)
	}
	if len(after) > contextRunes {
		after = append(after[:contextRunes:contextRunes], '…')
	}
	b.WriteString("\n  " + string(before) + string(after))
	b.WriteString("\n  " + strings.Repeat(" ", len(before)) + "^")
	return b.String()
}

// oneLine returns the characters of s with spaces for what would move the caret.
func oneLine(s string) []rune {
	// A cut or invalid sequence becomes replacement characters, one a byte.
	runes := make([]rune, 0, utf8.RuneCountInString(s))
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			r = ' '
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
			continue
		}
		runes = append(runes, r)
	}
	return runes
}

// fail returns an error with a reason.
func (p *parser) fail(t token, reason string) *SyntaxError {
	return &SyntaxError{Expr: p.source, Offset: t.start, Hint: reason}
}

// expected returns an error about the present token.
func (p *parser) expected(what ...string) *SyntaxError {
	e := &SyntaxError{Expr: p.source, Offset: p.tok.start, Found: p.tok.describe(p.source), Expected: what}
	if p.tok.kind == tokInvalid {
		e.Hint = p.tok.hint
		if strings.HasPrefix(p.tok.hint, "the string") || strings.Contains(p.tok.hint, `\u`) {
			e.Found, e.Expected = "", nil // the reason says it all
		}
	}
	return e
}

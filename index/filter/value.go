// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// kind is the type of a value.
type kind uint8

const (
	isString kind = iota
	isInt         // a whole number in the range of int64
	isFloat       // any other finite number
	isBool
	isDate // of literals only: documents have dates as strings
)

// scalar is one value of a field. A number is an int if it can be, so equal numbers have one form.
type scalar struct {
	kind kind
	s    string
	i    int64
	f    float64
	b    bool
}

// literal is a value in an expression.
type literal struct {
	scalar
	period *period // what it means as a date; nil if it cannot be one
}

func intLiteral(i int64) literal {
	l := literal{scalar: scalar{kind: isInt, i: i}}
	if i >= 1000 && i <= 9999 {
		if p, ok := parsePeriod(strconv.FormatInt(i, 10)); ok {
			l.period = &p
		}
	}
	return l
}

// number returns a finite float as a scalar.
func number(f float64) scalar {
	if f == math.Trunc(f) && f >= -(1<<63) && f < 1<<63 {
		return scalar{kind: isInt, i: int64(f)}
	}
	return scalar{kind: isFloat, f: f}
}

// parseNumber reads a number of JSON. Whole numbers are exact in the range of int64.
func parseNumber(s string) (scalar, bool) {
	if !numberSyntax(s) {
		return scalar{}, false
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return scalar{kind: isInt, i: i}, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil { // too large
		return scalar{}, false
	}
	return number(f), true
}

// numberSyntax reports whether s is [-] digits [. digits] [e [+-] digits].
func numberSyntax(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	s = strings.TrimPrefix(s, "-")
	if !digits() {
		return false
	}
	if rest, ok := strings.CutPrefix(s, "."); ok {
		if s = rest; !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// compareInt and compareFloat compare a number of a document with a number literal, exactly.
func compareInt(i int64, l literal) int {
	if l.kind == isInt {
		return cmp.Compare(i, l.i)
	}
	return -compareFloatInt(l.f, i)
}

func compareFloat(f float64, l literal) int {
	if l.kind == isFloat {
		return cmp.Compare(f, l.f)
	}
	return compareFloatInt(f, l.i)
}

// compareFloatInt compares f, which is no int64, with i. They are never equal.
func compareFloatInt(f float64, i int64) int {
	switch {
	case f >= 1<<63:
		return 1
	case f < -(1 << 63):
		return -1
	case int64(math.Floor(f)) < i:
		return -1
	}
	return 1
}

// String returns the literal as it is written.
func (l literal) String() string {
	switch l.kind {
	case isString:
		return quote(l.s)
	case isInt:
		return strconv.FormatInt(l.i, 10)
	case isFloat:
		return strconv.FormatFloat(l.f, 'g', -1, 64)
	case isBool:
		return strconv.FormatBool(l.b)
	}
	return l.s
}

// quote writes a string literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			b.WriteString(`\u00` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

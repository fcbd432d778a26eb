// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a token of an expression.
type tokenKind uint8

const (
	tokEnd     tokenKind = iota
	tokName              // a field or keyword
	tokString            // text is the string's value
	tokNumber            // a number or date
	tokOp                // = != < <= > >=
	tokOpen              // (
	tokClose             // )
	tokComma             // ,
	tokInvalid           // hint says why
)

type token struct {
	kind   tokenKind
	text   string
	start  int
	end    int
	double bool // a string in double quotes, which may name a field
	hint   string
}

// is reports whether the token is a keyword, in any case.
func (t token) is(keyword string) bool {
	return t.kind == tokName && strings.EqualFold(t.text, keyword)
}

// describe names the token for an error.
func (t token) describe(source string) string {
	if t.kind == tokEnd {
		return "the end"
	}
	s := source[t.start:t.end]
	if r := []rune(s); len(r) > 30 {
		s = string(r[:30]) + "…"
	}
	if t.kind == tokString {
		return "the string " + s
	}
	return strconv.Quote(s)
}

// next returns the token at or after byte i.
func next(s string, i int) token {
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsSpace(r) {
			break
		}
		i += size
	}
	if i == len(s) {
		return token{kind: tokEnd, start: i, end: i}
	}
	one := func(k tokenKind, n int) token { return token{kind: k, text: s[i : i+n], start: i, end: i + n} }
	two := i+1 < len(s) && s[i+1] == '='
	switch c := s[i]; {
	case c == '(':
		return one(tokOpen, 1)
	case c == ')':
		return one(tokClose, 1)
	case c == ',':
		return one(tokComma, 1)
	case (c == '!' || c == '<' || c == '>') && two:
		return one(tokOp, 2)
	case c == '=' && two:
		t := one(tokInvalid, 2)
		t.hint = "write ="
		return t
	case c == '<' && strings.HasPrefix(s[i:], "<>"):
		t := one(tokInvalid, 2)
		t.hint = "write !="
		return t
	case c == '=' || c == '<' || c == '>':
		return one(tokOp, 1)
	case c == '"' || c == '\'':
		return lexString(s, i)
	case '0' <= c && c <= '9' || c == '-':
		n := 1
		for i+n < len(s) && (isNameByte(s[i+n]) || s[i+n] == ':' || s[i+n] == '+') {
			n++
		}
		return one(tokNumber, n)
	}
	if n := nameLength(s[i:]); n > 0 {
		return one(tokName, n)
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	t := one(tokInvalid, size)
	switch {
	case strings.HasPrefix(s[i:], "&&"):
		t.end, t.hint = i+2, "write and"
	case strings.HasPrefix(s[i:], "||"):
		t.end, t.hint = i+2, "write or"
	case s[i] == '!':
		t.hint = "write not"
	}
	return t
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

// nameLength returns the length of the unquoted field name or keyword that s begins with.
func nameLength(s string) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		ordinary := unicode.IsLetter(r) || r == '_' || n > 0 && (unicode.IsDigit(r) || unicode.IsMark(r) || r == '-' || r == '.')
		if !ordinary {
			break
		}
		n += size
	}
	return n
}

// lexString reads the string that opens at s[i].
func lexString(s string, i int) token {
	t := token{kind: tokString, start: i, double: s[i] == '"'}
	mark := s[i]
	bad := func(at, end int, hint string) token { return token{kind: tokInvalid, start: at, end: end, hint: hint} }
	var b strings.Builder
	for j := i + 1; j < len(s); j++ {
		c := s[j]
		switch {
		case c == mark:
			t.text, t.end = b.String(), j+1
			return t
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if j++; j == len(s) {
			break
		}
		switch s[j] {
		case '\\', '"', '\'':
			b.WriteByte(s[j])
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			code, err := strconv.ParseUint(s[j+1:min(j+5, len(s))], 16, 32)
			if err != nil || j+5 > len(s) || !utf8.ValidRune(rune(code)) {
				return bad(j-1, min(j+5, len(s)), `\u takes four hexadecimal digits of a character`)
			}
			b.WriteRune(rune(code))
			j += 4
		default:
			_, size := utf8.DecodeRuneInString(s[j:])
			return bad(j-1, j+size, `known escapes are \\ \" \' \n \r \t \uXXXX`)
		}
	}
	return bad(i, len(s), "the string is not closed")
}

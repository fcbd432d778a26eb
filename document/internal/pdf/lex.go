// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"strconv"
)

// Objects are nil, bool, int, float64, text, name, array, dict, ref, *stream and keyword.
type (
	text    string // a string of bytes
	name    string
	array   []any
	dict    map[name]any
	ref     struct{ num, gen int }
	keyword string
	stream  struct {
		dict dict
		raw  []byte // as in the file, decrypted
	}
)

const (
	maxDepth    = 64      // arrays and dictionaries inside each other
	maxElements = 2 << 20 // elements of one object in all
)

// lexer reads objects from bytes.
type lexer struct {
	data     []byte
	pos      int
	refs     bool // "1 0 R" is a reference, as it is outside content streams
	elements int
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.data) {
		switch c := l.data[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '%':
			for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

// object reads the next object or keyword; ok is false at the end of the data. What makes no sense is skipped.
func (l *lexer) object(depth int) (o any, ok bool) {
	l.skipSpace()
	if depth > 2*maxDepth || l.elements > maxElements {
		l.pos = len(l.data) // hostile: nothing more is read here
	}
	if l.pos >= len(l.data) {
		return nil, false
	}
	c := l.data[l.pos]
	switch {
	case c == '/':
		l.pos++
		return l.name(), true
	case c == '(':
		l.pos++
		return l.literal(), true
	case c == '<':
		if l.pos+1 < len(l.data) && l.data[l.pos+1] == '<' {
			l.pos += 2
			return l.dict(depth), true
		}
		l.pos++
		return l.hex(), true
	case c == '[':
		l.pos++
		return l.array(depth), true
	case c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.':
		return l.number(), true
	case isDelimiter(c):
		l.pos++
		if c == '>' && l.pos < len(l.data) && l.data[l.pos] == '>' {
			l.pos++
			return keyword(">>"), true
		}
		return keyword(c), true
	}
	switch w := string(l.word()); w {
	case "true":
		return true, true
	case "false":
		return false, true
	case "null":
		return nil, true
	default:
		return keyword(w), true
	}
}

func (l *lexer) word() []byte {
	start := l.pos
	for l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelimiter(l.data[l.pos]) {
		l.pos++
	}
	return l.data[start:l.pos]
}

func (l *lexer) name() name {
	w := l.word()
	if bytes.IndexByte(w, '#') < 0 {
		return name(w)
	}
	out := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		if w[i] == '#' && i+2 < len(w) {
			if v, err := strconv.ParseUint(string(w[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		out = append(out, w[i])
	}
	return name(out)
}

// number reads a number, or a reference where these are allowed.
func (l *lexer) number() any {
	n, whole := l.plainNumber()
	if !whole || !l.refs || n < 0 {
		if whole {
			return int(n)
		}
		return n
	}
	after := l.pos
	l.skipSpace()
	if l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '9' {
		gen, whole := l.plainNumber()
		l.skipSpace()
		if whole && l.pos < len(l.data) && l.data[l.pos] == 'R' &&
			(l.pos+1 == len(l.data) || isSpace(l.data[l.pos+1]) || isDelimiter(l.data[l.pos+1])) {
			l.pos++
			return ref{int(n), int(gen)}
		}
	}
	l.pos = after
	return int(n)
}

// plainNumber reads digits leniently: a second sign or point ends the number, and absurd values are cut.
func (l *lexer) plainNumber() (n float64, whole bool) {
	sign, scale := 1.0, 0.0
	whole = true
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		switch {
		case c == '-' || c == '+':
			if c == '-' && n == 0 {
				sign = -1
			}
		case c == '.':
			if scale == 0 {
				scale, whole = 1, false
			}
		case c >= '0' && c <= '9':
			if scale > 0 {
				scale /= 10
				n += float64(c-'0') * scale
			} else if n = n*10 + float64(c-'0'); n > 1e15 {
				n = 1e15
			}
		case isSpace(c) || isDelimiter(c):
			return sign * n, whole
		default: // a word glued to a number, as in 0Tc
			if c >= 'A' {
				return sign * n, whole
			}
		}
		l.pos++
	}
	return sign * n, whole
}

// literal reads the string after an opening parenthesis.
func (l *lexer) literal() text {
	var out []byte
	for depth := 1; l.pos < len(l.data); {
		c := l.data[l.pos]
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text(out)
			}
		case '\\':
			if l.pos >= len(l.data) {
				return text(out)
			}
			c = l.data[l.pos]
			l.pos++
			switch {
			case c >= '0' && c <= '7':
				v := int(c - '0')
				for i := 0; i < 2 && l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '7'; i++ {
					v = v<<3 | int(l.data[l.pos]-'0')
					l.pos++
				}
				c = byte(v)
			case c == '\r':
				if l.pos < len(l.data) && l.data[l.pos] == '\n' {
					l.pos++
				}
				continue
			case c == '\n':
				continue
			default:
				if i := bytes.IndexByte([]byte("nrtbf"), c); i >= 0 {
					c = "\n\r\t\b\f"[i]
				}
			}
		}
		out = append(out, c)
	}
	return text(out)
}

// hex reads the string after an opening angle bracket.
func (l *lexer) hex() text {
	var out []byte
	high := -1
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		if c == '>' {
			break
		}
		v := hexValue(c)
		switch {
		case v < 0:
		case high < 0:
			high = v
		default:
			out = append(out, byte(high<<4|v))
			high = -1
		}
	}
	if high >= 0 {
		out = append(out, byte(high<<4))
	}
	return text(out)
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func (l *lexer) array(depth int) array {
	a := array{}
	for {
		o, ok := l.object(depth + 1)
		if !ok || o == keyword("]") {
			return a
		}
		if k, isWord := o.(keyword); isWord {
			if k == "endobj" || k == "endstream" || k == ">>" {
				return a // not closed
			}
			continue
		}
		if l.elements++; depth < maxDepth {
			a = append(a, o)
		}
	}
}

func (l *lexer) dict(depth int) dict {
	d := dict{}
	for {
		k, ok := l.object(depth + 1)
		if !ok || k == keyword(">>") {
			return d
		}
		key, isName := k.(name)
		if !isName {
			if w, isWord := k.(keyword); isWord && (w == "endobj" || w == "stream") {
				l.pos -= len(w)
				return d
			}
			continue
		}
		before := l.pos
		v, ok := l.object(depth + 1)
		if !ok {
			return d
		}
		if w, isWord := v.(keyword); isWord {
			if w == "endobj" {
				l.pos = before
			}
			if w == ">>" || w == "endobj" {
				return d
			}
			continue
		}
		if l.elements++; depth < maxDepth {
			d[key] = v
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import "unicode/utf8"

// Bounds of an expression.
const (
	MaxLength  = 1 << 16 // bytes
	MaxDepth   = 100     // parentheses and nots inside each other
	maxPattern = 1 << 10 // bytes of a pattern of like: matching takes up to pattern times text
)

// Parse reads an expression. Errors are of type *SyntaxError.
func Parse(s string) (*Expr, error) {
	p := parser{source: s}
	if len(s) > MaxLength {
		return nil, p.fail(token{start: MaxLength, end: MaxLength}, "the expression is longer than 65536 bytes")
	}
	if !utf8.ValidString(s) {
		i := 0
		for {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size <= 1 {
				break
			}
			i += size
		}
		return nil, p.fail(token{start: i, end: i}, "this is not valid UTF-8")
	}
	p.advance()
	n, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.expected("and", "or", "the end")
	}
	return &Expr{n}, nil
}

type parser struct {
	source string
	tok    token
}

func (p *parser) advance() { p.tok = next(p.source, p.tok.end) }

// or, and, and not each read one rule of the grammar in the package comment.
func (p *parser) or(depth int) (node, error) {
	parts, err := p.list("or", depth, p.and)
	if err != nil {
		return nil, err
	}
	var flat []node
	for _, part := range parts {
		if inner, ok := part.(*some); ok {
			flat = append(flat, inner.parts...)
		} else {
			flat = append(flat, part)
		}
	}
	if len(flat) == 1 {
		return flat[0], nil
	}
	return &some{flat}, nil
}

func (p *parser) and(depth int) (node, error) {
	parts, err := p.list("and", depth, p.not)
	if err != nil {
		return nil, err
	}
	var flat []node
	for _, part := range parts {
		if inner, ok := part.(*all); ok {
			flat = append(flat, inner.parts...)
		} else {
			flat = append(flat, part)
		}
	}
	if len(flat) == 1 {
		return flat[0], nil
	}
	return &all{flat}, nil
}

func (p *parser) list(word string, depth int, part func(int) (node, error)) ([]node, error) {
	var parts []node
	for {
		n, err := part(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
		if !p.tok.is(word) {
			return parts, nil
		}
		p.advance()
	}
}

func (p *parser) not(depth int) (node, error) {
	if depth > MaxDepth {
		return nil, p.fail(p.tok, "there are more than 100 parentheses and nots inside each other")
	}
	switch {
	case p.tok.is("not"):
		p.advance()
		n, err := p.not(depth + 1)
		if err != nil {
			return nil, err
		}
		return &not{n}, nil
	case p.tok.kind == tokOpen:
		open := p.tok
		p.advance()
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokClose {
			err := p.expected("and", "or", ")")
			if p.tok.kind == tokEnd {
				err = p.fail(open, "this parenthesis is not closed")
			}
			return nil, err
		}
		p.advance()
		return n, nil
	}
	return p.test()
}

// test reads a test of a field.
func (p *parser) test() (node, error) {
	if p.tok.is("exists") {
		p.advance()
		field, err := p.field("a field")
		if err != nil {
			return nil, err
		}
		return &exists{field}, nil
	}
	field, err := p.field("a field", "exists", "not", "(")
	if err != nil {
		return nil, err
	}
	negated := p.tok.is("not")
	if negated {
		p.advance()
	}
	var n node
	switch {
	case p.tok.is("in"):
		n, err = p.in(field)
	case p.tok.is("like"):
		n, err = p.like(field)
	case negated:
		return nil, p.expected("in", "like")
	case p.tok.kind == tokOp:
		return p.compare(field)
	default:
		return nil, p.expected("=", "!=", "<", "<=", ">", ">=", "in", "not in", "like")
	}
	if err == nil && negated {
		n = &not{n}
	}
	return n, err
}

// field reads the name of a field; expected is what could stand here, for the error.
func (p *parser) field(expected ...string) (string, error) {
	t := p.tok
	switch {
	case t.kind == tokString && t.double:
	case t.kind == tokName && !isKeyword(t.text):
	case t.kind == tokName:
		err := p.expected(expected...)
		err.Hint = "a field with this name is written in double quotes"
		return "", err
	default:
		err := p.expected(expected...)
		if t.kind == tokString || t.kind == tokNumber {
			err.Hint = "the field comes first; a name that is no word is written in double quotes"
		}
		return "", err
	}
	p.advance()
	return t.text, nil
}

func (p *parser) compare(field string) (node, error) {
	var op operator
	for i, text := range operators {
		if text == p.tok.text {
			op = operator(i)
		}
	}
	at := p.tok
	p.advance()
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	if value.kind == isBool && op != equal && op != unequal {
		return nil, p.fail(at, "true and false can be compared with = and != only")
	}
	return &compare{field, op, value}, nil
}

func (p *parser) in(field string) (node, error) {
	p.advance()
	if p.tok.kind != tokOpen {
		return nil, p.expected("(")
	}
	n := &in{field: field}
	for {
		p.advance()
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		n.values = append(n.values, v)
		if p.tok.kind == tokClose {
			break
		}
		if p.tok.kind != tokComma {
			return nil, p.expected(",", ")")
		}
	}
	p.advance()
	return n, nil
}

func (p *parser) like(field string) (node, error) {
	p.advance()
	t := p.tok
	if t.kind != tokString {
		return nil, p.expected("a pattern in quotes")
	}
	if len(t.text) > maxPattern {
		return nil, p.fail(t, "the pattern is longer than 1024 bytes")
	}
	p.advance()
	return &like{field, t.text, compileGlob(t.text)}, nil
}

// value reads a literal.
func (p *parser) value() (literal, error) {
	t := p.tok
	var l literal
	switch {
	case t.kind == tokString:
		l = literal{scalar: scalar{kind: isString, s: t.text}}
	case t.is("true"), t.is("false"):
		l = literal{scalar: scalar{kind: isBool, b: t.is("true")}}
	case t.kind == tokNumber:
		if n, ok := parseNumber(t.text); ok {
			l = literal{scalar: n}
			if n.kind == isInt {
				l = intLiteral(n.i)
			}
			break
		}
		when, ok := parsePeriod(t.text)
		if !ok {
			return literal{}, p.fail(t, "this is neither a number nor a date such as 2020, 2020-05, 2020-05-01 or 2020-05-01T10:00:00Z")
		}
		l = literal{scalar{kind: isDate, s: t.text}, &when}
	default:
		err := p.expected("a string in quotes", "a number", "a date", "true", "false")
		if t.kind == tokName {
			err.Hint = "strings are written in quotes"
		}
		return literal{}, err
	}
	p.advance()
	return l, nil
}

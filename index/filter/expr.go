// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
	"strings"
)

// Expr is a parsed expression. It is immutable and safe for concurrent use.
type Expr struct{ root node }

// node is a part of an expression: *all, *some, *not, *exists, *compare, *in or *like.
type node interface {
	// write appends the canonical form. bind is how strongly the place binds its parts; a node that binds less strongly
	// stands in parentheses.
	write(b *strings.Builder, bind int)
}

// How strongly operators bind.
const (
	bindOr = iota
	bindAnd
	bindNot
)

type (
	all     struct{ parts []node } // and; at least two
	some    struct{ parts []node } // or; at least two
	not     struct{ part node }
	exists  struct{ field string }
	compare struct {
		field string
		op    operator
		value literal
	}
	in struct {
		field  string
		values []literal
	}
	like struct {
		field   string
		pattern string
		glob    glob
	}
)

// operator is a comparison.
type operator uint8

const (
	equal operator = iota
	unequal
	less
	lessEqual
	greater
	greaterEqual
)

var operators = [...]string{equal: "=", unequal: "!=", less: "<", lessEqual: "<=", greater: ">", greaterEqual: ">="}

// holds reports whether the operator is true of a value that compares so with the literal. unequal is not asked.
func (o operator) holds(c int) bool {
	switch o {
	case equal:
		return c == 0
	case less:
		return c < 0
	case lessEqual:
		return c <= 0
	case greater:
		return c > 0
	}
	return c >= 0
}

// String returns the expression in canonical form: one space between words, keywords in lower case, strings in double
// quotes, no parentheses that are not needed. Parse makes an equal expression of it.
func (e *Expr) String() string {
	var b strings.Builder
	e.root.write(&b, bindOr)
	return b.String()
}

func writeList(b *strings.Builder, parts []node, word string, own, bind int) {
	if own < bind {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, p := range parts {
		if i > 0 {
			b.WriteString(word)
		}
		p.write(b, own+1)
	}
}

func (n *all) write(b *strings.Builder, bind int)  { writeList(b, n.parts, " and ", bindAnd, bind) }
func (n *some) write(b *strings.Builder, bind int) { writeList(b, n.parts, " or ", bindOr, bind) }

func (n *not) write(b *strings.Builder, _ int) {
	b.WriteString("not ")
	n.part.write(b, bindNot)
}

func (n *exists) write(b *strings.Builder, _ int) { b.WriteString("exists " + quoteField(n.field)) }

func (n *compare) write(b *strings.Builder, _ int) {
	b.WriteString(quoteField(n.field) + " " + operators[n.op] + " " + n.value.String())
}

func (n *in) write(b *strings.Builder, _ int) {
	b.WriteString(quoteField(n.field) + " in (")
	for i, v := range n.values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(v.String())
	}
	b.WriteByte(')')
}

func (n *like) write(b *strings.Builder, _ int) {
	b.WriteString(quoteField(n.field) + " like " + quote(n.pattern))
}

// quoteField writes a field's name, in quotes if it could be read as something else.
func quoteField(name string) string {
	if name != "" && nameLength(name) == len(name) && !isKeyword(name) {
		return name
	}
	return quote(name)
}

var keywords = []string{"and", "or", "not", "in", "like", "exists", "true", "false"}

func isKeyword(s string) bool {
	return slices.ContainsFunc(keywords, func(k string) bool { return strings.EqualFold(k, s) })
}

// walk calls f for every node.
func walk(n node, f func(node)) {
	f(n)
	switch n := n.(type) {
	case *all:
		for _, p := range n.parts {
			walk(p, f)
		}
	case *some:
		for _, p := range n.parts {
			walk(p, f)
		}
	case *not:
		walk(n.part, f)
	}
}

// fieldOf returns the field that a test is about, or "" for and, or, not.
func fieldOf(n node) (field string, ok bool) {
	switch n := n.(type) {
	case *exists:
		return n.field, true
	case *compare:
		return n.field, true
	case *in:
		return n.field, true
	case *like:
		return n.field, true
	}
	return "", false
}

// Equals returns the strings that a field is compared with by = and in, in the order of the expression.
func (e *Expr) Equals(field string) []string {
	var values []string
	walk(e.root, func(n node) {
		if f, ok := fieldOf(n); !ok || f != field {
			return
		}
		var literals []literal
		switch n := n.(type) {
		case *compare:
			if n.op == equal {
				literals = []literal{n.value}
			}
		case *in:
			literals = n.values
		}
		for _, l := range literals {
			if l.kind == isString {
				values = append(values, l.s)
			}
		}
	})
	return values
}

// Fields returns the different fields that the expression asks about, sorted.
func (e *Expr) Fields() []string {
	var fields []string
	walk(e.root, func(n node) {
		if f, ok := fieldOf(n); ok {
			fields = append(fields, f)
		}
	})
	slices.Sort(fields)
	return slices.Compact(fields)
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
	"strings"
)

// Match reports whether the expression is true of one document's metadata. It is for documents that are in no index yet, and
// it is the definition that Columns are tested against. Metadata that cannot be indexed is an error, as in Builder.Add.
func (e *Expr) Match(meta map[string]any) (bool, error) {
	cells, err := flatten(nil, "", meta, 0)
	if err != nil {
		return false, err
	}
	return matches(e.root, cells), nil
}

func matches(n node, cells []cell) bool {
	switch n := n.(type) {
	case *all:
		return !slices.ContainsFunc(n.parts, func(p node) bool { return !matches(p, cells) })
	case *some:
		return slices.ContainsFunc(n.parts, func(p node) bool { return matches(p, cells) })
	case *not:
		return !matches(n.part, cells)
	case *exists:
		return slices.ContainsFunc(cells, func(c cell) bool { return c.field == n.field })
	case *like:
		return slices.ContainsFunc(cells, func(c cell) bool {
			return c.field == n.field && c.value.kind == isString && n.glob.match(c.value.s)
		})
	case *in:
		return slices.ContainsFunc(n.values, func(l literal) bool { return passes(n.field, equal, l, cells) })
	case *compare:
		return passes(n.field, n.op, n.value, cells)
	}
	return false
}

// passes reports whether a value of the field passes the comparison.
func passes(field string, op operator, l literal, cells []cell) bool {
	comparable, same := false, false
	for _, c := range cells {
		if c.field != field {
			continue
		}
		order, ok := compareValue(c.value, l)
		switch {
		case !ok:
		case op == unequal:
			comparable, same = true, same || order == 0
		case op.holds(order):
			return true
		}
	}
	return comparable && !same
}

// compareValue compares a document's value with a literal. ok is false if their types do not compare.
func compareValue(v scalar, l literal) (order int, ok bool) {
	switch {
	case v.kind == isString && l.kind == isString:
		return strings.Compare(v.s, l.s), true
	case v.kind == isString && l.period != nil:
		when, ok := parsePeriod(v.s)
		return l.period.compare(when.start), ok
	case v.kind == isInt && (l.kind == isInt || l.kind == isFloat):
		return compareInt(v.i, l), true
	case v.kind == isFloat && (l.kind == isInt || l.kind == isFloat):
		return compareFloat(v.f, l), true
	case v.kind == isBool && l.kind == isBool:
		if v.b == l.b {
			return 0, true
		}
		return 1, true
	}
	return 0, false
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/internal/nearest"
)

// MergeFields joins the fields of several segments, sorted by name.
func MergeFields(lists ...[]Field) []Field {
	byName := map[string]Field{}
	for _, list := range lists {
		for _, f := range list {
			g := byName[f.Name]
			byName[f.Name] = Field{
				f.Name, f.Strings + g.Strings, max(f.Distinct, g.Distinct), f.Numbers + g.Numbers, f.Bools + g.Bools, f.Dates || g.Dates,
			}
		}
	}
	fields := make([]Field, 0, len(byName))
	for _, f := range byName {
		fields = append(fields, f)
	}
	slices.SortFunc(fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	return fields
}

// Warnings returns what is likely a mistake in an expression about documents with these fields: a field that no document
// has, with the nearest name that some have, and a comparison with a type that no value of the field has. Such tests are false
// of every document. Each is said once, in the order of the expression.
func (e *Expr) Warnings(fields []Field) []string {
	var warnings []string
	warn := func(format string, args ...any) {
		if w := fmt.Sprintf(format, args...); !slices.Contains(warnings, w) {
			warnings = append(warnings, w)
		}
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	walk(e.root, func(n node) {
		name, ok := fieldOf(n)
		if !ok {
			return
		}
		i := slices.Index(names, name)
		if i < 0 {
			hint := ""
			if near := nearest.Name(name, names); near != "" {
				hint = fmt.Sprintf("; did you mean %s?", quoteField(near))
			}
			warn("no document has the field %s%s", quoteField(name), hint)
			return
		}
		f := fields[i]
		switch n := n.(type) {
		case *compare:
			f.warn(n.value, warn)
			if _, date := parsePeriod(n.value.s); n.value.kind == isString && f.Dates && !date && n.op != equal && n.op != unequal {
				warn("field %s has dates, and %s is none: they are compared as text", quoteField(name), n.value)
			}
		case *in:
			for _, l := range n.values {
				f.warn(l, warn)
			}
		case *like:
			if f.Strings == 0 {
				warn("field %s has no strings, so nothing is like %s", quoteField(name), quote(n.pattern))
			}
		}
	})
	return warnings
}

// warn warns if no value of the field can be compared with the literal.
func (f Field) warn(l literal, warn func(format string, args ...any)) {
	var ok bool
	var what string
	switch l.kind {
	case isString:
		ok, what = f.Strings > 0, "strings"
	case isInt, isFloat:
		ok, what = f.Numbers > 0 || l.period != nil && f.Dates, "numbers"
	case isBool:
		ok, what = f.Bools > 0, "values true or false"
	case isDate:
		ok, what = f.Dates, "dates"
	}
	if !ok {
		warn("field %s has no %s to compare with %s", quoteField(f.Name), what, l)
	}
}

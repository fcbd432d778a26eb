// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxField is the longest name of a field in bytes, with the names of the objects around it.
const MaxField = 1024

// maxNesting bounds objects inside objects, so that a value that contains itself is an error.
const maxNesting = 32

// cell is one value of one field.
type cell struct {
	field string
	value scalar
}

// flatten appends the values of metadata to dst: objects are named with dots, lists are several values, nil is none.
//
// Values are bool, string, every kind of integer and float, json.Number, time.Time (as RFC 3339 in UTC), []any of these, []string, []bool, []int,
// []int64, []float64, []time.Time, map[string]any and map[string]string. Whole numbers beyond int64 become the nearest float64. Infinities, NaN, lists in lists and everything
// else are errors that name the field.
func flatten(dst []cell, prefix string, meta map[string]any, depth int) ([]cell, error) {
	for _, name := range slices.Sorted(maps.Keys(meta)) {
		field := prefix + name
		var err error
		switch {
		case name == "":
			return nil, fmt.Errorf("metadata: a field in %q has an empty name", strings.TrimSuffix(prefix, "."))
		case len(field) > MaxField:
			return nil, fmt.Errorf("metadata: the field %.40q… has a name of %d bytes: at most %d are allowed", field, len(field), MaxField)
		case depth > maxNesting:
			return nil, fmt.Errorf("metadata: field %.80q is more than %d objects deep", field, maxNesting)
		}
		switch v := meta[name].(type) {
		case map[string]any:
			dst, err = flatten(dst, field+".", v, depth+1)
		case map[string]string:
			inner := make(map[string]any, len(v))
			for k, s := range v {
				inner[k] = s
			}
			dst, err = flatten(dst, field+".", inner, depth+1)
		case []any:
			for i, x := range v {
				if dst, err = appendScalar(dst, field, x); err != nil {
					return nil, fmt.Errorf("%w (element %d of the list)", err, i+1)
				}
			}
		case []string:
			dst, err = appendAll(dst, field, v)
		case []bool:
			dst, err = appendAll(dst, field, v)
		case []int:
			dst, err = appendAll(dst, field, v)
		case []int64:
			dst, err = appendAll(dst, field, v)
		case []float64:
			dst, err = appendAll(dst, field, v)
		case []time.Time:
			dst, err = appendAll(dst, field, v)
		default:
			dst, err = appendScalar(dst, field, v)
		}
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func appendAll[T any](dst []cell, field string, list []T) ([]cell, error) {
	var err error
	for i, x := range list {
		if dst, err = appendScalar(dst, field, x); err != nil {
			return nil, fmt.Errorf("%w (element %d of the list)", err, i+1)
		}
	}
	return dst, nil
}

// appendScalar appends a single value, or nothing for nil.
func appendScalar(dst []cell, field string, v any) ([]cell, error) {
	var s scalar
	switch v := v.(type) {
	case nil:
		return dst, nil
	case string:
		s = scalar{kind: isString, s: v}
	case bool:
		s = scalar{kind: isBool, b: v}
	case time.Time:
		s = scalar{kind: isString, s: v.UTC().Format(time.RFC3339Nano)}
	case json.Number:
		n, ok := parseNumber(string(v))
		if !ok {
			return nil, fmt.Errorf("metadata: field %q: %.40q is not a number in the range of float64", field, string(v))
		}
		s = n
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("metadata: field %q: %v is not a finite number", field, v)
		}
		s = number(v)
	case float32:
		f, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64) // as JSON has it
		if err != nil {
			return nil, fmt.Errorf("metadata: field %q: %w", field, err)
		}
		return appendScalar(dst, field, f)
	case int:
		s = scalar{kind: isInt, i: int64(v)}
	case int64:
		s = scalar{kind: isInt, i: v}
	case int32:
		s = scalar{kind: isInt, i: int64(v)}
	case int16:
		s = scalar{kind: isInt, i: int64(v)}
	case int8:
		s = scalar{kind: isInt, i: int64(v)}
	case uint:
		return appendScalar(dst, field, uint64(v))
	case uint64:
		if v > math.MaxInt64 {
			s = number(float64(v))
		} else {
			s = scalar{kind: isInt, i: int64(v)}
		}
	case uint32:
		s = scalar{kind: isInt, i: int64(v)}
	case uint16:
		s = scalar{kind: isInt, i: int64(v)}
	case uint8:
		s = scalar{kind: isInt, i: int64(v)}
	default:
		what := fmt.Sprintf("%T", v)
		switch v.(type) { // as JSON calls them
		case []any:
			what = "list in a list"
		case map[string]any:
			what = "object in a list"
		}
		return nil, fmt.Errorf("metadata: field %q has a value of type %s: give strings, numbers, true or false, times, lists of these, or objects", field, what)
	}
	return append(dst, cell{field, s}), nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package strictjson reads JSON that people write: one object whose fields are known, spelt exactly and there once, with errors
// that say where and what in plain words.
package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/winnow-search/winnow/internal/nearest"
)

// Error is what is wrong in a text.
type Error struct {
	Line int // from 1
	Err  error
}

// Error names the line.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Unmarshal reads one JSON object and nothing after it into a pointer to a struct, as encoding/json does, and refuses besides fields
// that are unknown, in another letter case or there twice. All errors are an [*Error]. The depth is that of the type; the caller bounds
// the size.
func Unmarshal(data []byte, into any) error {
	w := &walker{data: data, d: json.NewDecoder(bytes.NewReader(data))}
	start := bytes.TrimLeft(data, white)
	switch {
	case !utf8.Valid(data):
		at := 0
		for r, n := utf8.DecodeRune(data); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRune(data[at:]) {
			at += n
		}
		return w.fail(at, "byte %d (0x%02x) is not UTF-8", at+1, data[at])
	case len(start) == 0:
		return &Error{1, errors.New("it is empty: want a JSON object")}
	case start[0] != '{':
		return w.fail(len(data)-len(start), "want a JSON object, got %.20q", start)
	}
	if err := w.value(reflect.TypeOf(into).Elem(), ""); err != nil {
		return err
	}
	switch rest := bytes.TrimLeft(data[w.d.InputOffset():], white); {
	case len(rest) == 0:
	case rest[0] == '{':
		return w.fail(len(data)-len(rest), "more than one JSON object")
	default:
		return w.fail(len(data)-len(rest), "text after the end of the object")
	}
	if err := json.Unmarshal(data, into); err != nil {
		return w.explain(err, "", 0)
	}
	return nil
}

// white are the characters that JSON calls white space.
const white = " \t\r\n"

// walker goes through the text of an object: encoding/json would take a name in any case, and of a field that is there twice one
// after the other. What kinds of values fields have is left to it.
type walker struct {
	data []byte
	d    *json.Decoder
}

// value reads the next value, which the field of a name will hold, of type t.
func (w *walker) value(t reflect.Type, field string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	own := readsItself(t)
	if !own && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && w.at('[') {
		return w.list(t, field)
	}
	if own || t.Kind() != reflect.Struct && t.Kind() != reflect.Map || !w.at('{') {
		var raw json.RawMessage
		if err := w.d.Decode(&raw); err != nil || !own {
			return w.explain(err, field, 0)
		}
		// A type that reads itself checks names too, but does not know the line.
		return w.explain(json.Unmarshal(raw, reflect.New(t).Interface()), field, w.d.InputOffset()-int64(len(raw)))
	}
	if _, err := w.d.Token(); err != nil {
		return w.explain(err, field, 0)
	}
	known, names := fieldsOf(t)
	seen := map[string]bool{}
	for w.d.More() {
		token, err := w.d.Token()
		if err != nil {
			return w.explain(err, field, 0)
		}
		name, _ := token.(string) // Token has refused everything else
		at := int(w.d.InputOffset())
		if seen[name] {
			return w.fail(at, "field %.80q is there twice", name)
		}
		seen[name] = true
		kind, ok := known[name]
		switch {
		case t.Kind() == reflect.Map:
			kind = t.Elem()
		case !ok:
			if near := nearest.Name(name, names); near != "" {
				return w.fail(at, "unknown field %.80q: did you mean %q?", name, near)
			}
			return w.fail(at, "unknown field %.80q: known here are %s", name, strings.Join(names, ", "))
		}
		if err := w.value(kind, strings.TrimPrefix(field+"."+name, ".")); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return w.explain(err, field, 0)
}

// list reads the values of a list of type t.
func (w *walker) list(t reflect.Type, field string) error {
	if _, err := w.d.Token(); err != nil {
		return w.explain(err, field, 0)
	}
	for i := 0; w.d.More(); i++ {
		if err := w.value(t.Elem(), fmt.Sprintf("%s[%d]", field, i)); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return w.explain(err, field, 0)
}

// at reports whether a value begins with a character, after what separates it from the one before.
func (w *walker) at(begin byte) bool {
	rest := bytes.TrimLeft(w.data[w.d.InputOffset():], white+":,")
	return len(rest) > 0 && rest[0] == begin
}

// fail is an error at a byte of the text.
func (w *walker) fail(at int, format string, args ...any) error {
	line := 1 + bytes.Count(w.data[:min(max(at, 0), len(w.data))], []byte("\n"))
	return &Error{line, fmt.Errorf(format, args...)}
}

// explain adds the line to what encoding/json says, and says it in words that need no knowledge of Go. from is where the text that
// it has read begins; 0 if that is the whole one.
func (w *walker) explain(err error, field string, from int64) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		if kind.Field != "" {
			field = strings.TrimPrefix(field+"."+kind.Field, ".")
		}
		return w.fail(int(from+kind.Offset), "field %s: want %s, got %s", field, wanted(kind.Type), kind.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return w.fail(len(bytes.TrimRight(w.data, white)), "the text ends inside the object: a brace, bracket or quote is not closed")
	case errors.As(err, &syntax):
		return w.fail(int(from+syntax.Offset), "not JSON: %w", err)
	case from > 0:
		return w.fail(int(from), "field %s: %w", field, err)
	}
	return w.fail(int(w.d.InputOffset()), "%w", err)
}

// readsItself reports whether a type has its own way of being read.
func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// wanted is what JSON calls the values of a type.
func wanted(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch k := t.Kind(); {
	case readsItself(t), k == reflect.String:
		return "a string"
	case k == reflect.Bool:
		return "true or false"
	case reflect.Int <= k && k <= reflect.Uintptr:
		return "a whole number"
	case k == reflect.Float32, k == reflect.Float64:
		return "a number"
	case k == reflect.Slice, k == reflect.Array:
		return "a list"
	}
	return "an object"
}

// fieldsOf lists the fields of a struct by the names they have in JSON, those of embedded structs among them; of other types none.
func fieldsOf(t reflect.Type) (types map[string]reflect.Type, names []string) {
	if t.Kind() != reflect.Struct {
		return nil, nil
	}
	types = map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			inner, more := fieldsOf(f.Type)
			maps.Copy(types, inner)
			names = append(names, more...)
			continue
		}
		types[name] = f.Type
		names = append(names, name)
	}
	return types, names
}

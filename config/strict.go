// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// checkFields walks through the text of an object: encoding/json would take a name in any case, and of a field that is there
// twice one after the other. What kinds of values fields have is left to it.
func checkFields(data []byte, t reflect.Type) error {
	w := &walker{data: data, d: json.NewDecoder(bytes.NewReader(data))}
	if start := bytes.TrimLeft(data, white); len(start) > 0 && start[0] != '{' {
		return fmt.Errorf("line %d: want a JSON object", line(data, int64(len(data)-len(start))))
	}
	if err := w.value(t); err != nil {
		return err
	}
	end := w.d.InputOffset()
	switch rest := bytes.TrimLeft(data[end:], white); {
	case len(rest) == 0:
		return nil
	case rest[0] == '{':
		return fmt.Errorf("line %d: more than one JSON object", line(data, int64(len(data)-len(rest))))
	default:
		return fmt.Errorf("line %d: text after the end of the object", line(data, int64(len(data)-len(rest))))
	}
}

// white are the characters that JSON calls white space.
const white = " \t\r\n"

type walker struct {
	data []byte
	d    *json.Decoder
}

// value reads the next value, which a field of type t will hold. The depth is that of the type.
func (w *walker) value(t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p := reflect.PointerTo(t)
	own := p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	if own || t.Kind() != reflect.Struct && t.Kind() != reflect.Map || !w.atObject() {
		var raw json.RawMessage
		if err := w.d.Decode(&raw); err != nil || !own {
			return w.explain(err)
		}
		// A type that reads itself checks names too, but does not know the line.
		if err := json.Unmarshal(raw, reflect.New(t).Interface()); err != nil {
			return fmt.Errorf("line %d: %w", line(w.data, w.d.InputOffset()-int64(len(raw))), err)
		}
		return nil
	}
	if _, err := w.d.Token(); err != nil {
		return w.explain(err)
	}
	known, names := fieldsOf(t)
	seen := map[string]bool{}
	for w.d.More() {
		token, err := w.d.Token()
		if err != nil {
			return w.explain(err)
		}
		name, _ := token.(string) // Token has refused everything else
		at := line(w.data, w.d.InputOffset())
		if seen[name] {
			return fmt.Errorf("line %d: field %.80q is there twice", at, name)
		}
		seen[name] = true
		field, ok := known[name]
		switch {
		case t.Kind() == reflect.Map:
			field = t.Elem()
		case !ok:
			if near := nearest.Name(name, names); near != "" {
				return fmt.Errorf("line %d: unknown field %.80q: did you mean %q?", at, name, near)
			}
			return fmt.Errorf("line %d: unknown field %.80q: known here are %s", at, name, strings.Join(names, ", "))
		}
		if err := w.value(field); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return w.explain(err)
}

// atObject reports whether an object begins after the colon and white space.
func (w *walker) atObject() bool {
	rest := bytes.TrimLeft(w.data[w.d.InputOffset():], white+":")
	return len(rest) > 0 && rest[0] == '{'
}

func (w *walker) explain(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		return nil
	}
	return explain(w.data, w.d.InputOffset(), err)
}

// fieldsOf lists the fields of a struct by the names they have in JSON; of other types none.
func fieldsOf(t reflect.Type) (types map[string]reflect.Type, names []string) {
	if t.Kind() != reflect.Struct {
		return nil, nil
	}
	types = map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		types[name] = f.Type
		names = append(names, name)
	}
	return types, names
}

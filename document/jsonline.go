// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// errMalformed is wrapped by errors about JSON syntax.
var errMalformed = errors.New("malformed JSON")

// lineFields are the fields of a JSON line, in the order errors list them.
var lineFields = []string{"id", "_id", "text", "title", "format", "metadata", "meta", "url", "score"}

// parseJSON fills the line from a JSON object. Field names are matched exactly, which encoding/json's structs would not do.
// With metaFields, fields that are not known become metadata; those of a "metadata" object win over them.
func (l *Line) parseJSON(s string, metaFields bool) error {
	if s[0] != '{' {
		return fmt.Errorf("not a JSON object: it begins with %s", quote(s))
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil {
		return jsonError(s, err)
	}
	seen := map[string]bool{}
	var rest map[string]any
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return jsonError(s, err)
		}
		name, ok := tok.(string)
		if !ok {
			return fmt.Errorf("%w: %v where a field name belongs", errMalformed, tok)
		}
		known := slices.Contains(lineFields, name)
		if !known && !metaFields {
			return unknownField(name)
		}
		if seen[name] {
			return fmt.Errorf("field %s given twice", quote(name))
		}
		seen[name] = true
		var value any
		if err := dec.Decode(&value); err != nil {
			return jsonError(s, err)
		}
		if metaFields && (!known || name == "url" || name == "score" || name == "format" && !isFormat(value)) {
			if value != nil {
				if rest == nil {
					rest = map[string]any{}
				}
				rest[name] = value
			}
			continue
		}
		if err := l.set(name, value); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return jsonError(s, err)
	}
	if after := strings.TrimSpace(s[dec.InputOffset():]); after != "" {
		return fmt.Errorf("text after the JSON object: %s", quote(after))
	}
	if rest != nil {
		maps.Copy(rest, l.Meta)
		l.Meta = rest
	}
	switch {
	case seen["id"] && seen["_id"]:
		return errors.New(`both "id" and "_id" given: keep one`)
	case seen["meta"] && seen["metadata"]:
		return errors.New(`both "meta" and "metadata" given: keep one`)
	case !seen["text"]:
		return errors.New(`field "text" is missing`)
	}
	return nil
}

// set stores one field. null stands for an absent value, except for the text.
func (l *Line) set(name string, value any) error {
	switch name {
	case "id", "_id":
		switch v := value.(type) {
		case string:
			l.ID = v
			return nil
		case json.Number:
			if _, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
				l.ID = v.String()
				return nil
			}
		case nil:
			return nil
		}
		return fmt.Errorf("field %q: want a string or a whole number, got %s", name, typeName(value))
	case "text", "title":
		v, ok := value.(string)
		if !ok && (value != nil || name == "text") {
			return fmt.Errorf("field %q: want a string, got %s", name, typeName(value))
		}
		if name == "text" {
			l.Text = v
		} else {
			l.Title = v
		}
	case "format":
		if !isFormat(value) {
			return fmt.Errorf("field %q: want %q, %q, %q or %q, got %s", name, Plain, Markdown, Code, Pages, described(value))
		}
		if v, ok := value.(string); ok {
			l.Format = Format(v)
		}
	case "metadata", "meta":
		v, ok := value.(map[string]any)
		if !ok && value != nil {
			return fmt.Errorf("field %q: want an object, got %s", name, typeName(value))
		}
		l.Meta = v
	}
	return nil // url and score are not read
}

// isFormat reports whether a value names a format; null is that of plain text. Other values are a column of the file's own.
func isFormat(value any) bool {
	v, ok := value.(string)
	return value == nil || ok && v != "" && Format(v).Known()
}

// described is a value in an error message.
func described(v any) string {
	if s, ok := v.(string); ok {
		return quote(s)
	}
	return typeName(v)
}

// jsonError says where in the line the JSON is wrong.
func jsonError(s string, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%w at byte %d: %w", errMalformed, min(syntax.Offset, int64(len(s))), err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the object is not closed", errMalformed)
	}
	return fmt.Errorf("%w: %w", errMalformed, err)
}

func unknownField(name string) error {
	known := strings.Join(lineFields, ", ")
	if near := nearest.Name(name, lineFields); near != "" {
		return fmt.Errorf("unknown field %s: did you mean %q? known fields: %s", quote(name), near, known)
	}
	return fmt.Errorf("unknown field %s: known fields: %s", quote(name), known)
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "an array"
	}
	return "an object"
}

// quote quotes the start of a text for an error message.
func quote(s string) string {
	const most = 40
	runes := 0
	for i := range s {
		if runes == most {
			return strconv.Quote(s[:i]) + "…"
		}
		runes++
	}
	return strconv.Quote(s)
}

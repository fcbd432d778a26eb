// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// maxJSON bounds the text of a map in bytes: MaxKnots knots with all digits, and white space.
const maxJSON = 1 << 20

// MarshalJSON writes {"method": "platt", "a": 0.9, "b": -1.2} or {"method": "isotonic", "knots": [{"logit": -3.5,
// "probability": 0.01}, …]}. Reading gives the same bits back. Error: the map is not valid.
func (m Map) MarshalJSON() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if m.Method == "" {
		m = Sigmoid()
	}
	if m.Method == Isotonic {
		return json.Marshal(struct {
			Method Method `json:"method"`
			Knots  []Knot `json:"knots"`
		}{m.Method, m.Knots})
	}
	return json.Marshal(struct {
		Method Method  `json:"method"`
		A      float64 `json:"a"`
		B      float64 `json:"b"`
	}{m.Method, m.A, m.B})
}

// MarshalJSON writes {"logit": …, "probability": …}.
func (k Knot) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Logit       float64 `json:"logit"`
		Probability float64 `json:"probability"`
	}{k.Logit, k.Probability})
}

// UnmarshalJSON reads what [Map.MarshalJSON] writes and nothing else: fields that are unknown, missing or given twice are
// errors, and so is a map that is not valid (see [Map.Validate]). On error the map is not changed.
func (m *Map) UnmarshalJSON(data []byte) error {
	if len(data) > maxJSON {
		return fmt.Errorf("calibration map: %d bytes; at most %d are read", len(data), maxJSON)
	}
	read, err := parse(data)
	if err == nil {
		err = read.Validate()
	}
	if err != nil {
		return fmt.Errorf("calibration map: %w", err)
	}
	*m = read
	return nil
}

func parse(data []byte) (m Map, err error) {
	fields, err := object(data, "method", "a", "b", "knots")
	if err != nil {
		return m, err
	}
	var method string
	if err := value(fields, "method", &method); err != nil {
		return m, err
	}
	m.Method = Method(method)
	switch m.Method {
	case Platt:
		if _, ok := fields["knots"]; ok {
			return m, fmt.Errorf("field %q does not belong to method %q", "knots", method)
		}
		if err := value(fields, "a", &m.A); err != nil {
			return m, err
		}
		return m, value(fields, "b", &m.B)
	case Isotonic:
		for _, name := range []string{"a", "b"} {
			if _, ok := fields[name]; ok {
				return m, fmt.Errorf("field %q does not belong to method %q", name, method)
			}
		}
	default:
		return m, fmt.Errorf("method is %q; want %q or %q", method, string(Platt), string(Isotonic))
	}
	var knots []json.RawMessage
	if err := value(fields, "knots", &knots); err != nil {
		return m, err
	}
	if len(knots) > MaxKnots {
		return m, fmt.Errorf("%d knots; want 1 to %d", len(knots), MaxKnots)
	}
	for i, raw := range knots {
		fields, err := object(raw, "logit", "probability")
		if err != nil {
			return m, fmt.Errorf("knot %d (from 0): %w", i, err)
		}
		var k Knot
		if err := value(fields, "logit", &k.Logit); err != nil {
			return m, fmt.Errorf("knot %d (from 0): %w", i, err)
		}
		if err := value(fields, "probability", &k.Probability); err != nil {
			return m, fmt.Errorf("knot %d (from 0): %w", i, err)
		}
		m.Knots = append(m.Knots, k)
	}
	return m, nil
}

// object splits a JSON object into its fields. encoding/json's structs would match names in any case and take doubles.
func object(data []byte, known ...string) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	open, err := d.Token()
	if err != nil {
		return nil, err
	}
	if open != json.Delim('{') {
		return nil, fmt.Errorf("want a JSON object with the fields %s", strings.Join(known, ", "))
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("%v where a field name belongs", token)
		}
		if !slices.Contains(known, name) {
			if near := nearest.Name(name, known); near != "" {
				return nil, fmt.Errorf("unknown field %.40q; did you mean %q?", name, near)
			}
			return nil, fmt.Errorf("unknown field %.40q; known are %s", name, strings.Join(known, ", "))
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("field %q given twice", name)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, err
		}
		fields[name] = raw
	}
	_, err = d.Token()
	return fields, err
}

// value decodes a field that must be there.
func value[T any](fields map[string]json.RawMessage, name string, into *T) error {
	raw, ok := fields[name]
	if !ok || string(raw) == "null" {
		return fmt.Errorf("field %q is missing", name)
	}
	if json.Unmarshal(raw, into) == nil {
		return nil
	}
	want := "a number"
	switch any(into).(type) {
	case *string:
		want = "a string"
	case *[]json.RawMessage:
		want = "a list"
	}
	return fmt.Errorf("field %q: want %s, got %.40s", name, want, raw)
}

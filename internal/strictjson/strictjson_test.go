// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

type even int

func (e *even) UnmarshalText(text []byte) error {
	if _, err := fmt.Sscan(string(text), (*int)(e)); err != nil || *e%2 != 0 {
		return fmt.Errorf("%q is not even", text)
	}
	return nil
}

type inner struct {
	Share *float64 `json:"share"`
	Flag  bool     `json:"flag"`
	Half  even     `json:"half"`
}

type outer struct {
	Name  string           `json:"name"`
	Parts []string         `json:"parts,omitempty"`
	Count int              `json:"count"`
	In    *inner           `json:"in"`
	Many  map[string]inner `json:"many"`
}

func TestListsAreLookedInto(t *testing.T) {
	var got struct {
		All [][]inner `json:"all"`
	}
	if err := Unmarshal([]byte(`{"all":[[{"flag":true}, {"flag":false}],
[ {"flag":true}], []]}`), &got); err != nil || len(got.All) != 3 || !got.All[1][0].Flag {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		`{"all":[[{"flag":true}, {"flat":false}]]}`: `unknown field "flat": did you mean "flag"?`,
		`{"all":[[{"flag":true}, {"flag":1}]]}`:     "true or false",
		`{"all":[[{"flag":true},`:                   "ends inside the object",
		`{"all":[[{"flag":true} {}]]}`:              "not JSON",
		`{"all":{}}`:                                "want a list",
	} {
		if err := Unmarshal([]byte(text), &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestEmbeddedFieldsAreKnown(t *testing.T) {
	var got struct {
		inner
		Name string `json:"name"`
	}
	if err := Unmarshal([]byte(`{"name":"a","flag":true}`), &got); err != nil || !got.Flag || got.Name != "a" {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := Unmarshal([]byte(`{"flat":true}`), &got); err == nil || !strings.Contains(err.Error(), `did you mean "flag"?`) {
		t.Errorf("got %v", err)
	}
}

func TestUnmarshal(t *testing.T) {
	share := 0.5
	want := outer{Name: "a", Parts: []string{"b"}, Count: 3, In: &inner{Share: &share, Half: 4}, Many: map[string]inner{"x": {Flag: true}}}
	var got outer
	text := ` {"name": "a", "parts": ["b"], "count": 3, "in": {"share": 0.5, "half": "4"}, "many": {"x": {"flag": true}}} ` + "\n"
	if err := Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestErrorsArePlain(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "line 1: it is empty: want a JSON object",
		" \n ":                           "line 1: it is empty: want a JSON object",
		"\n[1]":                          `line 2: want a JSON object, got "[1]"`,
		"{\n\"name\": \"a\xff\"}":        "line 2: byte 13 (0xff) is not UTF-8",
		"{":                              "line 1: the text ends inside the object",
		"{\n\"in\": {\"share\": 1}\n\n":  "line 2: the text ends inside the object",
		"{\"name\": \"a\n":               "line 1: not JSON: invalid character",
		"{\"name\":\n":                   "line 1: the text ends inside the object",
		"{\n\"name\": 3}":                "line 2: field name: want a string, got number",
		`{"parts": "a"}`:                 "line 1: field parts: want a list, got string",
		"{\n\"parts\": [\n\"a\",\n3]}":   "line 4: field parts: want a string, got number",
		`{"count": 1.5}`:                 "line 1: field count: want a whole number, got number 1.5",
		`{"count": 1e99}`:                "line 1: field count: want a whole number, got number 1e99",
		`{"in": {"share": "x"}}`:         "line 1: field in.share: want a number, got string",
		`{"in": {"flag": 1}}`:            "line 1: field in.flag: want true or false, got number",
		"{\"in\":\n{\"half\": \"3\"}}":   `line 2: field in.half: "3" is not even`,
		"{\"in\":\n{\"half\": 4}}":       "line 2: field in.half: want a string, got number",
		`{"in": [1]}`:                    "line 1: field in: want an object, got array",
		`{"many": {"x": {"share": {}}}}`: "line 1: field many.share: want a number, got object",
		`{"Name": "a"}`:                  `line 1: unknown field "Name": did you mean "name"?`,
		`{"zzzzzzzz": 1}`:                `line 1: unknown field "zzzzzzzz": known here are name, parts, count, in, many`,
		"{\"count\": 1,\n\"count\": 1}":  `line 2: field "count" is there twice`,
		`{"many": {"x": {}, "x": {}}}`:   `line 1: field "x" is there twice`,
		`{} {}`:                          "line 1: more than one JSON object",
		"{}\n}":                          "line 2: text after the end of the object",
		`{"name": "a",}`:                 "line 1: not JSON: invalid character '}'",
		`{"name": tru}`:                  "line 1: not JSON: invalid character",
		strings.Repeat(`{"in":`, 20_000): "line 1: ",
		`{"parts":` + strings.Repeat("[", 20_000): "line 1: ",
	} {
		var got outer
		err := Unmarshal([]byte(text), &got)
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Error(), want) || strings.Contains(e.Error(), "Go ") {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"name": "a", "in": {"share": 0.5, "half": "4"}, "many": {"x": {"flag": true}}}`))
	f.Add([]byte("{\"in\":\n{\"half\": \"3\"}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, plain outer
		err := Unmarshal(data, &got)
		if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Line < 1 || e.Line > 1+strings.Count(string(data), "\n")) {
			t.Fatalf("%q: %v", data, err)
		}
		if loose := json.Unmarshal(data, &plain); err == nil && (loose != nil || !reflect.DeepEqual(got, plain)) {
			t.Fatalf("%q: %+v, encoding/json has %+v, %v", data, got, plain, loose)
		}
	})
}

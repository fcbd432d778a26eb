// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// printJSON prints one value, indented.
func (a *app) printJSON(v any) error {
	data, err := marshal(v)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return err
	}
	a.stdout.Println(out.String())
	return nil
}

// printJSONArray prints an array with one element a line: JSON as a whole, and greppable.
func printJSONArray[T any](a *app, list []T) error {
	if len(list) == 0 {
		a.stdout.Println("[]")
		return nil
	}
	for i, v := range list {
		data, err := marshal(v)
		if err != nil {
			return err
		}
		a.stdout.Printf("%s%s", map[bool]string{true: "[\n", false: ",\n"}[i == 0], data)
	}
	a.stdout.Println("\n]")
	return nil
}

// marshal is json.Marshal with text as it is, apart from characters that a terminal would obey.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapeControls(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}

// escapeControls escapes DEL and the C1 control characters, which JSON allows as they are. Valid
// JSON has them inside strings only.
func escapeControls(data []byte) []byte {
	control := func(r rune) bool { return r >= 0x7f && r < 0xa0 }
	if bytes.IndexFunc(data, control) < 0 {
		return data
	}
	out := make([]byte, 0, len(data)+16)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if control(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, data[:size]...)
		}
		data = data[size:]
	}
	return out
}

// facts prints names and values, one pair a line.
type facts struct{ table term.Table }

func newFacts() *facts {
	return &facts{term.Table{Columns: []term.Column{{Style: term.Cyan}, {Fit: term.Fold}}}}
}

// add adds a pair; an empty value is left out.
func (f *facts) add(name, value string) { f.addStyled(name, value, term.Plain) }

func (f *facts) addStyled(name, value string, s term.Style) {
	if value != "" {
		f.table.Add(term.Text(name), term.Cell{Text: value, Style: s})
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package jsondiff names what differs between two values that JSON objects are made of, such as the settings of an
// interrupted run and those of now.
package jsondiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Fields names the fields that differ, in the order of their names: "rows: 10, now 11". A field that one of
// them lacks is null.
func Fields(before, now any) ([]string, error) {
	var fields [2]map[string]json.RawMessage
	for i, v := range []any{before, now} {
		text, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(text, &fields[i])
		}
		if err != nil {
			return nil, err
		}
	}
	all := maps.Clone(fields[0])
	maps.Copy(all, fields[1])
	value := func(of int, name string) []byte {
		if v, ok := fields[of][name]; ok {
			return v
		}
		return []byte("null")
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a, b := value(0, name), value(1, name); !bytes.Equal(a, b) {
			list = append(list, fmt.Sprintf("%s: %s, now %s", name, a, b))
		}
	}
	return list, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"encoding/binary"
	"strings"
	"testing"
)

// image builds a file from a header text and data.
func image(header string, data ...byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func TestHostileHeaders(t *testing.T) {
	const one = `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`
	long := func(n uint64) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, n), one...)
	}
	cases := []struct {
		name string
		file []byte
		want string // part of the error
	}{
		{"empty", nil, "0 bytes"},
		{"seven bytes", make([]byte, 7), "7 bytes"},
		{"header length 0", make([]byte, 8), "does not begin"},
		{"header longer than file", long(1000), "exceeds"},
		{"header above limit", long(maxHeader + 1), "above the limit"},
		{"header length overflows", long(1<<64 - 1), "above the limit"},
		{"not an object", image(`[]`), "does not begin"},
		{"leading space", image(` ` + one), "does not begin"},
		{"not JSON", image(`{"a"`), "too early"},
		{"bad JSON", image(`{"a":}`), "invalid JSON"},
		{"invalid UTF-8", image("{\"\xff\":1}"), "UTF-8"},
		{"trailing text", image(one+`x`, 1, 2), "after the closing brace"},
		{"two objects", image(one+one, 1, 2), "after the closing brace"},
		{"deep nesting", image(`{"a":` + strings.Repeat(`[`, 10000)), `where "{" belongs`},
		{"deep shape", image(`{"a":{"dtype":"U8","shape":[[` + strings.Repeat(`[`, 10000)), "number belongs"},
		{"tensor is a number", image(`{"a":1}`), "tensor \"a\""},
		{"duplicate tensor", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 1, 2), "twice"},
		{"duplicate by escape", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 1, 2), "twice"},
		{"duplicate metadata", image(`{"__metadata__":{},"__metadata__":{}}`), "twice"},
		{"duplicate metadata key", image(`{"__metadata__":{"k":"1","k":"2"}}`), "twice"},
		{"duplicate key in tensor", image(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "twice"},
		{"metadata value not a string", image(`{"__metadata__":{"k":1}}`), "string belongs"},
		{"metadata not an object", image(`{"__metadata__":"x"}`), "not an object"},
		{"unknown key", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"stride":[1]}}`, 1), `unknown key "stride"`},
		{"no dtype", image(`{"a":{"shape":[1],"data_offsets":[0,1]}}`, 1), "must all be given"},
		{"no shape", image(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), "must all be given"},
		{"no offsets", image(`{"a":{"dtype":"U8","shape":[1]}}`, 1), "must all be given"},
		{"negative dimension", image(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1), "non-negative"},
		{"fractional dimension", image(`{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 1), "non-negative"},
		{"exponent", image(`{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}`, 1), "non-negative"},
		{"huge dimension", image(`{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]}}`, 1), "non-negative"},
		{"dimension above int", image(`{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1]}}`, 1), "too large"},
		{"shape product overflows", image(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}}`), "too "},
		{"shape product overflows to zero", image(`{"a":{"dtype":"U8","shape":[9223372036854775807,2],"data_offsets":[0,0]}}`), "too "},
		{"bits overflow", image(`{"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,0]}}`), "too "},
		{"too many dimensions", image(`{"a":{"dtype":"U8","shape":[` + strings.Repeat("1,", 40) + `1],"data_offsets":[0,1]}}`), "dimensions"},
		{"three offsets", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, 1), `where "]" belongs`},
		{"one offset", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1), "number belongs"},
		{"offset negative", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}`, 1), "non-negative"},
		{"backwards", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1), "backwards"},
		{"outside", image(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1), "outside"},
		{"far outside", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551614,18446744073709551615]}}`, 1), "outside"},
		{"hole at the start", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 1, 2), "holes"},
		{"hole between", image(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 1, 2, 3), "holes"},
		{"bytes after the last tensor", image(one, 1, 2, 3), "damaged"},
		{"bytes without tensors", image(`{}`, 1), "damaged"},
		{"overlap", image(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 1, 2, 3), "overlap"},
		{"same range twice", image(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1, 2), "overlap"},
		{"size does not fit", image(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2]}}`, 1, 2), "needs 32 bits"},
		{"part of a byte", image(`{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}`, 1), "needs 4 bits"},
		{"name too long", image(`{"` + strings.Repeat("n", maxName+1) + `":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), "tensor name"},
		{"dtype too long", image(`{"a":{"dtype":"` + strings.Repeat("F", 100) + `","shape":[0],"data_offsets":[0,0]}}`), "dtype"},
		{"scale of wrong length", image(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[4,6]},"a.scale":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0, 1, 2), "row factors"},
		{"scale of wrong type", image(`{"a":{"dtype":"I8","shape":[1],"data_offsets":[2,3]},"a.scale":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, 0, 0, 1), "row factors"},
		{"scale of a scalar", image(`{"a":{"dtype":"I8","shape":[],"data_offsets":[4,5]},"a.scale":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0, 1), "row factors"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse(c.file)
			if err == nil {
				t.Fatalf("accepted, with tensors %q", f.Names())
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %q does not contain %q", err, c.want)
			}
			if len(err.Error()) > 600 {
				t.Fatalf("error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAcceptedHeaders(t *testing.T) {
	cases := map[string][]byte{
		"no tensors":        image(`{}`),
		"null metadata":     image(`{"__metadata__":null}`),
		"padded":            image(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   `, 1, 2),
		"empty tensor":      image(`{"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]}}`),
		"two empty tensors": image(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`),
		"empty in between":  image(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"z":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, 2),
		"scalar":            image(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 0, 0, 128, 63),
		"unknown type":      image(`{"a":{"dtype":"Q7","shape":[3],"data_offsets":[0,1]}}`, 1),
		"packed type":       image(`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}`, 1),
	}
	for name, file := range cases {
		t.Run(name, func(t *testing.T) {
			f, err := Parse(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Tensor("nowhere"); err == nil {
				t.Error("a tensor that is not there was found")
			}
		})
	}
}

// Every proper prefix of a file must be refused, and so must every file with one byte too many.
func TestTruncatedFile(t *testing.T) {
	whole := image(`{"__metadata__":{"k":"v"},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}`, 1, 2, 3, 4)
	if _, err := Parse(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := Parse(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were accepted", n, len(whole))
		}
	}
	if _, err := Parse(append(whole, 0)); err == nil {
		t.Fatal("a byte too many was accepted")
	}
}

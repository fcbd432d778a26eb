// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestWriteGolden(t *testing.T) {
	var out bytes.Buffer
	entries := []Entry{
		{"b", U8, []int{2}, Bytes([]byte{1, 2})},
		{"a", U8, []int{}, Bytes([]byte{3})},
		{"wide", F32, []int{1, 1}, Bytes(f32Bytes(1))},
	}
	if err := Write(&out, entries, map[string]string{"z": "1", "format": "pt"}); err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"format":"pt","z":"1"},` +
		`"wide":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},` +
		`"a":{"dtype":"U8","shape":[],"data_offsets":[4,5]},` +
		`"b":{"dtype":"U8","shape":[2],"data_offsets":[5,7]}}`
	for len(header)%8 != 0 {
		header += " "
	}
	want := image(header, 0, 0, 0x80, 0x3f, 3, 1, 2)
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("got\n%q\nwant\n%q", out.Bytes(), want)
	}
}

func TestWriteRoundTrip(t *testing.T) {
	entries := []Entry{
		{"q", I8, []int{3, 2}, Bytes([]byte{1, 255, 127, 129, 0, 128})},
		{"q.scale", F32, []int{3}, Bytes(f32Bytes(0.5, 2, -1))},
		{"f16", F16, []int{3}, Bytes([]byte{0, 0x3c, 0, 0xfc, 1, 0})},
		{"bf16", BF16, []int{3}, Bytes([]byte{0x80, 0x3f, 0, 0xc0, 1, 0})},
		{"f32", F32, []int{2, 3}, Bytes(f32Bytes(wantFloats["f32"]...))},
		{"empty", F32, []int{0, 3}, Bytes(nil)},
		{`odd "name" <ü>`, I64, []int{1}, Bytes(make([]byte, 8))},
	}
	meta := map[string]string{"a": "1", "key \"x\"": "<é>\n"}
	var first []byte
	for range len(entries) {
		entries = append(entries[1:], entries[0]) // the order of entries must not matter
		var out bytes.Buffer
		if err := Write(&out, entries, meta); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out.Bytes()
		}
		if !bytes.Equal(first, out.Bytes()) {
			t.Fatal("another order gives other bytes")
		}
	}
	if n := binary.LittleEndian.Uint64(first); n%8 != 0 {
		t.Errorf("header length %d is not a multiple of 8", n)
	}
	f, err := Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(f.Metadata(), meta) {
		t.Errorf("metadata %v", f.Metadata())
	}
	at := 0
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if width := tensor.DType().Bits() / 8; at%width != 0 {
			t.Errorf("%s at offset %d is not aligned to %d", name, at, width)
		}
		at += len(tensor.Bytes())
	}
	for _, e := range entries {
		tensor, err := f.Tensor(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := e.Data()
		if tensor.DType() != e.DType || !slices.Equal(tensor.Shape(), e.Shape) || !bytes.Equal(tensor.Bytes(), data) {
			t.Errorf("%s: %s %v %v", e.Name, tensor.DType(), tensor.Shape(), tensor.Bytes())
		}
		if want, ok := wantFloats[e.Name]; ok {
			got := make([]float32, len(want))
			if err := tensor.Float32(got, 0); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s = %v (%v), want %v", e.Name, got, err, want)
			}
		}
	}
}

func TestWriteRefusals(t *testing.T) {
	broken := errors.New("broken source")
	ok := Bytes([]byte{1})
	cases := []struct {
		name    string
		entries []Entry
		want    string
	}{
		{"twice", []Entry{{"a", U8, []int{1}, ok}, {"a", U8, []int{1}, ok}}, "twice"},
		{"reserved", []Entry{{metadataKey, U8, []int{1}, ok}}, "reserved"},
		{"unknown type", []Entry{{"a", "F9", []int{1}, ok}}, `"F9"`},
		{"packed type", []Entry{{"a", "F4", []int{2}, ok}}, `"F4"`},
		{"negative", []Entry{{"a", U8, []int{-1}, ok}}, "bad shape"},
		{"overflow", []Entry{{"a", F32, []int{math.MaxInt32, math.MaxInt32, math.MaxInt32}, ok}}, "bad shape"},
		{"too much data", []Entry{{"a", U8, []int{0}, ok}}, "needs 0 bytes, got 1"},
		{"too little data", []Entry{{"a", F32, []int{1}, ok}}, "needs 4 bytes, got 1"},
		{"failing source", []Entry{{"a", U8, []int{1}, func() ([]byte, error) { return nil, broken }}}, "broken source"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := Write(&bytes.Buffer{}, c.entries, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that holds %q", err, c.want)
			}
		})
	}
	for n := range 2 {
		if err := Write(&failing{left: n}, []Entry{{"a", U8, []int{1}, ok}}, nil); !errors.Is(err, errFull) {
			t.Errorf("error %v, want the writer's", err)
		}
	}
}

var errFull = errors.New("disk full")

// failing accepts a number of writes and then fails.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left == 0 {
		return 0, errFull
	}
	f.left--
	return len(p), nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// npy is a file as numpy.save writes it.
func npy(shape string, values ...float32) []byte {
	head := "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }"
	head += strings.Repeat(" ", 117-len(head)) + "\n"
	data := append([]byte("\x93NUMPY\x01\x00\x76\x00"), head...)
	data, err := binary.Append(data, binary.LittleEndian, values)
	if err != nil {
		panic(err)
	}
	return data
}

func decode(data []byte, limit int) (matrix, error) {
	return decodeMatrix(bytes.NewReader(data), int64(len(data)), limit)
}

func TestDecodeMatrix(t *testing.T) {
	data := npy("3, 2", 1, 2, 3, 4, 5, 6)
	m, err := decode(data, 0)
	if err != nil || m.dim != 2 || m.Len() != 3 || !slices.Equal(m.Row(1), []float32{3, 4}) {
		t.Errorf("matrix %v, error %v", m, err)
	}
	if m, err = decode(data, 2); err != nil || m.Len() != 2 {
		t.Errorf("the first two rows: %v, error %v", m, err)
	}
	for name, bad := range map[string][]byte{
		"cut":        data[:len(data)-1],
		"too large":  npy("2000000000, 384", 1),
		"no rows":    npy("0, 2"),
		"one line":   npy("4,", 1, 2, 3, 4),
		"not a .npy": []byte("embedding"),
	} {
		if m, err := decode(bad, 0); err == nil {
			t.Errorf("%s: no error, %d rows", name, m.Len())
		}
	}
}

func FuzzDecodeMatrix(f *testing.F) {
	f.Add(npy("3, 2", 1, 2, 3, 4, 5, 6), 0)
	f.Add(npy("99999999, 99999", 1), 1)
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		m, err := decode(data, limit)
		if err == nil && 4*len(m.data) > len(data) {
			t.Errorf("%d floats from %d bytes", len(m.data), len(data))
		}
	})
}

func TestMeasure(t *testing.T) {
	asked := make([]int, 7)
	a, err := measure(len(asked), 1, 0, false, func(i int) error { asked[i]++; return nil })
	if err != nil || a.Queries != 1 || asked[0] != 1 {
		t.Errorf("no time: %d queries, %v, error %v", a.Queries, asked, err)
	}
	if a, err = measure(len(asked), 3, 0, true, func(int) error { return nil }); err != nil || a.Queries != len(asked) {
		t.Errorf("a batch counts as %d queries, error %v", a.Queries, err)
	}
	bad := errors.New("bad")
	if _, err = measure(len(asked), 3, 60, false, func(int) error { return bad }); !errors.Is(err, bad) {
		t.Errorf("error %v", err)
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// The layout that numpy.lib.format describes; numpy.load reads such files.
func TestNpy(t *testing.T) {
	for rows := range 40 { // headers of different lengths
		columns := rows*rows*rows + 1
		var part []float32
		for i := range rows {
			for range columns {
				part = append(part, float32(i)+0.5)
			}
		}
		var buf bytes.Buffer
		if err := writeNpy(&buf, rows, columns, [][]float32{part[:len(part)/2], part[len(part)/2:]}); err != nil {
			t.Fatal(err)
		}
		data := buf.Bytes()
		if !bytes.HasPrefix(data, []byte("\x93NUMPY\x01\x00")) {
			t.Fatalf("begins with %q", data[:10])
		}
		n := 10 + int(binary.LittleEndian.Uint16(data[8:]))
		header := string(data[10:n])
		if n%64 != 0 || !strings.HasSuffix(header, "\n") || !strings.HasPrefix(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (") {
			t.Errorf("header %q ends at %d", header, n)
		}
		if len(data)-n != 4*rows*columns {
			t.Errorf("%d bytes of data for %d × %d", len(data)-n, rows, columns)
		}
		if rows > 0 {
			if got := math.Float32frombits(binary.LittleEndian.Uint32(data[len(data)-4:])); got != float32(rows)-0.5 {
				t.Errorf("last value %v", got)
			}
		}
	}
}

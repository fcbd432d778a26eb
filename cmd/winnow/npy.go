// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
)

// matrix collects vectors for a NumPy file, whose header states how many there are.
type matrix struct {
	rows, columns int
	parts         [][]float32
}

// add takes over the vectors of e.
func (m *matrix) add(e *encoder.Embeddings) error {
	m.rows += e.Len()
	m.columns = e.Dim
	m.parts = append(m.parts, e.Data)
	return nil
}

// write writes the matrix and flushes.
func (m *matrix) write(o *term.Output) error {
	if err := writeNpy(o, m.rows, m.columns, m.parts); err != nil {
		return err
	}
	return o.Flush()
}

// writeNpy writes a float32 matrix in row-major order as a NumPy file, format version 1.0: magic,
// version, the length of the header as 2 bytes, the header padded so that the data begins at a
// multiple of 64 bytes, the data in little-endian order (numpy.lib.format).
func writeNpy(w io.Writer, rows, columns int, parts [][]float32) error {
	const magic = "\x93NUMPY\x01\x00"
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, columns)
	before := len(magic) + 2
	header += strings.Repeat(" ", 63-(before+len(header))%64) + "\n"
	buf := binary.LittleEndian.AppendUint16([]byte(magic), uint16(len(header)))
	if _, err := w.Write(append(buf, header...)); err != nil {
		return err
	}
	for _, part := range parts {
		buf = buf[:0]
		for _, v := range part {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
)

// matrix is rows×dim floats, row-major. It is the source of an index, too.
type matrix struct {
	data []float32
	dim  int
}

// Len is the number of rows.
func (m matrix) Len() int { return len(m.data) / m.dim }

// Row is a row.
func (m matrix) Row(i int) []float32 { return m.data[i*m.dim : (i+1)*m.dim : (i+1)*m.dim] }

func (m matrix) first(n int) matrix {
	if n > 0 && n < m.Len() {
		m.data = m.data[:n*m.dim]
	}
	return m
}

var npyHeader = regexp.MustCompile(`^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), *\} *\n$`)

// readMatrix reads the first limit rows (0: all) of a two-dimensional float32 matrix as numpy.save writes it.
func readMatrix(path string, limit int) (matrix, error) {
	f, err := os.Open(path)
	if err != nil {
		return matrix{}, fmt.Errorf("reading a matrix: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return matrix{}, fmt.Errorf("reading a matrix: %w", err)
	}
	m, err := decodeMatrix(bufio.NewReaderSize(f, 1<<20), info.Size(), limit)
	if err != nil {
		return m, fmt.Errorf("reading %s: %w", path, err)
	}
	return m, nil
}

// decodeMatrix reads a matrix from a stream of size bytes.
func decodeMatrix(r io.Reader, size int64, limit int) (m matrix, err error) {
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:8]) != "\x93NUMPY\x01\x00" {
		return m, errors.New("no .npy file of version 1")
	}
	text := make([]byte, binary.LittleEndian.Uint16(head[8:]))
	if _, err := io.ReadFull(r, text); err != nil {
		return m, fmt.Errorf("the head: %w", err)
	}
	shape := npyHeader.FindSubmatch(text)
	if shape == nil {
		return m, fmt.Errorf("head %q: want a matrix of float32, row by row", text)
	}
	rows, err := strconv.ParseInt(string(shape[1]), 10, 32)
	dim, failed := strconv.ParseInt(string(shape[2]), 10, 16)
	if err != nil || failed != nil || rows < 1 || dim < 1 || 4*rows*dim > size {
		return m, fmt.Errorf("a matrix of %s x %s does not fit into %d bytes", shape[1], shape[2], size)
	}
	if limit > 0 {
		rows = min(rows, int64(limit))
	}
	m = matrix{make([]float32, rows*dim), int(dim)}
	buf := make([]byte, 4*dim)
	for i := range m.Len() {
		if _, err := io.ReadFull(r, buf); err != nil {
			return m, fmt.Errorf("row %d: %w", i, err)
		}
		row := m.Row(i)
		for j := range row {
			row[j] = math.Float32frombits(binary.LittleEndian.Uint32(buf[4*j:]))
		}
	}
	return m, nil
}

// readLines reads the first limit lines (0: all).
func readLines(path string, limit int) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading texts: %w", err)
	}
	lines := make([]string, 0, bytes.Count(data, []byte{'\n'}))
	for line := range bytes.Lines(data) {
		if limit > 0 && len(lines) == limit {
			break
		}
		lines = append(lines, string(bytes.TrimSuffix(line, []byte{'\n'})))
	}
	return lines, nil
}

// save writes values, little-endian, to a file.
func save(path string, values any) error {
	data, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	return nil
}

// size is the length of a file.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("size of an index: %w", err)
	}
	return info.Size(), nil
}

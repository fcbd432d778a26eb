// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"
	"strings"
)

// Entry is a tensor to be written. Data is called once, when its turn comes, and returns the
// little-endian elements in row-major order; so a large model need not be in memory as a whole.
type Entry struct {
	Name  string
	DType DType
	Shape []int
	Data  func() ([]byte, error)
}

// Bytes wraps data that is already there for Entry.Data.
func Bytes(data []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return data, nil }
}

// Write writes a safetensors file. The bytes depend on the tensors and the metadata only, not on
// the order of entries: like the reference library it puts wider element types first and sorts by
// name within a type, so that every tensor is aligned to its element size; the header is padded
// with spaces to a multiple of 8 bytes. The error names a tensor whose name, type, shape or amount
// of data is wrong.
func Write(w io.Writer, entries []Entry, metadata map[string]string) error {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.DType.Bits(), a.DType.Bits()), strings.Compare(string(a.DType), string(b.DType)), strings.Compare(a.Name, b.Name))
	})
	head, sizes, err := encodeHeader(sorted, metadata)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("safetensors: writing the header: %w", err)
	}
	for i, e := range sorted {
		data, err := e.Data()
		if err != nil {
			return fmt.Errorf("safetensors: tensor %q: %w", e.Name, err)
		}
		if uint64(len(data)) != sizes[i] {
			return fmt.Errorf("safetensors: tensor %q: shape %v of %s needs %d bytes, got %d", e.Name, e.Shape, e.DType, sizes[i], len(data))
		}
		if _, err := w.Write(data); err != nil {
			return fmt.Errorf("safetensors: writing tensor %q: %w", e.Name, err)
		}
	}
	return nil
}

// encodeHeader returns the length and the padded JSON text, and the byte size of each entry.
func encodeHeader(entries []Entry, metadata map[string]string) ([]byte, []uint64, error) {
	var b bytes.Buffer
	b.Write(make([]byte, lenBytes))
	b.WriteByte('{')
	first := true
	key := func(name string) {
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.Write(quote(name))
		b.WriteByte(':')
	}
	if len(metadata) > 0 {
		key(metadataKey)
		for i, k := range slices.Sorted(maps.Keys(metadata)) {
			b.WriteByte("{,"[min(i, 1)])
			fmt.Fprintf(&b, "%s:%s", quote(k), quote(metadata[k]))
		}
		b.WriteByte('}')
	}
	sizes := make([]uint64, len(entries))
	seen := map[string]bool{metadataKey: true}
	var at uint64
	for i, e := range entries {
		n, err := entrySize(e)
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", e.Name, err)
		}
		if seen[e.Name] {
			return nil, nil, fmt.Errorf("tensor name %q is used twice or reserved", e.Name)
		}
		seen[e.Name] = true
		sum, carry := bits.Add64(at, n, 0)
		if carry != 0 {
			return nil, nil, errors.New("tensors are too large together")
		}
		key(e.Name)
		fmt.Fprintf(&b, `{"dtype":%s,"shape":[%s],"data_offsets":[%d,%d]}`, quote(string(e.DType)), joinInts(e.Shape), at, sum)
		sizes[i], at = n, sum
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	head := b.Bytes()
	n := len(head) - lenBytes
	if n > maxHeader {
		return nil, nil, fmt.Errorf("header of %d bytes is above the limit of %d", n, maxHeader)
	}
	binary.LittleEndian.PutUint64(head, uint64(n))
	return head, sizes, nil
}

func entrySize(e Entry) (uint64, error) {
	if e.DType.Bits()%8 != 0 || e.DType.Bits() == 0 {
		return 0, fmt.Errorf("type %q cannot be written", e.DType)
	}
	if len(e.Name) > maxName || len(e.Shape) > maxRank {
		return 0, errors.New("name or shape is too long")
	}
	n := uint64(e.DType.Bits() / 8)
	for _, d := range e.Shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if d < 0 || hi != 0 {
			return 0, fmt.Errorf("bad shape %v", e.Shape)
		}
		n = lo
	}
	return n, nil
}

func quote(s string) []byte {
	out, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return []byte(`""`)
	}
	return out
}

func joinInts(v []int) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = fmt.Sprint(x)
	}
	return strings.Join(parts, ",")
}

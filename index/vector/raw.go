// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/winnow-search/winnow/index/segment"
)

// fixed is what mapped bytes are read as. Sections start at a multiple of 64 bytes and files are little-endian, as are all
// processors that winnow runs on.
type fixed interface {
	~int8 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32
}

// view reads bytes as values without copying them. It is the only place where bytes change their type. A rest of the bytes
// that does not fill a value is left out; bytes that are not aligned are copied.
func view[T fixed](b []byte) []T {
	var zero T
	n := len(b) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return nil
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%unsafe.Alignof(zero) != 0 {
		values := make([]T, n)
		copy(raw(values), b)
		return values
	}
	return unsafe.Slice((*T)(p), n)
}

// raw is the bytes of values.
func raw[T fixed](values []T) []byte {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(values[0])))
}

var errRowRange = errors.New("row out of range")

// table is n rows of stride bytes each: the part that all encodings have in common. section is nil for rows in memory.
type table struct {
	section *segment.Section
	n       int
	stride  int
}

// check makes sure that rows first to first+count-1 exist and that their bytes are as they were written.
func (t *table) check(first, count int) error {
	if first < 0 || count < 0 || first > t.n-count {
		return fmt.Errorf("rows %d to %d of %d: %w", first, first+count, t.n, errRowRange)
	}
	if t.section == nil || count == 0 {
		return nil
	}
	return t.section.Verify(first*t.stride, count*t.stride)
}

// checkRows is check for listed rows.
func (t *table) checkRows(rows []uint32) error {
	for _, row := range rows {
		if int64(row) >= int64(t.n) {
			return fmt.Errorf("row %d of %d: %w", row, t.n, errRowRange)
		}
		if t.section != nil {
			if err := t.section.Verify(int(row)*t.stride, t.stride); err != nil {
				return err
			}
		}
	}
	return nil
}

// corrupt is an error about what the rows hold, found at a byte of them.
func (t *table) corrupt(at int, err error) error {
	if t.section == nil {
		return err
	}
	return t.section.Corrupt(at, err)
}

// openTable checks that a section holds n rows of stride bytes, no more and no less.
func openTable(section *segment.Section, n, stride int) (table, error) {
	if n < 0 || stride <= 0 || n > section.Len()/stride || section.Len() != n*stride {
		return table{}, section.Corrupt(0, fmt.Errorf("%d bytes, but %d vectors take %d each", section.Len(), n, stride))
	}
	return table{section, n, stride}, nil
}

// aligned returns a slice of n values that starts at a multiple of 64 bytes, so that rows of whole cache lines do not
// straddle two.
func aligned[T fixed](n int) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	b := make([]uint64, (n*size+63)/8+8)
	whole := raw(b)
	shift := -int(uintptr(unsafe.Pointer(unsafe.SliceData(whole)))) & 63
	return view[T](whole[shift : shift+n*size])
}

// pad rounds up to a multiple.
func pad(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

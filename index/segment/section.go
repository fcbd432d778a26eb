// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"unsafe"
)

// SectionWriter takes the sections of a segment one after another.
type SectionWriter interface {
	// Section starts a section; what is written to the former one afterwards is an error. Names have 1 to 32 bytes of
	// printable ASCII, by custom "part.thing", and occur once. The section starts at a multiple of 64 in the file.
	Section(name string) (io.Writer, error)
}

// SectionReader gives the sections of a segment.
type SectionReader interface {
	// Section returns the section of that name; if there is none the error is a *CorruptionError.
	Section(name string) (*Section, error)
	Has(name string) bool
}

// Section is a named range of bytes. Its methods are safe for concurrent use.
type Section struct {
	// good is len(data) when every block is known to be good, else -1: one atomic number for the fast path. It comes first,
	// where 32-bit systems have it at a multiple of 8, too.
	good    int64 //nolint:modernize // atomic.Int64 costs more than the inliner allows Verify
	data    []byte
	missing atomic.Int64 // blocks not yet known to be good
	name    string
	off     int64   // in the file
	blocks  *blocks // nil: nothing to verify
	file    string
}

// FromBytes is a section in memory, with nothing to verify. Bytes that do not start at a multiple of 64 are copied, so that
// the promise of Bytes holds.
func FromBytes(name string, b []byte) *Section {
	if !aligned(b) {
		b = append(alignedBytes(len(b))[:0], b...)
	}
	s := &Section{name: name, data: slices.Clip(b)}
	atomic.StoreInt64(&s.good, int64(len(b)))
	return s
}

// aligned reports whether b starts at a multiple of 64.
func aligned(b []byte) bool { return len(b) == 0 || uintptr(unsafe.Pointer(&b[0]))%align == 0 }

// alignedBytes returns n zero bytes that start at a multiple of 64.
func alignedBytes(n int) []byte {
	b := make([]byte, n+align)
	pad := int(-uintptr(unsafe.Pointer(&b[0])) & (align - 1))
	return b[pad : pad+n : pad+n]
}

// Offset is where the section starts in the file; 0 in memory.
func (s *Section) Offset() int64 { return s.off }

// Name is the section's name.
func (s *Section) Name() string { return s.name }

// Len is the number of bytes.
func (s *Section) Len() int { return len(s.data) }

// Bytes is the content, starting at a multiple of 64 in memory. It must not be changed, nor used after the file is closed.
// Verify a range before trusting it.
func (s *Section) Bytes() []byte { return s.data }

// Verify checks the blocks that cover n bytes from off and were not checked before. It costs about a nanosecond when the
// section is known to be good, a few when only the range is. The error is a *CorruptionError wrapping ErrChecksum for damaged
// blocks, again on every call; a range that leaves the section is a *CorruptionError too, since it comes from what the file
// says elsewhere.
func (s *Section) Verify(off, n int) error {
	// Just small enough for the compiler to inline, which the methods of atomic.Int64 are not. Both are positive if their union is, and then the subtraction cannot overflow.
	if off|n >= 0 && off <= int(atomic.LoadInt64(&s.good))-n {
		return nil
	}
	return s.verify(off, n)
}

// VerifyAll checks all blocks of the section. It returns the first that is damaged.
func (s *Section) VerifyAll() error { return s.Verify(0, len(s.data)) }

func (s *Section) verify(off, n int) error {
	if off < 0 || n < 0 || n > len(s.data)-off {
		return s.Corrupt(min(max(off, 0), len(s.data)), fmt.Errorf("%d bytes from %d on are outside of the section's %d", n, off, len(s.data)))
	}
	if n == 0 || s.blocks == nil {
		return nil
	}
	first, last := uint64(s.off+int64(off))/blockSize, uint64(s.off+int64(off+n)-1)/blockSize
	for b := first; b <= last; b++ {
		if !s.blocks.good(b) && !s.blocks.check(b) {
			return s.badBlock(int64(b))
		}
	}
	return nil
}

// badBlock is the error for block b of the file.
func (s *Section) badBlock(b int64) *CorruptionError {
	return &CorruptionError{File: s.file, Section: s.name, Offset: b * blockSize, Err: checksumError(s.blocks.length(b))}
}

// Corrupt is an error about the section's structure, found at byte off of the section. Offset in the error counts from the
// start of the file.
func (s *Section) Corrupt(off int, err error) *CorruptionError {
	return &CorruptionError{File: s.file, Section: s.name, Offset: s.off + int64(off), Err: err}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// pieceSize is how much VerifyAll reads at once: a multiple of blockSize.
const pieceSize = 1 << 20

// VerifyAll checks every block, by reading the file instead of touching the mapping, so that resident memory stays low. It
// goes on after damage and returns all of it as a *CorruptionList: one entry for each damaged block and section that has
// bytes in it. A block that cannot be read counts as damaged. Blocks found good need no check when they are used later. If
// ctx ends, its error is returned. progress, which may be nil, is told after each MiB how many bytes are read.
func (f *File) VerifyAll(ctx context.Context, progress func(read int64)) error {
	var found CorruptionList
	total := int64(len(f.blocks.data))
	buf := make([]byte, min(pieceSize, total))
	for at := int64(0); at < total; at += pieceSize {
		if err := ctx.Err(); err != nil {
			return err
		}
		piece := buf[:min(pieceSize, total-at)]
		failed := f.readAt(piece, at) != nil
		for off := int64(0); off < int64(len(piece)); off += blockSize {
			b := (at + off) / blockSize
			block := piece[off:][:f.blocks.length(b)]
			// One bad place on the disk fails the whole piece: find it.
			if failed {
				if err := f.readAt(block, at+off); err != nil {
					f.addDamage(&found, b, fmt.Errorf("reading the block: %w", err))
					continue
				}
			}
			if !f.blocks.checkBytes(b, block) {
				f.addDamage(&found, b, checksumError(len(block)))
			}
		}
		if progress != nil {
			progress(at + int64(len(piece)))
		}
	}
	return found.orNil()
}

// readAt fills p.
func (f *File) readAt(p []byte, off int64) error {
	n, err := f.m.ReadAt(p, off)
	if n == len(p) {
		return nil // io.EOF at the end of the file is none
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF // cut short while it is open
	}
	return err
}

// addDamage enters block b for every section that has bytes in it.
func (f *File) addDamage(l *CorruptionList, b int64, err error) {
	named := false
	for _, s := range f.blocks.covering(b) {
		if len(s.data) > 0 {
			l.add(&CorruptionError{File: f.file, Section: s.name, Offset: b * blockSize, Err: err})
			named = true
		}
	}
	if !named {
		l.add(&CorruptionError{File: f.file, Offset: b * blockSize, Err: err})
	}
}

func checksumError(n int) error { return fmt.Errorf("%w in the block of %d bytes", ErrChecksum, n) }

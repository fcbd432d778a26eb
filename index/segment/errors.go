// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

var (
	// ErrForeign is wrapped by the error for a file that does not begin as a segment does.
	ErrForeign = errors.New("not a winnow segment: the file does not begin with \"" + magic + "\"")
	// ErrChecksum is wrapped by the error for bytes that are not those that were written.
	ErrChecksum = errors.New("checksum mismatch")
)

// CorruptionError says where a segment is damaged.
type CorruptionError struct {
	File    string // base name; "" for sections in memory
	Section string // "" for header, tables and footer
	Offset  int64  // byte of the file, from 0; for checksums the start of the block
	Err     error  // what is wrong there
}

func (e *CorruptionError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Section != "" {
		fmt.Fprintf(&b, "section %q ", e.Section)
	}
	fmt.Fprintf(&b, "at byte %d: %v", e.Offset, e.Err)
	return b.String()
}

func (e *CorruptionError) Unwrap() error { return e.Err }

// CorruptionList is all the damage that a thorough check found.
type CorruptionList struct {
	Errors []*CorruptionError // by offset; a block that two sections share is there for both
	More   int                // how many more there are; the list is bounded
}

// maxListed bounds a CorruptionList.
const maxListed = 1000

// Error gives the first few; the rest is in the fields.
func (l *CorruptionList) Error() string {
	const shown = 5
	var b strings.Builder
	for i, e := range l.Errors[:min(shown, len(l.Errors))] {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(e.Error())
	}
	if more := len(l.Errors) + l.More - shown; more > 0 {
		fmt.Fprintf(&b, "; and %d more", more)
	}
	return b.String()
}

// Unwrap lets errors.As find a *CorruptionError.
func (l *CorruptionList) Unwrap() []error {
	errs := make([]error, len(l.Errors))
	for i, e := range l.Errors {
		errs[i] = e
	}
	return errs
}

func (l *CorruptionList) add(e *CorruptionError) {
	if len(l.Errors) == maxListed {
		l.More++
		return
	}
	l.Errors = append(l.Errors, e)
}

// orNil is the list as an error, nil if it is empty.
func (l *CorruptionList) orNil() error {
	if len(l.Errors) == 0 {
		return nil
	}
	return l
}

// VersionError is the refusal of a file that a newer winnow wrote.
type VersionError struct {
	File  string // base name
	Found uint32 // the file's format version
	Known uint32 // the newest that this program reads
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has segment format version %d, this program knows versions up to %d: use a newer winnow", e.File, e.Found, e.Known)
}

func fileName(path string) string { return filepath.Base(path) }

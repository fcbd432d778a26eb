// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"errors"
)

// sniffLength is how much of a file is looked at to tell text from binary data.
const sniffLength = 8 << 10

// maxControlShare is the share of control bytes from which on a file is taken for binary data. Text with terminal escapes
// stays well below it.
const maxControlShare = 0.1

var (
	// ErrBinary is wrapped by problems and errors about data that is not text.
	ErrBinary = errors.New("binary data, not text")
	errUTF16  = errors.New("UTF-16 text: convert it to UTF-8")
)

// sniffText returns an error wrapping ErrBinary when the start of a file does not look like text in UTF-8 or an 8-bit code.
func sniffText(data []byte) error {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		return errors.Join(ErrBinary, errUTF16)
	}
	head := data[:min(len(data), sniffLength)]
	control := 0
	for _, c := range head {
		switch {
		case c == 0:
			return ErrBinary
		case c == '\t', c == '\n', c == '\r', c == '\f', c == 0x1B:
		case c < 0x20, c == 0x7F:
			control++
		}
	}
	if float64(control) > maxControlShare*float64(len(head)) {
		return ErrBinary
	}
	return nil
}

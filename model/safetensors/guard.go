// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"errors"
	"runtime"
	"runtime/debug"
)

// ErrFault is returned when mapped memory could not be read.
var ErrFault = errors.New("file could not be read: it was cut short while open, or the disk failed")

// guard runs f, which reads mapped memory, and turns a memory fault into ErrFault. Without it a
// model file that is truncated while it is open would end the whole program.
func guard(f func()) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		switch r := recover().(type) {
		case nil:
		case interface {
			runtime.Error
			Addr() uintptr
		}:
			err = ErrFault
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

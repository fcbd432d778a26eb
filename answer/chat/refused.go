// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"runtime"
	"syscall"
)

// refusedConnection reports whether nothing listens where a connection was tried.
func refusedConnection(err error) bool {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return false
	}
	// WSAECONNREFUSED, which package syscall does not name on other systems.
	return number == syscall.ECONNREFUSED || runtime.GOOS == "windows" && number == 10061
}

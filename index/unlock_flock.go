// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package index

import (
	"os"
	"syscall"
)

// abandon closes a file that is locked and still mapped: the mapping would keep the lock.
func abandon(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) // what fails now has failed for another reason already
	_ = f.Close()
}

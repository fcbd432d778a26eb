// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package index

import "os"

// abandon closes a file, and with it its locks.
func abandon(f *os.File) { _ = f.Close() }

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package proctest tells tests what their process holds below a directory: open files, mappings, and memory of these. It reads
// /proc, which Linux has.
package proctest

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// OpenFiles counts open files below a directory, whose path has no symbolic links.
func OpenFiles(t testing.TB, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, dir) {
			n++
		}
	}
	return n
}

// Mapped counts mappings of files below a directory, and how many kilobytes of them are in memory.
func Mapped(t testing.TB, dir string) (n, resident int) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inside := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"): // begins a mapping
			if inside = strings.Contains(lines.Text(), dir+"/"); inside {
				n++
			}
		case inside && fields[0] == "Rss:":
			kb, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			resident += kb
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return n, resident
}

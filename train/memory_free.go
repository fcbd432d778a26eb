// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// freeMemory is how much the process may still take, in bytes: the least that GOMEMLIMIT, Linux and the limits of a container say, or
// 0 if nobody says anything.
func freeMemory() int64 {
	root := os.DirFS("/")
	free := min(debug.SetMemoryLimit(-1), availableMemory(root), groupMemory(root))
	if free == math.MaxInt64 {
		return 0
	}
	return free
}

// availableMemory is what the machine has, below the root of its file system; math.MaxInt64 if that is not known.
func availableMemory(root fs.FS) int64 {
	if kib, ok := namedValue(root, "proc/meminfo", "MemAvailable:"); ok {
		return kib << 10
	}
	return math.MaxInt64
}

// group is how control groups of one version show memory; see "Memory" in the Linux kernel's cgroup-v2 and cgroup-v1 guides.
type group struct {
	root, limit, used string
	caches            []string // of memory.stat: what is given back before anything is killed
}

var (
	group2 = group{"sys/fs/cgroup", "memory.max", "memory.current", []string{"inactive_file", "active_file"}}
	group1 = group{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", []string{"total_inactive_file", "total_active_file"}}
)

// groupMemory is what the control groups of the process leave it: at least 1, and math.MaxInt64 without a limit.
func groupMemory(root fs.FS) int64 {
	free := int64(math.MaxInt64)
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return free
	}
	for line := range strings.Lines(string(text)) { // number:controllers:path
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		g := group2
		if parts[1] != "" {
			if !slices.Contains(strings.Split(parts[1], ","), "memory") {
				continue
			}
			g = group1
		}
		// A limit holds for the groups below, too. A container may see its own group as the outermost, under a path that is not there.
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			free = min(free, g.free(root, path.Join(g.root, dir)))
			if dir == "/" {
				break
			}
		}
	}
	return free
}

// free is what a group's limit leaves.
func (g *group) free(root fs.FS, dir string) int64 {
	limit, ok := value(root, path.Join(dir, g.limit))
	if !ok { // "max", or there is no such group
		return math.MaxInt64
	}
	used, _ := value(root, path.Join(dir, g.used))
	for _, name := range g.caches {
		n, _ := namedValue(root, path.Join(dir, "memory.stat"), name+" ")
		used -= n
	}
	return max(limit-max(used, 0), 1)
}

// value is the number that a file holds.
func value(root fs.FS, name string) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil && n >= 0
}

// namedValue is the number after a name at the start of a line, whatever its unit.
func namedValue(root fs.FS, file, name string) (int64, bool) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, name)
		if fields := strings.Fields(rest); ok && len(fields) > 0 {
			n, err := strconv.ParseInt(fields[0], 10, 64)
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}

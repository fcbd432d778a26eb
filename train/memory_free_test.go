// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"math"
	"testing"
	"testing/fstest"
)

func TestContainersLimitMemory(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nobody": {nil, math.MaxInt64},
		"version 2": {map[string]string{
			"proc/self/cgroup":             "0::/\n",
			"sys/fs/cgroup/memory.max":     "1000\n",
			"sys/fs/cgroup/memory.current": "700\n",
			"sys/fs/cgroup/memory.stat":    "anon 400\nfile 300\ninactive_file 200\nactive_file 50\n",
		}, 550},
		"a group above": {map[string]string{
			"proc/self/cgroup":                 "0::/a/b\n",
			"sys/fs/cgroup/a/memory.max":       "900\n",
			"sys/fs/cgroup/a/memory.current":   "100\n",
			"sys/fs/cgroup/a/b/memory.max":     "max\n",
			"sys/fs/cgroup/a/b/memory.current": "50\n",
		}, 800},
		"a path of the host": {map[string]string{
			"proc/self/cgroup":             "0::/../system.slice/docker-1.scope\n",
			"sys/fs/cgroup/memory.max":     "500\n",
			"sys/fs/cgroup/memory.current": "100\n",
		}, 400},
		"version 1": {map[string]string{
			"proc/self/cgroup":                                    "5:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":          "9223372036854771712\n",
			"sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "4096\n",
			"sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes": "2048\n",
			"sys/fs/cgroup/memory/docker/1/memory.stat":           "inactive_file 7\ntotal_inactive_file 1000\n",
		}, 3048},
		"used up": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "100\n", "sys/fs/cgroup/memory.current": "120\n",
		}, 1},
		"unlimited": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "120\n",
		}, math.MaxInt64},
	} {
		root := fstest.MapFS{}
		for file, text := range tt.files {
			root[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := groupMemory(root); got != tt.want {
			t.Errorf("%s: %d bytes, want %d", name, got, tt.want)
		}
	}
	root := fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal:  24684084 kB\nMemAvailable:   21784364 kB\n")}}
	if got := availableMemory(root); got != 21784364<<10 {
		t.Errorf("the machine has %d bytes", got)
	}
}

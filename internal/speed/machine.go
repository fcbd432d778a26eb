// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package speed

import (
	"cmp"
	"os"
	"runtime"
	"strings"

	"github.com/winnow-search/winnow/internal/kernel"
)

// Machine is what was measured on.
type Machine struct {
	CPU        string      `json:"cpu"`        // as the processor or the system calls it
	Processors int         `json:"processors"` // that this process may use
	OS         string      `json:"os"`
	Arch       string      `json:"arch"`
	Go         string      `json:"go"`
	Tier       kernel.Tier `json:"simd"` // in use
}

// ThisMachine describes the machine.
func ThisMachine() Machine {
	tier, _ := kernel.Active() // a wrong WINNOW_SIMD is for the caller to report
	name := cmp.Or(systemCPU(), os.Getenv("PROCESSOR_IDENTIFIER"), "unnamed "+runtime.GOARCH)
	return Machine{name, runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version(), tier}
}

// cpuName finds the name in the text of Linux's /proc/cpuinfo: x86 has it as
// "model name"; of arm64 "Model" is the board's name, if there is one.
func cpuName(info string) string {
	for _, key := range []string{"model name", "Model", "Hardware", "uarch"} {
		for line := range strings.Lines(info) {
			name, value, ok := strings.Cut(line, ":")
			if value = strings.Join(strings.Fields(value), " "); ok && strings.TrimSpace(name) == key && value != "" {
				return value
			}
		}
	}
	return ""
}

// PeakMemory is the most bytes of this process that were resident at once; 0 where
// the system does not say.
func PeakMemory() int64 { return peakMemory() }

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"maps"
	"slices"
	"strconv"

	"github.com/winnow-search/winnow/experiment"
)

// repeat is what a colleague needs to get the same figures.
type repeat struct {
	Version    string
	Machine    []pair
	Models     []modelRow
	Inputs     []inputRow
	Parameters []pair
}

type pair struct{ Name, Value string }

type modelRow struct{ Role, Name, Precision, MaxTokens, Fingerprint string }

type inputRow struct{ Path, Bytes, SHA256 string }

// mostRows bounds lists that a caller's input makes long.
const mostRows = 200

func newRepeat(m *experiment.Manifest) *repeat {
	out := &repeat{Version: line(m.Winnow, nameLength)}
	add := func(list *[]pair, name, value string) {
		if value = line(value, pathLength); value != "" {
			*list = append(*list, pair{line(name, nameLength), value})
		}
	}
	add(&out.Machine, "winnow", m.Winnow)
	add(&out.Machine, "Go", m.Machine.Go)
	add(&out.Machine, "system", m.Machine.OS+"/"+m.Machine.Arch)
	add(&out.Machine, "processor", m.Machine.CPU)
	add(&out.Machine, "SIMD tier", string(m.Machine.Tier))
	add(&out.Machine, "threads", strconv.Itoa(m.Threads))
	add(&out.Machine, "seed", strconv.FormatUint(m.Seed, 10))
	for _, r := range m.Models[:min(len(m.Models), mostRows)] {
		out.Models = append(out.Models, modelRow{
			line(r.Role, nameLength), line(r.Name, pathLength), string(r.Precision), count(r.MaxTokens), line(r.Fingerprint, nameLength),
		})
	}
	if x := m.Index; x != nil {
		add(&out.Machine, "passages", count(x.Passages))
		add(&out.Machine, "index of vectors", x.Settings.Vectors)
		if x.Settings.Dim > 0 {
			add(&out.Machine, "dimensions", count(x.Settings.Dim))
		}
		add(&out.Machine, "index kept in", x.Dir)
	}
	for _, in := range m.Inputs[:min(len(m.Inputs), mostRows)] {
		out.Inputs = append(out.Inputs, inputRow{line(in.Path, pathLength), count(in.Bytes), line(in.SHA256, nameLength)})
	}
	names := slices.Sorted(maps.Keys(m.Parameters))
	for _, name := range names[:min(len(names), mostRows)] {
		add(&out.Parameters, "--"+name, m.Parameters[name])
	}
	return out
}

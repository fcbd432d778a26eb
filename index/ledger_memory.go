// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"maps"
	"slices"
)

// memoryLedger is the ledger of an index that lives as long as the program.
type memoryLedger struct {
	manifest *manifest
	records  map[string]FileRecord
}

func (l *memoryLedger) load() (*manifest, error) { return l.manifest.clone(), nil }

func (l *memoryLedger) commit(m *manifest, files []FileRecord) error {
	if err := m.check(); err != nil {
		return err
	}
	l.manifest = m
	for _, f := range files {
		if f.Hash == "" {
			delete(l.records, f.Path)
		} else {
			l.records[f.Path] = f
		}
	}
	return nil
}

func (l *memoryLedger) files(f func(FileRecord) error) error {
	for _, path := range slices.Sorted(maps.Keys(l.records)) {
		if err := f(l.records[path]); err != nil {
			return err
		}
	}
	return nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"maps"
	"slices"
	"sync"
)

// memoryLedger is the ledger of an index that lives as long as the program.
type memoryLedger struct {
	manifest *manifest // set by changes alone, one after the other
	mu       sync.Mutex
	records  map[string]FileRecord
}

func (l *memoryLedger) load() (*manifest, error) { return l.manifest.clone(), nil }

func (l *memoryLedger) commit(m *manifest, files []FileRecord) error {
	if err := m.check(); err != nil {
		return err
	}
	l.manifest = m
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range files {
		if f.Hash == "" {
			delete(l.records, f.Path)
		} else {
			l.records[f.Path] = f
		}
	}
	return nil
}

func (l *memoryLedger) again() error { return nil }

func (l *memoryLedger) files(f func(FileRecord) error) error {
	l.mu.Lock()
	records := maps.Clone(l.records)
	l.mu.Unlock()
	for _, path := range slices.Sorted(maps.Keys(records)) {
		if err := f(records[path]); err != nil {
			return err
		}
	}
	return nil
}

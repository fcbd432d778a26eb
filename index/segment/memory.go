// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"errors"
	"fmt"
	"io"
)

// Memory holds sections in memory: a SectionWriter whose Reader is the SectionReader. It is for indexes that are never stored,
// and for tests. It is not safe for concurrent use; its Reader is.
type Memory struct {
	names    []string
	sections map[string]*memorySection
	last     *memorySection
}

type memorySection struct {
	data []byte
	done bool
}

// NewMemory returns a Memory without sections.
func NewMemory() *Memory { return &Memory{sections: map[string]*memorySection{}} }

// Section starts a section, as Writer.Section does.
func (m *Memory) Section(name string) (io.Writer, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if m.sections[name] != nil {
		return nil, fmt.Errorf("section %q is written twice", name)
	}
	if m.last != nil {
		m.last.done = true
	}
	m.last = &memorySection{}
	m.names = append(m.names, name)
	m.sections[name] = m.last
	return m.last, nil
}

func (s *memorySection) Write(p []byte) (int, error) {
	if s.done {
		return 0, errSectionDone
	}
	s.data = append(s.data, p...)
	return len(p), nil
}

var errSectionDone = errors.New("the section is done: another one was started or the segment finished")

// Reader gives the sections written so far. Later writes do not change it, nor does changing its bytes change the Memory.
func (m *Memory) Reader() SectionReader {
	r := &reader{sections: make(map[string]*Section, len(m.names))}
	for _, name := range m.names {
		data := m.sections[name].data
		s := FromBytes(name, append(alignedBytes(len(data))[:0], data...))
		r.sections[name] = s
		r.list = append(r.list, s)
	}
	return r
}

// reader finds sections by name.
type reader struct {
	file     string // base name
	list     []*Section
	sections map[string]*Section
}

func (r *reader) Section(name string) (*Section, error) {
	if s := r.sections[name]; s != nil {
		return s, nil
	}
	return nil, &CorruptionError{File: r.file, Section: name, Err: errors.New("the segment has no such section")}
}

func (r *reader) Has(name string) bool { return r.sections[name] != nil }

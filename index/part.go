// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/vfs"
)

// head is the first section of a segment. It repeats what the manifest says, so that a lost manifest can be made anew.
type head struct {
	Settings Settings `json:"settings"`
	Docs     int      `json:"docs"`
	Rows     int      `json:"rows"`
	Replaces []string `json:"replaces,omitempty"` // the segments that were merged into this one
	// Newest is the highest number among the segments whose documents have come into this one, by merges or a repair;
	// 0 for its own. Its order tells which of two documents with one id is the newer.
	Newest uint64 `json:"newest,omitempty"`
}

// part is an open segment. Snapshots share it; the last one to let go of it closes it.
type part struct {
	record   segmentRecord
	newest   uint64 // see head
	sections segment.SectionReader
	file     *segment.File // nil in memory
	docs     *docStore
	columns  *filter.Columns
	lexical  *lexical.Index
	vectors  *vector.Index // nil in an index without vectors

	users    atomic.Int64
	obsolete func() // what to do when nobody uses it any more; set before the last user goes
}

// openPart opens the segment of a record, whose file must be the one that was committed.
func openPart(fs vfs.FS, dir string, r segmentRecord, s *Settings) (*part, error) {
	file, err := segment.OpenExpected(fs, filepath.Join(dir, r.Name), segment.Info{Size: r.Size, Checksum: r.Checksum})
	if err != nil {
		return nil, err
	}
	p, err := newPart(file, r, s)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p.file = file
	return p, nil
}

// newPart opens what is in the sections.
func newPart(sections segment.SectionReader, r segmentRecord, s *Settings) (*part, error) {
	h, err := readHead(sections)
	if err != nil {
		return nil, err
	}
	if h.Docs != r.Docs || h.Rows != r.Rows {
		return nil, damaged(sections, sectionHead, fmt.Errorf("%d documents and %d rows, expected %d and %d", h.Docs, h.Rows, r.Docs, r.Rows))
	}
	p := &part{record: r, newest: h.Newest, sections: sections}
	if p.newest == 0 {
		p.newest = segmentNumber(r.Name)
	}
	if p.docs, err = openDocs(sections, r.Docs, r.Rows); err != nil {
		return nil, err
	}
	if err := p.openDerived(s); err != nil {
		return nil, err
	}
	return p, nil
}

// openDerived opens what is made from the documents.
func (p *part) openDerived(s *Settings) (err error) {
	if p.columns, err = filter.Open(p.sections, p.record.Docs); err != nil {
		return err
	}
	if p.lexical, err = lexical.Open(p.sections); err != nil {
		return err
	}
	if p.lexical.Rows() != p.record.Rows {
		return damaged(p.sections, sectionHead, fmt.Errorf("postings of %d rows, expected %d", p.lexical.Rows(), p.record.Rows))
	}
	if s.Dim == 0 {
		return nil
	}
	if p.vectors, err = vector.Open(p.sections); err != nil {
		return err
	}
	if v := p.vectors; v.Len() != p.record.Rows || v.Dim() != s.Dim || v.Metric() != s.Metric {
		return damaged(p.sections, sectionHead, fmt.Errorf("%d %s vectors of dimension %d, expected %d %s of %d", v.Len(), v.Metric(), v.Dim(), p.record.Rows, s.Metric, s.Dim))
	}
	return nil
}

// damaged is a structure error that shows at the beginning of a section.
func damaged(sections segment.SectionReader, name string, err error) error {
	section, missing := sections.Section(name)
	if missing != nil {
		return missing
	}
	return section.Corrupt(0, err)
}

func readHead(sections segment.SectionReader) (h head, err error) {
	section, err := sections.Section(sectionHead)
	if err != nil {
		return head{}, err
	}
	if err := section.VerifyAll(); err != nil {
		return head{}, err
	}
	if err := json.Unmarshal(section.Bytes(), &h); err != nil {
		return head{}, section.Corrupt(0, err)
	}
	return h, nil
}

// retain notes another user.
func (p *part) retain() { p.users.Add(1) }

// release notes that a user is done. The last one closes the file and, if the segment is obsolete, removes it.
func (p *part) release() error {
	if p.users.Add(-1) > 0 {
		return nil
	}
	var err error
	if p.file != nil {
		err = p.file.Close()
	}
	if p.obsolete != nil {
		p.obsolete()
	}
	return err
}

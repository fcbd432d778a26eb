// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"strings"
)

// Strings returns a string that each document has in a field, by document; empty for those without. Errors are
// *segment.CorruptionError.
func (c *Columns) Strings(name string) ([]string, error) {
	out := make([]string, c.docs)
	f, ok := c.find(name)
	if !ok {
		return out, nil
	}
	d, err := f.dictionary()
	if err != nil {
		return nil, err
	}
	for k := range int(f.distinct) {
		s, err := d.at(k)
		if err != nil {
			return nil, err
		}
		from, to, err := d.pairs(k, k+1)
		if err != nil {
			return nil, err
		}
		at := f.layout.stringDocs + 4*uint64(from)
		docs, err := f.array(at, to-from, 4)
		if err != nil {
			return nil, err
		}
		s = strings.Clone(s) // not of the mapping
		for i := range int(to - from) {
			doc := le.Uint32(docs[4*i:])
			if uint64(doc) >= uint64(c.docs) {
				return nil, f.corrupt(at, fmt.Errorf("document %d lies outside of the segment's %d", doc, c.docs))
			}
			out[doc] = s
		}
	}
	return out, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/index/segment"
)

// rows is vectors in memory, one after the other, as a vector.Source.
type rows struct {
	data []float32
	dim  int
}

func (r *rows) Len() int            { return len(r.data) / r.dim }
func (r *rows) Row(i int) []float32 { return r.data[i*r.dim : (i+1)*r.dim : (i+1)*r.dim] }

// vector is the stored vector of a row.
func (p *part) vector(row int) ([]float32, error) {
	v := p.vectors.Source().Row(row)
	if v == nil {
		return nil, p.vectorDamage(row)
	}
	return v, nil
}

// vectorDamage finds out why a vector cannot be had.
func (p *part) vectorDamage(row int) error {
	if p.file != nil {
		for _, s := range p.file.Sections() {
			if strings.HasPrefix(s.Name(), "vec.") {
				if err := s.VerifyAll(); err != nil {
					return err
				}
			}
		}
	}
	return &segment.CorruptionError{File: p.record.Name, Err: fmt.Errorf("the vector of row %d cannot be read", row)}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/vector"
)

// Duplicate is two passages that say nearly the same.
type Duplicate struct {
	A, B  Hit     // by the order of adding; without scores
	Score float32 // of their vectors
}

// Duplicates calls f with every pair of passages whose vectors' score is at
// least threshold, whether of one document or of two: exactly those. Each
// passage is compared with each other, which takes about a second for 30,000
// passages and grows with the square. progress, which may be nil, is told how
// many of all passages are done.
func (e *Engine) Duplicates(ctx context.Context, threshold float32, progress func(done, total int), f func(Duplicate) error) error {
	if e.retriever == nil {
		return fmt.Errorf("duplicates need a retriever: %w", e.noVectors("name the files instead"))
	}
	snapshot, err := e.db.Snapshot()
	if err != nil {
		return closedError(err)
	}
	defer snapshot.Release()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	v := &allVectors{snapshot: snapshot, zero: make([]float32, e.retriever.Dim()), fail: cancel}
	if err := snapshot.Refs(func(r index.Ref) error {
		v.refs = append(v.refs, r)
		return nil
	}); err != nil {
		return err
	}
	s := e.db.Settings()
	err = vector.Pairs(ctx, v, s.Dim, s.Metric, threshold, e.threads, progress, func(p vector.Pair) error {
		refs := []index.Ref{v.refs[p.A], v.refs[p.B]}
		passages, err := snapshot.Passages(ctx, refs)
		if err != nil {
			return err
		}
		return f(Duplicate{newHit(&passages[0], refs[0]).Hit, newHit(&passages[1], refs[1]).Hit, p.Score})
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause // what could not be read, rather than that it ended the work
	}
	return err
}

// allVectors is the vectors of a snapshot, one after the other.
type allVectors struct {
	snapshot *index.Snapshot
	refs     []index.Ref
	zero     []float32   // in place of what cannot be read
	fail     func(error) // ends the work; the first error counts
}

func (v *allVectors) Len() int { return len(v.refs) }

func (v *allVectors) Row(i int) []float32 {
	row, err := v.snapshot.Vector(v.refs[i])
	if err != nil {
		v.fail(err)
		return v.zero
	}
	return row
}

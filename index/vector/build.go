// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/winnow-search/winnow/internal/kernel"
)

// BuildOptions are the settings of building. The result depends on Seed and not on Threads.
type BuildOptions struct {
	Threads  int                   // goroutines; 0: GOMAXPROCS
	Seed     uint64                // of everything that is drawn at random
	Progress func(done, total int) // called now and then with the number of rows done, from any one goroutine at a time; may be nil
}

// maxRows bounds an index: rows are numbered by 31 bits.
const maxRows = 1<<31 - 1

// Build makes an index of all vectors of src, of dim components. The source must stay as it is while the index is in use:
// fp32 vectors are not copied, so that a source may lie in a mapped file and be larger than memory; other encodings, lists
// and graph are in memory. Under Cosine vectors that are not normalised are normalised on the way.
//
// NaN and infinities are errors that wrap ErrNotFinite and name the vector.
func Build(ctx context.Context, src Source, dim int, m Metric, s Spec, o BuildOptions) (*Index, error) {
	x, err := build(ctx, src, dim, m, s, o)
	if err != nil {
		return nil, fmt.Errorf("build of vector index %s: %w", s, err)
	}
	return x, nil
}

func build(ctx context.Context, src Source, dim int, m Metric, s Spec, o BuildOptions) (*Index, error) {
	if dim < 1 || dim > maxDim {
		return nil, fmt.Errorf("dimension %d: must be between 1 and %d", dim, maxDim)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	n := src.Len()
	if n > maxRows {
		return nil, fmt.Errorf("%d vectors, more than %d: split them", n, maxRows)
	}
	if _, err := ParseSpec(s.String()); err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	src, err := checkSource(ctx, src, dim, m, o.Threads)
	if err != nil {
		return nil, err
	}
	x := &Index{spec: s.Resolve(n, dim), metric: m, dim: dim, n: n, source: src}
	order := func(place int) int { return place }
	if x.spec.Kind == KindIVF {
		if x.lists, err = buildLists(ctx, src, dim, m, x.spec, o); err != nil {
			return nil, err
		}
		order = func(place int) int { return int(x.lists.ids[place]) }
		if x.spec.Fine == None {
			x.lists.setPlaces()
		}
	}
	if x.spec.Fine == None && x.spec.Encoding == Float32 {
		x.fine = newSourceRows(src, dim, m, nil)
		x.coarse = x.fine
		if x.lists != nil {
			x.coarse = newSourceRows(src, dim, m, x.lists.ids)
		}
	} else if err := x.encode(ctx, order, o); err != nil {
		return nil, err
	}
	x.stride = rowStride(x.spec.Encoding, dim, x.spec.SubQuantisers)
	if x.spec.Kind == KindHNSW {
		if err := x.buildGraph(ctx, o); err != nil {
			return nil, err
		}
	}
	o.Progress(n, n)
	return x, nil
}

// encode makes the coarse encoding and the finer one if it is not the source itself.
func (x *Index) encode(ctx context.Context, order func(place int) int, o BuildOptions) error {
	var err error
	if x.parts.coarse, err = encodeRows(ctx, x.source, x.dim, x.metric, x.spec, order, o); err != nil {
		return err
	}
	x.coarse = x.parts.coarse.storage
	switch x.spec.Fine {
	case Float32:
		x.fine = newSourceRows(x.source, x.dim, x.metric, nil)
	case Float16:
		fine := Spec{Encoding: Float16}
		if x.parts.fine, err = encodeRows(ctx, x.source, x.dim, x.metric, fine, func(i int) int { return i }, o); err != nil {
			return err
		}
		x.fine = x.parts.fine.storage
		x.source = sourceOf(x.fine)
	default:
		x.useCoarse()
	}
	return nil
}

// useCoarse makes the coarse encoding the finest.
func (x *Index) useCoarse() {
	x.fine = x.coarse
	if x.lists != nil {
		x.fine = &placedRows{x.coarse, x.lists}
	}
	x.source = sourceOf(x.fine)
}

// checkSource reads all vectors once. It returns the source, or under Cosine one that normalises if any vector needs it.
func checkSource(ctx context.Context, src Source, dim int, m Metric, threads int) (Source, error) {
	const piece = 1024
	n := src.Len()
	lengths := make([]bool, (n+piece-1)/piece)
	err := parallel(ctx, n, piece, threads, func() func(from, to int) error {
		return func(from, to int) error {
			for i := from; i < to; i++ {
				row, err := sourceRow(src, i, dim)
				if err != nil {
					return err
				}
				// A sum of squares is not finite if a component is not, and else only for huge components.
				if s := kernel.Dot(row, row); s-s != 0 {
					for j, v := range row {
						if v-v != 0 {
							return fmt.Errorf("vector %d, component %d: %w: %v", i, j, ErrNotFinite, v)
						}
					}
				}
				lengths[from/piece] = lengths[from/piece] || m == Cosine && !isUnit(row)
			}
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	for _, other := range lengths {
		if other {
			return normalized{src}, nil
		}
	}
	return src, nil
}

// isUnit reports whether a vector is normalised, or 0, which normalising leaves as it is. A vector that was normalised and
// then rounded to 16 or 8 bits passes: it is not to be changed again.
func isUnit(v []float32) bool {
	s := float64(kernel.Dot(v, v))
	return math.Abs(s-1) < 0.01 || s == 0 && !slices.ContainsFunc(v, func(x float32) bool { return x != 0 }) // squares may vanish
}

// normalized is a source whose vectors are divided by their lengths.
type normalized struct{ Source }

// Row returns a vector of length 1, in a new slice if it was not one.
func (s normalized) Row(i int) []float32 {
	row := s.Source.Row(i)
	if isUnit(row) {
		return row
	}
	row = append([]float32(nil), row...)
	normalize(row)
	return row
}

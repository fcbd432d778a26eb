// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/winnow-search/winnow/index/segment"
)

// The sections of an index: see docs/format/vectors.md.
const (
	sectionHead      = "vec.head"
	sectionFine      = "vec.fine"
	sectionCoarse    = "vec.coarse"
	sectionCentroids = "vec.lists.centroids"
	sectionOffsets   = "vec.lists.offsets"
	sectionIDs       = "vec.lists.ids"
	sectionPlaces    = "vec.lists.places"

	headVersion = 1
	headBytes   = 96
	metricBytes = 16
)

// parts are the encoded bytes of an index, for Write. Rows are nil where they are the source's fp32 vectors.
type parts struct{ fine, coarse encoded }

// head is the content of the section vec.head.
type head struct {
	dim, n int
	metric Metric
	spec   Spec
}

func (h head) bytes() []byte {
	b := make([]byte, headBytes)
	binary.LittleEndian.PutUint32(b, headVersion)
	binary.LittleEndian.PutUint32(b[4:], uint32(h.dim))
	binary.LittleEndian.PutUint64(b[8:], uint64(h.n))
	copy(b[16:16+metricBytes], h.metric)
	copy(b[16+metricBytes:], h.spec.String())
	return b
}

// VersionError is the refusal of vectors in a format that this program does not know.
type VersionError struct{ Version uint32 }

// Error says what to do.
func (e *VersionError) Error() string {
	return fmt.Sprintf("vectors have format version %d, this program knows %d: use a newer winnow", e.Version, headVersion)
}

func readHead(s *segment.Section) (head, error) {
	if err := s.VerifyAll(); err != nil {
		return head{}, err
	}
	b := s.Bytes()
	if len(b) >= 4 && binary.LittleEndian.Uint32(b) > headVersion {
		return head{}, s.Corrupt(0, &VersionError{binary.LittleEndian.Uint32(b)})
	}
	if len(b) != headBytes || binary.LittleEndian.Uint32(b) != headVersion {
		return head{}, s.Corrupt(0, fmt.Errorf("%d bytes, want %d of version %d", len(b), headBytes, headVersion))
	}
	dim, n := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint64(b[8:])
	if dim < 1 || dim > maxDim {
		return head{}, s.Corrupt(4, fmt.Errorf("dimension %d", dim))
	}
	if n > maxRows {
		return head{}, s.Corrupt(8, fmt.Errorf("%d vectors", n))
	}
	text := func(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }
	h := head{dim: int(dim), n: int(n), metric: Metric(text(b[16 : 16+metricBytes]))}
	if err := h.metric.check(); err != nil {
		return head{}, s.Corrupt(16, err)
	}
	spec, err := ParseSpec(text(b[16+metricBytes:]))
	if err != nil {
		return head{}, s.Corrupt(16+metricBytes, err)
	}
	h.spec = spec
	// What is open here would be resolved by what another version of the program thinks best.
	if h.spec != spec.Resolve(h.n, h.dim) || !bytes.Equal(h.bytes(), b) {
		return head{}, s.Corrupt(16+metricBytes, fmt.Errorf("index kind %s is not in its final form", spec))
	}
	return h, nil
}

// Write writes the index as sections named "vec.…". fp32 vectors are copied from the source as they go by.
func (x *Index) Write(w segment.SectionWriter) error {
	if err := x.write(w); err != nil {
		return fmt.Errorf("write of vector index: %w", err)
	}
	return nil
}

func (x *Index) write(w segment.SectionWriter) error {
	if err := writeSection(w, sectionHead, head{x.dim, x.n, x.metric, x.spec}.bytes()); err != nil {
		return err
	}
	if x.spec.Fine != None {
		if err := x.writeRows(w, sectionFine, x.spec.Fine, x.parts.fine, nil); err != nil {
			return err
		}
	}
	var order []uint32
	if x.lists != nil {
		order = x.lists.ids
	}
	if err := x.writeRows(w, sectionCoarse, x.spec.Encoding, x.parts.coarse, order); err != nil {
		return err
	}
	if x.lists != nil {
		if err := x.lists.write(w); err != nil {
			return err
		}
	}
	if x.graph != nil {
		return x.graph.write(w)
	}
	return nil
}

func writeSection(w segment.SectionWriter, name string, b []byte) error {
	out, err := w.Section(name)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return err
}

// writeRows writes encoded rows, or the fp32 vectors of the source in an order (nil: theirs) if there are none.
func (x *Index) writeRows(w segment.SectionWriter, name string, encoding Encoding, e encoded, order []uint32) error {
	if e.storage != nil {
		if err := writeSection(w, name, e.rows); err != nil || !hasSide(encoding) {
			return err
		}
		return writeSection(w, name+".side", e.side)
	}
	out, err := w.Section(name)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<20)
	row := make([]float32, pad(x.dim, float32Align))
	for i := range x.n {
		if order != nil {
			i = int(order[i])
		}
		v, err := sourceRow(x.source, i, x.dim)
		if err != nil {
			return err
		}
		copy(row, v)
		if _, err := buffered.Write(raw(row)); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func (l *lists) write(w segment.SectionWriter) error {
	if err := writeSection(w, sectionCentroids, raw(l.centroids.data)); err != nil {
		return err
	}
	if err := writeSection(w, sectionOffsets, raw(l.offsets)); err != nil {
		return err
	}
	if err := writeSection(w, sectionIDs, raw(l.ids)); err != nil || l.places == nil {
		return err
	}
	return writeSection(w, sectionPlaces, raw(l.places))
}

// Open reads an index that Write wrote. It looks at sizes and the small parts only; rows, lists and links are verified when a
// search touches them, and all of them by [Index.Check]. Errors about the bytes are *segment.CorruptionError.
func Open(r segment.SectionReader) (*Index, error) {
	section, err := r.Section(sectionHead)
	if err != nil {
		return nil, err
	}
	h, err := readHead(section)
	if err != nil {
		return nil, err
	}
	x := &Index{spec: h.spec, metric: h.metric, dim: h.dim, n: h.n}
	x.stride = rowStride(h.spec.Encoding, h.dim, h.spec.SubQuantisers)
	if x.parts.coarse, err = openEncoded(r, sectionCoarse, h.n, h.dim, h.metric, h.spec.Encoding, h.spec.SubQuantisers); err != nil {
		return nil, err
	}
	x.coarse = x.parts.coarse.storage
	if h.spec.Kind == KindIVF {
		if x.lists, err = openLists(r, h); err != nil {
			return nil, err
		}
	}
	if h.spec.Fine == None {
		x.useCoarse()
	} else {
		if x.parts.fine, err = openEncoded(r, sectionFine, h.n, h.dim, h.metric, h.spec.Fine, 0); err != nil {
			return nil, err
		}
		x.fine = x.parts.fine.storage
		x.source = sourceOf(x.fine)
	}
	if h.spec.Kind == KindHNSW {
		if err := x.openGraph(r); err != nil {
			return nil, err
		}
	}
	return x, nil
}

var errOffsets = errors.New("lists do not follow each other from the first to the last row")

func openLists(r segment.SectionReader, h head) (*lists, error) {
	k, width := h.spec.Lists, pad(h.dim, float32Align)
	section, err := r.Section(sectionCentroids)
	if err != nil {
		return nil, err
	}
	t, err := openTable(section, k, 4*width)
	if err != nil {
		return nil, err
	}
	l := &lists{centroids: newFloatRows(t, view[float32](section.Bytes()), h.dim, centroidMetric(h.metric))}
	if section, err = r.Section(sectionOffsets); err != nil {
		return nil, err
	}
	if _, err = openTable(section, k+1, 4); err != nil {
		return nil, err
	}
	if err := section.VerifyAll(); err != nil {
		return nil, err
	}
	l.offsets = view[uint32](section.Bytes())
	for i := range k {
		if l.offsets[i] > l.offsets[i+1] {
			return nil, section.Corrupt(4*i, errOffsets)
		}
	}
	if l.offsets[0] != 0 || int(l.offsets[k]) != h.n {
		return nil, section.Corrupt(0, errOffsets)
	}
	if section, err = r.Section(sectionIDs); err != nil {
		return nil, err
	}
	if l.check, err = openTable(section, h.n, 4); err != nil {
		return nil, err
	}
	l.ids = view[uint32](section.Bytes())
	if h.spec.Fine != None {
		return l, nil
	}
	if section, err = r.Section(sectionPlaces); err != nil {
		return nil, err
	}
	if l.where, err = openTable(section, h.n, 4); err != nil {
		return nil, err
	}
	l.places = view[uint32](section.Bytes())
	return l, nil
}

// Bytes is how much the parts of the index take.
func (x *Index) Bytes() Sizes {
	s := Sizes{Coarse: int64(x.n)*int64(x.stride) + int64(sideBytes(x.spec.Encoding, x.n, x.dim))}
	if x.spec.Fine != None {
		s.Fine = int64(x.n) * int64(x.fineStride())
	}
	if x.lists != nil {
		s.Lists = int64(len(raw(x.lists.centroids.data)) + 4*(len(x.lists.offsets)+len(x.lists.ids)+len(x.lists.places)))
	}
	if x.graph != nil {
		s.Graph = x.graphBytes()
	}
	return s
}

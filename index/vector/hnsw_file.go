// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/winnow-search/winnow/index/segment"
)

// The sections of a graph; docs/format/hnsw.md gives their bytes.
const (
	graphHead  = "vec.graph.head"
	graphLinks = "vec.graph.links"
	graphUpper = "vec.graph.upper"

	graphVersion  = 1
	graphHeadSize = 40 // and 4 for each upper layer
	graphAlign    = 64
)

var errGraphHead = errors.New("damaged header of the graph: rebuild the index's vectors")

// write stores the graph in three sections.
func (g *graph) write(w segment.SectionWriter) error {
	le := binary.LittleEndian
	var head []byte
	head = le.AppendUint32(head, graphVersion)
	head = le.AppendUint32(head, uint32(g.m))
	head = le.AppendUint32(head, uint32(g.ef))
	head = le.AppendUint32(head, uint32(len(g.layers)-1))
	head = le.AppendUint64(head, uint64(g.n))
	head = le.AppendUint64(head, uint64(len(g.order)))
	head = le.AppendUint64(head, g.seed)
	for _, l := range g.layers[1:] {
		head = le.AppendUint32(head, uint32(l.nodes))
	}
	parts := [][]uint32{g.order}
	for _, l := range g.layers[1:] {
		parts = append(parts, l.links)
	}
	for _, s := range []struct {
		name  string
		parts [][]byte
	}{
		{graphHead, [][]byte{head}},
		{graphLinks, [][]byte{raw(g.layers[0].links)}},
		{graphUpper, padded(parts)},
	} {
		out, err := w.Section(s.name)
		if err != nil {
			return err
		}
		for _, part := range s.parts {
			if _, err := out.Write(part); err != nil {
				return err
			}
		}
	}
	return nil
}

// padded follows each part by zeros up to a multiple of graphAlign bytes.
func padded(parts [][]uint32) [][]byte {
	var list [][]byte
	for _, p := range parts {
		b := raw(p)
		list = append(list, b, make([]byte, pad(len(b), graphAlign)-len(b)))
	}
	return list
}

// openGraph reads the header of a graph over n rows and checks that it fits the sizes of the other sections. It takes the
// same time for any n: links are checked when a walk comes to them, and all of them by check.
func openGraph(r segment.SectionReader, n int) (*graph, error) {
	head, err := r.Section(graphHead)
	if err != nil {
		return nil, err
	}
	if err := head.VerifyAll(); err != nil {
		return nil, err
	}
	g, upper, err := readGraphHead(head.Bytes(), n)
	if err != nil {
		return nil, head.Corrupt(0, fmt.Errorf("%w: %w", errGraphHead, err))
	}
	links, err := r.Section(graphLinks)
	if err != nil {
		return nil, err
	}
	rest, err := r.Section(graphUpper)
	if err != nil {
		return nil, err
	}
	return g.attach(links, rest, upper)
}

// graphBytes is the size of the graph's sections.
func (x *Index) graphBytes() int64 {
	g := x.graph
	size := int64(graphHeadSize + 4*(len(g.layers)-1) + pad(4*len(g.order), graphAlign))
	size += int64(4 * len(g.layers[0].links))
	for _, l := range g.layers[1:] {
		size += int64(pad(4*len(l.links), graphAlign))
	}
	return size
}

// readGraphHead reads the header. upper has the nodes of each upper layer.
func readGraphHead(b []byte, n int) (g *graph, upper []int, err error) {
	if len(b) < graphHeadSize {
		return nil, nil, fmt.Errorf("%d bytes", len(b))
	}
	le := binary.LittleEndian
	version, m, ef, layers := le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:])
	rows, ordered := le.Uint64(b[16:]), le.Uint64(b[24:])
	switch {
	case version != graphVersion:
		return nil, nil, fmt.Errorf("version %d, this program knows version %d", version, graphVersion)
	case m < minLinks || m > maxLinks:
		return nil, nil, fmt.Errorf("%d links a node: must be between %d and %d", m, minLinks, maxLinks)
	case rows != uint64(n) || n >= maxNodes:
		return nil, nil, fmt.Errorf("%d rows, the vectors have %d", rows, n)
	case layers >= maxLayers || len(b) != graphHeadSize+4*int(layers):
		return nil, nil, fmt.Errorf("%d bytes for %d upper layers", len(b), layers)
	}
	above := min(n, 1) // nodes of the order
	for i := range int(layers) {
		count := int(le.Uint32(b[graphHeadSize+4*i:]))
		if i > 0 && count > upper[i-1] || count > n || count < 2 {
			return nil, nil, fmt.Errorf("%d nodes in layer %d", count, i+1)
		}
		upper = append(upper, count)
		above = max(above, count)
	}
	if ordered != uint64(above) {
		return nil, nil, fmt.Errorf("%d nodes in upper layers, must be %d", ordered, above)
	}
	return &graph{n: n, m: int(m), ef: int(ef), seed: le.Uint64(b[32:])}, upper, nil
}

// attach gives the graph its sections, whose sizes must be what the header says.
func (g *graph) attach(links, rest *segment.Section, upper []int) (*graph, error) {
	if want := 4 * 2 * g.m * g.n; links.Len() != want {
		return nil, links.Corrupt(0, fmt.Errorf("%w: %d bytes of links, must be %d", errGraphHead, links.Len(), want))
	}
	g.layers = []layer{{nodes: g.n, width: 2 * g.m, links: view[uint32](links.Bytes()), section: links}}
	ordered := min(g.n, 1)
	if len(upper) > 0 {
		ordered = upper[0]
	}
	size := pad(4*ordered, graphAlign)
	firsts := make([]int, len(upper))
	for i, nodes := range upper {
		firsts[i] = size
		size += pad(4*g.m*nodes, graphAlign)
	}
	if rest.Len() != size {
		return nil, rest.Corrupt(0, fmt.Errorf("%w: %d bytes of upper layers, must be %d", errGraphHead, rest.Len(), size))
	}
	g.order, g.orderSection = view[uint32](rest.Bytes()[:4*ordered]), rest
	for i, nodes := range upper {
		bytes := rest.Bytes()[firsts[i] : firsts[i]+4*g.m*nodes]
		g.layers = append(g.layers, layer{nodes: nodes, width: g.m, links: view[uint32](bytes), section: rest, first: firsts[i]})
	}
	return g, nil
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/winnow-search/winnow/index/segment"
)

const (
	// noNode ends a list of links that is not full. It is no node's number.
	noNode = math.MaxUint32
	// maxNodes bounds a graph: a beam keeps one bit beside each node's number.
	maxNodes = 1 << 31
	// minLinks and maxLinks bound m, the links of a node in upper layers.
	minLinks = 2
	maxLinks = 512
	// maxLayers bounds the height: with the least m that is still one node in 2^31.
	maxLayers = 32
)

// graph is a Hierarchical Navigable Small World (Malkov & Yashunin 2018, arXiv:1603.09320) over the rows of a Storage. It
// holds links only. Searching is safe from many goroutines at once.
//
// Rows are inserted in the order of a hash of their numbers, and the same hash gives their levels: the smaller, the higher.
// So the nodes of an upper layer are the first ones of that order, the entry point is the very first, and a node's number
// in an upper layer is its position in the order. In layer 0 it is its row.
type graph struct {
	n      int
	m      int    // links of a node in an upper layer; twice as many in layer 0
	ef     int    // efConstruction: candidates that links were chosen from
	seed   uint64 // of the order
	order  []uint32
	layers []layer // 0 is the one with all rows
	pool   sync.Pool

	orderSection *segment.Section // of order; nil when it needs no check
}

// layer is the links of all nodes of a layer: width numbers a node, best first, ended by noNode if there are fewer.
type layer struct {
	nodes int
	width int
	links []uint32
	// section holds links, from byte first on. It is nil in a graph that was built here.
	section *segment.Section
	first   int
}

// errLink is the cause of errors about a link to a node that the layer does not have.
var errLink = errors.New("link to a node that there is not, to itself, or twice")

// list returns a node's links after checking the checksum of their bytes. Their values are checked by who follows them.
func (l *layer) list(node uint32) ([]uint32, error) {
	at := int(node) * l.width
	if l.section != nil {
		if err := l.section.Verify(l.first+4*at, 4*l.width); err != nil {
			return nil, err
		}
	}
	return l.links[at : at+l.width : at+l.width], nil
}

// corrupt is the error about a link of a node.
func (l *layer) corrupt(node, link uint32) error {
	err := fmt.Errorf("node %d: %w: %d of %d: rebuild the index's vectors", node, errLink, link, l.nodes)
	if l.section == nil {
		return err
	}
	return l.section.Corrupt(l.first+4*int(node)*l.width, err)
}

// position is a row's place among all rows: a bijection on 64 bits (the finalizer of SplitMix64, Steele, Lea & Flood 2014).
func position(seed uint64, row uint32) uint64 {
	z := seed + (uint64(row)+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// insertionOrder returns all rows in the order they are inserted in, and how many of them each upper layer has. A row is in
// layer l with probability m^-l, which is the paper's distribution of levels with 1/ln m. A layer of one node is left out.
func insertionOrder(n, m int, seed uint64) (order []uint32, upper []int) {
	type place struct {
		at  uint64
		row uint32
	}
	places := make([]place, n)
	for i := range places {
		places[i] = place{position(seed, uint32(i)), uint32(i)}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	order = make([]uint32, n)
	for i, p := range places {
		order[i] = p.row
	}
	for bound := uint64(math.MaxUint64) / uint64(m); bound > 0 && len(upper) < maxLayers-1; bound /= uint64(m) {
		count, _ := slices.BinarySearchFunc(places, bound, func(p place, bound uint64) int {
			if p.at < bound {
				return -1
			}
			return 1
		})
		if count < 2 {
			break
		}
		upper = append(upper, count)
	}
	return order, upper
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import "encoding/binary"

// arena holds many growing byte strings. Each is a chain of chunks that double in size, so that a rare term costs 16 bytes and
// a frequent one little more than its bytes. The last four bytes of a chunk are the address of the next.
type arena struct {
	pages [][]byte
	used  uint32 // of the last page
	full  bool   // addresses are at an end; nothing more is kept
}

const (
	pageBits   = 18
	pageSize   = 1 << pageBits
	firstChunk = 16
	lastChunk  = 1 << 12
	maxPages   = 1<<(32-pageBits) - 1
)

// chain is one string of an arena; its zero value is empty.
type chain struct {
	first, at, end uint32 // addresses: start, next byte to write, end of the present chunk's bytes
	size           uint32 // of the present chunk
}

// alloc returns the address of a new chunk.
func (a *arena) alloc(size uint32) uint32 {
	if len(a.pages) == 0 || a.used+size > pageSize {
		if len(a.pages) == maxPages {
			a.full = true
			a.used = 0 // what is written now is never read
			return (maxPages - 1) << pageBits
		}
		a.pages = append(a.pages, make([]byte, pageSize))
		a.used = 0
	}
	address := uint32(len(a.pages)-1)<<pageBits | a.used
	a.used += size
	return address
}

func (a *arena) page(address uint32) []byte { return a.pages[address>>pageBits] }

// append adds a uvarint to the chain.
func (a *arena) append(c *chain, v uint64) {
	if c.end-c.at >= binary.MaxVarintLen64 {
		p := a.page(c.at)[c.at&(pageSize-1):]
		n := 0
		for ; v >= 0x80; v >>= 7 {
			p[n] = byte(v) | 0x80
			n++
		}
		p[n] = byte(v)
		c.at += uint32(n) + 1
		return
	}
	for ; v >= 0x80; v >>= 7 {
		a.put(c, byte(v)|0x80)
	}
	a.put(c, byte(v))
}

func (a *arena) put(c *chain, b byte) {
	if c.at == c.end {
		size := min(max(2*c.size, firstChunk), lastChunk)
		address := a.alloc(size)
		if c.size == 0 {
			c.first = address
		} else {
			binary.LittleEndian.PutUint32(a.page(c.end)[c.end&(pageSize-1):], address)
		}
		c.at, c.end, c.size = address, address+size-4, size
	}
	a.page(c.at)[c.at&(pageSize-1)] = b
	c.at++
}

// reader reads a chain that is not empty from its start.
type reader struct {
	arena *arena
	chain chain
	rest  []byte // of the present chunk
	link  uint32 // address of the next chunk's address
	size  uint32 // of the present chunk
	last  bool   // it is the last
}

func (r *reader) open() { r.enter(r.chain.first, firstChunk) }

// enter goes to the chunk of a size at an address.
func (r *reader) enter(address, size uint32) {
	r.size, r.link = size, address+size-4
	r.last = r.link == r.chain.end
	end := r.link
	if r.last {
		end = r.chain.at
	}
	r.rest = r.arena.page(address)[address&(pageSize-1):][:end-address]
}

func (r *reader) done() bool { return r.last && len(r.rest) == 0 }

func (r *reader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		v := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(v)
	}
	var v uint64
	for shift := 0; ; shift += 7 {
		if len(r.rest) == 0 {
			r.enter(binary.LittleEndian.Uint32(r.arena.page(r.link)[r.link&(pageSize-1):]), min(2*r.size, lastChunk))
		}
		b := r.rest[0]
		r.rest = r.rest[1:]
		if v |= uint64(b&0x7f) << shift; b < 0x80 {
			return v
		}
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Bounds on a vocabulary, far above any published one. They keep a hostile file from taking memory or time.
const (
	maxVocab      = 1 << 22 // ids and tokens
	maxTokenBytes = 1024
	maxProbes     = 1024 // slots looked at for one token while the table is filled
)

// A token can be looked up from two sides: as the beginning of a word, under its whole name, and as a
// continuation, under its name without the prefix ("##").
const (
	sideStart = iota
	sideNext
	sides
)

// slot is an entry of the hash table. A key of up to eight bytes is the token itself, so a hit on a
// short token, which most are, needs no second look; longer ones are compared with the names.
type slot struct {
	key  uint64
	meta uint32 // length<<1 | side; 0 marks a free slot
	id   int32
}

// vocab is an immutable hash table over all tokens, with filters that say which lengths are worth trying.
type vocab struct {
	prefix string
	names  []byte // all tokens one after the other
	begin  []uint32
	end    []uint32 // by id; an id without a token has end 0
	count  int
	table  []slot
	shift  uint
	single [sides][256]int32              // ids of tokens of one byte, -1 for none
	longer [sides][1 << filterBits]uint64 // bit n: a token of n bytes begins with these two bytes; bit 63: of 63 or more
	most   [sides]int                     // longest token in bytes
}

const filterBits = 12

func filterIndex(a, b byte) uint { return (uint(a)*67 ^ uint(b)*5) & (1<<filterBits - 1) }

const (
	mulA = 0x9E3779B97F4A7C15
	mulB = 0xD1B54A32D192ED03
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashState continues a hash with eight more bytes of a long token.
func hashState(state, word uint64) uint64 { return mix(state^word^mulB, mulA) }

func (v *vocab) home(key uint64, meta uint32) uint {
	return uint(mix(key^uint64(meta)*mulB, mulA) >> v.shift)
}

// keyOf computes a slot's key for a token of any length.
func keyOf(token []byte) uint64 {
	var state uint64
	short := len(token) <= 8
	for len(token) > 8 {
		state = hashState(state, binary.LittleEndian.Uint64(token))
		token = token[8:]
	}
	var last [8]byte
	copy(last[:], token)
	word := binary.LittleEndian.Uint64(last[:])
	if short {
		return word
	}
	return hashState(state, word)
}

// find looks up a piece of n bytes with the given key; name is its text, used only above eight bytes.
func (v *vocab) find(key uint64, n, side int, name []byte) int32 {
	meta := uint32(n<<1 | side)
	mask := uint(len(v.table) - 1)
	for i := v.home(key, meta); ; i++ {
		s := &v.table[i&mask]
		if s.meta == 0 {
			return -1
		}
		if s.key == key && s.meta == meta && (n <= 8 || string(v.tail(s.id, n)) == string(name[:n])) {
			return s.id
		}
	}
}

// name returns the token of an id, nil if there is none.
func (v *vocab) name(id int32) []byte {
	if id < 0 || int(id) >= len(v.end) || v.end[id] == 0 {
		return nil
	}
	return v.names[v.begin[id]:v.end[id]]
}

// tail returns the last n bytes of a token's name.
func (v *vocab) tail(id int32, n int) []byte {
	e := v.end[id]
	return v.names[e-uint32(n) : e]
}

// id looks a whole token up.
func (v *vocab) id(token string) (int32, bool) {
	if token == "" || len(token) > v.most[sideStart] {
		return 0, false
	}
	b := []byte(token)
	id := v.find(keyOf(b), len(b), sideStart, b)
	return id, id >= 0
}

// vocabBuilder collects tokens before the table, whose size depends on their number, is made.
type vocabBuilder struct {
	names []byte
	ids   []int32
	ends  []uint32 // into names, one a token
}

// add takes one token. The caller has checked that id is not negative.
func (b *vocabBuilder) add(token []byte, id int64) error {
	if len(b.ids) >= maxVocab {
		return fmt.Errorf("the vocabulary has more than %d tokens", maxVocab)
	}
	if id >= maxVocab {
		return fmt.Errorf("token %q has id %d; ids must be below %d", clip(token), id, maxVocab)
	}
	if len(token) > maxTokenBytes {
		return fmt.Errorf("token %q… has %d bytes; at most %d are supported", clip(token), len(token), maxTokenBytes)
	}
	b.names = append(b.names, token...)
	b.ids = append(b.ids, int32(id))
	b.ends = append(b.ends, uint32(len(b.names)))
	return nil
}

func clip(token []byte) []byte { return token[:min(len(token), 40)] }

// build makes the table. Tokens and ids must be distinct.
func (b *vocabBuilder) build(prefix string) (*vocab, error) {
	if len(b.ids) == 0 {
		return nil, errors.New("the vocabulary is empty")
	}
	v := &vocab{prefix: prefix, names: b.names}
	for s := range v.single {
		for i := range v.single[s] {
			v.single[s][i] = -1
		}
	}
	highest := int32(0)
	continued := 0
	var from uint32
	for i, id := range b.ids {
		highest = max(highest, id)
		if name := b.names[from:b.ends[i]]; len(name) > len(prefix) && string(name[:len(prefix)]) == prefix {
			continued++
		}
		from = b.ends[i]
	}
	v.begin, v.end = make([]uint32, highest+1), make([]uint32, highest+1)
	entries := uint(len(b.ids) + continued)
	size := bits.Len(entries + entries/2) // at most two thirds full
	v.table = make([]slot, 1<<size)
	v.shift = uint(64 - size)
	from = 0
	for i, id := range b.ids {
		name := b.names[from:b.ends[i]]
		if v.end[id] != 0 {
			return nil, fmt.Errorf("tokens %q and %q have the same id %d", clip(v.name(id)), clip(name), id)
		}
		v.begin[id], v.end[id] = from, b.ends[i]
		from = b.ends[i]
		v.count++
		if len(name) == 0 {
			continue // can never match
		}
		if err := v.insert(name, id, sideStart); err != nil {
			return nil, err
		}
		if len(name) > len(prefix) && string(name[:len(prefix)]) == prefix {
			if err := v.insert(name[len(prefix):], id, sideNext); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func (v *vocab) insert(name []byte, id int32, side int) error {
	n := len(name)
	key, meta := keyOf(name), uint32(n<<1|side)
	mask := uint(len(v.table) - 1)
	at := v.home(key, meta)
	for probes := 0; v.table[at&mask].meta != 0; at, probes = at+1, probes+1 {
		s := &v.table[at&mask]
		if s.key == key && s.meta == meta && (n <= 8 || string(v.tail(s.id, n)) == string(name)) {
			return fmt.Errorf("token %q is in the vocabulary twice, with ids %d and %d", clip(name), s.id, id)
		}
		if probes > maxProbes {
			return fmt.Errorf("the vocabulary is made so that its tokens collide in the hash table (at %q)", clip(name))
		}
	}
	v.table[at&mask] = slot{key: key, meta: meta, id: id}
	v.most[side] = max(v.most[side], n)
	if n == 1 {
		v.single[side][name[0]] = id
	} else {
		v.longer[side][filterIndex(name[0], name[1])] |= 1 << min(n, 63)
	}
	return nil
}

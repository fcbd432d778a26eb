// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

// piece of a template: a run of special tokens, or the place of a sequence.
type piece struct {
	sequence int // 0 for the first text, 1 for the second, -1 for special tokens
	ids      []int32
	typeID   uint8
}

// template says where the post-processor puts special tokens.
type template struct {
	pieces   []piece
	specials int // special tokens in all
}

func newTemplate(pieces ...piece) template {
	t := template{pieces: pieces}
	for _, p := range pieces {
		t.specials += len(p.ids)
	}
	return t
}

// PairLimits bounds a pair built by [Tokenizer.AppendPair]. All numbers count tokens.
type PairLimits struct {
	// Max is the most tokens of the whole pair, special tokens included; 0 or less means no limit.
	Max int
	// Query is the most tokens of the query. 0 or less means what Max leaves after the special tokens,
	// less one for the document if there is any: the query is cut only when it would fill the whole pair.
	Query int
}

// PairCut says how many tokens of each side did not fit.
type PairCut struct{ Query, Document int }

// SpecialCount returns how many special tokens the template adds to one text or to a pair.
func (t *Tokenizer) SpecialCount(pair bool) int {
	if pair {
		return t.pair.specials
	}
	return t.single.specials
}

// AppendSingle appends ids with the template's special tokens around them to dst. limit is the greatest
// number of tokens appended, special tokens included (0 or less: no limit); ids are cut at their
// end, and cut says by how many. A limit below [Tokenizer.SpecialCount] leaves no room at all: nothing
// is appended and every id counts as cut.
func (t *Tokenizer) AppendSingle(dst, ids []int32, limit int) (out []int32, cut int) {
	if limit > 0 {
		room := limit - t.single.specials
		if room < 0 {
			return dst, len(ids)
		}
		if len(ids) > room {
			cut = len(ids) - room
			ids = ids[:room]
		}
	}
	for _, p := range t.single.pieces {
		if p.sequence < 0 {
			dst = append(dst, p.ids...)
		} else {
			dst = append(dst, ids...)
		}
	}
	return dst, cut
}

// AppendPair appends a query and a document, with the template's special tokens, to dst, and the type id
// (segment) of each token to types. The query is kept whole up to its own limit; then the document is cut
// at its end to what is left. Types are derived last, from the template and the lengths that remained, so
// no token of a text can change a segment. A lim.Max below [Tokenizer.SpecialCount] leaves no room at
// all: nothing is appended and every token counts as cut.
func (t *Tokenizer) AppendPair(dst []int32, types []uint8, query, doc []int32, lim PairLimits) (outIDs []int32, outTypes []uint8, cut PairCut) {
	q, d := len(query), len(doc)
	if lim.Query > 0 {
		q = min(q, lim.Query)
	}
	if lim.Max > 0 {
		room := lim.Max - t.pair.specials
		if room < 0 {
			return dst, types, PairCut{Query: len(query), Document: len(doc)}
		}
		if lim.Query <= 0 && d > 0 {
			q = min(q, max(room-1, 0))
		}
		q = min(q, room)
		d = min(d, room-q)
	}
	cut = PairCut{Query: len(query) - q, Document: len(doc) - d}
	parts := [2][]int32{query[:q], doc[:d]}
	for _, p := range t.pair.pieces {
		ids := p.ids
		if p.sequence >= 0 {
			ids = parts[p.sequence]
		}
		dst = append(dst, ids...)
		for range ids {
			types = append(types, p.typeID)
		}
	}
	return dst, types, cut
}

// Encoding is a text or pair with everything the reference reports. All slices have the same length.
type Encoding struct {
	IDs     []int32
	TypeIDs []uint8
	// Offsets are half-open byte ranges, of the text or, for tokens of a pair's second part, of the second
	// text. Special tokens have [0, 0).
	Offsets [][2]int32
	// SpecialMask is 1 for tokens the template added.
	SpecialMask []uint8
}

// Encode tokenises text and puts the template's special tokens around it. Nothing is cut.
func (t *Tokenizer) Encode(text string) Encoding {
	return t.encode(&t.single, t.AppendTokens(nil, text), nil)
}

// EncodePair is [Tokenizer.Encode] for two texts.
func (t *Tokenizer) EncodePair(a, b string) Encoding {
	return t.encode(&t.pair, t.AppendTokens(nil, a), t.AppendTokens(nil, b))
}

func (t *Tokenizer) encode(tpl *template, sequences ...[]Token) Encoding {
	var e Encoding
	for _, p := range tpl.pieces {
		if p.sequence >= 0 {
			for _, k := range sequences[p.sequence] {
				e.add(k.ID, p.typeID, [2]int32{k.Start, k.End}, 0)
			}
		}
		for _, id := range p.ids {
			e.add(id, p.typeID, [2]int32{}, 1)
		}
	}
	return e
}

func (e *Encoding) add(id int32, typeID uint8, offsets [2]int32, special uint8) {
	e.IDs = append(e.IDs, id)
	e.TypeIDs = append(e.TypeIDs, typeID)
	e.Offsets = append(e.Offsets, offsets)
	e.SpecialMask = append(e.SpecialMask, special)
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import "encoding/binary"

// boundSlack makes limits of scores safe from the rounding of the scores: a score has four roundings of 2⁻²⁴.
const boundSlack = 1 + 1.0/(1<<20)

// normTable is how many lengths have their norm in a table; others are computed each time.
const normTable = 4096

// shareFreqs is up to how many occurrences the share of a posting is in a table, if its length is, too.
const shareFreqs = codeFreqs

// scorer computes what postings of one part add to scores. All arithmetic is in float32 and in one place, so a posting's
// contribution has the same bits whichever way a search came to it.
type scorer struct {
	x         *Index
	lengths   []byte // two bytes a row
	constant  float64
	slope     float64 // norm of length n: constant + slope·n
	title     float64 // title weight
	plain     bool    // title weight 1: the norm depends on the whole length only
	filled    int     // entries of norms that are valid
	norms     [normTable]float32
	shares    [shareFreqs * normTable]float32 // of (freq-1)·normTable + length: freq / (freq + norm)
	mostTF    float32                         // a frequency that counts title and text once is at most this much more when weighted
	leastNorm float64                         // and a length at least this much of it
}

// begin prepares for a part. average is the average length over all parts.
func (s *scorer) begin(x *Index, p Params, average float64) {
	kappa, _, _ := p.shape()
	constant, slope := float64(kappa*(1-p.B)), 0.0
	if average > 0 {
		slope = float64(kappa*p.B) / average
	}
	if constant != s.constant || slope != s.slope {
		s.constant, s.slope, s.filled = constant, slope, 0
	}
	s.title, s.plain = p.TitleWeight, p.TitleWeight == 1 || x.inTitle == 0
	s.mostTF, s.leastNorm = float32(max(1, p.TitleWeight)), min(1, p.TitleWeight)
	s.x, s.lengths = x, x.lengths.Bytes()[:2*x.rows]
	for want := min(int(x.greatest)+1, normTable); s.filled < want; s.filled++ {
		norm := s.norm(float64(s.filled))
		s.norms[s.filled] = norm
		for f := 1; f <= shareFreqs; f++ {
			s.shares[(f-1)*normTable+s.filled] = float32(f) / (float32(f) + norm)
		}
	}
}

// norm is kappa·(1-b+b·length/average). The conversion forbids a fused operation: equal bits on every architecture.
func (s *scorer) norm(length float64) float32 {
	return float32(s.constant + float64(s.slope*length))
}

// block computes the contributions of postings from to below to of the decoded block. out has their places.
func (s *scorer) block(l *list, weight float32, from, to int, out *[blockRows]float32) error {
	if !s.plain {
		if err := l.decodeTitles(); err != nil {
			return err
		}
		for i := from; i < to; i++ {
			out[i] = s.weighted(weight, l.rows[i], l.freqs[i], l.titles[i])
		}
		return nil
	}
	l.decodeFreqs()
	lengths := s.lengths
	rows, freqs := l.rows[from:to], l.freqs[from:to]
	contributions := out[from:to]
	for i, row := range rows {
		n := uint32(binary.LittleEndian.Uint16(lengths[2*row:]))
		contributions[i] = float32(weight * s.share(freqs[i], n, row))
	}
	return nil
}

// share is freq / (freq + norm) for a row with length in its two bytes of lengths.
func (s *scorer) share(freq, length, row uint32) float32 {
	if freq-1 < shareFreqs && length < normTable {
		return s.shares[(freq-1)*normTable+length]
	}
	return s.rareShare(freq, length, row)
}

func (s *scorer) rareShare(freq, length, row uint32) float32 {
	f := float32(int32(freq))
	if length < normTable {
		return f / (f + s.norms[length])
	}
	return f / (f + s.longNorm(row))
}

// one computes the contribution of posting i of the decoded block, to the same bits as block.
func (s *scorer) one(l *list, weight float32, i int) (float32, error) {
	row := l.rows[i]
	if !s.plain {
		if err := l.decodeTitles(); err != nil {
			return 0, err
		}
		return s.weighted(weight, row, l.freqs[i], l.titles[i]), nil
	}
	n := uint32(binary.LittleEndian.Uint16(s.lengths[2*row:]))
	return float32(weight * s.share(l.freq(i), n, row)), nil
}

// weighted is the contribution of a posting if the title weight is not 1.
func (s *scorer) weighted(weight float32, row, freq, title uint32) float32 {
	total, inTitle := s.x.lengthsOf(row)
	f := float32(float64(s.title*float64(title)) + float64(freq-title))
	n := s.norm(float64(s.title*float64(inTitle)) + float64(total-min(inTitle, total)))
	return float32(weight * (f / (f + n)))
}

func (s *scorer) longNorm(row uint32) float32 {
	total, _ := s.x.lengthsOf(row)
	return s.norm(float64(total))
}

// limit is an upper limit of the contributions of postings that a pair stands for.
func (s *scorer) limit(p impact, weight float32, titles bool) float32 {
	if p.freq == freqCap {
		return weight * boundSlack
	}
	if s.plain && p.freq-1 < shareFreqs && p.length < normTable {
		return weight * s.shares[(p.freq-1)*normTable+p.length] * boundSlack
	}
	f := float32(int32(p.freq))
	if s.plain {
		var norm float32
		if p.length < normTable {
			norm = s.norms[p.length]
		} else {
			norm = s.norm(float64(p.length))
		}
		return weight * (f / (f + norm)) * boundSlack
	}
	if titles {
		f *= s.mostTF
	}
	return weight * (f / (f + s.norm(float64(s.leastNorm*float64(p.length))))) * boundSlack
}

// blockLimit is an upper limit of the contributions of a block of a list with a table.
func (s *scorer) blockLimit(l *list, weight float32, block int) float32 {
	if l.boundOf == block {
		return l.bound
	}
	r := l.table[block*blockRecord+16:][:4*impactPairs]
	titles := binary.LittleEndian.Uint32(l.table[block*blockRecord+12:]) > 0
	best := float32(0)
	for i := 0; i < len(r); i += 4 {
		p := getImpact(r[i:])
		if p.freq == 0 {
			break
		}
		best = max(best, s.limit(p, weight, titles))
	}
	l.boundOf, l.bound = block, best
	return best
}

// superLimit is blockLimit for all blocks of a super record.
func (s *scorer) superLimit(l *list, weight float32, super int) float32 {
	r := l.table[l.blocks*blockRecord+super*superRecord:][:superRecord]
	best := float32(0)
	for i := 0; i < len(r); i += 4 {
		p := getImpact(r[i:])
		if p.freq == 0 {
			break
		}
		best = max(best, s.limit(p, weight, true))
	}
	return best
}

// greatest is an upper limit of all contributions of a list. A list without a table is decoded for it.
func (s *scorer) greatest(l *list, weight float32) (float32, error) {
	best := float32(0)
	if l.table == nil {
		if err := l.decode(); err != nil {
			return 0, err
		}
		var out [blockRows]float32
		if err := s.block(l, weight, 0, l.n, &out); err != nil {
			return 0, err
		}
		for _, v := range out[:l.n] {
			best = max(best, v)
		}
		return best, nil
	}
	for i := range (l.blocks + superBlocks - 1) / superBlocks {
		best = max(best, s.superLimit(l, weight, i))
	}
	return best, nil
}

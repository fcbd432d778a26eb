// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

// A dropout mask is a function of the pass's seed, the place in the network, the token
// and the feature. The backward pass computes it again, and it depends
// neither on how a batch is cut up nor on the number of workers.

// site numbers the places with a mask: four to a layer.
type site int

const (
	afterAttention site = iota
	afterDown
	onWeights // one of the heads; takes the numbers from here on
)

// key is the mask's seed for one row.
func (t *Tape) key(layer int, s site, token int) uint64 {
	return mix(mix(t.seed^uint64(layer+1)<<40^uint64(s)<<20) + uint64(token))
}

// mix is the finaliser of SplitMix64 (Steele, Lea & Flood 2014).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

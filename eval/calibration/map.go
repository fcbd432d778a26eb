// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"fmt"
	"math"
	"slices"
)

// Method names a kind of map.
type Method string

// The methods.
const (
	Platt    Method = "platt"    // a sigmoid with slope and offset, see [FitPlatt]
	Isotonic Method = "isotonic" // a rising line through knots, see [FitIsotonic]
)

// The bounds of a map.
const (
	// MaxKnots is the largest number of knots that is fitted, and accepted from a file.
	MaxKnots = 1000
	// Smallest is the smallest probability of any map, and 1 - Smallest the largest: a logarithm of either is finite.
	Smallest = 1e-15
)

// Map takes logits to probabilities. The zero value is the plain sigmoid, as [Sigmoid] is. Treat it as a value: Knots are
// not to be changed.
type Map struct {
	Method Method
	A, B   float64 // Platt: the probability is 1 / (1 + exp(-(A·logit + B))), A ≥ 0
	Knots  []Knot  // isotonic: 1 to MaxKnots
}

// Knot is a point that an isotonic map goes through.
type Knot struct {
	Logit       float64 // rising from knot to knot, within the range of float32
	Probability float64 // never falling, from Smallest to 1 - Smallest
}

// Sigmoid is the map that is not fitted to anything: 1 / (1 + exp(-logit)).
func Sigmoid() Map { return Map{Method: Platt, A: 1} }

// IsSigmoid reports whether the map is the plain sigmoid.
func (m Map) IsSigmoid() bool { return m.Method == "" || m.Method == Platt && m.A == 1 && m.B == 0 }

// Flat reports whether every logit has the same probability: in the pairs the map was fitted on, a higher score did not
// mean more relevant documents.
func (m Map) Flat() bool {
	if m.Method == Isotonic {
		return len(m.Knots) == 0 || m.Knots[0].Probability == m.Knots[len(m.Knots)-1].Probability
	}
	return m.Method == Platt && m.A == 0
}

// Probability returns the probability of relevance of a pair with the logit: from [Smallest] to 1 - Smallest, and never
// lower for a higher logit. Infinite logits have the probability of the ends; NaN gives NaN. The map must be valid, see [Map.Validate].
func (m Map) Probability(logit float32) float64 {
	if logit != logit {
		return math.NaN()
	}
	// An infinite logit times a slope of 0 would be NaN.
	x := max(-math.MaxFloat32, min(float64(logit), math.MaxFloat32))
	switch m.Method {
	case Isotonic:
		return bounded(m.between(x))
	case Platt:
		return bounded(sigmoid(m.A*x + m.B))
	}
	return bounded(sigmoid(x))
}

// between interpolates between the knots, and keeps the value of the first and of the last beyond them.
func (m Map) between(x float64) float64 {
	if len(m.Knots) == 0 {
		return math.NaN()
	}
	i, found := slices.BinarySearchFunc(m.Knots, x, func(k Knot, x float64) int {
		switch {
		case k.Logit < x:
			return -1
		case k.Logit > x:
			return 1
		}
		return 0
	})
	switch {
	case found || i == 0:
		return m.Knots[i].Probability
	case i == len(m.Knots):
		return m.Knots[i-1].Probability
	}
	from, to := m.Knots[i-1], m.Knots[i]
	share := (x - from.Logit) / (to.Logit - from.Logit)
	// Rounding must not lift the end of one piece above the beginning of the next.
	return min(from.Probability+share*(to.Probability-from.Probability), to.Probability)
}

// Logit is the inverse: the smallest float32 whose probability is at least p, for cuts between bands. -Inf when every logit
// reaches p, +Inf when none does, NaN for NaN.
func (m Map) Logit(p float64) float64 {
	if math.IsNaN(p) {
		return math.NaN()
	}
	low, high := ordinal(-math.MaxFloat32), ordinal(math.MaxFloat32)
	if m.Probability(fromOrdinal(low)) >= p {
		return math.Inf(-1)
	}
	if !(m.Probability(fromOrdinal(high)) >= p) {
		return math.Inf(1)
	}
	for high-low > 1 {
		middle := low + (high-low)/2
		if m.Probability(fromOrdinal(middle)) >= p {
			high = middle
		} else {
			low = middle
		}
	}
	return float64(fromOrdinal(high))
}

// ordinal numbers the finite float32 values in ascending order.
func ordinal(f float32) uint32 {
	bits := math.Float32bits(f)
	if bits>>31 == 1 {
		return ^bits
	}
	return bits | 1<<31
}

func fromOrdinal(n uint32) float32 {
	if n>>31 == 1 {
		return math.Float32frombits(n &^ (1 << 31))
	}
	return math.Float32frombits(^n)
}

// Validate reports what is wrong with a map that was not made by this package.
func (m Map) Validate() error {
	switch m.Method {
	case "":
		if m.A != 0 || m.B != 0 || len(m.Knots) != 0 {
			return fmt.Errorf("map without a method: want %q or %q", string(Platt), string(Isotonic))
		}
	case Platt:
		if len(m.Knots) != 0 {
			return fmt.Errorf("map of method %q with knots, which belong to %q", string(Platt), string(Isotonic))
		}
		if !finite(m.A) || m.A < 0 {
			return fmt.Errorf("slope is %v; want a finite number of 0 or above, or higher scores would mean less relevant", m.A)
		}
		if !finite(m.B) {
			return fmt.Errorf("offset is %v; want a finite number", m.B)
		}
	case Isotonic:
		if m.A != 0 || m.B != 0 {
			return fmt.Errorf("map of method %q with slope or offset, which belong to %q", string(Isotonic), string(Platt))
		}
		return validateKnots(m.Knots)
	default:
		return fmt.Errorf("method is %q; want %q or %q", string(m.Method), string(Platt), string(Isotonic))
	}
	return nil
}

func validateKnots(knots []Knot) error {
	if len(knots) < 1 || len(knots) > MaxKnots {
		return fmt.Errorf("%d knots; want 1 to %d", len(knots), MaxKnots)
	}
	for i, k := range knots {
		if !(math.Abs(k.Logit) <= math.MaxFloat32) {
			return fmt.Errorf("knot %d (from 0): logit %v is not a number in the range of float32", i, k.Logit)
		}
		if !(k.Probability >= Smallest && k.Probability <= 1-Smallest) {
			return fmt.Errorf("knot %d (from 0): probability %v is not between 0 and 1", i, k.Probability)
		}
		if i == 0 {
			continue
		}
		if before := knots[i-1]; k.Logit <= before.Logit || k.Probability < before.Probability {
			return fmt.Errorf("knot %d (from 0): (%v, %v) after (%v, %v): logits must rise and probabilities must not fall",
				i, k.Logit, k.Probability, before.Logit, before.Probability)
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// bounded keeps NaN.
func bounded(p float64) float64 { return max(Smallest, min(p, 1-Smallest)) }

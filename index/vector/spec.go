// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// Kind is the structure that an index is searched by.
type Kind string

// The kinds.
const (
	KindAuto Kind = "auto" // chosen by [Spec.Resolve] from the number of vectors
	KindFlat Kind = "flat" // every row is scored
	KindHNSW Kind = "hnsw" // a navigable small-world graph (Malkov & Yashunin 2018)
	KindIVF  Kind = "ivf"  // rows in the lists of k-means centroids; the nearest lists are scored
)

// Encoding is how the vectors of an index are stored.
type Encoding string

// The encodings. PQ and Binary find candidates only: an index with them keeps finer vectors too.
const (
	Float32 Encoding = "fp32"
	Float16 Encoding = "fp16"   // IEEE 754 half precision
	Int8    Encoding = "int8"   // components less their mean, rounded to -127 to 127 with a scale for each row
	PQ      Encoding = "pq"     // product quantisation (Jégou, Douze & Schmid 2011), 8 bits for each sub-vector
	Binary  Encoding = "binary" // the sign of each component
	None    Encoding = "none"   // as finer vectors: there are none
)

const (
	// autoFlat is the number of rows up to which auto scans all. On a busy Zen 4, one thread, with embeddings of 384 floats:
	//
	//	rows                          5,000   10,000   20,000   40,000
	//	flat, µs a search               103      428    2,967    8,194
	//	hnsw16,int8, µs a search         55       66      121      109
	//	recall@10 of the graph        0.997    0.995    0.989    0.991
	//	its build, seconds              0.4      0.8      1.9      5.3
	//
	// The rows of a scan must fit into the last-level cache, and a graph must be searched a few thousand times to be worth its
	// build: both speak for the same number.
	autoFlat = 10_000

	defaultM              = 16
	defaultEfConstruction = 128

	minM, maxM                           = 2, 256
	minEfConstruction, maxEfConstruction = 4, 4096
	maxLists                             = 1 << 20
	maxSubQuantisers                     = 4096
	maxSpecLength                        = 64
)

// Spec says how vectors are indexed. Its text is KIND[,ENCODING[,FINER]]:
//
//	auto, flat, hnsw16, hnsw32:200, hnsw16,int8, ivf1024,pq48, flat,binary, flat,int8,none
//
// KIND is auto, flat, hnsw with the number of links a node has above the ground layer (16 if absent; twice as many on it)
// and after a colon the width of the search that builds it (128 if absent), or ivf with the number of lists (by the number
// of rows if absent). ENCODING is what is searched: fp32 (the default), fp16, int8, pq with the number of bytes a row (one
// for 8 components if absent) or binary. FINER is what candidates are scored with at last: fp32 (the default), fp16, or none
// when the encoding itself is fp32, fp16 or int8. The zero value is auto.
type Spec struct {
	Kind           Kind
	M              int      // HNSW: links a node has on each upper layer; on the ground layer it has twice as many
	EfConstruction int      // HNSW: width of the search when a node is added
	Lists          int      // IVF: number of lists; 0: by the number of rows
	Encoding       Encoding // what is searched; empty: by Kind
	SubQuantisers  int      // PQ: bytes a row; 0: a byte for 8 components
	Fine           Encoding // what the final scores are computed from: Float32, Float16, or None for the encoding itself
}

// SpecError is what is wrong with the text of a Spec.
type SpecError struct {
	Spec   string // the whole text
	Part   string // the part that is wrong
	Reason string // what about it, and what to write
}

// Error names the part and the reason.
func (e *SpecError) Error() string {
	return fmt.Sprintf("index kind %q: %q: %s", e.Spec, e.Part, e.Reason)
}

// ParseSpec reads the text of a Spec, in lower or upper case, spaces around parts ignored. Errors are *SpecError.
func ParseSpec(text string) (Spec, error) {
	fail := func(part, format string, args ...any) (Spec, error) {
		return Spec{}, &SpecError{Spec: text, Part: part, Reason: fmt.Sprintf(format, args...)}
	}
	if len(text) > maxSpecLength {
		return fail(text[:maxSpecLength], "the text is longer than %d bytes", maxSpecLength)
	}
	parts := strings.Split(strings.ToLower(text), ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) > 3 {
		return fail(parts[3], "a fourth part: write KIND[,ENCODING[,FINER]]")
	}
	spec, reason := parseKind(parts[0])
	if reason != "" {
		return fail(parts[0], "%s", reason)
	}
	if spec.Kind == KindAuto {
		if len(parts) > 1 {
			return fail(parts[1], "auto chooses the encoding itself: name a kind (flat, hnsw16, ivf1024) before it, or write auto alone")
		}
		return spec, nil
	}
	spec.Encoding, spec.Fine = Float32, Float32
	if len(parts) > 1 {
		if spec.Encoding, spec.SubQuantisers, reason = parseEncoding(parts[1]); reason != "" {
			return fail(parts[1], "%s", reason)
		}
	}
	if len(parts) > 2 {
		switch fine := Encoding(parts[2]); fine {
		case Float32, Float16, None:
			spec.Fine = fine
		default:
			return fail(parts[2], "unknown finer vectors%s: known are fp32, fp16, none", suggest(parts[2], "fp32", "fp16", "none"))
		}
	}
	last := parts[len(parts)-1]
	switch {
	case spec.Fine == None && (spec.Encoding == PQ || spec.Encoding == Binary):
		return fail(last, "%s finds candidates only, their scores and merges need finer vectors: write fp32 or fp16", spec.Encoding)
	case spec.Encoding == Float32 && spec.Fine == Float16:
		return fail(last, "fp16 is not finer than fp32: write %s,fp16", parts[0])
	}
	return spec.canonical(), nil
}

// canonical gives equal specs one form: an encoding that is as fine as the finer vectors stands for both.
func (s Spec) canonical() Spec {
	if s.Encoding == s.Fine || s.Encoding == Float32 {
		s.Fine = None
	}
	return s
}

func parseKind(part string) (Spec, string) {
	name, digits := splitNumber(part)
	switch Kind(name) {
	case KindAuto, KindFlat:
		if digits != "" {
			return Spec{}, name + " has no number"
		}
		return Spec{Kind: Kind(name)}, ""
	case KindHNSW:
		links, width, colon := strings.Cut(digits, ":")
		spec := Spec{Kind: KindHNSW, M: defaultM, EfConstruction: defaultEfConstruction}
		var reason string
		if links != "" {
			if spec.M, reason = number(links, "links of a node", minM, maxM); reason != "" {
				return Spec{}, reason
			}
		}
		if colon {
			if spec.EfConstruction, reason = number(width, "width of the search that builds the graph", minEfConstruction, maxEfConstruction); reason != "" {
				return Spec{}, reason
			}
		}
		return spec, ""
	case KindIVF:
		spec := Spec{Kind: KindIVF}
		if digits == "" {
			return spec, ""
		}
		var reason string
		spec.Lists, reason = number(digits, "number of lists", 1, maxLists)
		return spec, reason
	}
	return Spec{}, "unknown kind" + suggest(name, "auto", "flat", "hnsw", "ivf") + ": known are auto, flat, hnsw16, ivf1024 (with numbers of your choice)"
}

func parseEncoding(part string) (e Encoding, subQuantisers int, reason string) {
	switch Encoding(part) {
	case Float32, Float16, Int8, Binary:
		return Encoding(part), 0, ""
	}
	name, digits := splitNumber(part)
	switch {
	case name == string(PQ) && digits == "":
		return PQ, 0, ""
	case name == string(PQ):
		subQuantisers, reason = number(digits, "bytes a row", 1, maxSubQuantisers)
		return PQ, subQuantisers, reason
	}
	return "", 0, "unknown encoding" + suggest(part, "fp32", "fp16", "int8", "pq", "binary") + ": known are fp32, fp16, int8, pq48 (with a number of your choice), binary"
}

// splitNumber cuts a part before its first digit or colon.
func splitNumber(part string) (name, number string) {
	if i := strings.IndexAny(part, "0123456789:"); i >= 0 {
		return part[:i], part[i:]
	}
	return part, ""
}

func number(digits, what string, least, most int) (n int, reason string) {
	n, err := strconv.Atoi(digits)
	if err != nil || n < least || n > most {
		return 0, fmt.Sprintf("%s %q: must be a number from %d to %d", what, digits, least, most)
	}
	return n, ""
}

func suggest(name string, known ...string) string {
	if near := nearest.Name(name, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// String is the canonical text: ParseSpec of it gives s again. Defaults are left out.
func (s Spec) String() string {
	text := string(s.Kind)
	switch s.Kind {
	case "":
		return string(KindAuto)
	case KindHNSW:
		text += strconv.Itoa(s.M)
		if s.EfConstruction != defaultEfConstruction {
			text += ":" + strconv.Itoa(s.EfConstruction)
		}
	case KindIVF:
		if s.Lists > 0 {
			text += strconv.Itoa(s.Lists)
		}
	}
	if s.Encoding == "" || s.Encoding == Float32 {
		return text
	}
	text += "," + string(s.Encoding)
	if s.SubQuantisers > 0 {
		text += strconv.Itoa(s.SubQuantisers)
	}
	if s.Fine == Float32 {
		return text
	}
	return text + "," + string(s.Fine)
}

// Resolve replaces what is left open by what suits n vectors of dim components, and numbers that n and dim do not allow by
// the nearest that they do. The result says exactly what is built.
func (s Spec) Resolve(n, dim int) Spec {
	switch s.Kind {
	case KindAuto, "":
		if n <= autoFlat {
			return Spec{Kind: KindFlat, Encoding: Float32, Fine: None}
		}
		return Spec{Kind: KindHNSW, M: defaultM, EfConstruction: defaultEfConstruction, Encoding: Int8, Fine: Float32}
	case KindHNSW:
		if s.M == 0 {
			s.M = defaultM
		}
		if s.EfConstruction == 0 {
			s.EfConstruction = defaultEfConstruction
		}
	case KindIVF:
		if s.Lists == 0 {
			s.Lists = int(2 * math.Sqrt(float64(n)))
		}
		// A list needs a few rows, or its centroid is a row.
		s.Lists = max(1, min(s.Lists, n/4, maxLists))
	}
	if s.Encoding == "" {
		s.Encoding, s.Fine = Float32, None
	}
	if s.Fine == "" {
		s.Fine = Float32
	}
	if s.Encoding == PQ {
		if s.SubQuantisers == 0 {
			s.SubQuantisers = (dim + 7) / 8
		}
		s.SubQuantisers = max(1, min(s.SubQuantisers, dim, maxSubQuantisers))
	}
	return s.canonical()
}

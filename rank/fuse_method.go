// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"fmt"
	"strings"
)

// Method names a way of fusing lists, as on the command line.
type Method string

// The methods.
const (
	MethodReciprocalRank Method = "rrf"
	MethodRelativeScore  Method = "relative"
	MethodZScore         Method = "zscore"
	MethodLinear         Method = "linear"
)

// Methods returns all methods, the usual one first.
func Methods() []Method {
	return []Method{MethodReciprocalRank, MethodRelativeScore, MethodZScore, MethodLinear}
}

// ParseMethod returns the method of that name, in upper or lower case.
func ParseMethod(name string) (Method, error) {
	var known []string
	for _, m := range Methods() {
		if string(m) == strings.ToLower(name) {
			return m, nil
		}
		known = append(known, string(m))
	}
	return "", fmt.Errorf("unknown fusion method %q: known are %s", name, strings.Join(known, ", "))
}

// Fuse fuses lists by a method, whose name ParseMethod knows. k is for reciprocal rank fusion only; 0 is DefaultK.
func Fuse(lists []List, m Method, k float64) ([]FusedItem, error) {
	m, err := ParseMethod(string(m))
	if err != nil {
		return nil, err
	}
	switch m {
	case MethodReciprocalRank:
		if k == 0 {
			k = DefaultK
		}
		return ReciprocalRank(lists, k)
	case MethodRelativeScore:
		return RelativeScore(lists)
	case MethodZScore:
		return ZScore(lists)
	}
	return Linear(lists)
}

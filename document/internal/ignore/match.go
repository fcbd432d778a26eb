// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package ignore

import (
	"math/bits"
	"strings"
)

type tokenKind uint8

const (
	literal tokenKind = iota // one byte
	class                    // one byte of a set, never a slash
	single                   // ?: one byte that is no slash
	star                     // *: any bytes but slashes
	folders                  // **/ after a slash or at the start: nothing, or anything that ends in a slash
	rest                     // ** at the end after a slash: anything
)

type token struct {
	kind tokenKind
	char byte
	set  *[256]bool
}

// compile reads a pattern; ok is false for one that can match nothing. Two stars cross slashes only in a pattern that is
// matched against whole paths.
func compile(p string, whole bool) (tokens []token, ok bool) {
	for i := 0; i < len(p); {
		switch c := p[i]; c {
		case '\\':
			if i+1 == len(p) {
				return nil, false
			}
			tokens = append(tokens, token{kind: literal, char: p[i+1]})
			i += 2
		case '?':
			tokens = append(tokens, token{kind: single})
			i++
		case '*':
			end := i
			for end < len(p) && p[end] == '*' {
				end++
			}
			opens := i == 0 || p[i-1] == '/'
			switch {
			case !whole || end-i != 2 && !(end-i > 2 && opens) || !opens:
				tokens = append(tokens, token{kind: star})
			case end == len(p):
				tokens = append(tokens, token{kind: rest})
			case p[end] == '/':
				tokens = append(tokens, token{kind: folders})
				end++
			case strings.HasPrefix(p[end:], `\/`):
				tokens = append(tokens, token{kind: folders})
				end += 2
			default:
				tokens = append(tokens, token{kind: star})
			}
			i = end
		case '[':
			set, n := parseClass(p[i:])
			if n == 0 {
				return nil, false
			}
			tokens = append(tokens, token{kind: class, set: set})
			i += n
		default:
			tokens = append(tokens, token{kind: literal, char: c})
			i++
		}
	}
	return tokens, true
}

// parseClass reads a bracket expression at the start of p and returns its length, 0 when it is not closed or names a class
// that does not exist.
func parseClass(p string) (set *[256]bool, length int) {
	set = new([256]bool)
	i := 1
	negated := i < len(p) && (p[i] == '!' || p[i] == '^')
	if negated {
		i++
	}
	low := -1 // start of a range that a hyphen would continue
	for first := true; ; first = false {
		if i >= len(p) {
			return nil, 0
		}
		c := p[i]
		switch {
		case c == ']' && !first:
			if negated {
				for b := range set {
					set[b] = !set[b]
				}
			}
			set['/'] = false
			return set, i + 1
		case c == '-' && low >= 0 && i+1 < len(p) && p[i+1] != ']':
			i++
			if p[i] == '\\' {
				i++
				if i >= len(p) {
					return nil, 0
				}
			}
			for b := low; b <= int(p[i]); b++ {
				set[b] = true
			}
			low = -1
			i++
		case c == '[' && i+1 < len(p) && p[i+1] == ':':
			n, found := namedClass(p[i:], set)
			switch {
			case n < 0:
				return nil, 0
			case found:
				low = -1
				i += n
			default: // not closed by :], so the bracket stands for itself
				set['['] = true
				low = '['
				i++
			}
		default:
			if c == '\\' {
				i++
				if i >= len(p) {
					return nil, 0
				}
				c = p[i]
			}
			set[c] = true
			low = int(c)
			i++
		}
	}
}

// namedClass adds a class such as [:alpha:] to the set. The length is -1 for one that does not exist.
func namedClass(p string, set *[256]bool) (length int, found bool) {
	end := strings.IndexByte(p[2:], ']')
	if end < 0 {
		return -1, false
	}
	name := p[2 : 2+end]
	if name == "" || name[len(name)-1] != ':' {
		return 0, false
	}
	in, known := classes[name[:len(name)-1]]
	if !known {
		return -1, false
	}
	for b := range 128 {
		if in(byte(b)) {
			set[b] = true
		}
	}
	return end + 3, true
}

// classes are the named classes over ASCII.
var classes = map[string]func(c byte) bool{
	"alnum":  func(c byte) bool { return isAlpha(c) || isDigit(c) },
	"alpha":  isAlpha,
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"cntrl":  func(c byte) bool { return c < 0x20 || c == 0x7F },
	"digit":  isDigit,
	"graph":  func(c byte) bool { return c > 0x20 && c < 0x7F },
	"lower":  func(c byte) bool { return c >= 'a' && c <= 'z' },
	"print":  func(c byte) bool { return c >= 0x20 && c < 0x7F },
	"punct":  func(c byte) bool { return c > 0x20 && c < 0x7F && !isAlpha(c) && !isDigit(c) },
	"space":  func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' },
	"upper":  func(c byte) bool { return c >= 'A' && c <= 'Z' },
	"xdigit": func(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' },
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// match runs the pattern as an automaton over the bytes of s, all states at once, so that no pattern takes more than
// len(tokens) × len(s) steps. State i means that the tokens before i have matched.
func match(tokens []token, s string) bool {
	words := len(tokens)/64 + 1
	var short [2][4]uint64 // on the stack for the patterns people write
	now, next := short[0][:], short[1][:]
	if words > len(now) {
		now, next = make([]uint64, words), make([]uint64, words)
	}
	enter(tokens, now, 0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		clear(next)
		alive := false
		for w, word := range now {
			for ; word != 0; word &= word - 1 {
				at := w*64 + bits.TrailingZeros64(word)
				if at == len(tokens) {
					continue
				}
				alive = step(tokens, next, at, c) || alive
			}
		}
		if !alive {
			return false
		}
		now, next = next, now
	}
	last := len(tokens)
	return now[last/64]&(1<<(last%64)) != 0
}

// step enters the states that state at reaches with byte c.
func step(tokens []token, next []uint64, at int, c byte) bool {
	t := &tokens[at]
	switch t.kind {
	case literal:
		if c != t.char {
			return false
		}
		enter(tokens, next, at+1)
	case class:
		if !t.set[c] {
			return false
		}
		enter(tokens, next, at+1)
	case single:
		if c == '/' {
			return false
		}
		enter(tokens, next, at+1)
	case star:
		if c == '/' {
			return false
		}
		enter(tokens, next, at)
	case folders:
		next[at/64] |= 1 << (at % 64) // stays without the way that skips it: that one is open at a slash only
		if c == '/' {
			enter(tokens, next, at+1)
		}
	case rest:
		enter(tokens, next, at)
	}
	return true
}

// enter adds a state and those that follow it without a byte.
func enter(tokens []token, states []uint64, at int) {
	for {
		states[at/64] |= 1 << (at % 64)
		if at == len(tokens) {
			return
		}
		switch tokens[at].kind {
		case star, folders, rest:
			at++
		default:
			return
		}
	}
}

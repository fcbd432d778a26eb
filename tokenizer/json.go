// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads the outer levels of a tokenizer.json. The vocabulary is by far the largest part, and
// reading it straight into place is what makes opening a model quick; everything small is handed to
// encoding/json.
type scanner struct {
	data []byte
	pos  int
	text []byte // the last string with escapes resolved
}

const maxDepth = 64 // of nested values that are skipped

var errShort = errors.New("the file ends inside a value")

func (s *scanner) fail(what string) error {
	if s.pos >= len(s.data) {
		return errShort
	}
	return fmt.Errorf("byte %d: expected %s, found %q", s.pos, what, s.data[s.pos])
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// next skips white space and consumes c if it follows.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// object calls member for each member of the object that follows; member reads the value. The key is
// valid only until member reads on.
func (s *scanner) object(member func(key []byte) error) error {
	if !s.next('{') {
		return s.fail("an object")
	}
	if s.next('}') {
		return nil
	}
	for {
		key, err := s.string()
		if err != nil {
			return err
		}
		if !s.next(':') {
			return s.fail("':'")
		}
		if err := member(key); err != nil {
			return err
		}
		if s.next('}') {
			return nil
		}
		if !s.next(',') {
			return s.fail("',' or '}'")
		}
	}
}

// string reads a string. The result is valid until the next call.
func (s *scanner) string() ([]byte, error) {
	if !s.next('"') {
		return nil, s.fail("a string")
	}
	begin := s.pos
	for i := begin; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return s.data[begin:i], nil
		case c == '\\':
			s.text = append(s.text[:0], s.data[begin:i]...)
			s.pos = i
			return s.escaped()
		case c < ' ':
			s.pos = i
			return nil, s.fail("no control character inside a string")
		}
	}
	return nil, errShort
}

// escaped reads the rest of a string from its first escape on.
func (s *scanner) escaped() ([]byte, error) {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			s.pos++
			return s.text, nil
		case c < ' ':
			return nil, s.fail("no control character inside a string")
		case c != '\\':
			s.text = append(s.text, c)
			s.pos++
			continue
		}
		r, n := unescape(s.data[s.pos:])
		if n == 0 {
			return nil, fmt.Errorf("byte %d: not a valid escape in a string", s.pos)
		}
		s.text = utf8.AppendRune(s.text, r)
		s.pos += n
	}
	return nil, errShort
}

// unescape decodes the escape b begins with and returns its length, 0 if it is not valid. Half of a
// surrogate pair is not: no token can hold it.
func unescape(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r := hex4(b[2:])
		if r < 0 {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
			return 0, 0
		}
		if r = utf16.DecodeRune(r, hex4(b[8:])); r != utf8.RuneError {
			return r, 12
		}
	}
	return 0, 0
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// uint reads a whole number that is not negative.
func (s *scanner) uint() (int64, error) {
	s.space()
	var v int64
	begin := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' && s.pos-begin < 18 {
		v = v*10 + int64(s.data[s.pos]-'0')
		s.pos++
	}
	digits := s.pos - begin
	if digits == 0 || digits > 1 && s.data[begin] == '0' {
		return 0, s.fail("a whole number that is not negative")
	}
	if s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r', ',', '}', ']':
		default:
			return 0, s.fail("the end of a whole number below 10^18")
		}
	}
	return v, nil
}

// raw returns the text of the value that follows. Only its extent is checked: encoding/json reads it later.
func (s *scanner) raw() (json.RawMessage, error) {
	s.space()
	begin, depth := s.pos, 0
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case '"':
			if _, err := s.string(); err != nil {
				return nil, err
			}
		case '{', '[':
			if depth++; depth > maxDepth {
				return nil, fmt.Errorf("byte %d: values are nested more than %d deep", s.pos, maxDepth)
			}
			s.pos++
		case '}', ']':
			if depth == 0 {
				return s.value(begin)
			}
			depth--
			s.pos++
		case ',':
			if depth == 0 {
				return s.value(begin)
			}
			s.pos++
		default:
			s.pos++
			continue
		}
		if depth == 0 {
			return s.value(begin)
		}
	}
	return nil, errShort
}

func (s *scanner) value(begin int) (json.RawMessage, error) {
	v := s.data[begin:s.pos]
	if !json.Valid(v) {
		return nil, fmt.Errorf("byte %d: not a valid value", begin)
	}
	return v, nil
}

// fields splits an object into its members and refuses names outside known.
func fields(where string, raw json.RawMessage, known ...string) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil || m == nil {
		return nil, fmt.Errorf("%s: expected an object", where)
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := checkName("field", name, known); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	return m, nil
}

// need decodes a member that has to be there.
func need(where string, m map[string]json.RawMessage, name string, into any) error {
	raw, ok := m[name]
	if !ok {
		return fmt.Errorf("%s: the field %q is missing", where, name)
	}
	if string(raw) == "null" {
		return fmt.Errorf("%s: the field %q is null", where, name)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: field %q: %w", where, name, err)
	}
	return nil
}

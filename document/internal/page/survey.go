// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package page

// survey returns an upper bound of the number of tags and of the attributes that the largest of them has. Building either
// takes memory many times their size, so it is asked first.
func survey(data []byte) (tags, attributes int) {
	for i := 0; i < len(data); {
		if data[i] != '<' {
			i++
			continue
		}
		tags++
		n := 0
		i, n = tagEnd(data, i+1)
		attributes = max(attributes, n)
	}
	return tags, attributes
}

// tagEnd returns where the tag that begins before pos ends, and its number of attributes. What is no tag ends at once.
func tagEnd(data []byte, pos int) (end, attributes int) {
	if pos >= len(data) || !isNameStart(data[pos]) {
		return pos, 0
	}
	gap, value := false, false // between attributes; after an equals sign
	for i := pos; i < len(data); i++ {
		switch c := data[i]; {
		case c == '>':
			return i, attributes
		case value && (c == '"' || c == '\''):
			for i++; i < len(data) && data[i] != c; i++ {
			}
			value, gap = false, true
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '/':
			gap = true
		case c == '=':
			value, gap = true, false
		default:
			if gap && !value {
				attributes++
			}
			value, gap = false, false
		}
	}
	return len(data), attributes
}

func isNameStart(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' }

// dropAttributes keeps the names of tags only.
func dropAttributes(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		c := data[i]
		out = append(out, c)
		i++
		if c != '<' {
			continue
		}
		end, n := tagEnd(data, i)
		for n > 0 && i < end && data[i] > ' ' && (data[i] != '/' || out[len(out)-1] == '<') {
			out = append(out, data[i])
			i++
		}
		if n > 0 {
			i = end
		}
	}
	return out
}

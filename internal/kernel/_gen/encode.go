// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// evex is an instruction of three registers of 512 bits that Go's assembler
// does not know: opcode map 0F38, W0, no masking (Intel SDM volume 2, 2.7.1).
type evex struct {
	prefix byte // pp: 1 for 66, 2 for F3, 3 for F2
	opcode byte
}

var evexes = map[string]evex{
	"VDPBF16PS":     {2, 0x52}, // EVEX.512.F3.0F38.W0 52 /r
	"VCVTNEPS2BF16": {2, 0x72}, // EVEX.512.F3.0F38.W0 72 /r
}

// bytes encodes dst (ModRM.reg), second (vvvv) and last (ModRM.rm).
func (e evex) bytes(dst, second, last int) []byte {
	inverted := func(v, bit, at int) byte { return byte(^v>>bit&1) << at }
	return []byte{
		0x62,
		inverted(dst, 3, 7) | inverted(last, 4, 6) | inverted(last, 3, 5) | inverted(dst, 4, 4) | 2,
		byte(^second&15)<<3 | 4 | e.prefix,
		2<<5 | inverted(second, 4, 3),
		e.opcode,
		0xc0 | byte(dst&7)<<3 | byte(last&7),
	}
}

var registers = regexp.MustCompile(`[XYZ](\d+)`)

// encodeUnknown replaces, in a printed assembly file, the instructions that
// Go's assembler lacks by their bytes.
func encodeUnknown(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		name, operands, _ := strings.Cut(strings.TrimSpace(line), " ")
		e, ok := evexes[name]
		if !ok {
			continue
		}
		var r []int
		for _, m := range registers.FindAllStringSubmatch(operands, -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return err
			}
			r = append(r, n)
		}
		var b []byte
		switch len(r) { // Go's order: last, second, destination
		case 2:
			b = e.bytes(r[1], 0, r[0])
		case 3:
			b = e.bytes(r[2], r[1], r[0])
		default:
			return fmt.Errorf("%s:%d: %s with %d registers", path, i+1, name, len(r))
		}
		lines[i] = fmt.Sprintf("\tLONG $0x%02x%02x%02x%02x; WORD $0x%02x%02x // %s %s", b[3], b[2], b[1], b[0], b[5], b[4], name, strings.TrimSpace(operands))
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644)
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// The instructions that Go's assembler does not know. All lie in opcode map
// 0F38 with W0. Field layouts: Intel SDM volume 2, 2.3.5 (VEX) and 2.7.1 (EVEX).
type encoding struct {
	prefix byte // pp: 0 for none, 1 for 66, 2 for F3, 3 for F2
	opcode byte
}

var (
	// EVEX.512, three vector registers.
	evexes = map[string]encoding{
		"VDPBF16PS":     {2, 0x52},
		"VCVTNEPS2BF16": {2, 0x72},
	}
	// VEX.256, three vector registers; Go's assembler knows the EVEX forms.
	vex256 = map[string]encoding{
		"VPDPBUSD_VEX": {1, 0x50},
		"VPDPWSSD_VEX": {1, 0x52},
	}
	// VEX.128, tile registers and memory.
	vexes = map[string]encoding{
		"LDTILECFG":   {0, 0x49},
		"TILERELEASE": {0, 0x49},
		"TILEZERO":    {3, 0x49},
		"TILELOADD":   {3, 0x4b},
		"TILESTORED":  {2, 0x4b},
		"TDPBF16PS":   {2, 0x5c},
		"TDPBUSD":     {1, 0x5e},
	}
)

// inverted is bit n of v, inverted, at position to.
func inverted(v, n, to int) byte { return byte(^v>>n&1) << to }

// evex encodes dst (ModRM.reg), second (vvvv) and last (ModRM.rm).
func (e encoding) evex(dst, second, last int) []byte {
	return []byte{
		0x62,
		inverted(dst, 3, 7) | inverted(last, 4, 6) | inverted(last, 3, 5) | inverted(dst, 4, 4) | 2,
		byte(^second&15)<<3 | 4 | e.prefix,
		2<<5 | inverted(second, 4, 3),
		e.opcode,
		0xc0 | byte(dst&7)<<3 | byte(last&7),
	}
}

// vex encodes an instruction on registers: ModRM.reg, vvvv and ModRM.rm.
func (e encoding) vex(dst, second, last int) []byte {
	return []byte{0xc4, 0xe2, byte(^second&15)<<3 | e.prefix, e.opcode, 0xc0 | byte(dst)<<3 | byte(last)}
}

// vexVector encodes dst (ModRM.reg), second (vvvv) and last (ModRM.rm), of 256 bits.
func (e encoding) vexVector(dst, second, last int) ([]byte, error) {
	if max(dst, second, last) > 15 {
		return nil, fmt.Errorf("registers %d, %d, %d: there are 16", dst, second, last)
	}
	return []byte{
		0xc4,
		inverted(dst, 3, 7) | 0x40 | inverted(last, 3, 5) | 2,
		byte(^second&15)<<3 | 4 | e.prefix,
		e.opcode,
		0xc0 | byte(dst&7)<<3 | byte(last&7),
	}, nil
}

// address is base + index + displacement; no index is -1.
type address struct{ base, index, displacement int }

// vexMemory encodes an instruction on a tile register and memory, always with
// a SIB byte and a displacement of 32 bits.
func (e encoding) vexMemory(dst int, m address) []byte {
	index := m.index
	if index < 0 {
		index = 4 // means none
	}
	b := []byte{
		0xc4,
		0x80 | inverted(index, 3, 6) | inverted(m.base, 3, 5) | 2,
		0x78 | e.prefix,
		e.opcode,
		0x80 | byte(dst)<<3 | 4,
		byte(index&7)<<3 | byte(m.base&7),
	}
	d := uint32(int32(m.displacement))
	return append(b, byte(d), byte(d>>8), byte(d>>16), byte(d>>24))
}

var (
	register = regexp.MustCompile(`\b[XYZT](\d+)\b`)
	memory   = regexp.MustCompile(`(-?\d+)?\((\w+)\)(?:\((\w+)\*1\))?`)
	general  = []string{"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}
)

func generalRegister(name string) (int, error) {
	for i, n := range general {
		if n == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is no register", name)
}

// encode gives the bytes of an instruction in Go's syntax, the destination
// last; nil for one that Go's assembler knows.
func encode(name, operands string) ([]byte, error) {
	var r []int
	for _, m := range register.FindAllStringSubmatch(operands, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, err
		}
		r = append(r, n)
	}
	if e, ok := evexes[name]; ok {
		switch len(r) {
		case 2:
			return e.evex(r[1], 0, r[0]), nil
		case 3:
			return e.evex(r[2], r[1], r[0]), nil
		}
		return nil, fmt.Errorf("%s with %d registers", name, len(r))
	}
	if e, ok := vex256[name]; ok && len(r) == 3 {
		return e.vexVector(r[2], r[1], r[0])
	}
	e, ok := vexes[name]
	if !ok {
		return nil, nil
	}
	if m := memory.FindStringSubmatch(operands); m != nil {
		a := address{index: -1}
		var err error
		if m[1] != "" {
			if a.displacement, err = strconv.Atoi(m[1]); err != nil {
				return nil, err
			}
		}
		if a.base, err = generalRegister(m[2]); err != nil {
			return nil, err
		}
		if m[3] != "" {
			if a.index, err = generalRegister(m[3]); err != nil {
				return nil, err
			}
		}
		dst := 0 // LDTILECFG has none
		if len(r) > 0 {
			dst = r[0]
		}
		return e.vexMemory(dst, a), nil
	}
	switch len(r) {
	case 0:
		return e.vex(0, 0, 0), nil
	case 1:
		return e.vex(r[0], 0, 0), nil
	case 3: // B (vvvv), A (rm), C (reg)
		return e.vex(r[2], r[0], r[1]), nil
	}
	return nil, fmt.Errorf("%s with %d registers", name, len(r))
}

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
		b, err := encode(name, operands)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		if b != nil {
			lines[i] = "\t" + directives(b) + " // " + strings.TrimSpace(name+" "+strings.TrimSpace(operands))
		}
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644)
}

// directives writes bytes four, two and one at a time.
func directives(b []byte) string {
	var parts []string
	for len(b) > 0 {
		switch {
		case len(b) >= 4:
			parts = append(parts, fmt.Sprintf("LONG $0x%02x%02x%02x%02x", b[3], b[2], b[1], b[0]))
			b = b[4:]
		case len(b) >= 2:
			parts = append(parts, fmt.Sprintf("WORD $0x%02x%02x", b[1], b[0]))
			b = b[2:]
		default:
			parts = append(parts, fmt.Sprintf("BYTE $0x%02x", b[0]))
			b = b[1:]
		}
	}
	return strings.Join(parts, "; ")
}

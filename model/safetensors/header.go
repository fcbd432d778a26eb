// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Limits on a header. The first is the format's own, the others are far above any real model.
const (
	maxHeader  = 100_000_000
	maxTensors = 200_000
	maxRank    = 16
	maxName    = 4096
	lenBytes   = 8
)

// metadataKey is the one header key that is not a tensor.
const metadataKey = "__metadata__"

// info is one tensor as the header describes it. Offsets are relative to the data buffer.
type info struct {
	name       string
	dtype      DType
	shape      []int
	begin, end uint64
}

// header is a parsed and validated header; tensors are in the order of their data.
type header struct {
	tensors  []info
	metadata map[string]string
	data     int // where the data buffer starts in the file
}

// parseHeader reads and validates the header of a whole file.
func parseHeader(file []byte) (*header, error) {
	if len(file) < lenBytes {
		return nil, fmt.Errorf("file has %d bytes, a safetensors file has at least %d: it is empty or cut off", len(file), lenBytes)
	}
	n := binary.LittleEndian.Uint64(file)
	rest := uint64(len(file) - lenBytes)
	switch {
	case n > maxHeader:
		return nil, fmt.Errorf("header length %d is above the limit of %d: not a safetensors file", n, maxHeader)
	case n > rest:
		return nil, fmt.Errorf("header length %d exceeds the %d bytes that follow: the file is cut off or not a safetensors file", n, rest)
	}
	text := file[lenBytes : lenBytes+int(n)]
	if len(text) == 0 || text[0] != '{' {
		return nil, errors.New("header does not begin with '{': not a safetensors file")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("header is not valid UTF-8")
	}
	h, err := decodeHeader(text)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	h.data = lenBytes + int(n)
	if err := h.check(rest - n); err != nil {
		return nil, err
	}
	return h, nil
}

// decodeHeader turns the JSON text into tensors. It reads token by token and accepts only the
// shape the format prescribes, so nesting cannot grow and nothing unknown passes.
func decodeHeader(text []byte) (*header, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := expectDelim(dec, '{'); err != nil {
		return nil, err
	}
	h := &header{}
	seen := make(map[string]bool)
	for dec.More() {
		name, err := readString(dec)
		if err != nil {
			return nil, err
		}
		if len(name) > maxName {
			return nil, fmt.Errorf("tensor name of %d bytes is above the limit of %d", len(name), maxName)
		}
		if seen[name] {
			return nil, fmt.Errorf("name %q occurs twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			if h.metadata, err = decodeMetadata(dec); err != nil {
				return nil, fmt.Errorf("%s: %w", metadataKey, err)
			}
			continue
		}
		if len(h.tensors) == maxTensors {
			return nil, fmt.Errorf("more than %d tensors", maxTensors)
		}
		t := info{name: name}
		if err := decodeTensor(dec, &t); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		h.tensors = append(h.tensors, t)
	}
	if err := expectDelim(dec, '}'); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the closing brace")
	}
	return h, nil
}

// decodeTensor reads {"dtype": …, "shape": […], "data_offsets": [begin, end]} in any order.
func decodeTensor(dec *json.Decoder, t *info) error {
	if err := expectDelim(dec, '{'); err != nil {
		return err
	}
	var haveType, haveShape, haveOffsets bool
	for dec.More() {
		key, err := readString(dec)
		if err != nil {
			return err
		}
		var have *bool
		switch key {
		case "dtype":
			have = &haveType
			var s string
			if s, err = readString(dec); len(s) > 32 {
				return fmt.Errorf("dtype of %d bytes", len(s))
			}
			t.dtype = DType(s)
		case "shape":
			have = &haveShape
			t.shape, err = readShape(dec)
		case "data_offsets":
			have = &haveOffsets
			t.begin, t.end, err = readOffsets(dec)
		default:
			return fmt.Errorf("unknown key %q (known: dtype, shape, data_offsets)", key)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if *have {
			return fmt.Errorf("key %q occurs twice", key)
		}
		*have = true
	}
	if !haveType || !haveShape || !haveOffsets {
		return errors.New("dtype, shape and data_offsets must all be given")
	}
	return expectDelim(dec, '}')
}

// decodeMetadata reads a map of strings to strings. The reference library also takes null.
func decodeMetadata(dec *json.Decoder) (map[string]string, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, jsonError(err)
	}
	if tok == nil {
		return nil, nil
	}
	if tok != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	m := make(map[string]string)
	for dec.More() {
		key, err := readString(dec)
		if err != nil {
			return nil, err
		}
		if _, ok := m[key]; ok {
			return nil, fmt.Errorf("key %q occurs twice", key)
		}
		if m[key], err = readString(dec); err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
	}
	return m, expectDelim(dec, '}')
}

func readShape(dec *json.Decoder) ([]int, error) {
	if err := expectDelim(dec, '['); err != nil {
		return nil, err
	}
	shape := []int{}
	for dec.More() {
		v, err := readUint(dec)
		if err != nil {
			return nil, err
		}
		if v > math.MaxInt {
			return nil, fmt.Errorf("dimension %d is too large", v)
		}
		if len(shape) == maxRank {
			return nil, fmt.Errorf("more than %d dimensions", maxRank)
		}
		shape = append(shape, int(v))
	}
	return shape, expectDelim(dec, ']')
}

func readOffsets(dec *json.Decoder) (begin, end uint64, err error) {
	if err = expectDelim(dec, '['); err != nil {
		return 0, 0, err
	}
	if begin, err = readUint(dec); err != nil {
		return 0, 0, err
	}
	if end, err = readUint(dec); err != nil {
		return 0, 0, err
	}
	return begin, end, expectDelim(dec, ']')
}

func expectDelim(dec *json.Decoder, want json.Delim) error {
	tok, err := dec.Token()
	if err != nil {
		return jsonError(err)
	}
	if tok != want {
		return fmt.Errorf("found %s where %q belongs (byte %d)", describe(tok), want.String(), dec.InputOffset())
	}
	return nil
}

func readString(dec *json.Decoder) (string, error) {
	tok, err := dec.Token()
	if err != nil {
		return "", jsonError(err)
	}
	s, ok := tok.(string)
	if !ok {
		return "", fmt.Errorf("found %s where a string belongs (byte %d)", describe(tok), dec.InputOffset())
	}
	return s, nil
}

func readUint(dec *json.Decoder) (uint64, error) {
	tok, err := dec.Token()
	if err != nil {
		return 0, jsonError(err)
	}
	num, ok := tok.(json.Number)
	if !ok {
		return 0, fmt.Errorf("found %s where a number belongs (byte %d)", describe(tok), dec.InputOffset())
	}
	v, err := strconv.ParseUint(num.String(), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a non-negative 64-bit integer", num.String())
	}
	return v, nil
}

// jsonError says plainly that a header ended too early.
func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("JSON ends too early")
	}
	return fmt.Errorf("invalid JSON: %w", err)
}

func describe(tok json.Token) string {
	switch v := tok.(type) {
	case json.Delim:
		return strconv.Quote(v.String())
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	default:
		return "null"
	}
}

// check sorts the tensors by position and proves that they tile the data buffer of size bytes:
// each begins where the one before ends, and the last ends with the file.
func (h *header) check(size uint64) error {
	slices.SortStableFunc(h.tensors, func(a, b info) int {
		switch {
		case a.begin != b.begin:
			return cmpUint(a.begin, b.begin)
		default:
			return cmpUint(a.end, b.end)
		}
	})
	var at uint64
	for i := range h.tensors {
		t := &h.tensors[i]
		switch {
		case t.end < t.begin:
			return fmt.Errorf("tensor %q: data_offsets [%d, %d] run backwards", t.name, t.begin, t.end)
		case t.end > size:
			return fmt.Errorf("tensor %q: data_offsets [%d, %d] lie outside of the %d data bytes: the file is cut off or damaged; fetch it again", t.name, t.begin, t.end, size)
		case t.begin < at:
			return fmt.Errorf("tensor %q: data_offsets [%d, %d] overlap the tensor before, which ends at %d", t.name, t.begin, t.end, at)
		case t.begin > at:
			return fmt.Errorf("tensor %q: %d unused bytes before it at offset %d: holes are not allowed", t.name, t.begin-at, at)
		}
		at = t.end
		if err := t.checkSize(); err != nil {
			return fmt.Errorf("tensor %q: %w", t.name, err)
		}
	}
	if at != size {
		return fmt.Errorf("the last tensor ends at %d but there are %d data bytes: the file is damaged", at, size)
	}
	return nil
}

// checkSize compares the byte range with what dtype and shape need. The size of an unknown type
// is not known; such a tensor keeps its range and is refused when it is asked for.
func (t *info) checkSize() error {
	count := uint64(1)
	for _, d := range t.shape {
		hi, lo := bits.Mul64(count, uint64(d))
		if hi != 0 || lo > math.MaxInt {
			return fmt.Errorf("shape %v has too many elements", t.shape)
		}
		count = lo
	}
	width := t.dtype.Bits()
	if width == 0 {
		return nil
	}
	hi, total := bits.Mul64(count, uint64(width))
	if hi != 0 {
		return fmt.Errorf("shape %v has too many elements", t.shape)
	}
	if total%8 != 0 || total/8 != t.end-t.begin {
		return fmt.Errorf("shape %v of %s needs %d bits, data_offsets [%d, %d] give %d bytes", t.shape, t.dtype, total, t.begin, t.end, t.end-t.begin)
	}
	return nil
}

func cmpUint(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

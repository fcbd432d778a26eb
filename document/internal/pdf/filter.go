// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
)

var errFilter = errors.New("a filter that text is not kept in")

// decode undoes the filters of a stream. Streams that end in the middle give what could be read, which [file.lack] notes.
func (f *file) decode(s *stream) ([]byte, error) {
	filters, parms := f.list(s.dict["Filter"]), f.list(s.dict["DecodeParms"])
	data := s.raw
	f.charge(len(data) / 8)
	if len(filters) > 8 {
		return nil, errFilter
	}
	for i, o := range filters {
		var parm dict
		if i < len(parms) {
			parm, _ = f.resolve(parms[i]).(dict)
		}
		filter, _ := f.resolve(o).(name)
		var err error
		switch filter {
		case "FlateDecode", "Fl":
			if data, err = f.inflate(data); err == nil {
				data, err = f.unpredict(data, parm)
			}
		case "LZWDecode", "LZW":
			early := 1
			if v, ok := f.resolve(parm["EarlyChange"]).(int); ok {
				early = v
			}
			if data, err = f.lzw(data, early); err == nil {
				data, err = f.unpredict(data, parm)
			}
		case "ASCIIHexDecode", "AHx":
			l := lexer{data: data}
			data = []byte(l.hex())
		case "ASCII85Decode", "A85":
			data = ascii85(data)
		case "RunLengthDecode", "RL":
			data, err = f.runLength(data)
		case "Crypt", "":
		default:
			err = fmt.Errorf("%w: %q", errFilter, filter)
		}
		if err != nil {
			return nil, err
		}
		f.charge(len(data))
	}
	return data, nil
}

// list is an array, or the one value that may stand for it.
func (f *file) list(o any) array {
	switch o := f.resolve(o).(type) {
	case nil:
		return nil
	case array:
		return o
	default:
		return array{o}
	}
}

// sums count the checksums of streams. Some programs write wrong ones, or none, or no end to what they pack, and all of it is there: such
// streams are suspect, see [painter.run] and [file.oneWrong].
type sums struct {
	right, wrong int
	odd          int // streams that end in the middle, or have the checksum 0
}

func (s sums) suspect() bool { return s.wrong+s.odd > 0 }

// inflate unpacks zlib data. The two bytes of their frame say nothing that is needed.
func (f *file) inflate(data []byte) ([]byte, error) {
	if len(bytes.TrimSpace(data)) <= 2 {
		return nil, nil // what some programs write for nothing
	}
	packed := bytes.NewReader(data[2:])
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(flate.NewReader(packed), int64(f.limit)+1))
	var sum [4]byte
	switch {
	case n > int64(f.limit):
		return nil, fmt.Errorf("%w: a stream of more than %d bytes", ErrTooLarge, f.limit)
	case errors.Is(err, io.ErrUnexpectedEOF) && bytes.HasSuffix(bytes.TrimRight(data, "\r\n"), flushed):
		f.sums.odd++
	case errors.Is(err, io.ErrUnexpectedEOF) && n > 0:
		f.sums.odd++
		f.lack("the end of a stream (%w)", err)
	case err != nil:
		return nil, err
	case packed.Len() >= len(sum):
		_, _ = packed.Read(sum[:]) // there are as many
		switch binary.BigEndian.Uint32(sum[:]) {
		case adler32.Checksum(out.Bytes()):
			f.sums.right++
		case 0:
			f.sums.odd++
		default:
			f.sums.wrong++
		}
	}
	return out.Bytes(), nil
}

// flushed is how data end that were flushed and never finished: with an empty block. All of them is there.
var flushed = []byte{0, 0, 0xFF, 0xFF}

// unpredict undoes the prediction of bytes from those to the left and above.
func (f *file) unpredict(data []byte, parm dict) ([]byte, error) {
	number := func(key name, otherwise int) int {
		if v, ok := f.resolve(parm[key]).(int); ok {
			return v
		}
		return otherwise
	}
	predictor := number("Predictor", 1)
	if predictor < 2 {
		return data, nil
	}
	colors, depth, columns := number("Colors", 1), number("BitsPerComponent", 8), number("Columns", 1)
	if colors < 1 || colors > 64 || depth < 1 || depth > 32 || columns < 1 || columns > 1<<20 {
		return nil, errors.New("predictor out of range")
	}
	pixel := max(1, colors*depth/8)
	row := (colors*depth*columns + 7) / 8
	if predictor == 2 {
		if depth != 8 {
			return nil, errFilter
		}
		for start := 0; start < len(data); start += row {
			line := data[start:min(len(data), start+row)]
			for i := pixel; i < len(line); i++ {
				line[i] += line[i-pixel]
			}
		}
		return data, nil
	}
	out := make([]byte, 0, len(data))
	above := make([]byte, row)
	for len(data) > 1 {
		kind := data[0]
		line := data[1:min(len(data), row+1)]
		data = data[1+len(line):]
		for i := range line {
			var left, up, corner byte
			if i >= pixel {
				left, corner = line[i-pixel], above[i-pixel]
			}
			up = above[i]
			switch kind {
			case 1:
				line[i] += left
			case 2:
				line[i] += up
			case 3:
				line[i] += byte((int(left) + int(up)) / 2)
			case 4:
				line[i] += paeth(left, up, corner)
			}
		}
		copy(above, line)
		out = append(out, line...)
	}
	return out, nil
}

// paeth is the fourth filter of PNG (ISO/IEC 15948): the neighbour nearest to left + up - corner.
func paeth(left, up, corner byte) byte {
	p := int(left) + int(up) - int(corner)
	dl, du, dc := abs(p-int(left)), abs(p-int(up)), abs(p-int(corner))
	switch {
	case dl <= du && dl <= dc:
		return left
	case du <= dc:
		return up
	}
	return corner
}

func abs(n int) int { return max(n, -n) }

// lzw unpacks the LZW of TIFF and PDF: codes of 9 to 12 bits, high bit first, 256 clears the table, 257 ends.
func (f *file) lzw(data []byte, early int) ([]byte, error) {
	type link struct {
		before int
		last   byte
		length int
	}
	table := make([]link, 258, 4096)
	for i := range 256 {
		table[i] = link{-1, byte(i), 1}
	}
	var out []byte
	bits, have, width, previous := 0, 0, 9, -1
	for _, c := range data {
		bits, have = (bits<<8|int(c))&(1<<24-1), have+8
		if have < width {
			continue
		}
		have -= width
		code := bits >> have & (1<<width - 1)
		switch {
		case code == 256:
			table, width, previous = table[:258], 9, -1
			continue
		case code == 257:
			return out, nil
		case code > len(table) || code == len(table) && previous < 0:
			return nil, errors.New("a code that stands for nothing")
		}
		from := code
		if code == len(table) {
			from = previous
		}
		n := table[from].length
		at := len(out)
		out = append(out, make([]byte, n)...)
		first := byte(0)
		for i, e := n-1, from; i >= 0 && e >= 0; i-- {
			out[at+i], first = table[e].last, table[e].last
			e = table[e].before
		}
		if code == len(table) {
			out = append(out, first)
		}
		if len(out) > f.limit {
			return nil, fmt.Errorf("%w: a stream of more than %d bytes", ErrTooLarge, f.limit)
		}
		if previous >= 0 && len(table) < 4096 {
			table = append(table, link{previous, first, table[previous].length + 1})
		}
		previous = code
		switch size := len(table) + early; {
		case size >= 2048:
			width = 12
		case size >= 1024:
			width = 11
		case size >= 512:
			width = 10
		}
	}
	return out, nil
}

// ascii85 reads five characters as four bytes, up to ~>.
func ascii85(data []byte) []byte {
	var out []byte
	group, n := uint32(0), 0
	for _, c := range data {
		switch {
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
			continue
		case c == '~':
			if n > 1 {
				for range 5 - n {
					group = group*85 + 84
				}
				out = append(out, []byte{byte(group >> 24), byte(group >> 16), byte(group >> 8)}[:n-1]...)
			}
			return out
		case c < '!' || c > 'u':
			continue
		}
		group = group*85 + uint32(c-'!')
		if n++; n == 5 {
			out = append(out, byte(group>>24), byte(group>>16), byte(group>>8), byte(group))
			group, n = 0, 0
		}
	}
	return out
}

func (f *file) runLength(data []byte) ([]byte, error) {
	var out []byte
	for len(data) > 1 && data[0] != 128 {
		n := int(data[0])
		if n < 128 {
			n = min(n+1, len(data)-1)
			out = append(out, data[1:1+n]...)
			data = data[1+n:]
		} else {
			out = append(out, bytes.Repeat(data[1:2], 257-n)...)
			data = data[2:]
		}
		if len(out) > f.limit {
			return nil, fmt.Errorf("%w: a stream of more than %d bytes", ErrTooLarge, f.limit)
		}
	}
	return out, nil
}

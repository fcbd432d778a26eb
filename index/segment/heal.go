// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"

	"github.com/winnow-search/winnow/internal/vfs"
)

// Damaged is a damaged segment as far as it can be read.
type Damaged struct {
	File *File  // nil if its tables cannot be put right
	Scan []byte // the file as it is, whole; nil if it cannot be opened at all
	Err  error  // why File is nil

	closers []func() error
}

// Close ends the use of File and Scan and removes the copy.
func (d *Damaged) Close() error {
	var err error
	for _, c := range d.closers {
		err = errors.Join(err, c())
	}
	return err
}

// OpenDamaged opens the damaged segment at path that Finish described by want. When it cannot be opened as it is, a copy at
// scratch is tried in which the container is put right: a header is the same in every file, one damaged byte of a footer or
// table is found by its checksum, sums of blocks follow from the blocks, and where bytes are missing or too many, the first
// block that does not fit says where. What is at scratch is replaced. A zero want is taken from the footer, if that is whole. The error is
// for a copy that cannot be written; all that is wrong with the segment is in the result, which must be closed.
func OpenDamaged(files vfs.FS, path, scratch string, want Info) (*Damaged, error) {
	mapping, err := files.Open(path)
	if err != nil {
		return &Damaged{Err: err}, nil //nolint:nilerr // that it is gone is for the report
	}
	d := &Damaged{Scan: mapping.Bytes(), closers: []func() error{mapping.Close}}
	if want == (Info{}) {
		want = described(d.Scan)
	}
	var parts [][]byte
	file, bad := OpenExpected(files, path, want)
	if d.Err = bad; bad == nil {
		var dirty bool
		if parts, dirty = cleanPadding(d.Scan, file.Sections()); !dirty {
			d.use(file)
			return d, nil
		}
		_ = file.Close() // only read
	} else {
		var ok bool
		if parts, ok = heal(d.Scan, want); !ok {
			return d, nil
		}
	}
	if err := files.Remove(scratch); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, d.Close())
	}
	if err := writeParts(files, scratch, parts); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	switch file, bad = OpenExpected(files, scratch, want); {
	case bad == nil:
		d.use(file)
	case d.Err == nil:
		d.Err = bad
	}
	d.closers = append(d.closers, func() error { return files.Remove(scratch) })
	return d, nil
}

// described is what Finish said of a segment, from its footer; zero if that is damaged.
func described(b []byte) Info {
	if len(b) < footerSize {
		return Info{}
	}
	tail := b[len(b)-footerSize:]
	sum := binary.LittleEndian.Uint32(tail[footerSize-4:])
	if sum != checksum(tail[:footerSize-4]) {
		return Info{}
	}
	return Info{int64(len(b)), sum}
}

func (d *Damaged) use(f *File) {
	d.File, d.Err = f, nil
	d.closers = append(d.closers, f.Close)
}

// cleanPadding returns the parts of a segment file with zeros between the sections, and whether there was anything else.
// Padding shares its block with a section, which would be taken for damaged.
func cleanPadding(b []byte, sections []*Section) (parts [][]byte, dirty bool) {
	end := headerSize
	for _, s := range sections {
		start := int(s.off)
		dirty = dirty || len(bytes.Trim(b[end:start], "\x00")) > 0
		parts = append(parts, make([]byte, start-end), b[start:start+s.Len()])
		end = start + s.Len()
	}
	return append([][]byte{b[:headerSize]}, append(parts, b[end:])...), dirty
}

// writeParts writes a file that lives no longer than a repair.
func writeParts(files vfs.FS, path string, parts [][]byte) error {
	f, err := files.Create(path)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, e := f.Write(p); e != nil && err == nil {
			err = e
		}
	}
	return errors.Join(err, f.Close())
}

// heal returns the parts of a segment file put right, one after the other.
func heal(b []byte, want Info) (parts [][]byte, ok bool) {
	if len(b) < footerSize || want.Size < headerSize+footerSize {
		return nil, false
	}
	// The end: behind it may be more, or its checksum may be missing, which the caller has.
	end := bytes.Clone(b[len(b)-footerSize:])
	switch short := want.Size - int64(len(b)); {
	case short < 0 && healFooter(b[want.Size-footerSize:want.Size], want) != nil:
		b = b[:want.Size]
		end = b[want.Size-footerSize:]
	case short > 0 && short <= 4 && healFooter(end, want) == nil:
		b = append(bytes.Clone(b), make([]byte, short)...)
		end = b[len(b)-footerSize:]
	}
	last := healFooter(end, want)
	if last == nil {
		return nil, false
	}
	ft := decodeFooter(last)
	tail := 4*ft.blocks + entrySize*ft.sections + footerSize
	if ft.dataLen < headerSize || ft.dataLen > want.Size || tail > int64(len(b)) || ft.dataLen+tail != want.Size {
		return nil, false
	}
	data := b[:int64(len(b))-tail]
	rest := b[len(data):]
	sums := bytes.Clone(rest[:4*ft.blocks])
	table := bytes.Clone(rest[4*ft.blocks : 4*ft.blocks+entrySize*ft.sections])
	fits := func() bool { return checksum(table) == ft.tableCRC }
	if !fits() && HealByte(table, fits) < 0 {
		return nil, false
	}
	gap := ft.dataLen - int64(len(data))
	if gap != 0 {
		parts = realign(data, sums, gap)
	} else {
		parts = [][]byte{appendHeader(nil), data[headerSize:]}
	}
	if checksum(sums) != ft.blockCRC {
		if gap != 0 {
			return nil, false
		}
		if sums = sumBlocks(data); checksum(sums) != ft.blockCRC {
			return nil, false
		}
	}
	return append(parts, sums, table, last), true
}

// sumBlocks are the checksums of data with a header as it must be.
func sumBlocks(data []byte) (sums []byte) {
	first := append(appendHeader(nil), data[headerSize:min(blockSize, len(data))]...)
	sums = binary.LittleEndian.AppendUint32(sums, checksum(first))
	for at := blockSize; at < len(data); at += blockSize {
		sums = binary.LittleEndian.AppendUint32(sums, checksum(data[at:min(at+blockSize, len(data))]))
	}
	return sums
}

// healFooter returns the footer with the checksum that it must have, at most one byte of which is damaged; nil if it is
// none.
func healFooter(b []byte, want Info) []byte {
	last := bytes.Clone(b)
	binary.LittleEndian.PutUint32(last[footerSize-4:], want.Checksum)
	fits := func() bool { return checksum(last[:footerSize-4]) == want.Checksum }
	if !fits() && HealByte(last[:footerSize-4], fits) < 0 {
		return nil
	}
	return last
}

// HealByte changes one byte of b so that it is whole, and returns which; -1, and b as it was, if none will do.
func HealByte(b []byte, whole func() bool) int {
	for i, old := range b {
		for x := range 256 {
			if b[i] = byte(x); b[i] != old && whole() {
				return i
			}
		}
		b[i] = old
	}
	return -1
}

// realign inserts zeros, or leaves bytes out, where the blocks begin not to fit their sums.
func realign(data, sums []byte, gap int64) [][]byte {
	at := int64(0)
	for i := 0; 4*i < len(sums) && at+blockSize <= int64(len(data)); i++ {
		if checksum(data[at:at+blockSize]) != binary.LittleEndian.Uint32(sums[4*i:]) {
			break
		}
		at += blockSize
	}
	if gap > 0 {
		return [][]byte{data[:at], make([]byte, gap), data[at:]}
	}
	if at-gap > int64(len(data)) {
		return [][]byte{data[:at], make([]byte, max(0, int64(len(data))+gap-at))}
	}
	return [][]byte{data[:at], data[at-gap:]}
}

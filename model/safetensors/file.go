// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/vfs"
)

// ErrNoTensor is wrapped by the error of File.Tensor for a name that the file does not hold.
var ErrNoTensor = errors.New("no such tensor")

// ErrClosed is returned when a tensor is converted after its file was closed.
var ErrClosed = errors.New("safetensors file is closed")

// File is an open safetensors file. It is safe for concurrent use until it is closed.
type File struct {
	tensors  map[string]*Tensor
	names    []string
	metadata map[string]string
	size     int64
	mapped   []byte // by Open
	unmap    func() error
	closed   atomic.Bool
}

// Tensor is one tensor of a file. Its data belongs to the file and is valid until the file is closed.
type Tensor struct {
	file  *File
	name  string
	dtype DType
	shape []int
	count int
	data  []byte
	scale []byte // for I8: little-endian float32, one for each row; nil if the file has none
}

// Parse reads a safetensors file held in memory. Tensors point into data, which must not change.
// The error says what is wrong with the header; tensor values are not looked at.
func Parse(data []byte) (*File, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

// Open maps the file at path into memory and reads its header. The file must be a regular file
// and must not be changed while it is open; a file that shrinks gives an error from Float32.
// Close releases the mapping.
func Open(path string) (*File, error) {
	data, unmap, err := openMapped(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	var f *File
	fault := guard(func() { f, err = parse(data) })
	if err = errors.Join(err, fault); err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", path, errors.Join(err, unmap()))
	}
	f.mapped, f.unmap = data, unmap
	return f, nil
}

// Release lets go of the memory that what was read so far takes. The file stays
// open, and reading brings its pages back. It does nothing to a file that was
// not opened by Open.
func (f *File) Release() error {
	if f.closed.Load() {
		return ErrClosed
	}
	return vfs.ReleasePages(f.mapped)
}

// openMapped checks what kind of file path is before opening it, because opening a named pipe
// would wait for a writer.
func openMapped(path string) ([]byte, func() error, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() // the mapping outlives the descriptor
	if st, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	switch size := st.Size(); {
	case size < lenBytes:
		return nil, nil, fmt.Errorf("%s has %d bytes, too few for a safetensors file: fetch it again", path, size)
	case size > math.MaxInt:
		return nil, nil, fmt.Errorf("%s has %d bytes, more than this machine can address", path, size)
	}
	data, unmap, err := vfs.Map(f, int(st.Size()))
	if err != nil {
		return nil, nil, fmt.Errorf("mapping %s (%d bytes) into memory: %w", path, st.Size(), err)
	}
	return data, unmap, nil
}

func parse(data []byte) (*File, error) {
	h, err := parseHeader(data)
	if err != nil {
		return nil, err
	}
	f := &File{
		tensors:  make(map[string]*Tensor, len(h.tensors)),
		names:    make([]string, len(h.tensors)),
		metadata: h.metadata,
		size:     int64(len(data)),
	}
	buffer := data[h.data:]
	all := make([]Tensor, len(h.tensors))
	for i := range h.tensors {
		in := &h.tensors[i]
		count := 1
		for _, d := range in.shape {
			count *= d
		}
		all[i] = Tensor{
			file: f, name: in.name, dtype: in.dtype, shape: in.shape, count: count,
			data: buffer[in.begin:in.end:in.end],
		}
		f.tensors[in.name] = &all[i]
		f.names[i] = in.name
	}
	for i := range all {
		if err := all[i].bindScale(f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// ScaleSuffix is what the name of an int8 tensor is followed by in the name of its row factors.
const ScaleSuffix = ".scale"

// bindScale finds the row factors of an int8 tensor. Foreign files may hold int8 tensors without
// any; those stay readable as bytes.
func (t *Tensor) bindScale(f *File) error {
	if t.dtype != I8 {
		return nil
	}
	s, ok := f.tensors[t.name+ScaleSuffix]
	if !ok {
		return nil
	}
	if s.dtype != F32 || len(s.shape) != 1 || len(t.shape) == 0 || s.shape[0] != t.shape[0] {
		return fmt.Errorf("tensor %q: row factors have type %s and shape %v, int8 tensor %q of shape %v needs F32 and one factor a row",
			s.name, s.dtype, s.shape, t.name, t.shape)
	}
	t.scale = s.data
	return nil
}

// Close releases the mapping. Tensors of the file must not be used afterwards; Float32 then
// returns ErrClosed. Closing twice is allowed.
func (f *File) Close() error {
	if f.closed.Swap(true) || f.unmap == nil {
		return nil
	}
	return f.unmap()
}

// Names returns the names of all tensors in the order of their data.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Metadata returns the free-form strings of the header; nil if there are none.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Size returns the size of the whole file in bytes.
func (f *File) Size() int64 { return f.size }

// Has tells whether the file holds a tensor of that name.
func (f *File) Has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}

// Tensor returns the tensor of that name; the error for an unknown one wraps ErrNoTensor.
func (f *File) Tensor(name string) (*Tensor, error) {
	t, ok := f.tensors[name]
	if !ok {
		return nil, fmt.Errorf("safetensors: %w: %q", ErrNoTensor, name)
	}
	return t, nil
}

// Name returns the name of the tensor.
func (t *Tensor) Name() string { return t.name }

// DType returns the type of the stored elements.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns the dimensions, outermost first; empty for a scalar.
func (t *Tensor) Shape() []int { return slices.Clone(t.shape) }

// Len returns the number of elements: the product of the dimensions.
func (t *Tensor) Len() int { return t.count }

// Bytes returns the stored bytes without copying: little-endian elements in row-major order. They
// must not be changed, need not be aligned and are valid until the file is closed.
func (t *Tensor) Bytes() []byte { return t.data }

// Scales returns a copy of the row factors of an int8 tensor, one for each index of the first
// dimension, or nil for other types and for an int8 tensor without factors.
func (t *Tensor) Scales() []float32 {
	if t.scale == nil {
		return nil
	}
	out := make([]float32, len(t.scale)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.scale[4*i:]))
	}
	return out
}

// Float32 converts len(dst) elements, from element offset on, to float32 into dst. Conversion of
// f32, f16 and bf16 is exact, NaN and infinities included; int8 elements are multiplied by the
// factor of their row. The error names the tensor if its type has no conversion, the range lies
// outside of the tensor or the file shrank or was closed.
func (t *Tensor) Float32(dst []float32, offset int) error {
	if offset < 0 || offset > t.count || len(dst) > t.count-offset {
		return fmt.Errorf("safetensors: tensor %q: elements %d to %d asked for, it has %d", t.name, offset, uint64(offset)+uint64(len(dst)), t.count)
	}
	if !t.dtype.Convertible() {
		return fmt.Errorf("safetensors: tensor %q has type %s, which winnow does not convert (known: F32, F16, BF16, I8 with row factors)", t.name, t.dtype)
	}
	if t.dtype == I8 && t.scale == nil && t.count > 0 {
		return fmt.Errorf("safetensors: int8 tensor %q has no row factors: tensor %q is missing", t.name, t.name+ScaleSuffix)
	}
	if t.file.closed.Load() {
		return fmt.Errorf("safetensors: tensor %q: %w", t.name, ErrClosed)
	}
	if err := guard(func() { t.convert(dst, offset) }); err != nil {
		return fmt.Errorf("safetensors: tensor %q: %w", t.name, err)
	}
	return nil
}

// convert assumes that the range lies inside of the tensor.
func (t *Tensor) convert(dst []float32, offset int) {
	switch t.dtype {
	case F32:
		copyF32(dst, t.data[4*offset:])
	case F16:
		convertF16(dst, t.data[2*offset:])
	case BF16:
		convertBF16(dst, t.data[2*offset:])
	case I8:
		t.dequantise(dst, offset)
	}
}

// dequantise walks over whole and partial rows: dst[i] = element * factor of its row.
func (t *Tensor) dequantise(dst []float32, offset int) {
	if len(dst) == 0 {
		return
	}
	width := t.count / t.shape[0]
	for len(dst) > 0 {
		row, col := offset/width, offset%width
		n := min(width-col, len(dst))
		s := math.Float32frombits(binary.LittleEndian.Uint32(t.scale[4*row:]))
		src := t.data[offset : offset+n]
		for i, b := range src {
			dst[i] = float32(int8(b)) * s
		}
		dst = dst[n:]
		offset += n
	}
}

// View calls f with the stored bytes, as Bytes returns them, and turns a memory fault of a mapped
// file that shrank into an error.
func (t *Tensor) View(f func([]byte)) error {
	if t.file.closed.Load() {
		return fmt.Errorf("safetensors: tensor %q: %w", t.name, ErrClosed)
	}
	if err := guard(func() { f(t.data) }); err != nil {
		return fmt.Errorf("safetensors: tensor %q: %w", t.name, err)
	}
	return nil
}

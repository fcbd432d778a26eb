// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func f32Bytes(v ...float32) []byte {
	var out []byte
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

// sample holds one tensor of each convertible type, and some of others, at odd alignments.
func sample(t *testing.T) []byte {
	t.Helper()
	header := `{"odd":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},` +
		`"f32":{"dtype":"F32","shape":[2,3],"data_offsets":[1,25]},` +
		`"f16":{"dtype":"F16","shape":[3],"data_offsets":[25,31]},` +
		`"bf16":{"dtype":"BF16","shape":[3],"data_offsets":[31,37]},` +
		`"q":{"dtype":"I8","shape":[3,2],"data_offsets":[37,43]},` +
		`"q.scale":{"dtype":"F32","shape":[3],"data_offsets":[43,55]},` +
		`"bare":{"dtype":"I8","shape":[2],"data_offsets":[55,57]},` +
		`"ids":{"dtype":"I64","shape":[1],"data_offsets":[57,65]},` +
		`"new":{"dtype":"F9","shape":[8],"data_offsets":[65,66]},` +
		`"__metadata__":{"format":"pt"}}`
	data := []byte{7}
	data = append(data, f32Bytes(1, -2, float32(math.Inf(1)), 4, 5, math.SmallestNonzeroFloat32)...)
	data = append(data, 0x00, 0x3c, 0x00, 0xfc, 0x01, 0x00) // 1, -Inf, 2^-24
	data = append(data, 0x80, 0x3f, 0x00, 0xc0, 0x01, 0x00) // 1, -2, a subnormal
	data = append(data, 1, 0xff, 127, 0x81, 0, 0x80)        // 1 -1, 127 -127, 0 -128
	data = append(data, f32Bytes(0.5, 2, -1)...)
	data = append(data, 1, 2)
	data = append(data, make([]byte, 9)...)
	return image(header, data...)
}

var wantFloats = map[string][]float32{
	"f32":  {1, -2, float32(math.Inf(1)), 4, 5, math.SmallestNonzeroFloat32},
	"f16":  {1, float32(math.Inf(-1)), 0x1p-24},
	"bf16": {1, -2, 0x1p-133},
	"q":    {0.5, -0.5, 254, -254, 0, 128},
}

func TestFloat32(t *testing.T) {
	file := sample(t)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	mapped, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer mapped.Close()
	parsed, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*File{mapped, parsed} {
		for name, want := range wantFloats {
			tensor, err := f.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			if tensor.Len() != len(want) || tensor.Name() != name {
				t.Fatalf("%s: %d elements, want %d", name, tensor.Len(), len(want))
			}
			// Every range, between guards that must stay.
			for from := 0; from <= len(want); from++ {
				for to := from; to <= len(want); to++ {
					buf := slices.Repeat([]float32{-77}, to-from+2)
					if err := tensor.Float32(buf[1:len(buf)-1], from); err != nil {
						t.Fatalf("%s[%d:%d]: %v", name, from, to, err)
					}
					if !slices.Equal(buf[1:len(buf)-1], want[from:to]) || buf[0] != -77 || buf[len(buf)-1] != -77 {
						t.Fatalf("%s[%d:%d] = %v, want %v between guards", name, from, to, buf, want[from:to])
					}
				}
			}
			for _, bad := range []struct{ n, offset int }{{1, len(want)}, {0, len(want) + 1}, {1, -1}, {len(want) + 1, 0}, {1, math.MaxInt}, {1, math.MinInt}} {
				if err := tensor.Float32(make([]float32, bad.n), bad.offset); err == nil {
					t.Errorf("%s: %d elements from %d were given", name, bad.n, bad.offset)
				}
			}
		}
	}
	if f := mapped; f.Size() != int64(len(file)) || f.Metadata()["format"] != "pt" || len(f.Names()) != 9 || f.Names()[0] != "odd" {
		t.Errorf("size %d, metadata %v, names %q", f.Size(), f.Metadata(), f.Names())
	}
	if q, _ := parsed.Tensor("q"); !slices.Equal(q.Scales(), []float32{0.5, 2, -1}) || !bytes.Equal(q.Bytes(), []byte{1, 0xff, 127, 0x81, 0, 0x80}) {
		t.Errorf("scales %v, bytes %v", q.Scales(), q.Bytes())
	}
	if f, _ := parsed.Tensor("f32"); f.Scales() != nil || f.DType() != F32 || !slices.Equal(f.Shape(), []int{2, 3}) {
		t.Errorf("f32: scales %v, type %s, shape %v", f.Scales(), f.DType(), f.Shape())
	}
}

func TestFloat32Refusals(t *testing.T) {
	f, err := Parse(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"odd": "type U8", "ids": "type I64", "new": "type F9", "bare": "no row factors"} {
		tensor, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		err = tensor.Float32(make([]float32, 1), 0)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%s: error %v, want one that holds %q and the name", name, err, want)
		}
	}
	if _, err := f.Tensor("nowhere"); !errors.Is(err, ErrNoTensor) {
		t.Errorf("error %v, want ErrNoTensor", err)
	}
	if f.Has("nowhere") || !f.Has("q") {
		t.Error("Has is wrong")
	}
}

func TestClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(path, sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	tensor, err := f.Tensor("f32")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := tensor.Float32(make([]float32, 6), 0); !errors.Is(err, ErrClosed) {
		t.Errorf("Float32: %v, want ErrClosed", err)
	}
	if err := tensor.View(func([]byte) {}); !errors.Is(err, ErrClosed) {
		t.Errorf("View: %v, want ErrClosed", err)
	}
}

func TestOpenRefusals(t *testing.T) {
	dir := t.TempDir()
	short := filepath.Join(dir, "short")
	if err := os.WriteFile(short, []byte("1234567"), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	if err := os.WriteFile(damaged, sample(t)[:200], 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "none",
		dir:                        "not a regular file",
		short:                      "7 bytes",
		damaged:                    "damaged",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that holds %q", path, err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error("absence is not told from other errors")
	}
}

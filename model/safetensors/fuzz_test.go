// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"bytes"
	"testing"
)

// FuzzParse: whatever the bytes, Parse gives an error or a file whose tensors tile the data exactly,
// can be converted at their edges, and survive being written and read again.
func FuzzParse(f *testing.F) {
	f.Add(image(`{}`))
	f.Add(image(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 0, 0, 128, 63))
	f.Add(image(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[8,10]},"a.scale":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2))
	f.Add(image(`{"__metadata__":{"k":"v"},"h":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[0],"data_offsets":[4,4]}}`, 1, 2, 3, 4))
	f.Add(image(`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]},"n":{"dtype":"Q","shape":[9],"data_offsets":[1,3]}}`, 1, 2, 3))
	f.Add(image(`{"a":{"dtype":"I8","shape":[0,5],"data_offsets":[0,0]},"a.scale":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			return
		}
		total := 0
		var entries []Entry
		for _, name := range file.Names() {
			tensor, err := file.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			total += len(tensor.Bytes())
			one := make([]float32, min(tensor.Len(), 1))
			for _, at := range []int{0, tensor.Len() - len(one)} {
				err := tensor.Float32(one, at)
				if want := tensor.DType().Convertible() && (tensor.DType() != I8 || tensor.Scales() != nil || tensor.Len() == 0); (err == nil) != want {
					t.Fatalf("%q: converted %v, want %v: %v", name, err == nil, want, err)
				}
			}
			if tensor.Float32(make([]float32, 1), tensor.Len()) == nil {
				t.Fatalf("%q: read past the end", name)
			}
			if b := tensor.DType().Bits(); b%8 == 0 && b > 0 {
				entries = append(entries, Entry{name, tensor.DType(), tensor.Shape(), Bytes(tensor.Bytes())})
			}
		}
		if total > len(data) {
			t.Fatalf("tensors hold %d bytes of a file of %d", total, len(data))
		}
		var out bytes.Buffer
		if err := Write(&out, entries, file.Metadata()); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			was, _ := file.Tensor(e.Name)
			now, err := again.Tensor(e.Name)
			if err != nil || !bytes.Equal(was.Bytes(), now.Bytes()) {
				t.Fatalf("%q changed on the way: %v", e.Name, err)
			}
		}
	})
}

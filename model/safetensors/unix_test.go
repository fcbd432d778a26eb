// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package safetensors

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A file that shrinks while it is mapped gives an error, not the end of the program.
func TestShrunkFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	var file bytes.Buffer
	const n = 1 << 16
	if err := Write(&file, []Entry{{"a", F32, []int{n}, Bytes(make([]byte, 4*n))}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	tensor, err := f.Tensor("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := tensor.Float32(make([]float32, 1000), n-1000); !errors.Is(err, ErrFault) {
		t.Errorf("Float32: %v, want ErrFault", err)
	}
	sum := 0
	err = tensor.View(func(b []byte) {
		for _, x := range b {
			sum += int(x)
		}
	})
	if !errors.Is(err, ErrFault) {
		t.Errorf("View: %v, want ErrFault", err)
	}
}

// Other panics pass through the guard unchanged.
func TestGuardPassesOtherPanics(t *testing.T) {
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
	}()
	_ = guard(func() { panic("mine") })
}

// Opening a named pipe would wait for a writer for ever.
func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("error %v", err)
	}
}

// Released pages come back with the same values; a closed file has none.
func TestRelease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	want := make([]byte, 1<<18)
	for i := range want {
		want[i] = byte(i * 7)
	}
	var file bytes.Buffer
	if err := Write(&file, []Entry{{"a", U8, []int{len(want)}, Bytes(want)}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	tensor, err := f.Tensor("a")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := tensor.View(func(b []byte) {
			if !bytes.Equal(b, want) {
				t.Error("values differ")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Release(); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Release(); !errors.Is(err, ErrClosed) {
		t.Errorf("Release after Close: %v, want ErrClosed", err)
	}
}

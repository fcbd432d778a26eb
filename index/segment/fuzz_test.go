// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
)

// FuzzOpen opens arbitrary bytes, as they are and with the checksums of tables and footer corrected. Whatever opens has
// sections inside of the file, and reads alike in both ways of verifying.
func FuzzOpen(f *testing.F) {
	for _, parts := range [][]part{nil, {{"a", nil}}, {{"a", []byte("x")}, {"b", noise(200)}}, small()} {
		f.Add(image(f, parts))
	}
	f.Add([]byte("winnowsg"))
	f.Fuzz(func(t *testing.T, b []byte) {
		open(t, b)
		if len(b) >= 64 {
			b = bytes.Clone(b)
			reseal(b)
			open(t, b)
		}
	})
}

func open(t *testing.T, b []byte) {
	f, err := segment.OpenBytes("seg.win", b)
	if err != nil {
		var version *segment.VersionError
		var damage *segment.CorruptionError
		switch {
		case errors.As(err, &version):
		case !errors.As(err, &damage):
			t.Fatalf("an error of another kind: %v", err)
		case damage.Offset < 0 || damage.Offset > int64(len(b)):
			t.Fatalf("offset outside of %d bytes: %v", len(b), err)
		}
		return
	}
	total, damaged := 0, ""
	for _, s := range f.Sections() {
		total += s.Len()
		if err := s.VerifyAll(); err != nil {
			damaged = s.Name()
		}
		if found, err := f.Section(s.Name()); err != nil || found != s {
			t.Fatalf("section %q: %v, %v", s.Name(), found, err)
		}
	}
	if total > len(b) {
		t.Fatalf("sections of %d bytes in %d", total, len(b))
	}
	all := f.VerifyAll(context.Background(), nil)
	if damaged != "" && (all == nil || !strings.Contains(all.Error(), damaged) && !strings.Contains(all.Error(), "more")) {
		t.Fatalf("section %q is damaged, all: %v", damaged, all)
	}
}

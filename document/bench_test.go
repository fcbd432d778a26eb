// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRead reads files of rows and of plain text from the file cache.
func BenchmarkRead(b *testing.B) {
	line := "A sentence of ordinary length, with some words in it, as passages have them."
	for name, text := range map[string]string{
		"a.txt": strings.Repeat(line+"\n", 20_000), "a.csv": "id,text,year\n" + strings.Repeat("x,\""+line+"\",2020\n", 20_000),
		"a.jsonl": strings.Repeat(`{"id":"x","title":"T","text":"`+line+`","year":2020}`+"\n", 20_000),
	} {
		b.Run(strings.TrimPrefix(filepath.Ext(name), "."), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			size := 0
			for b.Loop() {
				if _, err := Read(b.Context(), File{Path: path}, LoadOptions{}, func(d Document) error { size += len(d.Text); return nil }); err != nil {
					b.Fatal(err)
				}
			}
			if size == 0 {
				b.Fatal("no text")
			}
		})
	}
}

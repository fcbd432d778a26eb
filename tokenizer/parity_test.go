// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build parity

package tokenizer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"
)

// TestParity compares with a file that scripts/reference/tokenizer_parity.py wrote; run that script.
func TestParity(t *testing.T) {
	lines, config := os.Getenv("WINNOW_PARITY_LINES"), os.Getenv("WINNOW_PARITY_TOKENIZER")
	data, err := os.ReadFile(config)
	if err != nil {
		t.Fatalf("WINNOW_PARITY_TOKENIZER: %v; run scripts/reference/tokenizer_parity.py", err)
	}
	tok, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(lines)
	if err != nil {
		t.Fatalf("WINNOW_PARITY_LINES: %v; run scripts/reference/tokenizer_parity.py", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	var texts, tokens, wrong, invalid int
	var buf []byte
	var got []Token
	var ids []int32
	for {
		var n uint32
		if err := binary.Read(r, binary.LittleEndian, &n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if buf = append(buf[:0], make([]byte, n)...); read(t, r, buf) {
			t.Fatal("the file ends inside a text")
		}
		text := string(buf)
		var count [4]byte
		if read(t, r, count[:]) {
			t.Fatal("the file ends inside a record")
		}
		want := make([]byte, 12*binary.LittleEndian.Uint32(count[:]))
		if read(t, r, want) {
			t.Fatal("the file ends inside a record")
		}
		clean, replaced := ReplaceInvalid(text)
		if replaced > 0 {
			invalid++
		}
		got = tok.AppendTokens(got[:0], clean)
		ids = tok.AppendIDs(ids[:0], text)
		same := len(got)*12 == len(want) && len(ids) == len(got)
		for i := 0; same && i < len(got); i++ {
			w := want[12*i:]
			same = uint32(ids[i]) == binary.LittleEndian.Uint32(w) && uint32(got[i].ID) == binary.LittleEndian.Uint32(w) &&
				uint32(got[i].Start) == binary.LittleEndian.Uint32(w[4:]) && uint32(got[i].End) == binary.LittleEndian.Uint32(w[8:])
		}
		texts++
		tokens += len(want) / 12
		if !same {
			if wrong++; wrong <= 10 {
				t.Errorf("text %d differs: %+.300q", texts, text)
			}
		}
	}
	if texts == 0 {
		t.Fatal("the file holds no text")
	}
	t.Logf("%d texts (%d with invalid UTF-8), %d tokens: %d texts differ", texts, invalid, tokens, wrong)
}

func read(t *testing.T, r io.Reader, b []byte) (short bool) {
	t.Helper()
	_, err := io.ReadFull(r, b)
	return err != nil
}

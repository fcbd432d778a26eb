// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/document"
)

func TestReadQrels(t *testing.T) {
	want := map[string]Judgments{"q1": {"a": 2, "b": -1}, "q2": {"a": 0}}
	const trec, beir = "q1 0 a 2\nq1\t0\tb\t-1\r\n\nq2  Q0 a 0", qrelsHeader + "\r\nq1\ta\t2\nq2\ta\t0\n\nq1\tb\t-1"
	for _, text := range []string{trec, "\uFEFF" + trec, beir, "\uFEFF" + beir, zipped(t, trec), zipped(t, beir)} {
		path := filepath.Join(t.TempDir(), "qrels")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := LoadQrels(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.20q (-want +got):\n%s", text, diff)
		}
	}
	var b strings.Builder
	if err := WriteQrels(&b, want); err != nil || b.String() != "q1 0 a 2\nq1 0 b -1\nq2 0 a 0\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	for want, qrels := range map[string]map[string]Judgments{
		`query "a b" holds`: {"a b": {"x": 1}}, `document "a b" holds`: {"q": {"a b": 1}}, "document is empty": {"q": {"": 1}},
	} {
		if err := WriteQrels(io.Discard, qrels); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestReadQrelsErrors(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		is         error
	}{
		{"", "r: no judgments", document.ErrEmpty},
		{qrelsHeader, "no judgments", document.ErrEmpty},
		{"q a 1", "r: line 1: want the header", nil},
		{"q 0 a 1\nq 0 b", "line 2: want 4 columns (query 0 document grade), got 3", nil},
		{"q 0 a 1.5", `line 1: score "1.5" is not a whole number`, nil},
		{"q 0 a 1\nq 1 a 0", `line 2: query "q" and document "a" were already judged`, nil},
		{qrelsHeader + "\n\ta\t1", "line 2: query \"\", document \"a\": an id is empty", nil},
		{qrelsHeader + "\nq\ta\tb\t1", "line 2: want 3 columns separated by tabs, got 4", nil},
		{zipped(t, "q 0 a 1")[:20], "gzip", document.ErrDamaged},
	} {
		qrels, err := ReadQrels(strings.NewReader(tt.text), "r")
		if err == nil || qrels != nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%.40q: error %v, want %q", tt.text, err, tt.want)
		}
	}
	if _, err := LoadQrels(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("judgments that are not there: %v", err)
	}
}

func FuzzReadQrels(f *testing.F) {
	f.Add([]byte(qrelsHeader + "\nq\td\t1\nq\te\t-2\r\n"))
	f.Add([]byte("q 0 d 1\nq 0 e -2\n"))
	f.Add([]byte(qrelsHeader + "\na b\td\t+1\t"))
	f.Fuzz(func(t *testing.T, data []byte) {
		qrels, err := ReadQrels(bytes.NewReader(data), "r")
		if (err == nil) == (len(qrels) == 0) {
			t.Fatalf("%d queries and error %v", len(qrels), err)
		}
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteQrels(&b, qrels); err != nil {
			return // ids of BEIR may hold spaces
		}
		again, err := ReadQrels(&b, "again")
		if diff := cmp.Diff(qrels, again); err != nil || diff != "" {
			t.Fatalf("%v, (-first +again):\n%s", err, diff)
		}
	})
}

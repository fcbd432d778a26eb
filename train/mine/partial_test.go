// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/train/dataset"
)

// sentences are rows of words, for a cross-encoder.
func sentences() (rows []dataset.Row) {
	words := []string{"red", "green", "fast", "slow", "train", "ship", "house", "river", "paper", "stone", "wind"}
	for i := range 40 {
		a, b, c := words[i%11], words[(i*5+1)%11], words[(i*7+3)%11]
		rows = append(rows, dataset.Row{Anchor: fmt.Sprintf("what is the %s %s", a, b), Positive: fmt.Sprintf("the %s %s is %s, number %d", b, a, c, i)})
	}
	return rows
}

func openCross(t *testing.T) *encoder.CrossEncoder {
	t.Helper()
	c, err := encoder.OpenCross("../../internal/parity/testdata/cross-default", encoder.Threads(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func miner(t *testing.T, o Options, rows []dataset.Row) (*Miner, *eval.Collection) {
	t.Helper()
	c := Collection(rows, nil)
	m, err := New(inOrder{c}, c, rows, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, c
}

// Judging no more than is needed finds what judging all candidates does, and suspects what is met on the way.
func TestNoMoreIsJudgedThanNeeded(t *testing.T) {
	rows := sentences()
	for _, random := range []bool{false, true} {
		o := Defaults()
		o.Negatives, o.To, o.Random, o.Cross, o.Batch = 3, 30, random, openCross(t), 7
		m, _ := miner(t, o, rows)
		few, fewStats := all(t, m, rows, o)
		o.All = true
		m, _ = miner(t, o, rows)
		every, stats := all(t, m, rows, o)
		for i := range rows {
			if !reflect.DeepEqual(few[i].Found, every[i].Found) || few[i].PositiveScore != every[i].PositiveScore {
				t.Errorf("row %d: %+v, of all candidates %+v", i, few[i].Found, every[i].Found)
			}
			if n := len(few[i].Suspected); !random && !reflect.DeepEqual(few[i].Suspected, every[i].Suspected[:n]) {
				t.Errorf("row %d: suspected %+v, of all candidates %+v", i, few[i].Suspected, every[i].Suspected)
			}
			if want := len(few[i].Found) + len(few[i].Suspected); few[i].Judged != want {
				t.Errorf("row %d: %d candidates judged, %d needed", i, few[i].Judged, want)
			}
		}
		if fewStats.Judged >= stats.Judged || stats.Judged != stats.Candidates || fewStats.Suspected == 0 || fewStats.MeanGap != stats.MeanGap {
			t.Errorf("%+v, of all candidates %+v", fewStats, stats)
		}
	}
}

// However a run ends, what it has mined is there for the next, and the results are those of one run.
func TestPartial(t *testing.T) {
	rows := sentences()
	o := Defaults()
	o.Negatives, o.To, o.Random, o.Batch = 3, 20, true, 8
	m, c := miner(t, o, rows)
	want, _ := all(t, m, rows, o)
	path := filepath.Join(t.TempDir(), "mined.partial")
	stop := errors.New("stop")
	tools := Tools{Retriever: "in order"}

	p, done, err := m.Resume(path, tools, c, rows)
	if err != nil || len(done) != 0 {
		t.Fatal(done, err)
	}
	parts := 0
	err = m.Mine(t.Context(), rows, func(part []Mined) error {
		if parts++; parts > 2 {
			return stop
		}
		return p.Append(part)
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	lines := bytes.SplitAfter(whole, []byte("\n"))
	last := lines[len(lines)-2]
	for name, tt := range map[string]struct {
		file []byte
		rows int
	}{
		"as it was":       {whole, 16},
		"a torn line":     {whole[:len(whole)-5], 15},
		"no end of line":  {whole[:len(whole)-1], 15},
		"zeros":           {append(bytes.Clone(whole), make([]byte, 100)...), 16},
		"zeros, a line":   {append(append(bytes.Clone(whole), make([]byte, 100)...), last...), 16},
		"an unknown text": {append(bytes.Clone(whole), []byte("{\"found\":[{\"id\":\"x\"}]}\n")...), 16},
		"the header":      {lines[0], 0},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, tt.file, 0o600); err != nil {
				t.Fatal(err)
			}
			p, got, err := m.Resume(path, tools, c, rows)
			if err != nil || len(got) != tt.rows {
				t.Fatal(len(got), err)
			}
			err = m.Mine(t.Context(), rows[len(got):], func(part []Mined) error {
				got = append(got, part...)
				return p.Append(part)
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			_, again, err := m.Resume(path, tools, c, rows)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) || !reflect.DeepEqual(again[i], want[i]) {
					t.Fatalf("row %d: %+v, read again %+v, want %+v", i, got[i], again[i], want[i])
				}
			}
		})
	}

	o.Negatives = 2
	other, _ := miner(t, o, rows)
	if _, _, err := other.Resume(path, Tools{Retriever: "another"}, c, rows); err == nil || !strings.Contains(err.Error(), `negatives: 3, now 2; retriever: "in order", now "another"`) {
		t.Errorf("other settings: %v", err)
	}
	rows[3].Positive = "another text"
	if _, _, err := m.Resume(path, tools, Collection(rows, nil), rows); err == nil || !strings.Contains(err.Error(), "data: ") {
		t.Errorf("other data: %v", err)
	}
	for _, text := range []string{"", "my notes\n", "{}\n", "{\"format\":\"winnow-mined/1\""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.Resume(path, tools, c, rows); err == nil || !strings.Contains(err.Error(), "is no such file") {
			t.Errorf("%q: %v", text, err)
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != text {
			t.Errorf("%q was changed: %q, %v", text, left, err)
		}
	}
}

func FuzzPartial(f *testing.F) {
	rows := sentences()[:4]
	c := Collection(rows, nil)
	m, err := New(inOrder{c}, c, rows, Defaults())
	if err != nil {
		f.Fatal(err)
	}
	h := m.header(Tools{}, c, rows)
	text, err := json.Marshal(h)
	if err != nil {
		f.Fatal(err)
	}
	text = append(text, '\n')
	f.Add(string(text) + `{"found":[{"id":"2","rank":0,"score":0.5}],"positive_score":1,"candidates":3,"judged":2}` + "\n")
	f.Add(string(text) + "null\n{}\n")
	f.Add("{\"format\":1}\n")
	f.Fuzz(func(t *testing.T, text string) {
		done, end, err := m.read(strings.NewReader(text), "fuzz", h, rows)
		if err != nil {
			return
		}
		if end > int64(len(text)) || len(done) > len(rows) {
			t.Fatalf("%d rows, %d of %d bytes", len(done), end, len(text))
		}
		again, _, err := m.read(strings.NewReader(text[:end]), "fuzz", h, rows)
		if err != nil || len(again) != len(done) {
			t.Fatalf("%d rows, then %d, %v", len(done), len(again), err)
		}
	})
}

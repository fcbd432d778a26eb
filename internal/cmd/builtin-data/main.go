// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command builtin-data makes what the built-in models are trained on of a folder of public data sets, of those alone whose
// stated licence allows it. The same folder gives the same bytes.
//
//	go run ./internal/cmd/builtin-data texts --data DIR --out texts.jsonl          distinct texts, for distillation
//	go run ./internal/cmd/builtin-data questions --data DIR --out questions.jsonl  questions with answers, and made ones
//	go run ./internal/cmd/builtin-data stuffed --out OUT FILE                      rows of FILE with one more negative, made of the question
//	go run ./internal/cmd/builtin-data stated --out OUT FILE                       rows of FILE, some so, and rows of what answers say
//	go run ./internal/cmd/builtin-data overlap --eval DIR FILE...                  fails if a text of FILE is one of evaluation
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/train/dataset"
)

func main() {
	const usage = "usage: builtin-data texts|questions --data DIR --out FILE, builtin-data stuffed|stated --out OUT FILE, or builtin-data overlap --eval DIR FILE..."
	if len(os.Args) < 2 || !slices.Contains([]string{"texts", "questions", "stuffed", "stated", "overlap"}, os.Args[1]) {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	data := flags.String("data", "", "folder of the training sets, *.jsonl.gz")
	out := flags.String("out", "", "file to write")
	without := flags.String("without", "", "a set to leave out")
	asked := flags.Bool("asked", false, "of questions those that were asked, none that are made")
	collections := flags.String("eval", "", "folder of evaluation collections, BEIR folders")
	_ = flags.Parse(os.Args[2:]) // exits on errors
	var err error
	switch what := os.Args[1]; {
	case what == "overlap" && *collections != "" && flags.NArg() > 0:
		err = overlap(*collections, flags.Args())
	case what == "stuffed" && *out != "" && flags.NArg() == 1:
		err = stuffed(flags.Arg(0), *out)
	case what == "stated" && *out != "" && flags.NArg() == 1:
		err = stated(flags.Arg(0), *out)
	case (what == "texts" || what == "questions") && *data != "" && *out != "" && flags.NArg() == 0:
		err = run(what, *data, *out, *without, *asked)
	default:
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "builtin-data:", err)
		os.Exit(1)
	}
}

func run(what, data, out, without string, asked bool) error {
	if without != "" && !slices.ContainsFunc(sets, func(s set) bool { return s.name == without }) {
		return fmt.Errorf("--without %s: there is no such set", without)
	}
	make := texts
	switch {
	case what == "questions" && asked:
		make = askedQuestions
	case what == "questions":
		make = questions
	}
	var lines bytes.Buffer
	e := json.NewEncoder(&lines)
	e.SetEscapeHTML(false)
	counts := map[string]int{}
	err := make(data, func(set string, line any) error {
		if set == without {
			return nil
		}
		counts[set]++
		return e.Encode(line)
	})
	if err != nil {
		return err
	}
	for _, s := range sets {
		if n := counts[s.name]; n > 0 {
			fmt.Printf("%7d  %-28s %s\n", n, s.name, s.licence)
		}
	}
	return atomicfile.Write(out, lines.Bytes())
}

// read calls f with the rows of a set, in order.
func (s *set) read(data string, f func(dataset.Row) error) error {
	for row, err := range dataset.Rows([]string{filepath.Join(data, s.name+".jsonl.gz")}, dataset.Options{}) {
		if err != nil {
			return err
		}
		if n := row.Place.Line; n >= s.skip[0] && n < s.skip[1] {
			continue
		}
		if err := f(row); err != nil {
			return err
		}
	}
	return nil
}

// texts gives every text of every set once.
func texts(data string, put func(set string, line any) error) error {
	type line struct {
		Text string `json:"text"`
	}
	seen := map[string]bool{}
	for i := range sets {
		s := &sets[i]
		err := s.read(data, func(r dataset.Row) error {
			for _, text := range append([]string{r.Anchor, r.Positive}, r.Negatives...) {
				if text = strings.TrimSpace(text); text == "" || seen[text] {
					continue
				}
				seen[text] = true
				if err := put(s.name, line{text}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// question is a row of the reranker's data. Negatives are not judged; mining searches them, too.
type question struct {
	Query     string   `json:"query"`
	Positive  string   `json:"positive"`
	Negatives []string `json:"negatives,omitempty"`
}

// askedQuestions gives as many questions of each set as it says, chosen by their hash.
func askedQuestions(data string, put func(set string, line any) error) error {
	for i := range sets {
		s := &sets[i]
		if s.questions == 0 {
			continue
		}
		var asked []question
		err := s.read(data, func(r dataset.Row) error {
			if r.Positive != "" {
				asked = append(asked, question{r.Anchor, r.Positive, r.Negatives})
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, q := range chosen(asked, s.questions, func(q question) string { return q.Query + q.Positive }) {
			if err := put(s.name, q); err != nil {
				return err
			}
		}
	}
	return nil
}

// questions gives those that were asked, and after them as many as each set says that are made of its passages.
func questions(data string, put func(set string, line any) error) error {
	if err := askedQuestions(data, put); err != nil {
		return err
	}
	all := make([][]string, len(sets)) // passages of each set that gives some
	for i := range sets {
		s := &sets[i]
		if s.made == 0 {
			continue
		}
		err := s.read(data, func(r dataset.Row) error {
			all[i] = append(all[i], cmp.Or(r.Positive, r.Anchor))
			return nil
		})
		if err != nil {
			return err
		}
		slices.Sort(all[i])
		all[i] = slices.Compact(all[i])
	}
	words := frequencies(all)
	for i := range sets {
		s := &sets[i]
		for k, text := range chosen(all[i], s.made, func(text string) string { return text }) {
			q, err := cloze(text)
			if k%3 == 2 {
				q, err = keywords(text, words)
			}
			if errors.Is(err, errTooShort) {
				continue
			}
			if err := put(s.name, q); err != nil {
				return err
			}
		}
	}
	return nil
}

// chosen are n of a list, those with the least hashes, in the order of these.
func chosen[T any](list []T, n int, key func(T) string) []T {
	type hashed struct {
		hash  uint64
		place int
	}
	order := make([]hashed, len(list))
	for i, x := range list {
		order[i] = hashed{hash(key(x)), i}
	}
	slices.SortFunc(order, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.place, b.place)) })
	out := make([]T, min(n, len(list)))
	for i := range out {
		out[i] = list[order[i].place]
	}
	return out
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // a hash takes all
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

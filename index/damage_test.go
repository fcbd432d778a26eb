// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/segment"
)

// damageKinds are the factory strings whose sections are damaged.
var damageKinds = []string{"hnsw8,int8", "ivf2,pq4", "ivf2", "flat,binary", "flat,fp16"}

// makeSpecimen makes a small index with two segments, deleted rows and all files that an index has, and returns what it holds.
func makeSpecimen(t testing.TB, dir, vectors string, ids int) model {
	t.Helper()
	db, err := Create(dir, kindSettings(vectors), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	is := model{}
	apply := func(c Change) {
		mustApply(t, db, c)
		is = is.with(c)
	}
	for n := range 4 {
		apply(nthChange(2, n, ids))
	}
	if ids > 16 {
		var c Change
		for i := range ids {
			c.Add = append(c.Add, versioned(fmt.Sprintf("doc%d", i), uint64(4000+i)))
			c.Files = append(c.Files, FileRecord{Path: fmt.Sprintf("dir/doc%d", i), Size: int64(4000 + i), Hash: "h"})
		}
		apply(c)
	}
	if err := db.Merge(t.Context(), MergeOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	c := nthChange(2, 5, ids)
	c.Delete = append(c.Delete, sortedIDs(is)[:1]...)
	for i := range c.Add {
		c.Delete = slices.DeleteFunc(c.Delete, func(id string) bool { return id == c.Add[i].Document.ID })
	}
	for _, id := range c.Delete {
		c.Files = append(c.Files, FileRecord{Path: "dir/" + id})
	}
	apply(c)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if names := indexFiles(t, dir); len(names) != 4 {
		t.Fatalf("%v", names)
	}
	if _, err := survey(dir, is); err != nil {
		t.Fatal(err)
	}
	return is
}

// ask opens an index and asks it; nil if it cannot be opened.
func ask(dir string) ([]string, error) {
	db, err := Open(dir, Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	return answers(db), db.Close()
}

// damageTest damages one index after the other and puts it right again.
type damageTest struct {
	t                              *testing.T
	dir                            string
	want                           []string
	cases, refused, partly, silent int
}

// judge looks at a damaged index. Check must name the file, and answers must be errors or the right ones.
func (d *damageTest) judge(what, name string, at int) {
	d.cases++
	r, err := Check(background, d.dir, Options{})
	switch {
	case err != nil:
		d.t.Errorf("%s: check: %v", what, err)
	case len(r.Problems) == 0:
		d.t.Errorf("%s: check finds nothing", what)
	case !namesFile(r.Problems, name):
		d.t.Errorf("%s: check does not name the file: %v", what, r.Problems)
	case at >= 0 && !near(r.Problems, name, at):
		d.t.Errorf("%s: check does not say where: %v", what, r.Problems)
	}
	got, err := ask(d.dir)
	if err != nil {
		d.refused++
		return
	}
	partly := false
	for i, g := range got {
		if g == "error" && d.want[i] != "error" {
			partly = true
			continue
		}
		if g != d.want[i] {
			d.t.Errorf("%s: silently wrong: %s, expected %s", what, g, d.want[i])
		}
	}
	if partly {
		d.partly++
	} else {
		d.silent++
	}
}

// near reports whether a problem's offset is within the damaged page or block, or the table that it belongs to.
func near(problems []error, name string, at int) bool {
	for _, p := range problems {
		list := []*segment.CorruptionError{}
		if many, ok := errors.AsType[*segment.CorruptionList](p); ok {
			list = many.Errors
		} else if one, ok := errors.AsType[*segment.CorruptionError](p); ok {
			list = append(list, one)
		}
		for _, e := range list {
			if filepath.Base(e.File) == name && e.Offset/4096 <= int64(at)/4096 && e.Offset > int64(at)-2*4096 {
				return true
			}
		}
	}
	return false
}

// TestFlippedBytes changes single bytes of every file.
func TestFlippedBytes(t *testing.T) {
	for _, c := range []struct {
		ids, positions int
	}{{16, pick(60, 6000)}, {400, pick(40, 1500)}} {
		for _, vectors := range damageKinds {
			t.Run(fmt.Sprintf("%s,%d documents", vectors, c.ids), func(t *testing.T) {
				dir := filepath.Join(fastDir(t), "db")
				makeSpecimen(t, dir, vectors, c.ids)
				d := damageTest{t: t, dir: dir}
				var err error
				if d.want, err = ask(dir); err != nil || slices.Contains(d.want, "error") {
					t.Fatalf("%v, %v", d.want, err)
				}
				random := rand.New(rand.NewPCG(3, 0))
				for _, name := range indexFiles(t, dir) {
					path := filepath.Join(dir, name)
					whole, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					step := max(1, len(whole)/c.positions)
					for at := random.IntN(step); at < len(whole); at += 1 + random.IntN(2*step-1) {
						x := byte(1) << random.IntN(8)
						if random.IntN(4) == 0 {
							x = byte(1 + random.IntN(255))
						}
						patch(t, path, at, whole[at]^x)
						d.judge(fmt.Sprintf("%s, byte %d changed by %02x", name, at, x), name, at)
						patch(t, path, at, whole[at])
						if t.Failed() && !long() {
							return
						}
					}
				}
				if got, err := ask(dir); err != nil || !slices.Equal(got, d.want) {
					t.Errorf("the index was not put right: %v, %v", got, err)
				}
				t.Logf("%d flipped bytes: %d times opening was refused, %d times some answers were, %d times all answers were right", d.cases, d.refused, d.partly, d.silent)
			})
		}
	}
}

func patch(t testing.TB, path string, at int, b byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt([]byte{b}, int64(at))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// mutilations are other ways of damaging a file. Each returns the new content, nil for a missing file.
func mutilations(random *rand.Rand, whole []byte) map[string][]byte {
	at := random.IntN(len(whole))
	insert := slices.Concat(whole[:at], []byte{byte(random.IntN(256))}, whole[at:])
	return map[string][]byte{
		"emptied":                                 {},
		"without its last byte":                   whole[:len(whole)-1],
		"with a byte more":                        append(slices.Clone(whole), 0),
		"with a block more":                       append(slices.Clone(whole), bytes.Repeat([]byte{7}, 4096)...),
		fmt.Sprintf("cut at %d", at):              whole[:at],
		fmt.Sprintf("without byte %d", at):        slices.Concat(whole[:at], whole[at+1:]),
		fmt.Sprintf("with a byte more at %d", at): insert,
		fmt.Sprintf("zeros from %d on", at):       append(slices.Clone(whole[:at]), make([]byte, len(whole)-at)...),
		"missing":                                 nil,
	}
}

// TestMutilatedFiles cuts, extends, empties and removes every file.
func TestMutilatedFiles(t *testing.T) {
	for _, vectors := range damageKinds {
		dir := filepath.Join(fastDir(t), "db")
		makeSpecimen(t, dir, vectors, 200)
		d := damageTest{t: t, dir: dir}
		var err error
		if d.want, err = ask(dir); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(4, 0))
		for _, name := range indexFiles(t, dir) {
			path := filepath.Join(dir, name)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for range pick(2, 40) {
				for what, content := range mutilations(random, whole) {
					if bytes.Equal(content, whole) && content != nil {
						continue
					}
					if content == nil && isPagesName(name) {
						continue // says nothing when it is missing
					}
					replaceFile(t, path, content)
					d.judge(vectors+": "+name+" "+what, name, placeOfLength(name, whole, content))
					if isSegmentName(name) && content != nil && len(content) != len(whole) {
						d.lengths(vectors+": "+name+" "+what, name, len(content), len(whole))
					}
					replaceFile(t, path, whole)
				}
			}
		}
		t.Logf("%s: %d mutilations: %d times opening was refused, %d times some answers were, %d times all answers were right", vectors, d.cases, d.refused, d.partly, d.silent)
	}
}

// placeOfLength is where check must find bytes missing, or too many; -1 if it need not say. A segment knows its length, the
// pages of index.db have checksums of their own.
func placeOfLength(name string, whole, content []byte) int {
	switch shorter := min(len(whole), len(content)); {
	case content == nil, len(content) == len(whole), isPagesName(name) && len(content) > len(whole):
		return -1
	case name == ledgerName:
		at := 0
		for at < shorter && content[at] == whole[at] {
			at++
		}
		if at < pageBytes {
			return pageBytes + pageHeader // what the first page holds beside its meta page is nothing: the second one tells
		}
		if len(content) < len(whole) {
			return at
		}
		return shorter
	default:
		return shorter
	}
}

// lengths judges what check says of a file that is too short or too long: where, how long it is and how long it was.
func (d *damageTest) lengths(what, name string, found, expected int) {
	r, err := Check(background, d.dir, Options{})
	if err != nil {
		d.t.Errorf("%s: check: %v", what, err)
		return
	}
	says := fmt.Sprintf("at byte %d: the file has %d bytes, want %d: ", min(found, expected), found, expected)
	if !slices.ContainsFunc(r.Problems, func(p error) bool { return strings.Contains(p.Error(), name+": "+says) }) {
		d.t.Errorf("%s: check does not say %q: %v", what, says, r.Problems)
	}
}

// replaceFile writes a new file in the place of another; nil removes it.
func replaceFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if content == nil {
		return
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// reembed gives the passages of specimens their vectors again.
func reembed(t testing.TB) RepairOptions {
	t.Helper()
	return RepairOptions{Options: Options{Threads: 1}, Embed: func(s Settings) (Embedder, error) {
		return func(_ context.Context, passages []document.Chunk) ([]float32, error) {
			// A passage says which document it is of, in which version, and its number there.
			var vectors []float32
			for _, p := range passages {
				var id string
				var number, word int
				var seed uint64
				if _, err := fmt.Sscanf(p.Text, "passage%d of %s with word%d and seed%d", &number, &id, &word, &seed); err != nil {
					return nil, err
				}
				vectors = append(vectors, versioned(id, seed).Vectors[number*testDim:][:testDim]...)
			}
			return vectors, nil
		}, nil
	}}
}

// TestRepair damages a file, repairs the index, and compares it with what it was.
func TestRepair(t *testing.T) {
	for _, vectors := range damageKinds {
		t.Run(vectors, func(t *testing.T) {
			base := fastDir(t)
			whole := filepath.Join(base, "whole")
			is := makeSpecimen(t, whole, vectors, 200)
			repaired, lossy, without := 0, 0, 0
			random := rand.New(rand.NewPCG(5, 0))
			for _, name := range indexFiles(t, whole) {
				content, err := os.ReadFile(filepath.Join(whole, name))
				if err != nil {
					t.Fatal(err)
				}
				damages := map[string][]byte{}
				for range pick(16, 200) {
					at := random.IntN(len(content))
					bad := slices.Clone(content)
					bad[at] ^= byte(1 + random.IntN(255))
					damages[fmt.Sprintf("byte %d changed", at)] = bad
				}
				for range pick(3, 60) {
					at := random.IntN(len(content))
					damages[fmt.Sprintf("without byte %d", at)] = slices.Concat(content[:at], content[at+1:])
				}
				if name != ledgerName && !isPagesName(name) {
					// Every byte of header and footer has no copy in the file.
					for _, at := range []int{3, 9, 40, len(content) - 64, len(content) - 50, len(content) - 44, len(content) - 20, len(content) - 1} {
						bad := slices.Clone(content)
						bad[at] ^= 0x10
						damages[fmt.Sprintf("byte %d changed", at)] = bad
					}
				}
				for what, bad := range damages {
					dir := filepath.Join(base, "damaged")
					copyDir(t, whole, dir)
					replaceFile(t, filepath.Join(dir, name), bad)
					r, err := Repair(background, dir, reembed(t))
					if err != nil {
						t.Fatalf("%s %s: %v", name, what, err)
					}
					repaired++
					if len(r.Lost) == 0 {
						without++
						if _, err := surveyAll(dir, !r.Manifest, is); err != nil {
							t.Fatalf("%s %s: after the repair: %v (%+v)", name, what, err, r)
						}
					} else {
						lossy++
						if err := onlyLost(dir, is, r.Lost); err != nil {
							t.Fatalf("%s %s: after the repair: %v (%+v)", name, what, err, r)
						}
					}
					if err := os.RemoveAll(dir); err != nil {
						t.Fatal(err)
					}
				}
			}
			t.Logf("%d repairs: %d brought everything back, %d named what is lost", repaired, without, lossy)
		})
	}
}

// onlyLost returns an error unless a repaired index is whole, and holds all documents that were not said to be lost, and
// none that was deleted unless that was said.
func onlyLost(dir string, was model, lost []string) error {
	r, err := Check(background, dir, Options{})
	if err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return errors.Join(r.Problems...)
	}
	db, err := Open(dir, Options{Threads: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	is := model{}
	if err := s.Documents(background, func(d *document.Document, _ []Passage) error {
		n, _ := d.Meta["version"].(interface{ Int64() (int64, error) })
		version, err := n.Int64()
		is[d.ID] = uint64(version)
		return err
	}); err != nil {
		return err
	}
	if err := accounted(was, is, lost); err != nil {
		return err
	}
	ledger := slices.ContainsFunc(lost, func(l string) bool { return strings.Contains(l, "lists of deleted documents") })
	maps.DeleteFunc(is, func(id string, _ uint64) bool { return was[id] != 0 })
	if len(is) > 0 && !ledger && !slices.ContainsFunc(lost, func(l string) bool { return strings.Contains(l, "whether it was deleted") }) {
		return fmt.Errorf("%v are back", sortedIDs(is))
	}
	return nil
}

// accounted returns an error for documents that are missing, or are older versions, without a word: each is named by its id in what was
// said to be lost, or is one of as many as could not be named, because their ids are damaged too.
func accounted(was, is model, lost []string) error {
	nameless := 0
	var named []string
	for _, l := range lost {
		var n, of int
		if _, err := fmt.Sscanf(l, "%d of %d documents of ", &n, &of); err == nil {
			nameless += n
		} else if _, err := fmt.Sscanf(l, "document %d of ", &n); err == nil {
			if strings.Contains(l, `"doc`) {
				named = append(named, l)
			} else {
				nameless++
			}
		} else if !strings.HasPrefix(l, "lists of deleted documents") {
			return nil // a whole segment that does not say how much is in it
		}
	}
	var unsaid []string
	for _, id := range sortedIDs(was) {
		if is[id] != was[id] && !slices.ContainsFunc(named, func(l string) bool { return strings.Contains(l, fmt.Sprintf("%q", id)) }) {
			unsaid = append(unsaid, id)
		}
	}
	if len(unsaid) > nameless {
		return fmt.Errorf("%d documents are missing without a word, and %d of them are accounted for: %v", len(unsaid), nameless, unsaid)
	}
	return nil
}

// The accounting of the test of repairs can fail.
func TestAccounted(t *testing.T) {
	was := model{"doc1": 1, "doc2": 2, "doc3": 3}
	for _, c := range []struct {
		is   model
		lost []string
		fine bool
	}{
		{was, nil, true},
		{model{"doc1": 1, "doc3": 3}, nil, false},
		{model{"doc1": 1, "doc2": 1, "doc3": 3}, []string{`document 0 of f, "doc1": bad`}, false},
		{model{"doc1": 1, "doc3": 3}, []string{`document 1 of f, "doc2": bad`}, true},
		{model{"doc1": 1}, []string{`document 1 of f, "doc2": bad`, "document 2 of f: bad"}, true},
		{model{"doc1": 1}, []string{"document 2 of f: bad"}, false},
		{model{"doc1": 1}, []string{"2 of 9 documents of f: bad"}, true},
		{model{}, []string{"2 of 9 documents of f: bad"}, false},
		{model{"doc1": 1, "doc3": 3}, []string{"lists of deleted documents, in part"}, false},
	} {
		if err := accounted(was, c.is, c.lost); (err == nil) != c.fine {
			t.Errorf("%v, lost %q: %v", c.is, c.lost, err)
		}
	}
}

// TestMergeOfDamage merges damaged segments: the merged one must not have what is damaged, as if it were whole.
func TestMergeOfDamage(t *testing.T) {
	for _, vectors := range damageKinds {
		base := fastDir(t)
		whole := filepath.Join(base, "whole")
		is := makeSpecimen(t, whole, vectors, 200)
		random := rand.New(rand.NewPCG(6, 0))
		refused, merged := 0, 0
		for _, name := range indexFiles(t, whole) {
			if !isSegmentName(name) {
				continue
			}
			content, err := os.ReadFile(filepath.Join(whole, name))
			if err != nil {
				t.Fatal(err)
			}
			for range pick(12, 400) {
				dir := filepath.Join(base, "damaged")
				copyDir(t, whole, dir)
				at := random.IntN(len(content))
				patch(t, filepath.Join(dir, name), at, content[at]^0x40)
				db, err := Open(dir, Options{Write: true, Threads: 1})
				if err == nil {
					err = db.Merge(background, MergeOptions{All: true})
					err = errors.Join(err, db.Close())
				}
				if err != nil {
					refused++
					if !isCorruption(err) {
						t.Errorf("%s, byte %d: the error does not say that the index is damaged: %v", name, at, err)
					}
				} else if _, err := survey(dir, is); err != nil {
					t.Errorf("%s, byte %d: merged all the same: %v", name, at, err)
				} else {
					merged++
				}
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Logf("%s: %d merges of a damaged segment refused, %d had no use for the damaged byte", vectors, refused, merged)
	}
}

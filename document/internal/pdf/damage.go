// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// lack notes that something is missing which the text needs. That alone does not make a file damaged: references to nothing are
// allowed. A file whose table of objects is lost as well has probably lost its end.
func (f *file) lack(format string, args ...any) {
	if f.repaired && f.lacks == nil {
		f.lacks = fmt.Errorf(format, args...)
	}
}

// damage notes that something cannot be read which the text needs: the file will be refused.
func (f *file) damage(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if errors.Is(err, ErrTooLarge) {
		panic(err)
	}
	if f.page > 0 {
		err = fmt.Errorf("page %d: %w", f.page, err)
	}
	if f.damaged == nil {
		f.damaged = err
	}
}

// checked is decode that tells of the checksums met. What is read on the way, such as filters in object streams, is not among them.
func (f *file) checked(s *stream) (data []byte, met sums, err error) {
	before := f.sums
	f.sums = sums{}
	data, err = f.decode(s)
	met, f.sums = f.sums, before
	return data, met, err
}

// decodeContent is decode for content, whose checksums count once, however often it is painted. It says whether they make it suspect.
func (f *file) decodeContent(s *stream) (data []byte, suspect bool, err error) {
	data, met, err := f.checked(s)
	if !f.counted[s] {
		f.counted[s] = true
		f.contents.right += met.right
		f.contents.wrong += met.wrong
		if met.wrong > 0 {
			f.wrongOn = f.page
		}
	}
	return data, met.suspect(), err
}

// oneWrong takes a wrong checksum for damage if it is the only one of several contents: a program that writes wrong ones writes more.
func (f *file) oneWrong() {
	const several = 3
	if f.contents.wrong == 1 && f.contents.right >= several {
		f.page = f.wrongOn
		f.damage("the checksum of its content is wrong, and those of others are right")
	}
}

// repair finds objects by looking for "1 0 obj" through the whole file. The last one of a number counts.
//
// What was met before by a table that was wrong says nothing of the text, nor does what the search meets.
func (f *file) repair() {
	f.repaired = true
	f.entries, f.cache, f.packs = map[int]entry{}, map[int]any{}, map[int]*pack{}
	damaged := f.damaged
	if f.page == 0 {
		damaged = nil
	}
	defer func() { f.lacks, f.damaged = nil, damaged }()
	var streams []int
	last := 0
	for pos := 0; ; {
		i := bytes.Index(f.data[pos:], []byte("obj"))
		if i < 0 {
			break
		}
		at := pos + i
		pos = at + len("obj")
		num, gen, start, ok := headBefore(f.data, at)
		if !ok || num > maxObjects*2 || len(f.entries) >= maxObjects {
			continue
		}
		f.entries[num] = entry{offset: start, gen: gen}
		last = num
		if window := f.data[at:min(len(f.data), at+512)]; bytes.Contains(window, []byte("/ObjStm")) || bytes.Contains(window, []byte("/XRef")) {
			streams = append(streams, num)
		}
	}
	for pos := 0; ; {
		i := bytes.Index(f.data[pos:], []byte("trailer"))
		if i < 0 {
			break
		}
		pos += i + len("trailer")
		l := lexer{data: f.data, pos: pos, refs: true}
		o, _ := l.object(0)
		f.adopt(o)
		f.charge((l.pos - pos) / 16)
	}
	for _, num := range streams {
		s, ok := f.load(num).(*stream)
		if !ok {
			continue
		}
		if s.dict["Type"] == name("XRef") {
			f.adopt(s.dict)
		}
	}
	if f.crypt == nil && f.decrypt() != nil {
		return // the caller finds out again
	}
	for _, num := range streams {
		if s, ok := f.load(num).(*stream); !ok || s.dict["Type"] != name("ObjStm") {
			continue
		}
		for i, inner := range f.openPack(num).numbers {
			if e, have := f.entries[inner]; !have || f.offset(e) < f.entries[num].offset {
				delete(f.entries, inner)
				delete(f.cache, inner)
				f.set(inner, entry{pack: num, index: i})
			}
		}
	}
	if last > 0 {
		l := lexer{data: f.data, pos: f.entries[last].offset}
		_, _, ok := f.indirect(&l, false)
		l.skipSpace()
		if rest := f.data[l.pos:]; !ok || !bytes.HasPrefix(rest, []byte("endobj")) && !bytes.HasPrefix(rest, []byte("endstream")) {
			f.last = last
		}
	}
	if f.resolve(f.trailer["Root"]) == nil {
		for _, num := range f.fromEnd() {
			if d, ok := f.load(num).(dict); ok && d["Type"] == name("Catalog") && f.resolve(d["Pages"]) != nil {
				f.trailer["Root"] = ref{num: num}
				break
			}
		}
	}
}

// offset is where in the file an object is, or the object stream that has it.
func (f *file) offset(e entry) int {
	if e.pack > 0 {
		e = f.entries[e.pack]
	}
	return e.offset
}

// fromEnd are the numbers of all objects, the last in the file first: a later version is appended to the former.
func (f *file) fromEnd() []int {
	type place struct{ num, offset, index int }
	places := make([]place, 0, len(f.entries))
	for num, e := range f.entries {
		places = append(places, place{num, f.offset(e), e.index})
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.offset, a.offset), cmp.Compare(b.index, a.index), cmp.Compare(b.num, a.num))
	})
	numbers := make([]int, len(places))
	for i, p := range places {
		numbers[i] = p.num
	}
	return numbers
}

// adopt takes over what a trailer says. Later ones win.
func (f *file) adopt(o any) {
	d, ok := o.(dict)
	if !ok || d["Root"] == nil {
		return
	}
	for _, k := range []name{"Root", "Info", "Encrypt", "ID"} {
		if v, ok := d[k]; ok {
			f.trailer[k] = v
		}
	}
}

// headBefore reads "1 0 " backwards from where obj begins.
func headBefore(data []byte, at int) (num, gen, start int, ok bool) {
	number := func(pos int) (n, first int, ok bool) {
		for pos > 0 && isSpace(data[pos-1]) {
			pos--
		}
		end := pos
		for pos > 0 && data[pos-1] >= '0' && data[pos-1] <= '9' && end-pos < 10 {
			pos--
		}
		n, err := strconv.Atoi(string(data[pos:end]))
		return n, pos, err == nil
	}
	gen, pos, ok := number(at)
	if !ok || pos == 0 || !isSpace(data[pos-1]) {
		return 0, 0, 0, false
	}
	num, start, ok = number(pos)
	return num, gen, start, ok
}

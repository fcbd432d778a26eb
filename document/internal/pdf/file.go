// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
)

const (
	maxObjects = 4 << 20 // objects of a file
	maxChain   = 32      // references to references
	maxCached  = 10_000  // objects kept after use
)

// file is an open PDF file.
type file struct {
	ctx      context.Context
	data     []byte
	entries  map[int]entry
	trailer  dict
	crypt    *crypt
	cache    map[int]any
	packs    map[int]*pack
	loading  map[int]bool
	repaired bool
	lacks    error // what of a file whose table was lost is not there, though the text needs it
	damaged  error // what cannot be read, though the text needs it
	sums     sums  // of the stream that is unpacked, see checked
	contents sums  // of the contents of pages and forms, each once
	wrongOn  int   // page of one of them that is wrong
	counted  map[*stream]bool

	// A table of objects that is a stream has a right checksum. The program that wrote it has written the object streams, too, so that one with a wrong
	// checksum is damaged; contents and fonts may be of other programs.
	rightTable bool
	oddTable   bool // another of its revisions has none

	last   int   // number of the object in whose middle the data end, once the table was rebuilt; else 0
	page   int   // that is read, from 1; 0 while the pages are looked for
	limit  int   // bytes that one stream may unpack to
	budget int64 // bytes that may still be unpacked and units of work done, in all
}

// entry says where an object is: at an offset of the file, or as one of those in an object stream.
type entry struct {
	offset int
	gen    int
	pack   int // number of the object stream; 0 for none
	index  int
}

// pack is an object stream, unpacked.
type pack struct {
	data    []byte
	offsets []int // of the objects
	numbers []int
	damage  error
}

// errBudget ends reading: the file makes too much work.
var errBudget = fmt.Errorf("%w: it unpacks to far more than its size explains", ErrTooLarge)

// charge counts work. It ends the reading of the file by a panic that Read turns into an error: every other way would let
// the check be forgotten in one of the many places.
func (f *file) charge(n int) {
	if f.budget -= int64(n); f.budget < 0 {
		panic(errBudget)
	}
	if err := f.ctx.Err(); err != nil {
		panic(err)
	}
}

// open finds the objects of a file.
func open(ctx context.Context, data []byte, limit int) (*file, error) {
	head := bytes.Index(data[:min(len(data), 4096)], []byte("%PDF-"))
	if head < 0 {
		return nil, errors.New("not a PDF file: it does not begin with %PDF-")
	}
	f := &file{
		ctx: ctx, data: data[head:], entries: map[int]entry{}, trailer: dict{}, cache: map[int]any{}, packs: map[int]*pack{},
		loading: map[int]bool{}, counted: map[*stream]bool{}, limit: limit, budget: 16 * int64(limit),
	}
	// Objects in streams can be read when the key is known, and it stands outside of them.
	whole := f.readXrefs()
	if whole {
		if err := f.decrypt(); err != nil {
			return nil, err
		}
	}
	if !whole || f.root() == nil {
		f.repair()
	}
	if err := f.decrypt(); err != nil {
		return nil, err
	}
	if f.root() == nil {
		return nil, errors.New("no document catalog: the file is cut short or damaged")
	}
	return f, nil
}

// root is the document catalog, nil when it cannot be found.
func (f *file) root() dict {
	d, ok := f.resolve(f.trailer["Root"]).(dict)
	if !ok || f.resolve(d["Pages"]) == nil {
		return nil
	}
	return d
}

// readXrefs follows the chain of cross-reference sections from the end of the file; false when it is broken.
func (f *file) readXrefs() bool {
	tail := max(0, len(f.data)-2048)
	i := bytes.LastIndex(f.data[tail:], []byte("startxref"))
	if i < 0 {
		return false
	}
	l := lexer{data: f.data, pos: tail + i + len("startxref")}
	o, _ := l.object(0)
	at, ok := o.(int)
	seen := map[int]bool{}
	for todo := []int{at}; ok && len(todo) > 0; {
		at, todo = todo[0], todo[1:]
		if at < 0 || at >= len(f.data) {
			return false
		}
		if seen[at] {
			continue
		}
		seen[at] = true
		l := lexer{data: f.data, pos: at, refs: true}
		l.skipSpace()
		var d dict
		if bytes.HasPrefix(f.data[l.pos:], []byte("xref")) {
			l.pos += len("xref")
			d = f.xrefTable(&l)
		} else {
			d = f.xrefStream(&l)
		}
		if d == nil {
			return false
		}
		for k, v := range d {
			if _, have := f.trailer[k]; !have {
				f.trailer[k] = v
			}
		}
		for _, key := range []name{"XRefStm", "Prev"} {
			if prev, isInt := f.plain(d[key]).(int); isInt {
				todo = append(todo, prev)
			}
		}
	}
	return ok
}

// plain is a value that is not a reference: sections are read before references can be followed.
func (f *file) plain(o any) any {
	if _, isRef := o.(ref); isRef {
		return nil
	}
	return o
}

func (f *file) set(num int, e entry) {
	if _, have := f.entries[num]; !have && num >= 0 && num <= maxObjects*2 && len(f.entries) < maxObjects {
		f.entries[num] = e
	}
}

// xrefTable reads a section of lines and its trailer.
func (f *file) xrefTable(l *lexer) dict {
	l.refs = false
	for {
		o, ok := l.object(0)
		if !ok {
			return nil
		}
		if o == keyword("trailer") {
			l.refs = true
			d, _ := l.object(0)
			t, _ := d.(dict)
			return t
		}
		first, ok1 := o.(int)
		o, _ = l.object(0)
		count, ok2 := o.(int)
		if !ok1 || !ok2 {
			return nil
		}
		for i := range count {
			a, ok1 := l.object(0)
			b, _ := l.object(0)
			c, _ := l.object(0)
			offset, ok2 := a.(int)
			gen, ok3 := b.(int)
			if !ok1 || !ok2 || !ok3 {
				return nil
			}
			if c == keyword("n") {
				f.set(first+i, entry{offset: offset, gen: gen})
			} else if c == keyword("f") {
				f.set(first+i, entry{offset: -1})
			}
		}
	}
}

// xrefStream reads a section that is a stream.
func (f *file) xrefStream(l *lexer) dict {
	_, o, ok := f.indirect(l, false)
	s, isStream := o.(*stream)
	if !ok || !isStream || s.dict["Type"] != name("XRef") {
		return nil
	}
	data, met, err := f.checked(s)
	if err != nil {
		return nil
	}
	if met.right > 0 && !met.suspect() {
		f.rightTable = true
	} else {
		f.oddTable = true
	}
	widths, ok := s.dict["W"].(array)
	if !ok || len(widths) < 3 {
		return nil
	}
	var w [3]int
	for i := range w {
		if w[i], ok = widths[i].(int); !ok || w[i] < 0 || w[i] > 8 {
			return nil
		}
	}
	size, _ := s.dict["Size"].(int)
	index, ok := s.dict["Index"].(array)
	if !ok {
		index = array{0, size}
	}
	row := w[0] + w[1] + w[2]
	for ; len(index) >= 2 && row > 0; index = index[2:] {
		first, ok1 := index[0].(int)
		count, ok2 := index[1].(int)
		if !ok1 || !ok2 {
			return nil
		}
		for i := 0; i < count && len(data) >= row; i++ {
			kind := 1
			if w[0] > 0 {
				kind = bigEndian(data[:w[0]])
			}
			a, b := bigEndian(data[w[0]:w[0]+w[1]]), bigEndian(data[w[0]+w[1]:row])
			data = data[row:]
			switch kind {
			case 0:
				f.set(first+i, entry{offset: -1})
			case 1:
				f.set(first+i, entry{offset: a, gen: b})
			case 2:
				f.set(first+i, entry{pack: a, index: b})
			}
		}
	}
	return s.dict
}

func bigEndian(b []byte) (n int) {
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n & (1<<62 - 1)
}

// indirect reads "1 0 obj …" with a stream if there is one.
func (f *file) indirect(l *lexer, decrypt bool) (r ref, o any, ok bool) {
	l.refs = false
	a, _ := l.object(0)
	b, _ := l.object(0)
	c, _ := l.object(0)
	num, ok1 := a.(int)
	gen, ok2 := b.(int)
	if !ok1 || !ok2 || c != keyword("obj") {
		return r, nil, false
	}
	r = ref{num, gen}
	l.refs = true
	o, ok = l.object(0)
	if !ok {
		return r, nil, false
	}
	if _, isWord := o.(keyword); isWord {
		return r, nil, true // an empty object
	}
	d, isDict := o.(dict)
	if isDict {
		l.skipSpace()
		if bytes.HasPrefix(l.data[l.pos:], []byte("stream")) {
			s := &stream{dict: d, raw: f.streamBytes(l, d)}
			if decrypt && f.crypt != nil && !f.inClear(d) {
				s.raw = f.crypt.bytes(r, s.raw)
			}
			return r, s, true
		}
	}
	if decrypt && f.crypt != nil {
		o = f.crypt.strings(r, o, 0)
	}
	return r, o, true
}

// streamBytes returns the bytes between stream and endstream. The stated length is believed if endstream follows there.
func (f *file) streamBytes(l *lexer, d dict) []byte {
	start := l.pos + len("stream")
	for start+1 < len(l.data) && (l.data[start] == ' ' || l.data[start] == '\t') && isSpace(l.data[start+1]) {
		start++ // some programs write spaces before the end of the line
	}
	if start < len(l.data) && l.data[start] == '\r' {
		start++
	}
	if start < len(l.data) && l.data[start] == '\n' {
		start++
	}
	start = min(start, len(l.data))
	rest := l.data[start:]
	lacks := f.lacks
	n, ok := f.resolve(d["Length"]).(int)
	f.lacks = lacks // the end is found without it
	if ok && n >= 0 && n <= len(rest) {
		after := bytes.TrimLeft(rest[n:min(len(rest), n+32)], "\r\n \t\x00")
		if bytes.HasPrefix(after, []byte("endstream")) || bytes.HasPrefix(after, []byte("endobj")) {
			l.pos = start + n
			return rest[:n]
		}
	}
	end := bytes.Index(rest, []byte("endstream"))
	if end < 0 {
		end = len(rest)
	}
	l.pos = start + end
	f.charge(end / 16) // a search through the file for every stream
	return bytes.TrimSuffix(bytes.TrimSuffix(rest[:end], []byte("\n")), []byte("\r"))
}

// resolve follows references. What cannot be read is nil, as ISO 32000 has it.
func (f *file) resolve(o any) any {
	for range maxChain {
		r, isRef := o.(ref)
		if !isRef {
			return o
		}
		o = f.load(r.num)
	}
	return nil
}

// load reads an object by its number.
func (f *file) load(num int) any {
	e, ok := f.entries[num]
	if !ok || f.last > 0 && (num == f.last || e.pack == f.last) {
		f.lack("object %d", num)
	}
	if o, ok := f.cache[num]; ok {
		return o
	}
	if !ok || e.offset < 0 || f.loading[num] || len(f.loading) > maxDepth {
		return nil
	}
	f.charge(64)
	f.loading[num] = true
	defer delete(f.loading, num)
	var o any
	if e.pack > 0 {
		o = f.unpack(e, num)
	} else {
		if e.offset >= len(f.data) {
			return f.reload(num)
		}
		l := lexer{data: f.data, pos: e.offset}
		r, got, ok := f.indirect(&l, true)
		f.charge((l.pos - e.offset) / 16)
		if !ok || r.num != num {
			return f.reload(num)
		}
		o = got
	}
	if len(f.cache) >= maxCached {
		clear(f.cache)
	}
	f.cache[num] = o
	return o
}

// reload rebuilds the table once, when an object is not where it says.
func (f *file) reload(num int) any {
	if f.repaired {
		return nil
	}
	f.repair()
	delete(f.loading, num)
	return f.load(num)
}

// unpack reads an object of an object stream.
func (f *file) unpack(e entry, num int) any {
	p := f.packs[e.pack]
	if p == nil {
		p = f.openPack(e.pack)
		if len(f.packs) >= 64 {
			clear(f.packs)
		}
		f.packs[e.pack] = p
	}
	if p.damage != nil {
		f.damage("object stream %d: %w", e.pack, p.damage)
	}
	i := e.index
	if i < 0 || i >= len(p.numbers) || p.numbers[i] != num {
		if i = slices.Index(p.numbers, num); i < 0 {
			return nil
		}
	}
	l := lexer{data: p.data, pos: p.offsets[i], refs: true}
	o, _ := l.object(0)
	f.charge((l.pos - p.offsets[i]) / 16)
	if _, isWord := o.(keyword); isWord {
		return nil
	}
	return o
}

func (f *file) openPack(num int) *pack {
	p := &pack{}
	if e, ok := f.entries[num]; !ok || e.pack > 0 {
		return p // an object stream is not inside another
	}
	s, ok := f.load(num).(*stream)
	if !ok {
		return p
	}
	data, met, err := f.checked(s)
	if err == nil && met.suspect() && f.rightTable && !f.oddTable {
		err = errors.New("its checksum or its end is wrong")
	}
	if err != nil {
		p.damage = err
		return p
	}
	first, ok1 := f.resolve(s.dict["First"]).(int)
	n, ok2 := f.resolve(s.dict["N"]).(int)
	if !ok1 || !ok2 || first < 0 || first > len(data) {
		p.damage = errors.New("it does not say where its objects are")
		return p
	}
	p.data = data
	l := lexer{data: data[:first]}
	for range min(max(n, 0), first) {
		a, _ := l.object(0)
		b, _ := l.object(0)
		num, ok1 := a.(int)
		offset, ok2 := b.(int)
		if !ok1 || !ok2 || offset < 0 || offset > len(data)-first {
			break
		}
		p.numbers, p.offsets = append(p.numbers, num), append(p.offsets, first+offset)
	}
	return p
}

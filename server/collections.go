// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/nearest"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/server/api"
)

// collection is an index directory. It is open for reading all the time; the writer's lock is taken with the first change and given
// back when there was none for a while, so that other processes can write, too.
type collection struct {
	name, dir string
	options   *Options
	models    *models

	mu     sync.Mutex // guards what follows; never held for long
	reader *reader    // nil: there is no index yet, or it is gone
	loaded time.Time  // when the reader's state was taken over
	gone   bool       // deleted or closed

	readers sync.WaitGroup // those that are open, former ones among them

	writing chan struct{} // has a token while somebody changes what follows; a channel, so that a request waits no longer than it may
	writer  *winnow.Engine
	changed time.Time // when the writer was last used
}

// reader is an engine that is open for reading. The collection uses it, and every request that reads: the last one closes it. So whoever
// opens the index anew or deletes it holds up nobody while a request reads that takes long.
type reader struct {
	*winnow.Engine
	users atomic.Int64
}

// noModel stands for no bi-encoder: an index of words alone.
const noModel = "none"

func newCollection(name, dir string, o *Options, ms *models) *collection {
	return &collection{name: name, dir: dir, options: o, models: ms, writing: make(chan struct{}, 1)}
}

func openCollection(name, dir string, o *Options, ms *models) (*collection, error) {
	c := newCollection(name, dir, o, ms)
	if !index.Exists(dir) {
		return c, nil
	}
	err := c.openReader()
	return c, err
}

// engineOptions are those of every engine of the server.
func (c *collection) engineOptions(more ...winnow.Option) []winnow.Option {
	return append([]winnow.Option{
		winnow.Through(c.models), winnow.Threads(c.options.Threads), winnow.Calibrated(c.options.Calibrations), winnow.OnFS(c.options.fs), winnow.MergeFailed(c.mergeFailed),
	}, more...)
}

// pair are the models of the index, or for one that is to be made those of the server.
func (c *collection) pair() (model.Pair, error) {
	p := c.options.Models
	if index.Exists(c.dir) {
		s, err := index.Peek(c.dir)
		if err != nil {
			return p, err
		}
		p.Retriever = s.Model
	}
	return p, nil
}

// openReader opens the index for reading in place of how it was open. c.mu is not held.
func (c *collection) openReader() error {
	pair, err := c.pair()
	if err != nil {
		return err
	}
	e, err := winnow.Open(c.dir, pair, c.engineOptions(winnow.ReadOnly())...)
	if err != nil {
		return err
	}
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return errors.Join(index.ErrClosed, e.Close())
	}
	old := c.reader
	c.reader, c.loaded = &reader{Engine: e}, time.Now()
	c.reader.users.Store(1)
	c.readers.Add(1)
	c.mu.Unlock()
	return c.letGo(old)
}

// use gives the reader, which is to be let go of; nil if there is none.
func (c *collection) use() (r *reader, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reader != nil {
		c.reader.users.Add(1)
	}
	return c.reader, c.gone
}

// letGo ends a use of a reader, which may be nil.
func (c *collection) letGo(r *reader) error {
	if r == nil || r.users.Add(-1) > 0 {
		return nil
	}
	defer c.readers.Done()
	return r.Close()
}

// refresh takes over what this or another process has written, and gives the writer's lock back when it is not used.
func (c *collection) refresh() (changed bool, err error) {
	select {
	case c.writing <- struct{}{}:
		if c.writer != nil && time.Since(c.changed) >= c.options.release && !c.writer.Index().Merging() {
			err = c.closeWriter()
		}
		<-c.writing
	default: // it is in use
	}
	changed, stale := c.update()
	if stale != nil && index.Exists(c.dir) { // made anew, or not open yet
		return true, errors.Join(err, c.openReader())
	}
	return changed, err
}

// update lets the reader take over the present state. With an error the index has to be opened anew, if it is there.
func (c *collection) update() (changed bool, err error) {
	r, gone := c.use()
	switch {
	case gone:
		return false, nil
	case r == nil:
		return false, index.ErrNoIndex
	}
	defer func() { err = errors.Join(err, c.letGo(r)) }()
	if changed, err = r.Index().Refresh(); changed {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.loaded = time.Now()
	}
	return changed, err
}

// read calls f with the engine. What it gets must not be used afterwards.
func (c *collection) read(f func(*winnow.Engine) error) (err error) {
	r, gone := c.use()
	switch {
	case gone:
		return c.deleted()
	case r == nil:
		return notFound("collection", "the collection %q has no documents yet: add some with POST /v1/documents, or index files with: winnow index PATH... --db %s", c.name, filepath.Base(c.dir))
	}
	defer func() { err = errors.Join(err, c.letGo(r)) }()
	return f(r.Engine)
}

func (c *collection) deleted() error {
	return notFound("collection", "the collection %q has been deleted", c.name)
}

// write calls f with an engine that holds the writer's lock, of an index that is made if there is none; readers see its changes when
// write returns. It waits for others that write, until the context ends.
func (c *collection) write(ctx context.Context, f func(*winnow.Engine) error) error {
	if c.options.ReadOnly {
		return &problem{status: http.StatusForbidden, err: errors.New("the server was started with --read-only: documents cannot be changed")}
	}
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	gone := c.gone
	c.mu.Unlock()
	if gone {
		return c.deleted()
	}
	if c.writer == nil {
		pair, err := c.pair()
		if err != nil {
			return err
		}
		var create []winnow.Option
		if !index.Exists(c.dir) { // else it has a precision of its own
			create = append(create, winnow.AtPrecision(c.options.Precision))
		}
		if c.writer, err = winnow.Open(c.dir, pair, c.engineOptions(create...)...); err != nil {
			c.writer = nil
			return err
		}
	}
	c.changed = time.Now()
	err := f(c.writer)
	c.changed = time.Now()
	if errors.Is(err, index.ErrLocked) { // another process has made the index anew: the next change opens that
		err = errors.Join(err, c.closeWriter())
	}
	if _, stale := c.update(); stale != nil {
		err = errors.Join(err, c.openReader())
	}
	return err
}

// closeWriter gives the lock back. c.writing has the caller's token.
func (c *collection) closeWriter() error {
	if c.writer == nil {
		return nil
	}
	err := c.writer.Close()
	c.writer = nil
	return err
}

// leave makes the collection one that nobody finds any more. What reads it goes on.
func (c *collection) leave() error {
	c.mu.Lock()
	c.gone = true
	r := c.reader
	c.reader = nil
	c.mu.Unlock()
	return c.letGo(r)
}

// close ends the use of the index, once what uses it has ended: then no file of it is open.
func (c *collection) close() error {
	err := c.leave()
	c.writing <- struct{}{}
	err = errors.Join(err, c.closeWriter())
	<-c.writing
	c.readers.Wait()
	return err
}

// describe says what is known of a collection.
func (c *collection) describe() (out api.Collection, err error) {
	out.Name = c.name
	r, _ := c.use()
	if r == nil {
		return out, nil
	}
	defer func() { err = errors.Join(err, c.letGo(r)) }()
	s, err := r.Index().Stats()
	if err != nil {
		return out, err
	}
	c.mu.Lock()
	loaded := c.loaded
	c.mu.Unlock()
	return api.Collection{
		Name: c.name, Exists: true, Documents: s.Documents, Passages: s.Passages, Deleted: s.Deleted, Segments: len(s.Segments), Bytes: s.Bytes, Model: s.Settings.Model, Dimensions: s.Settings.Dim,
		Vectors: s.Settings.Vectors, Precision: s.Settings.Precision, Generation: s.Generation, Loaded: loaded,
	}, nil
}

// collections are all indexes of the server, by name.
type collections struct {
	options  *Options
	models   *models
	mu       sync.Mutex
	byName   map[string]*collection
	removing sync.WaitGroup // collections that wait for what reads them
}

// collectionName is what collections may be called: a name is that of a directory, on every system.
var collectionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func openCollections(o *Options, ms *models) (*collections, error) {
	cs := &collections{options: o, models: ms, byName: map[string]*collection{}}
	add := func(name, dir string) error {
		c, err := openCollection(name, dir, o, ms)
		if err != nil {
			return errors.Join(fmt.Errorf("collection %s: %w", name, err), c.close())
		}
		cs.byName[name] = c
		return nil
	}
	if o.DB != "" {
		if err := add(api.DefaultCollection, o.DB); err != nil {
			return nil, errors.Join(err, cs.close())
		}
	}
	if o.Collections == "" {
		return cs, nil
	}
	entries, err := os.ReadDir(o.Collections)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, cs.close())
	}
	for _, entry := range entries {
		dir := filepath.Join(o.Collections, entry.Name())
		if !entry.IsDir() || !index.Exists(dir) {
			continue
		}
		if cs.byName[entry.Name()] != nil {
			err = fmt.Errorf("the collection %s of %s is there as --db, too", entry.Name(), o.Collections)
		} else {
			err = add(entry.Name(), dir)
		}
		if err != nil {
			return nil, errors.Join(err, cs.close())
		}
	}
	return cs, nil
}

// all are the collections, in the order of their names.
func (cs *collections) all() []*collection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	list := make([]*collection, 0, len(cs.byName))
	for _, c := range cs.byName {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *collection) int { return cmp.Compare(a.name, b.name) })
	return list
}

// find is the collection of a name; "" is the default.
func (cs *collections) find(name string) (*collection, error) {
	name = cmp.Or(name, api.DefaultCollection)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.byName[name]; c != nil {
		return c, nil
	}
	var known []string
	for n := range cs.byName {
		known = append(known, n)
	}
	slices.Sort(known)
	hint := "there are none: start the server with --db or --collections"
	if len(known) > 0 {
		hint = "there are " + strings.Join(known, ", ")
	}
	if n := nearest.Name(name, known); n != "" {
		hint = fmt.Sprintf("did you mean %q? ", n) + hint
	}
	return nil, notFound("collection", "there is no collection %.80q: %s", name, hint)
}

// isEmpty reports whether a directory has nothing in it.
func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

// create makes an empty collection.
func (cs *collections) create(ctx context.Context, n *api.NewCollection) (*collection, error) {
	switch {
	case cs.options.Collections == "":
		return nil, bad("", "the server was started without --collections, the directory where new ones are made")
	case !collectionName.MatchString(n.Name):
		return nil, bad("name", "the name %.80q must be 1 to 64 letters, digits, - or _, and begin with a letter or digit", n.Name)
	}
	language := cmp.Or(n.Language, "en")
	words := winnow.DefaultAnalyzer()
	if words.Language = language; language == "none" {
		words = analysis.Options{Code: true}
	}
	if _, err := analysis.New(words); err != nil {
		return nil, bad("language", "field language: %w", err)
	}
	spec := cmp.Or(n.Vectors, "auto")
	if _, err := vector.ParseSpec(spec); err != nil {
		return nil, bad("vectors", "field vectors: %w", err)
	}
	pair, opts := cs.options.Models, []winnow.Option{winnow.Analyzer(words)}
	switch n.Model {
	case noModel:
		pair.Retriever = ""
	default:
		b, err := cs.models.requestedBi(n.Model)
		if err != nil {
			return nil, err
		}
		pair.Retriever = b.name
	}
	if pair.Retriever != "" {
		opts = append(opts, winnow.Vectors(spec), winnow.AtPrecision(cs.options.Precision))
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	taken := func(format string, args ...any) error {
		return &problem{status: http.StatusConflict, param: "name", err: fmt.Errorf(format, args...)}
	}
	for _, name := range append(sortedKeys(cs.byName), api.DefaultCollection) {
		if strings.EqualFold(name, n.Name) { // on some systems they would be one directory
			return nil, taken("there is a collection %q already", name)
		}
	}
	c := newCollection(n.Name, filepath.Join(cs.options.Collections, n.Name), cs.options, cs.models)
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if err := os.MkdirAll(cs.options.Collections, 0o755); err != nil {
		return nil, err
	}
	switch err := os.Mkdir(c.dir, 0o755); {
	case errors.Is(err, fs.ErrExist) && isEmpty(c.dir): // left by a server that was killed, or made to be filled
	case errors.Is(err, fs.ErrExist): // what is in it would have other settings, and would go with the collection
		return nil, taken("there is a directory %q already where collections are, made by somebody else: an index in it is served when the server is started anew", n.Name)
	case err != nil:
		return nil, err
	}
	e, err := winnow.Open(c.dir, pair, c.engineOptions(opts...)...)
	own := err == nil
	if own {
		err = e.Close()
	}
	if err == nil {
		err = c.openReader()
	}
	if err != nil {
		err = errors.Join(err, c.close())
		if own || !errors.Is(err, index.ErrLocked) && !index.Exists(c.dir) { // else another process has begun an index in it
			err = errors.Join(err, os.RemoveAll(c.dir))
		}
		return nil, err
	}
	cs.byName[n.Name] = c
	return c, nil
}

// remove deletes a collection with all it holds. From then on nobody finds it; its files go when what reads them has ended. If the context
// ends before, they go nevertheless.
func (cs *collections) remove(ctx context.Context, name string) error {
	c, err := cs.find(name)
	if err != nil {
		return err
	}
	if c.name == api.DefaultCollection {
		return bad("name", "the collection %s is the server's --db: delete its directory yourself", c.name)
	}
	// Under the writer's lock: no other process is writing, and of two that delete it the second does not find it.
	if err := c.write(ctx, func(*winnow.Engine) error { return c.leave() }); err != nil {
		return err
	}
	removed := make(chan error, 1)
	cs.removing.Go(func() {
		err := errors.Join(c.close(), os.RemoveAll(c.dir))
		if err != nil {
			cs.options.Log.Error("delete collection", "collection", c.name, "error", err)
		} else {
			cs.mu.Lock()
			delete(cs.byName, c.name)
			cs.mu.Unlock()
		}
		removed <- err
	})
	select {
	case err := <-removed:
		return err
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, errTimeout) {
		cause = &problem{status: http.StatusServiceUnavailable, err: fmt.Errorf("%w: the collection %q is not found any more, and its files go when what reads it has ended", cause, c.name)}
	}
	return cause
}

// close closes all.
func (cs *collections) close() error {
	var errs []error
	for _, c := range cs.all() {
		errs = append(errs, c.close())
	}
	cs.removing.Wait()
	return errors.Join(errs...)
}

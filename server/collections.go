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

	mu     sync.RWMutex // guards reader and gone; read-locked while the reader is used
	reader *winnow.Engine
	loaded time.Time // when the reader's state was taken over
	gone   bool      // deleted or closed

	writing sync.Mutex // guards what follows
	writer  *winnow.Engine
	changed time.Time // when the writer was last used
}

// noModel stands for no bi-encoder: an index of words alone.
const noModel = "none"

func openCollection(name, dir string, o *Options, ms *models) (*collection, error) {
	c := &collection{name: name, dir: dir, options: o, models: ms}
	if !index.Exists(dir) {
		return c, nil
	}
	err := c.openReader()
	return c, err
}

// engineOptions are those of every engine of the server.
func (c *collection) engineOptions(more ...winnow.Option) []winnow.Option {
	return append([]winnow.Option{winnow.Through(c.models), winnow.Threads(c.options.Threads), winnow.Calibrated(c.options.Calibrations), winnow.MergeFailed(c.mergeFailed)}, more...)
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
	defer c.mu.Unlock()
	if c.gone {
		return errors.Join(index.ErrClosed, e.Close())
	}
	old := c.reader
	c.reader, c.loaded = e, time.Now()
	if old != nil {
		return old.Close()
	}
	return nil
}

// refresh takes over what this or another process has written, and gives the writer's lock back when it is not used.
func (c *collection) refresh() (changed bool, err error) {
	if c.writing.TryLock() { // else it is in use
		if c.writer != nil && time.Since(c.changed) >= c.options.release && !c.writer.Index().Merging() {
			err = c.closeWriter()
		}
		c.writing.Unlock()
	}
	changed, stale := c.update()
	if stale != nil && index.Exists(c.dir) { // made anew, or not open yet
		return true, errors.Join(err, c.openReader())
	}
	return changed, err
}

// update lets the reader take over the present state. With an error the index has to be opened anew, if it is there.
func (c *collection) update() (changed bool, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch {
	case c.gone:
		return false, nil
	case c.reader == nil:
		return false, index.ErrNoIndex
	}
	return c.reader.Index().Refresh()
}

// read calls f with the engine. What it gets must not be used afterwards.
func (c *collection) read(f func(*winnow.Engine) error) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch {
	case c.gone:
		return notFound("collection", "the collection %q has been deleted", c.name)
	case c.reader == nil:
		return notFound("collection", "the collection %q has no documents yet: add some with POST /v1/documents, or index files with: winnow index PATH... --db %s", c.name, filepath.Base(c.dir))
	}
	return f(c.reader)
}

// write calls f with an engine that holds the writer's lock, of an index that is made if there is none; readers see its changes when
// write returns.
func (c *collection) write(ctx context.Context, f func(*winnow.Engine) error) error {
	if c.options.ReadOnly {
		return &problem{status: http.StatusForbidden, err: errors.New("the server was started with --read-only: documents cannot be changed")}
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	c.mu.RLock()
	gone := c.gone
	c.mu.RUnlock()
	if gone {
		return notFound("collection", "the collection %q has been deleted", c.name)
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
	if _, stale := c.update(); stale != nil {
		err = errors.Join(err, c.openReader())
	}
	return err
}

// closeWriter gives the lock back. c.writing is held.
func (c *collection) closeWriter() error {
	if c.writer == nil {
		return nil
	}
	err := c.writer.Close()
	c.writer = nil
	return err
}

// close ends the use of the index, once what uses it has ended.
func (c *collection) close() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	err := c.closeWriter()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	if c.reader != nil {
		err = errors.Join(err, c.reader.Close())
		c.reader = nil
	}
	return err
}

// describe says what is known of a collection.
func (c *collection) describe() (api.Collection, error) {
	out := api.Collection{Name: c.name}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.reader == nil {
		return out, nil
	}
	s, err := c.reader.Index().Stats()
	if err != nil {
		return out, err
	}
	return api.Collection{
		Name: c.name, Exists: true, Documents: s.Documents, Passages: s.Passages, Deleted: s.Deleted, Segments: len(s.Segments), Bytes: s.Bytes, Model: s.Settings.Model, Dimensions: s.Settings.Dim,
		Vectors: s.Settings.Vectors, Precision: s.Settings.Precision, Generation: s.Generation, Loaded: c.loaded,
	}, nil
}

// collections are all indexes of the server, by name.
type collections struct {
	options *Options
	models  *models
	mu      sync.Mutex
	byName  map[string]*collection
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
	if cs.byName[n.Name] != nil || n.Name == api.DefaultCollection {
		return nil, &problem{status: http.StatusConflict, param: "name", err: fmt.Errorf("there is a collection %q already", n.Name)}
	}
	c := &collection{name: n.Name, dir: filepath.Join(cs.options.Collections, n.Name), options: cs.options, models: cs.models}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if err := os.MkdirAll(cs.options.Collections, 0o755); err != nil {
		return nil, err
	}
	e, err := winnow.Open(c.dir, pair, c.engineOptions(opts...)...)
	if err == nil {
		err = e.Close()
	}
	if err == nil {
		err = c.openReader()
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	cs.byName[n.Name] = c
	return c, nil
}

// remove deletes a collection with all it holds.
func (cs *collections) remove(name string) error {
	c, err := cs.find(name)
	if err != nil {
		return err
	}
	if c.name == api.DefaultCollection {
		return bad("name", "the collection %s is the server's --db: delete its directory yourself", c.name)
	}
	// The lock is held while the directory goes: nobody else is writing to it.
	if err := c.write(context.Background(), func(*winnow.Engine) error { return nil }); err != nil {
		return err
	}
	// What reads it may take long: the other collections are not held up meanwhile.
	if err := errors.Join(c.close(), os.RemoveAll(c.dir)); err != nil {
		return err
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.byName, c.name)
	return nil
}

// close closes all.
func (cs *collections) close() error {
	var errs []error
	for _, c := range cs.all() {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

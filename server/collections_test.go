// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/server/api"
)

// inBackground sends a request; its answer is sent once.
func (t *tester) inBackground(method, path string, body any) <-chan *httptest.ResponseRecorder {
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() { answer <- t.send(method, path, body) }()
	return answer
}

// holdCollection makes a collection with a document, and a request that reads it and does not end before release is called.
func (t *tester) holdCollection(name string) (reading <-chan *httptest.ResponseRecorder, release func()) {
	t.Helper()
	t.post("/v1/collections", api.NewCollection{Name: name}, &api.Collection{})
	t.post("/v1/documents", api.Documents{Collection: name, Documents: []api.Document{{ID: "a", Text: "Bread is made of flour."}}}, &api.Applied{})
	release = t.hold()
	reading = t.inBackground(http.MethodPost, "/v1/ask", map[string]any{"question": "bread?", "collection": name})
	c, err := t.collections.find(name)
	if err != nil {
		t.Fatal(err)
	}
	held := 0 // times in a row: what looks after the index uses it, too, for a moment
	until(t.T, "it is read", func() bool {
		r, _ := c.use()
		defer func() { _ = c.letGo(r) }()
		if held++; r.users.Load() <= 2 {
			held = 0
		}
		return held == 20
	})
	return reading, release
}

// A collection that is deleted while somebody reads it holds up nobody else, and its files stay until that has ended.
func TestDeletionWaitsForReadersAlone(t *testing.T) {
	db, dir := filepath.Join(t.TempDir(), "db"), t.TempDir()
	s, url, _ := running(t, func(o *Options) {
		o.DB, o.Collections, o.refresh, o.release = db, dir, time.Millisecond, time.Millisecond
	})
	s.fill()
	reading, release := s.holdCollection("a") // before the default one where all are gone through
	deletion := s.inBackground(http.MethodDelete, "/v1/collections/a", nil)
	until(t, "it is gone", func() bool {
		return strings.Contains(s.send(http.MethodGet, "/v1/documents?collection=a", nil).Body.String(), "has been deleted")
	})
	for _, w := range []*httptest.ResponseRecorder{
		s.send(http.MethodPut, "/v1/documents/b?collection=a", `{"text":"late"}`),
		s.send(http.MethodDelete, "/v1/collections/a", nil),
	} {
		s.refused(w, http.StatusNotFound, "has been deleted")
	}
	s.refused(s.send(http.MethodPost, "/v1/collections", `{"name":"a"}`), http.StatusConflict, "already")

	// Others are listed, and what another process writes is found: the server looks after all.
	listing := s.inBackground(http.MethodGet, "/v1/collections", nil)
	until(t, "they are listed", func() bool { return len(listing) > 0 })
	s.ok(<-listing, &api.Collections{})
	var other *winnow.Engine
	until(t, "the lock is given back", func() (open bool) {
		e, err := winnow.Open(db, checkpoints)
		if err != nil && !errors.Is(err, index.ErrLocked) {
			t.Fatal(err)
		}
		other = e
		return err == nil
	})
	_, err := other.Delete(t.Context(), "d0")
	if err := errors.Join(err, other.Close()); err != nil {
		t.Fatal(err)
	}
	until(t, "the change is taken over", func() bool {
		answer, err := http.Get(url + "/v1/documents/d0")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusNotFound
	})

	if len(reading) > 0 || len(deletion) > 0 {
		t.Error("a request ended that should be held")
	}
	if !index.Exists(filepath.Join(dir, "a")) {
		t.Error("the files went while they were read")
	}
	release()
	s.equal("what read it", (<-reading).Code, http.StatusOK)
	s.equal("deletion", (<-deletion).Code, http.StatusOK)
	if index.Exists(filepath.Join(dir, "a")) {
		t.Error("the files are still there")
	}
	s.post("/v1/collections", `{"name":"a"}`, &api.Collection{})
}

// A deletion that waits longer than it may says so, and is done nevertheless.
func TestDeletionOutlivesItsRequest(t *testing.T) {
	dir := t.TempDir()
	s := start(t, small, func(o *Options) { o.Collections = dir })
	reading, release := s.holdCollection("a")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errTimeout)
	defer cancel()
	s.refused(s.sendWith(ctx, http.MethodDelete, "/v1/collections/a", nil), http.StatusServiceUnavailable, "its files go when what reads it has ended")
	release()
	s.equal("what read it", (<-reading).Code, http.StatusOK)
	until(t, "its files are gone", func() bool { return !index.Exists(filepath.Join(dir, "a")) })
}

// Who waits to write waits no longer than its request may take, and what it holds in memory is given back.
func TestWritersWaitNoLongerThanTheyMay(t *testing.T) {
	s := start(t, small)
	c, err := s.collections.find("")
	if err != nil {
		t.Fatal(err)
	}
	writing, done := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if err := c.write(t.Context(), func(*winnow.Engine) error {
			close(writing)
			<-done
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	defer close(done)
	<-writing
	for cause, status := range map[error]int{errTimeout: http.StatusServiceUnavailable, context.Canceled: statusClientGone} {
		ctx, cancel := context.WithCancelCause(t.Context())
		late := make(chan int, 1)
		go func() { late <- s.sendWith(ctx, http.MethodPut, "/v1/documents/a", `{"text":"late"}`).Code }()
		until(t, "it is in memory", func() bool { return s.inFlight.Load() > 0 })
		cancel(cause)
		until(t, "it has ended", func() bool { return len(late) > 0 })
		s.equal("status", <-late, status)
		s.equal("memory", s.inFlight.Load(), 0)
	}
}

// An index that is opened anew again and again, and then deleted, is never closed under those who read it.
func TestReadersKeepTheirIndex(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Collections = t.TempDir() })
	s.post("/v1/collections", `{"name":"a"}`, &api.Collection{})
	s.post("/v1/documents", `{"collection":"a","documents":[{"id":"a","text":"Bread is made of flour."}]}`, &api.Applied{})
	c, err := s.collections.find("a")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var reads atomic.Int64
	for range 4 {
		wg.Go(func() {
			for {
				err := c.read(func(e *winnow.Engine) error {
					_, _, err := stored(e, "a")
					return err
				})
				if err != nil {
					if !strings.Contains(err.Error(), "has been deleted") {
						t.Error(err)
					}
					return
				}
				reads.Add(1)
			}
		})
	}
	for range 50 {
		if err := c.openReader(); err != nil {
			t.Error(err)
		}
		if _, err := c.refresh(); err != nil {
			t.Error(err)
		}
	}
	until(t, "it was read", func() bool { return reads.Load() > 100 })
	s.equal("deletion", s.send(http.MethodDelete, "/v1/collections/a", nil).Code, http.StatusOK)
	wg.Wait()
}

// An index that another process has removed and made anew is found again by changes, too: the one that meets it is refused, the next is made.
func TestIndexMadeAnewUnderAServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	s := start(t, func(o *Options) { o.DB = dir })
	add := func(id string) int {
		return s.send(http.MethodPost, "/v1/documents", api.Documents{Documents: []api.Document{{ID: id, Text: "Bread is made of flour."}}}).Code
	}
	if code := add("former"); code != http.StatusOK {
		t.Fatal(code)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	e, err := winnow.Open(dir, builtin.Models(), winnow.AtPrecision(encoder.Int8))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Add(t.Context(), winnow.Document{ID: "other", Text: "Cats sleep."}), e.Close()); err != nil {
		t.Fatal(err)
	}
	if code := add("refused"); code != http.StatusConflict {
		t.Errorf("status %d", code)
	}
	if code := add("new"); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	var list api.DocumentList
	s.get("/v1/documents", &list)
	if len(list.Documents) != 2 || list.Documents[0].ID != "other" || list.Documents[1].ID != "new" {
		t.Errorf("%+v", list)
	}
}

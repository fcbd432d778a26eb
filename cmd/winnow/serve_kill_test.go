// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/winnow-search/winnow/server/api"
)

// writer changes documents that nobody else changes, and knows what they must be.
type writer struct {
	name   string
	random *rand.Rand
	texts  map[string]string // by id, of documents that are there for certain
	sent   map[string]bool   // those of them that came with the writer's file, and go when it is sent without them
	doubt  map[string]string // by id: what a request without an answer would have made of it; "" is deleted
	whole  bool              // that request does all or nothing
	count  int               // of texts made
}

// writerIDs is how many documents a writer has at most.
const writerIDs = 12

func newWriter(n int) *writer {
	return &writer{name: fmt.Sprintf("writer%d", n), random: rand.New(rand.NewPCG(7, uint64(n))), texts: map[string]string{}, sent: map[string]bool{}}
}

func (w *writer) id() string { return fmt.Sprintf("%s/%d", w.name, w.random.IntN(writerIDs)) }

// text is one that no other document has.
func (w *writer) text() string {
	w.count++
	return fmt.Sprintf("unique%sx%d is what this says. %s", w.name, w.count, strings.Repeat("Some more of it. ", w.random.IntN(40)))
}

// some are new texts of a few documents.
func (w *writer) some() map[string]string {
	m := map[string]string{}
	for range 1 + w.random.IntN(4) {
		m[w.id()] = w.text()
	}
	return m
}

// change is a request, and what is there when it has been done.
type change struct {
	method, path, body string
	makes              map[string]string // "" is deleted
	whole              bool              // all or nothing
	file               bool              // what it makes comes with the writer's file
}

func encode(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// next is a random change: each route that writes has its turn.
func (w *writer) next() change {
	makes := map[string]string{}
	switch w.random.IntN(8) {
	case 0, 1:
		id, text := w.id(), w.text()
		makes[id] = text
		if _, there := w.texts[id]; there && w.random.IntN(2) > 0 {
			return change{http.MethodPatch, "/v1/documents/" + id, encode(api.Change{Text: &text}), makes, true, w.sent[id]}
		}
		return change{http.MethodPut, "/v1/documents/" + id, encode(api.Document{Text: text}), makes, true, false}
	case 2:
		var list []api.Document
		makes = w.some()
		for id, text := range makes {
			list = append(list, api.Document{ID: id, Text: text})
		}
		return change{http.MethodPost, "/v1/documents", encode(api.Documents{Documents: list}), makes, true, false}
	case 3:
		var lines strings.Builder
		makes = w.some()
		for id, text := range makes {
			if w.random.IntN(3) > 0 {
				lines.WriteString(encode(api.BulkLine{Document: api.Document{ID: id, Text: text}}) + "\n")
				continue
			}
			makes[id] = ""
			fmt.Fprintf(&lines, "{\"delete\":%q}\n", id)
		}
		return change{http.MethodPost, "/v1/documents/bulk", lines.String(), makes, false, false}
	case 4:
		ids := []string{w.id(), w.id()}
		for _, id := range ids {
			makes[id] = ""
		}
		return change{http.MethodPost, "/v1/documents/delete", encode(api.Delete{IDs: ids}), makes, true, false}
	case 5:
		var rows strings.Builder
		makes = w.some()
		for id, text := range makes {
			rows.WriteString(encode(api.Document{ID: id, Text: text}) + "\n")
		}
		for id := range w.sent { // what is not in the file any more goes
			if _, stays := makes[id]; !stays {
				makes[id] = ""
			}
		}
		return change{http.MethodPost, "/v1/documents/files?name=" + w.name + ".jsonl", rows.String(), makes, true, true}
	}
	id := w.id()
	makes[id] = ""
	return change{http.MethodDelete, "/v1/documents/" + id, "", makes, true, false}
}

// done remembers an acknowledged change.
func (w *writer) done(c change) {
	for id, text := range c.makes {
		delete(w.sent, id)
		if text == "" {
			delete(w.texts, id)
			continue
		}
		w.texts[id] = text
		if c.file {
			w.sent[id] = true
		}
	}
}

// write changes documents until the server is gone. acknowledged is called after each change that was.
func (w *writer) write(s *serving, acknowledged func()) error {
	for {
		c := w.next()
		status, answer, err := s.send(c.method, c.path, c.body)
		switch {
		case err != nil:
			w.doubt, w.whole = c.makes, c.whole
			return nil //nolint:nilerr // the server has been killed: that is how it ends
		case status == http.StatusNotFound && c.method == http.MethodDelete:
			if _, there := w.texts[c.path[len("/v1/documents/"):]]; there {
				return fmt.Errorf("%s %s: a document that is there is not found", c.method, c.path)
			}
		case status != http.StatusOK:
			return fmt.Errorf("%s %s: %d %s", c.method, c.path, status, answer)
		case strings.Contains(string(answer), `"status":"error"`):
			return fmt.Errorf("%s %s: %s", c.method, c.path, answer)
		}
		w.done(c)
		acknowledged()
	}
}

// verify compares the documents of a server with what must be there, and takes over what came of the request without an answer. It says
// whether that was done.
func (w *writer) verify(s *serving) (unacknowledged bool, err error) {
	made, left := 0, 0 // by the request in doubt
	now, sent := map[string]string{}, map[string]bool{}
	for i := range writerIDs {
		id := fmt.Sprintf("%s/%d", w.name, i)
		status, answer, err := s.send(http.MethodGet, "/v1/documents/"+id, "")
		if err != nil {
			return false, err
		}
		var d api.Stored
		switch status {
		case http.StatusOK:
			if err := json.Unmarshal(answer, &d); err != nil {
				return false, err
			}
			if d.Text == "" || d.Passages == 0 {
				return false, fmt.Errorf("%s has no text or no passages: %s", id, answer)
			}
			now[id] = d.Text
			if d.Source != nil && d.Source.Path != "" {
				sent[id] = true
			}
		case http.StatusNotFound:
		default:
			return false, fmt.Errorf("%s: %d %s", id, status, answer)
		}
		doubted, doubt := w.doubt[id]
		switch before := w.texts[id]; {
		case doubt && d.Text == doubted && d.Text != before:
			made++
		case d.Text != before:
			return false, fmt.Errorf("%s is %q, and %q was acknowledged", id, d.Text, before)
		case doubt && d.Text != doubted:
			left++
		}
	}
	if w.whole && made > 0 && left > 0 {
		return false, fmt.Errorf("a change of all or nothing was made by half: %v", w.doubt)
	}
	w.texts, w.sent, w.doubt, w.whole = now, sent, nil, false
	for id, text := range now { // it is found, too
		word, _, _ := strings.Cut(text, " ")
		status, answer, err := s.send(http.MethodPost, "/v1/search", fmt.Sprintf(`{"query":%q,"mode":"lexical","rerank":"off"}`, word))
		if err != nil || status != http.StatusOK || !strings.Contains(string(answer), encode(id)) {
			return false, fmt.Errorf("search for %s, which is in %s: %d %s %w", word, id, status, answer, err)
		}
		break
	}
	return made > 0, nil
}

// checked runs winnow check, which must find nothing, unless there is no index yet.
func checked(t *testing.T, db string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "winnow", "check", "--db", db).CombinedOutput(); err != nil {
		t.Fatalf("winnow check: %v\n%s", err, out)
	}
}

// A server that is killed while clients write has on the same directory all that it acknowledged, and nothing that it deleted.
func TestServerKilledUnderWrites(t *testing.T) {
	db := filepath.Join(t.TempDir(), "db")
	const clients = 8
	var writers []*writer
	for n := range clients {
		writers = append(writers, newWriter(n))
	}
	random := rand.New(rand.NewPCG(3, 0))
	acknowledged, unacknowledged, early := 0, 0, 0
	tries := rounds(3, 100)
	for round := range tries {
		s := launch(t, db)
		if round%8 == 7 { // while it starts
			time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
			s.kill()
			early++
			checked(t, db)
			continue
		}
		s.up(t)
		var wg sync.WaitGroup
		failed := make([]error, clients)
		var acks atomic.Int64
		until := int64(5 + random.IntN(60))
		late := time.Duration(random.IntN(5000)) * time.Microsecond // into the changes after that
		enough := make(chan struct{})
		for n, w := range writers {
			wg.Go(func() {
				failed[n] = w.write(s, func() {
					if acks.Add(1) == until {
						close(enough)
					}
				})
			})
		}
		select {
		case <-enough:
			time.Sleep(late)
		case <-s.ended:
		}
		s.kill()
		wg.Wait()
		for _, err := range failed {
			if err != nil {
				t.Fatalf("round %d: %v\n%s", round, err, s.log.String())
			}
		}
		acknowledged += int(acks.Load())
		checked(t, db)

		s = launch(t, db).up(t)
		total := 0
		for _, w := range writers {
			made, err := w.verify(s)
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			if made {
				unacknowledged++
			}
			total += len(w.texts)
		}
		var list api.DocumentList
		status, answer, err := s.send(http.MethodGet, "/v1/documents?limit=1000", "")
		if err != nil || status != http.StatusOK {
			t.Fatalf("round %d: %d %s %v", round, status, answer, err)
		}
		if err := json.Unmarshal(answer, &list); err != nil || list.Total != total || len(list.Documents) != total {
			t.Fatalf("round %d: %d documents are listed of %d, want %d (%v)", round, len(list.Documents), list.Total, total, err)
		}
		if i := slices.IndexFunc(list.Documents, func(d api.Listed) bool { return !strings.HasPrefix(d.ID, "writer") }); i >= 0 {
			t.Fatalf("round %d: nobody wrote %s", round, list.Documents[i].ID)
		}
		s.kill() // without anything under way
	}
	t.Logf("%d kills under writes, %d during the start; %d changes acknowledged, %d there without", tries-early, early, acknowledged, unacknowledged)
}

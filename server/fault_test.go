// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/internal/vfs"
	"github.com/winnow-search/winnow/server/api"
)

// onFault serves an index with a document "old" on a disk that can fail.
func onFault(t *testing.T) (s *tester, disk *vfs.Fault, db string) {
	t.Helper()
	disk, db = vfs.NewFault(vfs.OS, nil), filepath.Join(t.TempDir(), "db")
	s = start(t, small, func(o *Options) { o.fs, o.DB = disk, db })
	s.put("old")
	return s, disk, db
}

func (t *tester) put(id string) {
	t.Helper()
	t.ok(t.send(http.MethodPut, "/v1/documents/"+id, `{"text":"Bread is made of flour."}`), &api.Applied{})
}

// bulkOf sends lines and gives the results, which must be one for each.
func (t *tester) bulkOf(lines []string) (all []api.LineResult) {
	t.Helper()
	w := t.send(http.MethodPost, "/v1/documents/bulk", strings.Join(lines, "\n"))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	for line := range strings.Lines(w.Body.String()) {
		var r api.LineResult
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) != len(lines) {
		t.Fatalf("%d results of %d lines", len(all), len(lines))
	}
	for i, r := range all {
		t.equal("line", r.Line, i+1)
	}
	return all
}

// A full disk is an answer of its own, for each way to write; the index stays as it was, and works when there is room.
func TestFullDiskIsTold(t *testing.T) {
	s, disk, _ := onFault(t)
	disk.SetRule(vfs.FailWriting(0, syscall.ENOSPC))
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPut, "/v1/documents/new", `{"text":"text"}`},
		{http.MethodPatch, "/v1/documents/old", `{"text":"text"}`},
		{http.MethodDelete, "/v1/documents/old", ""},
		{http.MethodPost, "/v1/documents", `{"documents":[{"id":"new","text":"text"}]}`},
		{http.MethodPost, "/v1/documents/delete", `{"ids":["old"]}`},
		{http.MethodPost, "/v1/documents/bulk", `{"id":"new","text":"text"}`},
		{http.MethodPost, "/v1/documents/files?name=new.md", "text"},
	} {
		w := s.send(c.method, c.path, c.body)
		s.refused(w, http.StatusInsufficientStorage, "the disk of the index is full")
		if strings.Contains(w.Body.String(), string(os.PathSeparator)+"db") {
			t.Errorf("the answer has a path: %s", w.Body)
		}
	}
	disk.SetRule(nil)
	s.equal("old", s.stored("old").Text, "Bread is made of flour.")
	s.equal("new", s.send(http.MethodGet, "/v1/documents/new", nil).Code, http.StatusNotFound)
	s.put("new")
}

// A collection that cannot be made leaves nothing behind that would keep its name.
func TestCollectionOnAFullDisk(t *testing.T) {
	disk, dir := vfs.NewFault(vfs.OS, vfs.FailWriting(0, syscall.ENOSPC)), t.TempDir()
	s := start(t, small, func(o *Options) { o.fs, o.Collections = disk, dir })
	s.refused(s.send(http.MethodPost, "/v1/collections", `{"name":"notes"}`), http.StatusInsufficientStorage, "the disk of the index is full")
	disk.SetRule(nil)
	var c api.Collection
	s.post("/v1/collections", `{"name":"notes"}`, &c)
	s.equal("made", c.Exists, true)
}

// A commit that cannot be synced is made, and a commit nobody knows of is said to be that.
func TestDoubtIsTold(t *testing.T) {
	s, disk, _ := onFault(t)
	disk.SetRule(func(op vfs.Op, _ string, _ int) error {
		if op == vfs.OpUpdated {
			return syscall.EIO
		}
		return nil
	})
	s.refused(s.send(http.MethodPut, "/v1/documents/new", `{"text":"text"}`), http.StatusInsufficientStorage, "the change is made, but may not outlast a power cut")
	s.equal("new", s.stored("new").Text, "text")
}

// Each line of a bulk request has its result when a commit on the way fails: what is stored, what may be, and what is not.
func TestBulkTellsOfEachLineAfterAFailure(t *testing.T) {
	const parts = 3
	var lines []string
	for i := range parts * bulkLines {
		line := fmt.Sprintf(`{"id":"d%d","text":"text %d"}`, i, i)
		switch i % bulkLines {
		case 1:
			line = `{"id":"x"}x`
		case 2:
			line = fmt.Sprintf(`{"delete":"gone%d"}`, i)
		}
		lines = append(lines, line)
	}
	for name, c := range map[string]struct {
		fails        vfs.Op
		err          error
		away         bool // index.db cannot be read either
		part, reason string
	}{
		"full":        {vfs.OpUpdate, syscall.ENOSPC, false, "not", "the disk of the index is full"},
		"failed":      {vfs.OpUpdate, syscall.EIO, false, "not", "the server failed: its log says more"},
		"not durable": {vfs.OpUpdated, syscall.EIO, false, "may be", "the change is made, but may not outlast a power cut"},
		"in doubt":    {vfs.OpUpdated, syscall.EIO, true, "may be", "whether the change is made is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			s, disk, db := onFault(t)
			s.T = t
			path, away := filepath.Join(db, "index.db"), filepath.Join(db, "away")
			commits, broken := 0, false
			disk.SetRule(func(op vfs.Op, _ string, _ int) error {
				if op == vfs.OpUpdate {
					commits++
				}
				if commits < 2 || op != c.fails {
					return nil
				}
				if c.away && !broken {
					if err := os.Rename(path, away); err != nil {
						t.Error(err)
					}
				}
				broken = true
				return c.err
			})
			all := s.bulkOf(lines)
			for i, r := range all {
				verb, status, reason := "stored", api.LineStored, ""
				switch i % bulkLines {
				case 1:
					s.equal(fmt.Sprint(r), r.Status, api.LineError)
					continue
				case 2:
					verb, status = "deleted", api.LineUnknown
				}
				switch part := i / bulkLines; part {
				case 0:
				case 1:
					status, reason = api.LineError, c.part+" "+verb+": "+c.reason
				default:
					status, reason = api.LineError, "not "+verb+": nothing was done after a failure: "+c.reason
				}
				if r.Status != status || r.Error != reason {
					t.Fatalf("line %d: %+v, want %s %q", i+1, r, status, reason)
				}
			}
			if c.away {
				if err := os.Rename(away, path); err != nil {
					t.Fatal(err)
				}
			}
			disk.SetRule(nil)
			// What is there is what the lines said.
			is := func(i int) int { return s.send(http.MethodGet, fmt.Sprintf("/v1/documents/d%d", i), nil).Code }
			second := map[string]int{"not": http.StatusNotFound, "may be": http.StatusOK}[c.part]
			s.put("later") // finds out what became of a commit in doubt
			s.equal("first part", is(0), http.StatusOK)
			s.equal("second part", is(bulkLines), second)
			s.equal("third part", is(2*bulkLines), http.StatusNotFound)
		})
	}
}

// An id that no path could name is refused, however it comes.
func TestIDsAreBounded(t *testing.T) {
	s := start(t, small)
	id, long := strings.Repeat("ü", mostID/2), strings.Repeat("a", mostID+1)
	s.ok(s.send(http.MethodPost, "/v1/documents", api.Documents{Documents: []api.Document{{ID: id, Text: "text"}}}), &api.Applied{})
	s.equal("the longest", s.stored(id).Text, "text")
	want := fmt.Sprintf("the id has %d bytes; at most %d", mostID+1, mostID)
	line := fmt.Sprintf(`{"id":%q,"text":"text"}`, long)
	s.refused(s.send(http.MethodPost, "/v1/documents", `{"documents":[`+line+`]}`), http.StatusBadRequest, want)
	s.refused(s.send(http.MethodPut, "/v1/documents/"+long, `{"text":"text"}`), http.StatusBadRequest, want)
	s.equal("bulk", s.bulkOf([]string{line})[0].Error, want)
	s.equal("file", s.upload("", "a.jsonl", line), `a.jsonl error 0 replaced 0 deleted 0 no row of it can be stored["line 1: `+want+`"]`)
}

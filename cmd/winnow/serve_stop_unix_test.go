// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow"
)

// corpusFile writes documents as JSON lines.
func corpusFile(t *testing.T, dir, name string, from, to int) string {
	t.Helper()
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "{\"id\":\"doc%d\",\"text\":\"word%d is in this, and everything else is in all of them.\"}\n", i, i)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// indexFiles runs winnow index.
func indexFiles(t *testing.T, db string, paths ...string) {
	t.Helper()
	args := append([]string{"index", "--db", db, "-m", randomModel(t, "bi-mean"), "--threads", "1"}, paths...)
	if out, err := exec.CommandContext(t.Context(), "winnow", args...).CombinedOutput(); err != nil {
		t.Fatalf("winnow index: %v\n%s", err, out)
	}
}

// requests are what clients send: reads and writes, short and long.
func requests(client, n int) (method, path, body string) {
	switch (client + n) % 5 {
	case 0:
		return http.MethodPost, "/v1/search", `{"query":"everything else"}`
	case 1:
		return http.MethodPost, "/v1/rerank", `{"query":"everything","documents":[` + strings.Repeat(`"some text to be read beside the query",`, 150) + `"and the last one"]}`
	case 2:
		return http.MethodPost, "/v1/embeddings", `{"input":"one text"}`
	case 3:
		return http.MethodPut, fmt.Sprintf("/v1/documents/client%d", client), fmt.Sprintf(`{"text":"text %d"}`, n)
	}
	return http.MethodPost, "/v1/search", `{"query":"word3","mode":"hybrid"}`
}

// answered finds the status of each answer in the log.
var answered = regexp.MustCompile(`msg=request .*status=([0-9]+)`)

// A server that is stopped under load answers each request that it has begun, with 503 if time is short; others find the connection closed.
func TestServerStoppedUnderLoad(t *testing.T) {
	for _, c := range []struct {
		patience string
		statuses []int
	}{{"1m", []int{http.StatusOK}}, {"1ms", []int{http.StatusOK, http.StatusServiceUnavailable}}} {
		t.Run(c.patience, func(t *testing.T) {
			for range rounds(2, 30) {
				stopUnderLoad(t, c.patience, c.statuses)
			}
		})
	}
}

func stopUnderLoad(t *testing.T, patience string, allowed []int) {
	dir := t.TempDir()
	db := filepath.Join(dir, "db")
	indexFiles(t, db, corpusFile(t, dir, "corpus.jsonl", 0, 50))
	s := launch(t, db, "--shutdown-timeout", patience).up(t)
	const clients = 16
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{} // answers by status
	closed := 0          // connections without an answer
	var count atomic.Int64
	for client := range clients {
		wg.Go(func() {
			for n := 0; ; n++ {
				method, path, body := requests(client, n)
				status, answer, err := s.send(method, path, body)
				mu.Lock()
				switch {
				case err != nil && status != 0:
					t.Errorf("%s %s: %d, and then %v", method, path, status, err)
				case err != nil:
					closed++
				default:
					got[status]++
					if !json.Valid(answer) {
						t.Errorf("%s %s: %d, and no JSON: %s", method, path, status, answer)
					}
				}
				mu.Unlock()
				if err != nil {
					return
				}
				if count.Add(1) == 5*clients {
					if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	<-s.ended
	if s.err != nil {
		t.Errorf("the server ended with %v", s.err)
	}
	logged := map[int]int{}
	for _, m := range answered.FindAllStringSubmatch(s.log.String(), -1) {
		var status int
		if _, err := fmt.Sscan(m[1], &status); err != nil {
			t.Fatal(err)
		}
		logged[status]++
	}
	t.Logf("%v answered, %d connections closed", got, closed)
	for _, status := range allowed { // those that came, and no others, are in the log
		if got[status] != logged[status] {
			t.Errorf("%d answers with %d came, and %d were given", got[status], status, logged[status])
		}
		delete(got, status)
		delete(logged, status)
	}
	if len(got)+len(logged) > 0 || closed != clients {
		t.Errorf("further answers %v, in the log %v; %d of %d clients found the connection closed\n%s", got, logged, closed, clients, s.log.String())
	}
	checked(t, db)
}

// While another process writes, no search fails, and what it has written is found without a restart.
func TestServerReloadsUnderLoad(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "db")
	files := []string{corpusFile(t, dir, "0.jsonl", 0, 50)}
	indexFiles(t, db, files...)
	s := launch(t, db).up(t)
	const clients = 8
	var wg sync.WaitGroup
	stop := make(chan struct{})
	var count atomic.Int64
	for client := range clients {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				body := []string{`{"query":"everything else"}`, `{"query":"word3","mode":"hybrid"}`, `{"query":"word7","mode":"lexical","rerank":"off"}`}[(client+n)%3]
				status, answer, err := s.send(http.MethodPost, "/v1/search", body)
				var r winnow.Result
				if err == nil && status == http.StatusOK {
					err = json.Unmarshal(answer, &r)
				}
				if err == nil && (status != http.StatusOK || len(r.Hits) == 0) {
					err = errors.New("no hits")
				}
				if err != nil {
					t.Errorf("%s: %d, %v: %s", body, status, err, answer)
					return
				}
				count.Add(1)
			}
		})
	}
	for round := 1; round <= rounds(3, 40); round++ {
		before := count.Load()
		files = append(files, corpusFile(t, dir, fmt.Sprintf("%d.jsonl", round), 50*round, 50*round+50))
		indexFiles(t, db, files...)
		body := fmt.Sprintf(`{"query":"word%d","mode":"lexical","rerank":"off"}`, 50*round+49)
		for { // within a second, on a machine that is not busy; for ever, if it is not found
			status, answer, err := s.send(http.MethodPost, "/v1/search", body)
			if err != nil || status != http.StatusOK {
				t.Fatalf("round %d: %d, %v: %s", round, status, err, answer)
			}
			if strings.Contains(string(answer), fmt.Sprintf(`"doc%d"`, 50*round+49)) && count.Load() > before {
				break
			}
		}
	}
	close(stop)
	wg.Wait()
	t.Logf("%d searches beside %d runs of winnow index", count.Load(), rounds(3, 40))
}

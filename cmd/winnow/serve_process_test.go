// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rounds is how often something is tried: in the short form, or in the long one, whose figures are in docs/reliability.md.
func rounds(short, long int) int {
	if os.Getenv("WINNOW_LONG") != "" {
		return long
	}
	return short
}

// randomModel is the directory of a model of random weights: what it answers means nothing, and it comes fast.
func randomModel(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs("../../internal/parity/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// serving is a server in a process of its own.
type serving struct {
	cmd    *exec.Cmd
	client *http.Client
	listen chan string   // where it listens, once it does; closed when it ends
	ended  chan struct{} // closed when it has ended, and then log and err are complete
	log    bytes.Buffer
	err    error
	url    string // after up
}

// launch starts a server with small models.
func launch(t *testing.T, db string, flags ...string) *serving {
	t.Helper()
	args := append([]string{"serve", "--addr", "127.0.0.1:0", "--db", db, "-m", randomModel(t, "bi-mean"), "--reranker", randomModel(t, "cross-identity"), "--threads", "1"}, flags...)
	s := &serving{
		cmd: exec.CommandContext(t.Context(), "winnow", args...), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		listen: make(chan string, 1), ended: make(chan struct{}),
	}
	messages, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read(messages)
	t.Cleanup(s.kill)
	return s
}

// address finds where a server says that it listens.
var address = regexp.MustCompile(`serving on (http://[0-9.:]+)`)

// read takes what the server says, until it ends.
func (s *serving) read(messages io.Reader) {
	lines := bufio.NewReader(messages)
	for {
		line, err := lines.ReadString('\n')
		s.log.WriteString(line)
		if m := address.FindStringSubmatch(line); m != nil {
			s.listen <- m[1]
		}
		if err != nil {
			break
		}
	}
	close(s.listen)
	s.err = s.cmd.Wait()
	close(s.ended)
}

// up waits until the server listens.
func (s *serving) up(t *testing.T) *serving {
	t.Helper()
	if s.url = <-s.listen; s.url == "" {
		<-s.ended
		t.Fatalf("the server did not start: %v\n%s", s.err, s.log.String())
	}
	return s
}

// kill ends the server as kill -9 does, if it has not ended, and waits for its end.
func (s *serving) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.ended
	s.client.CloseIdleConnections()
}

// send sends a request. An error means that no whole answer came.
func (s *serving) send(method, path, body string) (status int, answer []byte, err error) {
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	a, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = a.Body.Close() }()
	if answer, err = io.ReadAll(a.Body); err != nil {
		return a.StatusCode, answer, fmt.Errorf("cut short: %w", err)
	}
	return a.StatusCode, answer, nil
}

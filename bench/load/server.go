// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// makeIndex makes the index of the passages, or brings it up to date.
func makeIndex(ctx context.Context, s *settings, c *collection) (dir string, err error) {
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return "", err
	}
	// A name for each collection and size: an index holds what its file holds.
	name := fmt.Sprintf("%s-%d", filepath.Base(filepath.Clean(s.data)), len(c.texts))
	passages, dir := filepath.Join(s.cache, name+".beir"), filepath.Join(s.cache, name)
	if err := errors.Join(os.RemoveAll(passages), c.passages.WriteBEIR(passages)); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, s.winnow, "index", filepath.Join(passages, "corpus.jsonl"), "--db", dir, "--compact")
	cmd.Stderr = os.Stderr
	return dir, cmd.Run()
}

// process is the server that is measured.
type process struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client
	ended  chan error
}

// address finds where a server says that it listens.
var address = regexp.MustCompile(`serving on (http://[0-9.:]+)`)

func startServer(ctx context.Context, s *settings, db string) (*process, error) {
	args := append([]string{"serve", "--addr", "127.0.0.1:0", "--db", db, "--log", "off", "--config", "off"}, strings.Fields(s.serve)...)
	p := &process{cmd: exec.CommandContext(ctx, s.winnow, args...), ended: make(chan error, 1)}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	messages, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(messages)
	for p.url == "" {
		line, err := lines.ReadString('\n')
		if m := address.FindStringSubmatch(line); m != nil {
			p.url = m[1]
			break
		}
		fmt.Fprint(os.Stderr, line)
		if err != nil {
			return nil, errors.Join(errors.New("the server did not start"), p.cmd.Wait())
		}
	}
	go func() {
		_, _ = io.Copy(os.Stderr, lines) // what it says is shown; that it ended, Wait tells
		p.ended <- p.cmd.Wait()
	}()
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // it is one
	t.MaxIdleConns, t.MaxIdleConnsPerHost, t.DisableCompression = 0, 4096, true
	p.client = &http.Client{Transport: t}
	return p, nil
}

// stop ends the server as a service manager does. It must end well.
func (p *process) stop() error {
	p.client.CloseIdleConnections()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return <-p.ended
}

// state is what the server says of itself.
type state struct {
	resident   float64 // bytes
	goroutines int
	processor  float64 // seconds
	requests   float64 // that a batch was of, all batches together, and their number
	batches    float64
}

// look asks /metrics.
func (p *process) look(ctx context.Context) (state, error) {
	var s state
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/metrics", nil)
	if err != nil {
		return s, err
	}
	a, err := p.client.Do(r)
	if err != nil {
		return s, err
	}
	defer func() { _ = a.Body.Close() }()
	data, err := io.ReadAll(a.Body)
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(data)) {
		name, text, ok := strings.Cut(strings.TrimSpace(line), " ")
		if labelled, rest, found := strings.Cut(line, "}"); found { // a label may have spaces
			name, _, ok = strings.Cut(labelled, "{")
			text = strings.TrimSpace(rest)
		}
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue // a text with spaces: none of those looked for
		}
		switch name {
		case "process_resident_memory_bytes":
			s.resident = value
		case "go_goroutines":
			s.goroutines = int(value)
		case "process_cpu_seconds_total":
			s.processor = value
		case "winnow_batch_requests_sum":
			s.requests += value
		case "winnow_batch_requests_count":
			s.batches += value
		}
	}
	if s.goroutines == 0 {
		return s, errors.New("/metrics has no goroutines")
	}
	return s, nil
}

// settled is the state without requests: when connections have been closed and what served them has ended.
func (p *process) settled(ctx context.Context, most int) (s state, err error) {
	for range 50 {
		p.client.CloseIdleConnections()
		if s, err = p.look(ctx); err != nil || most > 0 && s.goroutines <= most {
			return s, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
	return s, nil
}

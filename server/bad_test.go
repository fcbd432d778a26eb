// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/winnow-search/winnow/server/api"
)

// long reports whether tests take the size that the issue of robustness asks for: WINNOW_LONG=1.
func long() bool { return os.Getenv("WINNOW_LONG") != "" }

// Whatever is wrong with a request, its status and its message say so.
func TestBadRequests(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Collections = t.TempDir() })
	s.fill()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(`{"query":"bread"}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat("[", 20_000)
	nested := `{"documents":[{"id":"a","text":"b","metadata":{"x":` + strings.Repeat(`{"x":`, 5000) + "1" + strings.Repeat("}", 5000) + `}}]}`
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		// JSON
		{"POST", "/v1/search", ``, 400, "is empty"},
		{"POST", "/v1/search", ` `, 400, "is empty"},
		{"POST", "/v1/search", `[]`, 400, "want a JSON object"},
		{"POST", "/v1/search", `null`, 400, "want a JSON object"},
		{"POST", "/v1/search", `{"query":"a"`, 400, "ends inside the object"},
		{"POST", "/v1/search", `{"query":"a"}x`, 400, "text after the end"},
		{"POST", "/v1/search", `{"query":"a"}{"query":"b"}`, 400, "more than one JSON object"},
		{"POST", "/v1/search", `{"query":"a","query":"b"}`, 400, `field "query" is there twice`},
		{"POST", "/v1/search", `{"query":"a","fusion":{"method":"rrf","method":"rrf"}}`, 400, `field "method" is there twice`},
		{"POST", "/v1/search", `{"qeury":"a"}`, 400, `did you mean "query"?`},
		{"POST", "/v1/search", `{"Query":"a"}`, 400, `did you mean "query"?`},
		{"POST", "/v1/search", "{\n\"query\":\"a\xff\"}", 400, "line 2: byte 13 (0xff) is not UTF-8"},
		{"POST", "/v1/search", "\xef\xbb\xbf{\"query\":\"a\"}", 400, "want a JSON object"},
		{"POST", "/v1/search", `{"query":"a","top_k":NaN}`, 400, "not JSON"},
		{"POST", "/v1/search", `{"query":"a","top_k":Infinity}`, 400, "not JSON"},
		{"POST", "/v1/search", `{"query":"a","top_k":-1}`, 400, "top_k"},
		{"POST", "/v1/search", `{"query":"a","top_k":1.5}`, 400, "want a whole number"},
		{"POST", "/v1/search", `{"query":"a","top_k":1e400}`, 400, "want a whole number"},
		{"POST", "/v1/search", `{"query":"a","top_k":99999999999999999999}`, 400, "want a whole number"},
		{"POST", "/v1/search", `{"query":"a","top_k":1000000}`, 400, "at most 1000"},
		{"POST", "/v1/search", `{"query":"a","candidates":-5}`, 400, "candidates"},
		{"POST", "/v1/search", `{"query":"a","candidates":100000}`, 400, "at most 10000"},
		{"POST", "/v1/search", `{"query":"a","diversity":-1}`, 400, "diversity"},
		{"POST", "/v1/search", `{"query":"a","diversity":1e999}`, 400, "diversity"},
		{"POST", "/v1/search", `{"query":"a","budget":"-1s"}`, 400, "budget"},
		{"POST", "/v1/search", `{"query":"a","fusion":{"method":"rrf","k":-1,"dense_weight":1,"lexical_weight":1}}`, 400, "must"},
		{"POST", "/v1/search", `{"query":` + deep, 400, "depth"},
		{"POST", "/v1/search", `{"query":"a","collection":"\u0000"}`, 404, "there is no collection"},
		{"POST", "/v1/documents", nested, 400, "metadata"},
		{"POST", "/v1/documents", `{"documents":[{"id":"a","text":"b","metadata":{"n":1e999}}]}`, 400, ""},
		{"POST", "/v1/documents", `{"documents":` + deep, 400, "depth"},
		{"POST", "/v1/documents/delete", `{"ids":[1]}`, 400, "want a string"},
		{"POST", "/embed", deep, 400, "not JSON"},
		{"POST", "/embed", `{"inputs":"a"}x`, 400, "not JSON"},
		{"POST", "/embed", `{"inputs":"a","dimensions":-1}`, 400, "dimensions"},
		{"POST", "/v1/embeddings", `{"input":[-1]}`, 400, ""},
		{"POST", "/v1/embeddings", `{"input":[1e99]}`, 400, ""},
		{"POST", "/v1/embeddings", `{"input":"a","dimensions":1e99}`, 400, "dimensions"},
		{"POST", "/rerank", `{"query":"a","documents":["b"],"top_n":-1}`, 400, "top_n"},
		{"POST", "/rerank", `{"query":"a","documents":[` + deep + `]}`, 400, "not JSON"},
		// Paths, methods and queries
		{"GET", "/v1/document", "", 404, "did you mean /v1/documents?"},
		{"GET", "/v1/collections/", "", 404, "nothing at"},
		{"POST", "//v1/search", `{"query":"a"}`, 404, "did you mean /v1/search?"},
		{"POST", "/v1/../v1/search", `{"query":"a"}`, 404, "did you mean /v1/search?"},
		{"GET", "/v1/documents/a//b", "", 404, "%2F"},
		{"GET", "/v1/documents/a%2F%2Fb", "", 404, "there is no document"},
		{"DELETE", "/v1/search", "", 405, "does not take DELETE, but POST"},
		{"HEAD", "/v1/search", "", 405, "HEAD"},
		{"TRACE", "/v1/search", "", 405, "TRACE"},
		{"PUT", "/v1/collections", "", 405, "but GET or POST"},
		{"GET", "/v1/documents?limit=-1", "", 400, "limit"},
		{"GET", "/v1/documents?limit=99999999999999999999", "", 400, "limit"},
		{"GET", "/v1/documents?offset=NaN", "", 400, "offset"},
		{"GET", "/v1/documents?colection=notes", "", 400, `did you mean "collection"?`},
		{"POST", "/v1/search?collection=notes", `{"query":"a"}`, 400, "in its body"},
		{"GET", "/v1/documents?collection=a&collection=b", "", 400, "2 times"},
		{"GET", "/v1/documents?limit=%zz", "", 400, "cannot be read"},
		{"GET", "/v1/documents?limit=1;offset=2", "", 400, "cannot be read"},
	} {
		w := s.send(c.method, c.path, c.body)
		name := fmt.Sprintf("%s %s %.60q", c.method, c.path, c.body)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.status)
		}
		t.Run(name, func(t *testing.T) { (&tester{t, s.Server}).refused(w, c.status, c.message) })
	}
	for kind, status := range map[string]int{"text/plain": 200, "application/x-www-form-urlencoded": 200, "": 200, "multipart/form-data; boundary=x": 415, "nonsense;;": 200} {
		s.equal(kind, s.send(http.MethodPost, "/v1/search", `{"query":"bread"}`, "Content-Type", kind).Code, status)
	}
	w := s.send(http.MethodPost, "/v1/search", packed.String(), "Content-Encoding", "gzip")
	s.refused(w, http.StatusUnsupportedMediaType, "send it as it is")
	s.equal("what is taken", w.Header().Get("Accept-Encoding"), "identity")
	s.equal("not packed", s.send(http.MethodPost, "/v1/search", `{"query":"bread"}`, "Content-Encoding", "identity").Code, 200)
	w = s.send(http.MethodOptions, "/v1/collections", nil)
	s.equal("options", fmt.Sprint(w.Code, w.Header()["Allow"], w.Body.Len()), "204 [GET POST] 0")
	s.equal("head", s.send(http.MethodHead, "/health", nil).Code, 200)
	s.equal("memory", s.inFlight.Load(), 0)
	var list api.DocumentList
	s.get("/v1/documents", &list)
	s.equal("documents", list.Total, 4)
}

// badRequest is one as bytes, and what a client then does.
type badRequest struct {
	text   string
	status int  // 0: none is waited for
	slow   bool // a byte now and then, as long as the server takes them
	half   bool // close the half by which the client sends
}

// wild are requests that no client of good will sends.
func wild(limit int) []badRequest {
	head := func(method, path, more string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n"
	}
	body := func(path, text string) string {
		return head("POST", path, fmt.Sprintf("Content-Length: %d\r\n", len(text))) + text
	}
	return []badRequest{
		{text: body("/embed", `{"inputs":"a"}`), status: 200},
		{text: body("/embed", `{"inputs":`), status: 400},
		{text: body("/embed", strings.Repeat("[", limit)), status: 400},
		{text: body("/v1/search", "{\"query\":\"\xff\"}"), status: 400},
		{text: body("/v1/search", strings.Repeat("x", limit+1)), status: 413},
		{text: head("POST", "/v1/search", "Content-Length: 99999999999\r\n"), status: 413},
		{text: head("POST", "/v1/search", "Content-Length: -1\r\n"), status: 400},
		{text: head("POST", "/v1/search", "Content-Length: 1\r\nContent-Length: 2\r\n"), status: 400},
		{text: head("POST", "/v1/search", "Transfer-Encoding: gzip\r\n"), status: 501},
		{text: head("POST", "/v1/search", "Transfer-Encoding: chunked\r\n") + "zz\r\n", status: 400},
		{text: head("POST", "/v1/search", "Transfer-Encoding: chunked\r\n") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", limit+1, strings.Repeat("x", limit+1)), status: 413},
		{text: head("POST", "/v1/search", "Expect: 100-continue\r\nContent-Length: 99999999999\r\n"), status: 413},
		{text: head("POST", "/v1/search", "Expect: a-miracle\r\nContent-Length: 2\r\n") + "{}", status: 417},
		{text: head("POST", "/v1/documents/files", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5\r\n") + "--x--", status: 400},
		{text: head("GET", "/health", "X: "+strings.Repeat("x", 1<<17)+"\r\n"), status: 431},
		{text: head("GET", "/"+strings.Repeat("x", 1<<17), ""), status: 431},
		{text: head("GET", "/v1/nothing", ""), status: 404},
		{text: head("GET", "/v1/search", ""), status: 405},
		{text: head("BREW", "/pot", ""), status: 404},
		{text: "GET /health HTTP/1.1\r\nHost: evil.example.org\r\n\r\n", status: 403},
		{text: "GET /health HTTP/1.1\r\n\r\n", status: 400},
		{text: "GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", status: 505},
		{text: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", half: true},
		{text: "\r\n\r\n\r\n", half: true},
		{text: "GET /hea", half: true},
		{text: head("POST", "/v1/documents", "Content-Length: 100\r\n") + "{", status: 400, half: true},
		{text: head("POST", "/v1/documents", "Content-Length: 100\r\n") + "{", status: 408, slow: true},
		{text: "GET /health HTTP/1.1\r\nHost: localhost\r\n", status: 400, slow: true},
	}
}

// run sends a request and gives the status of the answer; 0 if the server closed the connection, or none was waited for.
func (r badRequest) run(address string) (int, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, err
	}
	_, sent := io.WriteString(c, r.text) // the server may close before it has read all
	if r.status == 0 && !r.slow {
		return 0, nil
	}
	if tcp, ok := c.(*net.TCPConn); ok && r.half {
		if err := tcp.CloseWrite(); err != nil {
			return 0, err
		}
	}
	if r.slow {
		done := make(chan struct{})
		defer close(done)
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(20 * time.Millisecond):
					_, _ = io.WriteString(c, "x") // the server closes the connection at some time
				}
			}
		}()
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	switch {
	case err != nil && (r.status == 0 || sent != nil || r.slow || len(r.text) > maxHeader): // closed; an answer may be lost with what the server did not read
		return 0, nil
	case err != nil:
		return 0, err
	}
	_ = answer.Body.Close()
	return answer.StatusCode, nil
}

// mostKept bounds what stays of a request, in bytes: less than a goroutine, a buffer or a text would be. What pools and maps keep by chance
// comes once: a leak grows in both halves.
const mostKept = 256

// Malformed, oversized, slow and half-closed requests get their statuses, and neither goroutines nor memory stay with them: two halves of 650,
// or with WINNOW_LONG=1 of more than 10,000.
func TestBadConnections(t *testing.T) {
	const limit, workers = 2000, 24
	s, url, _ := running(t, func(o *Options) {
		o.MaxBody, o.MaxInFlight, o.Timeout, o.headers = limit, 1<<20, time.Second, time.Second
	})
	address := strings.TrimPrefix(url, "http://")
	requests := wild(limit)
	for _, r := range requests { // one after the other each is answered
		if status, err := r.run(address); err != nil || status != r.status && status != 0 {
			t.Errorf("%.80q: status %d, want %d: %v", r.text, status, r.status, err)
		}
	}
	each := 1
	if long() {
		each = 16
	}
	var mu sync.Mutex
	got := map[string]int{}
	round := func() (heap int64) {
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				for j := range each * len(requests) {
					n := (i + j) % len(requests)
					status, _ := requests[n].run(address) // where all come at once, a connection may end before its request's turn
					late := status == http.StatusServiceUnavailable || status == http.StatusRequestTimeout
					if want := requests[n].status; status != want && status != 0 && !late {
						t.Errorf("%.80q: status %d, want %d", requests[n].text, status, want)
					}
					mu.Lock()
					got[fmt.Sprint(n, " ", status)]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		until(t, "all have ended", func() bool { return s.figure("winnow_requests_active") == "1" && s.inFlight.Load() == 0 })
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := round() // so that what stays for good is there
	base := runtime.NumGoroutine()
	half := round()
	after := round()
	until(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= base+1 })
	count := int64(workers * each * len(requests))
	if kept := min(half-before, after-half) / count; kept > mostKept {
		t.Errorf("%d bytes stay of each request: heap %d, %d, %d", kept, before, half, after)
	}
	for n, r := range requests {
		if r.status != 0 && got[fmt.Sprint(n, " ", r.status)] == 0 {
			t.Errorf("%.80q never had the status %d: %v", r.text, r.status, got)
		}
	}
	t.Logf("3 times %d requests, heap %d, %d, %d bytes", count, before, half, after)
	s.get("/ready", &Health{})
}

// A client that waits for leave to send its body is given it, or told at once that the body is too large.
func TestLeaveToSend(t *testing.T) {
	_, url, _ := running(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "POST /embed HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 14\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, `{"inputs":"a"}`); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _ = r.Body.Close(); r.StatusCode != http.StatusOK {
		t.Errorf("status %d", r.StatusCode)
	}
}

// HTTP/2, which is there with TLS, has the same answers.
func TestBadRequestsOverHTTP2(t *testing.T) {
	cert, key, roots := certificate(t)
	s, url, _ := running(t, func(o *Options) { o.TLSCert, o.TLSKey, o.MaxBody, o.MaxInFlight = cert, key, 1000, 10_000 })
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	for _, c := range []struct {
		method, path string
		body         io.Reader
		status       int
	}{
		{http.MethodPost, "/embed", strings.NewReader(`{"inputs":"a"}`), 200},
		{http.MethodPost, "/embed", strings.NewReader(`{"inputs":`), 400},
		{http.MethodPost, "/embed", strings.NewReader(strings.Repeat("x", 1001)), 413},
		{http.MethodPost, "/embed", io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000))), 413},
		{http.MethodGet, "/v1/search", nil, 405},
		{http.MethodHead, "/health", nil, 200},
		{http.MethodGet, "/nothing", nil, 404},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, strings.Replace(url, "http:", "https:", 1)+c.path, c.body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := (&http.Client{Transport: transport}).Do(r)
		if err != nil {
			t.Errorf("%s %s: %v", c.method, c.path, err)
			continue
		}
		if err := answer.Body.Close(); err != nil || answer.StatusCode != c.status || answer.ProtoMajor != 2 {
			t.Errorf("%s %s: status %d, want %d, HTTP/%d, %v", c.method, c.path, answer.StatusCode, c.status, answer.ProtoMajor, err)
		}
	}
	until(t, "nothing is in memory", func() bool { return s.inFlight.Load() == 0 })
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/client"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/server"
	"github.com/winnow-search/winnow/server/api"
)

// serve runs a server with the built-in models until stop is called.
func serve(dir string) (url string, stop func()) {
	s, err := server.New(server.Options{Models: builtin.Models(), DB: filepath.Join(dir, "db"), Collections: filepath.Join(dir, "collections"), Precision: encoder.Int8})
	check(err)
	h := httptest.NewServer(s)
	return h.URL, func() {
		h.Close()
		check(s.Close())
	}
}

// check ends an example that fails.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "winnow")
	check(err)
	defer func() { check(os.RemoveAll(dir)) }()
	url, stop := serve(dir) // winnow serve
	defer stop()

	ctx := context.Background()
	c, err := client.New(url)
	check(err)
	_, err = c.Add(ctx, "",
		api.Document{ID: "bread", Text: "Bread is made of flour, water, salt and yeast.", Metadata: api.Metadata{"lang": "en"}},
		api.Document{ID: "cats", Text: "Cats sleep for most of the day.", Metadata: api.Metadata{"lang": "en"}},
	)
	check(err)
	r, err := c.Search(ctx, api.Search{Request: winnow.Request{Query: "What is bread made of?", TopK: 1, Filter: `lang = "en"`}})
	check(err)
	for _, hit := range r.Hits {
		fmt.Println(hit.Rank, hit.ID)
	}
	// Output: 1 bread
}

func ExampleClient_Rerank() {
	url, stop := serve(os.TempDir())
	defer stop()
	c, err := client.New(url)
	check(err)
	ranked, err := c.Rerank(context.Background(), "", "What is bread made of?", "Cats sleep for most of the day.", "Bread is made of flour and water.")
	check(err)
	for _, r := range ranked {
		fmt.Println(r.Index)
	}
	// Output:
	// 1
	// 0
}

func TestClient(t *testing.T) {
	url, stop := serve(t.TempDir())
	defer stop()
	c, err := client.New(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Ready(ctx))
	_, err = c.Create(ctx, api.NewCollection{Name: "notes"})
	must(err)
	results, err := c.Bulk(ctx, "notes", api.BulkLine{Document: api.Document{ID: "a/b c", Text: "one"}}, api.BulkLine{Delete: "nothing"}, api.BulkLine{Document: api.Document{ID: "x", Text: "two"}})
	must(err)
	if got := fmt.Sprint(results); got != "[{1 a/b c stored } {2 nothing unknown } {3 x stored }]" {
		t.Error(got)
	}
	files, err := c.AddFiles(ctx, "notes", client.File{Name: "ü \"1\".md", Data: []byte("# One\n\ntext")}, client.File{Name: "b.pdf", Data: []byte("%PDF-1.7")})
	must(err)
	if len(files) != 2 || files[0].File != "ü \"1\".md" || files[0].Status != api.LineStored || files[1].Status != api.LineError || !strings.Contains(files[1].Error, "damaged") {
		t.Errorf("got %+v", files)
	}
	_, err = c.Delete(ctx, "notes", "ü \"1\".md")
	must(err)
	title := "Title"
	_, err = c.Update(ctx, "notes", "a/b c", api.Change{Title: &title})
	must(err)
	d, err := c.Get(ctx, "notes", "a/b c")
	must(err)
	if d.Title != title || d.Text != "one" {
		t.Errorf("got %+v", d)
	}
	similar, err := c.Similar(ctx, api.Similar{Collection: "notes", ID: "x"})
	must(err)
	compared, err := c.Compare(ctx, api.Search{Collection: "notes", Request: winnow.Request{Query: "one"}})
	must(err)
	if len(similar.Hits) != 1 || len(compared.Rows) != 2 {
		t.Errorf("%d similar, %d compared", len(similar.Hits), len(compared.Rows))
	}
	influence, err := c.Influence(ctx, api.Influence{Collection: "notes", Query: "one", ID: "x"})
	must(err)
	matrix, err := c.Matrix(ctx, api.Matrix{Queries: []string{"one"}, Texts: []string{"one", "two"}})
	must(err)
	if influence.Text != "two" || len(influence.Left) != 1 || matrix.Bi == nil || matrix.Cross == nil || len(matrix.Passages) != 2 {
		t.Errorf("%+v %+v", influence, matrix)
	}
	a, err := c.Delete(ctx, "notes", "x")
	must(err)
	all, err := c.Collections(ctx)
	must(err)
	if a.Deleted != 1 || len(all) != 2 || all[1].Documents != 1 {
		t.Errorf("%+v %+v", a, all)
	}
	_, err = c.Add(ctx, "", api.Document{ID: "bread", Text: "Bread is made of flour, water, salt and yeast."})
	must(err)
	for _, stream := range []bool{false, true} { // Ask waits for the whole answer in any case
		answer, err := c.Ask(ctx, api.Ask{Question: "What is bread made of?", Stream: stream})
		must(err)
		if answer.Text != "Bread is made of flour, water, salt and yeast. [1]" || !answer.Extractive || len(answer.Citations) != 1 || answer.Citations[0].ID != "bread" || !answer.Sentences[0].Supported {
			t.Errorf("got %+v", answer)
		}
	}
	if _, err = c.Ask(ctx, api.Ask{Question: " "}); err == nil || !strings.Contains(err.Error(), "the question is empty") {
		t.Errorf("got %v", err)
	}
	must(c.Drop(ctx, "notes"))
	if _, err = c.Get(ctx, "notes", "x"); !client.NotFound(err) || !strings.Contains(err.Error(), "there is no collection") {
		t.Errorf("got %v", err)
	}
	vectors, err := c.Embed(ctx, "", encoder.Query, "one", "two")
	must(err)
	if len(vectors) != 2 || encoder.Cosine(vectors[0], vectors[1]) > 0.99 {
		t.Errorf("%d vectors", len(vectors))
	}
	if _, err = c.Rerank(ctx, "nothing", "q", "a"); !client.NotFound(err) || !strings.Contains(err.Error(), "is not served") {
		t.Errorf("got %v", err)
	}
	for _, no := range []string{"localhost:8080", "http://localhost:8080/?key=secret", "http://localhost:8080/#top", "http://localhost:8080?"} {
		if _, err := client.New(no); err == nil {
			t.Errorf("%s is taken", no)
		}
	}
}

// A busy server is asked again after the time that it names, and a server that stays busy is an error.
func TestClientWaitsForABusyServer(t *testing.T) {
	var asked atomic.Int32
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Error("no key")
		}
		if asked.Add(1) < 3 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		fmt.Fprint(w, `{"results":[{"index":0,"logit":1.5}]}`)
	}))
	defer h.Close()
	c, err := client.New(h.URL, client.Key("secret"), client.Retries(2))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Rerank(t.Context(), "", "q", "a")
	if err != nil || len(got) != 1 || got[0].Logit != 1.5 {
		t.Errorf("got %v, %v", got, err)
	}
	asked.Store(-10)
	if _, err := c.Rerank(t.Context(), "", "q", "a"); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("got %v", err)
	}
}

// answering is a client of a server that answers everything so, and how many connections that server has taken.
func answering(t *testing.T, answer http.HandlerFunc) (c *client.Client, connections *atomic.Int32) {
	t.Helper()
	connections = &atomic.Int32{}
	h := httptest.NewUnstartedServer(answer)
	h.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	h.Start()
	t.Cleanup(h.Close)
	c, err := client.New(h.URL, client.HTTP(h.Client()))
	if err != nil {
		t.Fatal(err)
	}
	return c, connections
}

// Answers that are not what was asked for are errors that say so.
func TestEmbedChecksTheAnswer(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{`{"index": 0, "embedding": "AACAPw=="}, {"index": 1, "embedding": "AAAAQA=="}`, ""},
		{`{"index": 1, "embedding": "AAAAQA=="}`, "text 0 of 2 has no vector"},
		{`{"index": 0, "embedding": "AACAPw=="}, {"index": 0, "embedding": "AACAPw=="}`, "text 1 of 2 has no vector"},
		{`{"index": 0, "embedding": ""}, {"index": 1, "embedding": "AAAAQA=="}`, "text 0 of 2 has no vector"},
		{`{"index": 2, "embedding": "AACAPw=="}`, "embedding 2 of 2 has 4 bytes"},
		{`{"index": 0, "embedding": "AACA"}`, "embedding 0 of 2 has 3 bytes"},
		{`{"index": 0, "embedding": "!"}`, "embedding 0: illegal base64 data at input byte 0"},
	} {
		from, _ := answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"data": [%s]}`, c.data) })
		got, err := from.Embed(t.Context(), "", "", "a", "b")
		switch {
		case c.want == "":
			if err != nil || fmt.Sprint(got) != "[[1] [2]]" {
				t.Errorf("got %v, %v", got, err)
			}
		case err == nil || err.Error() != "the server's answer makes no sense: "+c.want:
			t.Errorf("%s: got %v, want %s", c.data, err, c.want)
		}
	}
}

// The status of an error is known when its body breaks off, too.
func TestErrorThatBreaksOff(t *testing.T) {
	c, _ := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error": `)
	})
	_, err := c.Get(t.Context(), "", "x")
	if e, ok := errors.AsType[*client.Error](err); !ok || !client.NotFound(err) || e.Message != `{"error":` {
		t.Errorf("got %v", err)
	}
}

// A connection is used again after an answer, be there more of it than its JSON, and after an error.
func TestConnectionsAreUsedAgain(t *testing.T) {
	c, connections := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ready" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, "{}", strings.Repeat(" ", 8<<10))
	})
	for range 3 {
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), "", "x"); !client.NotFound(err) {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 6 requests", n)
	}
}

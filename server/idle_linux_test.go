// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/server/api"
)

// resident is how many kilobytes of mapped files below a directory are in this process's memory.
func resident(t *testing.T, dir string) (kb int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	mapping := regexp.MustCompile(`(?m)^[0-9a-f]+-[0-9a-f]+ .* ` + regexp.QuoteMeta(dir) + `/.*\n(?:[A-Z]\w+: .*\n)*?Rss: +(\d+) kB`)
	for _, m := range mapping.FindAllSubmatch(maps, -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		kb += n
	}
	return kb
}

// TestSinglePuts puts documents one by one: segments stay few, and when nothing is asked any more the index gives its memory back.
func TestSinglePuts(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, small, func(o *Options) {
		o.Collections, o.refresh, o.release, o.idle = base, time.Millisecond, time.Nanosecond, time.Nanosecond
	})
	var made api.Collection
	s.post("/v1/collections", `{"name":"words","model":"none"}`, &made)
	const docs = 40
	for n := range docs {
		var a api.Applied
		s.ok(s.send(http.MethodPut, fmt.Sprintf("/v1/documents/d%d?collection=words", n), map[string]string{"text": fmt.Sprintf("Page number%d.", n)}), &a)
	}
	c, err := s.collections.find("words")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.refresh(); err != nil {
		t.Fatal(err)
	}
	for n := range docs {
		var r winnow.Result
		s.post("/v1/search", fmt.Sprintf(`{"collection":"words","query":"number%d","mode":"lexical","rerank":"off"}`, n), &r)
		if len(r.Hits) == 0 || r.Hits[0].ID != fmt.Sprintf("d%d", n) {
			t.Errorf("number%d: %+v", n, r.Hits)
		}
	}
	if resident(t, base) == 0 {
		t.Error("nothing is resident after searches: the test does not find the mappings")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		s.attend(ctx)
		close(ended)
	}()
	for resident(t, base) > 0 { // go test's own timeout ends it
		time.Sleep(time.Millisecond)
	}
	stop()
	<-ended
	s.get("/v1/collections/words", &made)
	if made.Segments > 14 || made.Documents != docs {
		t.Errorf("%d segments of %d documents", made.Segments, made.Documents)
	}
}

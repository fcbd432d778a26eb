// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/internal/proctest"
	"github.com/winnow-search/winnow/server/api"
)

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
	resident := func() int {
		_, kb := proctest.Mapped(t, base)
		return kb
	}
	if resident() == 0 {
		t.Error("nothing is resident after searches: the test does not find the mappings")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		s.attend(ctx)
		close(ended)
	}()
	for resident() > 0 { // go test's own timeout ends it
		time.Sleep(time.Millisecond)
	}
	stop()
	<-ended
	s.get("/v1/collections/words", &made)
	if made.Segments > 14 || made.Documents != docs {
		t.Errorf("%d segments of %d documents", made.Segments, made.Documents)
	}
}

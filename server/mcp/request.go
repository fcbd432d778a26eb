// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// requests are the HTTP requests on their way, by a name in their head. The library calls tools with the context of the session; what a
// tool does is to end with the request that asks for it, and to be of its trace.
type requests struct{ sync.Map }

// nameOf is the header that bears the name. Whatever a client sends in it is overwritten.
const nameOf = "X-Winnow-Request"

// named lets a handler see requests that have names.
func (rs *requests) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := rand.Text()
		rs.Store(name, r.Context())
		defer rs.Delete(name)
		r.Header.Set(nameOf, name)
		next.ServeHTTP(w, r)
	})
}

// join gives a call the context of its request, too.
func (rs *requests) join(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, r sdk.Request) (sdk.Result, error) {
		if extra := r.GetExtra(); extra != nil {
			if of, ok := rs.Load(extra.Header.Get(nameOf)); ok {
				request, _ := of.(context.Context)
				both, cancel := context.WithCancelCause(ctx)
				defer cancel(nil)
				defer context.AfterFunc(request, func() { cancel(context.Cause(request)) })()
				ctx = joined{both, request}
			}
		}
		return next(ctx, method, r)
	}
}

// joined is a context that ends with either of two. Values are the request's, and else the session's.
type joined struct {
	context.Context
	request context.Context
}

// Deadline implements context.Context.
func (j joined) Deadline() (time.Time, bool) { return j.request.Deadline() }

// Value implements context.Context.
func (j joined) Value(key any) any {
	if v := j.request.Value(key); v != nil {
		return v
	}
	return j.Context.Value(key)
}

// bounded refuses to begin a session while most are open.
func bounded(server *sdk.Server, most int, next http.Handler) http.Handler {
	var beginning atomic.Int64 // counted once more when they are open: rather too many than too few
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.Header.Get("Mcp-Session-Id") == "" {
			n := int(beginning.Add(1))
			defer beginning.Add(-1)
			for range server.Sessions() {
				n++
			}
			if n > most {
				w.Header().Set("Retry-After", "60")
				http.Error(w, fmt.Sprintf("%d sessions are open: close some, or wait until they are given up", most), http.StatusTooManyRequests)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winnow-search/winnow/internal/nearest"
	"github.com/winnow-search/winnow/server/internal/tracing"
)

// Server answers requests. It is safe for concurrent use until closed.
type Server struct {
	options     Options
	public      bool
	models      *models
	collections *collections
	keys        *keyring
	metrics     *metrics
	tracer      *tracing.Tracer // nil: off
	routes      []route
	mux         *http.ServeMux
	mcp         http.Handler
	document    func() ([]byte, error) // OpenAPI's
	inFlight    atomic.Int64           // bytes of requests
	draining    atomic.Bool
	listening   context.Context // of clients that wait for what the server may say; it ends with the first word of a shutdown
	hangUp      context.CancelFunc
	started     time.Time
}

// New opens models and indexes. The server is to be closed.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Server{options: o, metrics: newMetrics(), started: time.Now(), document: sync.OnceValues(OpenAPI)}
	_, s.public, _ = listenAddress(o.Addr) // complete has looked at it
	s.listening, s.hangUp = context.WithCancel(context.Background())
	var err error
	if s.keys, err = openKeyring(&s.options); err != nil {
		return nil, fmt.Errorf("API keys: %w", err)
	}
	if s.options.Traces {
		if s.tracer, err = tracing.FromEnvironment(context.Background(), s.options.Version, s.options.Log); err != nil {
			return nil, fmt.Errorf("traces: %w", err)
		}
	}
	if s.models, err = openModels(&s.options, s.metrics, s.tracer); err != nil {
		return nil, errors.Join(err, s.tracer.Close())
	}
	if s.collections, err = openCollections(&s.options, s.models); err != nil {
		return nil, errors.Join(err, s.models.close(), s.tracer.Close())
	}
	if s.mcp, err = s.openMCP(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.routes = s.table()
	s.mux = http.NewServeMux()
	for i := range s.routes {
		r := &s.routes[i]
		s.mux.HandleFunc(r.pattern(), func(w http.ResponseWriter, q *http.Request) { s.serve(w, q, r) })
	}
	return s, nil
}

// Close ends queued work and closes indexes and models. Requests must have ended; [Server.Run] sees to that.
func (s *Server) Close() error {
	s.hangUp()
	return errors.Join(s.collections.close(), s.models.close(), s.tracer.Close())
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !allowedHost(r.Host, s.options.Hosts, s.public) {
		s.refuse(w, r, &problem{status: http.StatusForbidden, err: fmt.Errorf("the server is not known by the name %.100q: ask for it as localhost, or start it with --hosts", r.Host)})
		return
	}
	origin := r.Header.Get("Origin")
	if !allowedOrigin(origin, r.Host, s.options.Origins) {
		s.refuse(w, r, &problem{status: http.StatusForbidden, err: fmt.Errorf("pages of %.100q may not send requests here: --cors allows it", origin)})
		return
	}
	if origin != "" && slices.Contains(s.options.Origins, origin) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Expose-Headers", "Retry-After, X-Truncated-Tokens, Mcp-Session-Id")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Add("Vary", "Access-Control-Request-Headers")
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
			if asked := r.Header.Values("Access-Control-Request-Headers"); len(asked) > 0 { // clients send many of their own
				h.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
			}
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	if !s.takes(r) || unclean(r.URL) {
		s.refuse(w, r, s.unknown(w, r))
		return
	}
	s.mux.ServeHTTP(w, r)
}

// takes reports whether a route takes a request. For a path that only lacks the slash before a name the mux has a redirect, which is none.
func (s *Server) takes(r *http.Request) bool {
	_, pattern := s.mux.Handler(r)
	_, path, _ := strings.Cut(pattern, " ")
	if before, _, names := strings.Cut(path, "{"); names && !strings.HasPrefix(r.URL.Path, before) {
		return false
	}
	return pattern != ""
}

// unclean reports whether a path has empty names, . or .. in it. The mux would send the client elsewhere, and a POST would become a GET.
func unclean(u *url.URL) bool {
	p := u.EscapedPath()
	return p != "*" && path.Clean("/"+p) != p && path.Clean("/"+p)+"/" != p
}

// unknown says why no route takes a request.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) *problem {
	if unclean(r.URL) {
		return &problem{status: http.StatusNotFound, err: fmt.Errorf("there is nothing at %.100q: did you mean %.100s? In an id, / is written %%2F", r.URL.EscapedPath(), path.Clean("/"+r.URL.EscapedPath()))}
	}
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = m
		if s.takes(other) {
			methods = append(methods, m)
			w.Header().Add("Allow", m)
		}
	}
	if len(methods) > 0 {
		if r.Method == http.MethodOptions {
			return &problem{status: http.StatusNoContent, err: errors.New("what is allowed is in the header Allow")}
		}
		return &problem{status: http.StatusMethodNotAllowed, err: fmt.Errorf("%s does not take %.20s, but %s", r.URL.Path, r.Method, orList(methods))}
	}
	var paths []string
	for i := range s.routes {
		paths = append(paths, s.routes[i].path)
	}
	hint := "docs/serving.md lists what is"
	if n := nearest.Name(r.URL.Path, paths); n != "" {
		hint = "did you mean " + n + "?"
	}
	return &problem{status: http.StatusNotFound, err: fmt.Errorf("there is nothing at %.100q: %s", r.URL.Path, hint)}
}

// orList writes names as "a, b or c".
func orList(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// refuse answers a request that no route sees.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, p *problem) {
	s.serveCall(&call{Server: s, w: &recorded{ResponseWriter: w}, r: r, route: &route{path: noRoute, handle: func(*call) (any, error) { return nil, p }}, key: everyone})
}

// serve answers a request to a route.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, to *route) {
	s.serveCall(&call{Server: s, w: &recorded{ResponseWriter: w}, r: r, route: to, dialect: to.dialect})
}

// recorded remembers the status of an answer.
type recorded struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *recorded) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorded) Write(data []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController through.
func (w *recorded) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// longer is how many times as long as others a long route may take.
const longer = 10

func (s *Server) serveCall(c *call) {
	begin := time.Now()
	s.metrics.active.Inc()
	w := c.w
	limit := s.options.Timeout
	if c.route.long {
		limit *= longer
	}
	ctx, cancel := context.WithTimeoutCause(tracing.Take(c.r.Context(), c.r.Header), limit, errTimeout)
	if !c.route.unwatched() {
		ctx, c.span = s.tracer.Request(ctx, c.r.Method, strings.TrimSuffix(c.route.path, noRoute))
	}
	c.r = c.r.WithContext(ctx)
	// A client that sends or reads slowly does not hold a connection for ever. Test recorders have no deadlines.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(begin.Add(limit))
	_ = control.SetWriteDeadline(begin.Add(2 * limit))
	defer func() {
		if thrown := recover(); thrown != nil {
			s.options.Log.Error("panic", "route", c.route.path, "cause", fmt.Sprint(thrown), "stack", string(debug.Stack()))
			c.fail(&problem{status: http.StatusInternalServerError, err: errors.New("panic")})
		}
		cancel()
		c.end()
		s.metrics.active.Dec()
		s.finish(c, w.status, time.Since(begin))
	}()
	value, err := c.handle()
	switch {
	case err != nil:
		p := classify(ctx, err)
		if p.status == http.StatusInternalServerError {
			s.options.Log.Error("request failed", "route", c.route.path, "error", err)
		}
		c.fail(p) // also for a client that has gone: it may have closed the half of the connection by which it sends
	case value != written{}:
		if c.truncated > 0 {
			w.Header().Set("X-Truncated-Tokens", strconv.Itoa(c.truncated))
		}
		c.send(http.StatusOK, value)
	}
}

// handle lets a request through to its route, if it may.
func (c *call) handle() (any, error) {
	if c.key == nil {
		if c.key = c.keys.find(c.r); c.key == nil && c.route.scope != Open {
			c.w.Header().Set("WWW-Authenticate", "Bearer")
			return nil, &problem{status: http.StatusUnauthorized, err: errors.New("an API key is needed: send Authorization: Bearer KEY or X-Api-Key: KEY")}
		}
	}
	if c.route.scope != Open {
		if !c.key.scope.allows(c.route.scope) {
			return nil, &problem{status: http.StatusForbidden, err: fmt.Errorf("the key %s has the scope %s; this needs %s", c.key.name, c.key.scope, c.route.scope)}
		}
		if d := c.keys.wait(c.key, time.Now()); d > 0 {
			c.metrics.refused.WithLabelValues("rate").Inc()
			return nil, &problem{status: http.StatusTooManyRequests, retry: d, err: fmt.Errorf("more than %v requests a second", c.options.Rate)}
		}
	}
	if err := c.checkQuery(); err != nil {
		return nil, err
	}
	return c.route.handle(c)
}

// fail sends an error. To an answer that has begun nothing can be added: its last status is that of logs, metrics and traces alone.
func (c *call) fail(p *problem) {
	if c.w.status != 0 {
		c.w.status = p.status
		return
	}
	if p.status == http.StatusNoContent {
		c.w.WriteHeader(p.status)
		return
	}
	if p.status == http.StatusTooManyRequests || p.retry > 0 {
		c.w.Header().Set("Retry-After", retryAfter(p.retry))
	}
	c.send(p.status, c.dialect.body(p))
}

// finish counts and logs a request.
func (s *Server) finish(c *call, status int, took time.Duration) {
	s.metrics.requests.WithLabelValues(c.route.path, strconv.Itoa(status)).Inc()
	s.metrics.seconds.WithLabelValues(c.route.path).Observe(took.Seconds())
	s.metrics.truncated.Add(float64(c.truncated))
	c.span.End(status, c.tokens, c.truncated)
	attrs := []slog.Attr{
		slog.String("method", c.r.Method), slog.String("route", c.route.path), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("from", c.r.RemoteAddr),
	}
	if c.key != nil && c.key.name != "" {
		attrs = append(attrs, slog.String("key", c.key.name))
	}
	if c.tokens > 0 {
		attrs = append(attrs, slog.Int("tokens", c.tokens))
	}
	if id := tracing.ID(c.ctx()); id != "" {
		attrs = append(attrs, slog.String("trace_id", id))
	}
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	s.options.Log.LogAttrs(context.Background(), level, "request", append(attrs, c.log...)...)
}

// logText adds a text that a client sent to the log, if that is asked for.
func (c *call) logText(name, text string) {
	if c.options.LogText {
		c.log = append(c.log, slog.String(name, text))
	}
}

// The bounds of a connection beside a request's own time.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

// Listen takes the address of the options. The listener has the port if the options leave it open (0).
func (s *Server) Listen(ctx context.Context) (net.Listener, error) {
	addr, _, err := listenAddress(s.options.Addr)
	if err != nil {
		return nil, err
	}
	var c net.ListenConfig
	return c.Listen(ctx, "tcp", addr)
}

// Run serves until the context ends. Then it takes no more connections, lets requests finish, and answers those that have not within
// the time for that with 503. It does not close the server.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	base, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: s.options.headers, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return base },
		ErrorLog:    slog.NewLogLogger(s.options.Log.Handler(), slog.LevelWarn),
	}
	h.RegisterOnShutdown(s.hangUp)
	ended := make(chan error, 1)
	go func() {
		if s.options.TLSCert != "" {
			ended <- h.ServeTLS(l, s.options.TLSCert, s.options.TLSKey)
			return
		}
		ended <- h.Serve(l)
	}()
	go s.attend(base)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	patience, done := context.WithTimeout(base, s.options.ShutdownTimeout)
	defer done()
	err := h.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		stop(errShutdown) // what still runs is answered with 503
		last, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer done()
		if err = h.Shutdown(last); err != nil {
			err = h.Close()
		}
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// attend looks after indexes and keys as long as the server runs.
func (s *Server) attend(ctx context.Context) {
	tick := time.NewTicker(s.options.refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := s.keys.reload()
		s.reloaded("keys", changed, err)
		for _, c := range s.collections.all() {
			changed, err := c.refresh()
			s.reloaded("index", changed, err)
		}
		s.rest()
	}
}

func (s *Server) reloaded(what string, changed bool, err error) {
	switch {
	case err != nil:
		s.metrics.reloads.WithLabelValues(what, "failed").Inc()
		s.options.Log.Error("reload", "what", what, "error", err)
	case changed:
		s.metrics.reloads.WithLabelValues(what, "ok").Inc()
		s.options.Log.Info("reload", "what", what)
	}
}

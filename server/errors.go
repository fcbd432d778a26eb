// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/internal/vfs"
	"github.com/winnow-search/winnow/server/api"
	"github.com/winnow-search/winnow/server/internal/batch"
)

// problem is an error that says which answer a client gets.
type problem struct {
	status int
	param  string // the field at fault
	retry  time.Duration
	err    error
}

// Error implements error.
func (p *problem) Error() string { return p.err.Error() }

// Unwrap gives the cause.
func (p *problem) Unwrap() error { return p.err }

// bad is an error of the client's.
func bad(param, format string, args ...any) error {
	return &problem{status: http.StatusBadRequest, param: param, err: fmt.Errorf(format, args...)}
}

// notFound is an error about a name that nothing has.
func notFound(param, format string, args ...any) error {
	return &problem{status: http.StatusNotFound, param: param, err: fmt.Errorf(format, args...)}
}

// The causes of contexts that the server ends.
var (
	errTimeout  = errors.New("the request took too long")
	errShutdown = errors.New("the server is shutting down")
)

// errFull is what a client is told of a disk without room: the error itself has its path.
var errFull = errors.New("the disk of the index is full")

// statusClientGone is what logs and metrics call a request whose client has gone: it gets no answer.
const statusClientGone = 499

// classify decides what a client is told of an error.
func classify(ctx context.Context, err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	status := func(code int, err error) *problem { return &problem{status: code, err: err} }
	if ended := context.Cause(ctx); ended != nil && !errors.Is(err, errTimeout) {
		err = fmt.Errorf("%w (%w)", ended, err)
	}
	if refused, ok := errors.AsType[batch.Refusal](err); ok {
		return &problem{status: http.StatusTooManyRequests, retry: refused.Again(), err: fmt.Errorf("the server is busy: %w", err)}
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return status(http.StatusRequestEntityTooLarge, fmt.Errorf("the request has more than %d bytes: send it in parts, or start the server with a larger --max-body", large.Limit))
	}
	if request, ok := errors.AsType[*winnow.RequestError](err); ok {
		return status(http.StatusBadRequest, request)
	}
	if option, ok := errors.AsType[*encoder.OptionError](err); ok {
		return status(http.StatusBadRequest, option)
	}
	if entry, ok := errors.AsType[*index.EntryError](err); ok {
		return status(http.StatusBadRequest, entry)
	}
	switch {
	case errors.Is(err, errTimeout):
		return status(http.StatusServiceUnavailable, fmt.Errorf("%w: send less at once, or start the server with a longer --timeout", errTimeout))
	case errors.Is(err, errShutdown), errors.Is(err, batch.ErrClosed), errors.Is(err, encoder.ErrClosed), errors.Is(err, index.ErrClosed):
		return &problem{status: http.StatusServiceUnavailable, retry: time.Second, err: errShutdown}
	case errors.Is(err, context.Canceled):
		return status(statusClientGone, fmt.Errorf("the client closed the connection, or the half by which it sends: %w", err))
	case errors.Is(err, winnow.ErrUnknownID):
		return &problem{status: http.StatusNotFound, param: "id", err: err}
	case errors.Is(err, winnow.ErrNoPassages):
		return &problem{status: http.StatusNotFound, param: "question", err: err}
	case errors.Is(err, winnow.ErrNothingWritten):
		return status(http.StatusBadGateway, err)
	case errors.Is(err, index.ErrNotDurable):
		return status(http.StatusInsufficientStorage, index.ErrNotDurable)
	case errors.Is(err, index.ErrInDoubt):
		return status(http.StatusInsufficientStorage, index.ErrInDoubt)
	case vfs.Full(err):
		return status(http.StatusInsufficientStorage, errFull)
	case errors.Is(err, index.ErrLocked):
		return &problem{status: http.StatusConflict, retry: time.Second, err: err}
	}
	return status(http.StatusInternalServerError, err)
}

// kinds are the types of errors, in the words of OpenAI's API.
var kinds = map[int]string{
	http.StatusUnauthorized:        "authentication_error",
	http.StatusForbidden:           "permission_error",
	http.StatusTooManyRequests:     "rate_limit_error",
	http.StatusServiceUnavailable:  "unavailable_error",
	http.StatusInternalServerError: "server_error",
}

// code is a status in words, as in not_found.
func code(status int) string {
	if status == http.StatusTooManyRequests {
		return "rate_limit_exceeded" // OpenAI's word
	}
	if status == statusClientGone {
		return "client_closed_request"
	}
	return strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(http.StatusText(status), "-", " ")), " ", "_")
}

// dialect is the way in which a route speaks of errors.
type dialect int

const (
	own    dialect = iota // winnow's and OpenAI's: {"error":{"message",…}}
	rerank                // Cohere's {"message"} and Jina's {"detail"}
	tei                   // {"error","error_type"}
)

// teiKinds are text-embeddings-inference's types of errors.
var teiKinds = map[int]string{
	http.StatusTooManyRequests:     "Overloaded",
	http.StatusServiceUnavailable:  "Unhealthy",
	http.StatusInternalServerError: "Backend",
}

// message is what a client is told.
func (p *problem) message() string {
	if p.status == http.StatusInternalServerError {
		return "the server failed: its log says more" // what failed inside may hold paths and texts
	}
	return p.Error()
}

// told is what a client is told of an error in a line of an answer.
func (c *call) told(err error) string { return c.Server.told(c.ctx(), c.route.path, err) }

// told is what is told of an error that does not make a status; one of the server's is logged.
func (s *Server) told(ctx context.Context, route string, err error) string {
	p := classify(ctx, err)
	if p.status == http.StatusInternalServerError {
		s.options.Log.Error("request failed", "route", route, "error", err)
	}
	return p.message()
}

// body is the JSON of an error.
func (d dialect) body(p *problem) any {
	message := p.message()
	if p.param != "" && !strings.Contains(message, p.param) {
		message = p.param + ": " + message
	}
	switch d {
	case rerank:
		return map[string]any{"message": message, "detail": message}
	case tei:
		kind := teiKinds[p.status]
		if kind == "" {
			kind = "Validation"
		}
		return map[string]any{"error": message, "error_type": kind}
	}
	kind := kinds[p.status]
	if kind == "" {
		kind = "invalid_request_error"
	}
	return api.Failure{Error: api.Problem{Message: message, Type: kind, Param: p.param, Code: code(p.status)}}
}

// retryAfter is a time as the header Retry-After has it: whole seconds, at least one.
func retryAfter(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}

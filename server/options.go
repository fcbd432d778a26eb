// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/internal/vfs"
	"github.com/winnow-search/winnow/model"
)

// Options say what is served, to whom, and within which bounds. Zero values are the defaults.
type Options struct {
	// Addr is HOST:PORT. Without a host only this machine is served; a server for others needs Keys.
	Addr             string
	Hosts            []string // further names the server is reached by; see [allowedHost]
	Origins          []string // web pages of these origins may send requests (CORS); none by default
	TLSCert, TLSKey  string   // PEM files
	Keys             string   // file of API keys, see [CheckKeys]; "": whoever reaches the server may do everything
	Rate             float64  // requests a second of each key; 0: no limit
	Burst            int      // requests that may come at once; 0: twice the rate
	AllowPprof       bool     // serve profiles to keys with the scope admin
	MaxBody          int64    // bytes of a request; 0: 32 MiB
	MaxInFlight      int64    // bytes of all requests being read or answered; 0: 8 times MaxBody
	Timeout          time.Duration
	ShutdownTimeout  time.Duration
	DB               string // the index directory of the collection named default; made with the first document
	Collections      string // a directory of further index directories; "": none
	ReadOnly         bool   // documents and collections cannot be changed
	Models           model.Pair
	Also             []string          // further models to serve, of either kind
	Aliases          map[string]string // other names of models that are served
	AnyModel         bool              // names of models that are not served stand for the default one
	Precision        encoder.Precision // of models that no index decides for; fp32 by default
	Threads          int
	MaxTokens        int                        // longest input of a model, in tokens; 0: as much as it takes
	BatchTokens      int                        // of a batch
	QueueTokens      int                        // that may wait for each model
	Settings         winnow.Settings            // of searches where requests say nothing
	Calibrations     map[string]calibration.Map // by the fingerprint of a cross-encoder
	Chat             answer.Chat                // writes the answers of /v1/ask; nil: they are put together from sentences
	ContextTokens    int                        // of passages for an answer; 0: winnow.DefaultContextTokens
	Log              *slog.Logger               // nil: none
	LogText          bool                       // log queries, too
	Traces           bool                       // send traces, if the environment variables of OpenTelemetry name a collector
	Version          string
	fs               vfs.FS        // of indexes; nil: the operating system's
	headers          time.Duration // that the head of a request may take
	refresh, release time.Duration // how often indexes are looked at, and when a writer's lock is given back
	idle             time.Duration // that nothing has been asked of an index, for it to give memory back
}

// The defaults of [Options].
const (
	DefaultAddr            = ":8080"
	DefaultMaxBody         = 32 << 20
	DefaultTimeout         = time.Minute
	DefaultShutdownTimeout = 20 * time.Second
)

// company is how long a batch waits for others when there were some before.
const company = 2 * time.Millisecond

// complete fills in defaults and refuses what cannot be.
func (o *Options) complete() error {
	o.Addr = cmp.Or(o.Addr, DefaultAddr)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	o.MaxInFlight = cmp.Or(o.MaxInFlight, 8*o.MaxBody)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.ShutdownTimeout = cmp.Or(o.ShutdownTimeout, DefaultShutdownTimeout)
	o.Precision = cmp.Or(o.Precision, encoder.FP32)
	threads := cmp.Or(o.Threads, runtime.GOMAXPROCS(0))
	o.BatchTokens = cmp.Or(o.BatchTokens, max(2048, 512*threads))
	o.QueueTokens = cmp.Or(o.QueueTokens, 64*o.BatchTokens)
	o.headers = cmp.Or(o.headers, headerTimeout)
	o.refresh = cmp.Or(o.refresh, time.Second)
	o.release = cmp.Or(o.release, 5*time.Second)
	o.idle = cmp.Or(o.idle, 10*time.Second)
	if o.Rate > 0 {
		o.Burst = cmp.Or(o.Burst, max(1, int(2*o.Rate)))
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.MaxBody < 0, o.MaxInFlight < o.MaxBody:
		return fmt.Errorf("%d bytes may be in flight, and a request has up to %d: the first must not be less", o.MaxInFlight, o.MaxBody)
	case o.Timeout < 0, o.ShutdownTimeout < 0:
		return errors.New("a timeout is negative")
	case o.Rate < 0, o.Burst < 0:
		return errors.New("the rate or its burst is negative")
	case o.BatchTokens < 1, o.QueueTokens < 1:
		return errors.New("the tokens of a batch or of the queue must be at least 1")
	case (o.TLSCert == "") != (o.TLSKey == ""):
		return errors.New("TLS needs both a certificate and its key")
	}
	if o.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(o.TLSCert, o.TLSKey); err != nil {
			return fmt.Errorf("the certificate %s with the key %s: %w", o.TLSCert, o.TLSKey, err)
		}
	}
	for _, origin := range o.Origins {
		if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("the origin %q is not one: want a scheme and a host, as in https://app.example.org", origin)
		}
	}
	for _, host := range o.Hosts {
		if host == "" || strings.ContainsAny(host, "/: ") {
			return fmt.Errorf("the host %q is not a name: want one without scheme and port, as in search.example.org", host)
		}
	}
	_, public, err := listenAddress(o.Addr)
	if err != nil {
		return err
	}
	if public && o.Keys == "" {
		return fmt.Errorf("the address %s can be reached from other machines, and there are no API keys: make some (winnow key), or listen on this machine alone, as in 127.0.0.1:8080", o.Addr)
	}
	return nil
}

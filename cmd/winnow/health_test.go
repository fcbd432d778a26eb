// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow/server"
)

// The certificate is for example.com, as that of a server for others; the server is asked by its loopback address.
func TestHealthOverTLS(t *testing.T) {
	s, err := server.New(server.Options{DB: filepath.Join(t.TempDir(), "db"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	h := httptest.NewTLSServer(s)
	defer h.Close()
	h.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn)
	if err := health(t.Context(), h.URL, time.Minute); err != nil {
		t.Error(err)
	}
	f := healthFlags{addr: "0.0.0.0:" + h.URL[strings.LastIndex(h.URL, ":")+1:], tlsCert: "cert.pem"}
	at, err := f.url()
	if err != nil || at != h.URL {
		t.Errorf("got %q, %v, want %q", at, err, h.URL)
	}
	// The other protocol is an error, not health.
	if err := health(t.Context(), "http"+strings.TrimPrefix(h.URL, "https"), time.Minute); err == nil {
		t.Error("HTTP to a server of HTTPS is taken for health")
	}
}

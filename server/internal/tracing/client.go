// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tracing

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// client sends spans by OTLP over HTTP, as protobuf. docs/adr/0005-traces-without-grpc.md says why it is here.
type client struct {
	url     string
	headers http.Header
	packed  bool          // with gzip
	timeout time.Duration // of sending once, with all further attempts
	http    *http.Client
	log     *slog.Logger
	failing atomic.Bool // the last time it could not be sent
}

var _ otlptrace.Client = (*client)(nil)

// The specification's defaults, and bounds of ours.
const (
	defaultEndpoint = "http://localhost:4318"
	defaultTimeout  = 10 * time.Second
	firstPause      = 500 * time.Millisecond // before a further attempt; twice as long each time
	mostAnswer      = 64 << 10               // bytes
)

// variable is OTEL_EXPORTER_OTLP_TRACES_NAME or, for all signals, OTEL_EXPORTER_OTLP_NAME, and which of the two it is.
func variable(name string) (value, full string) {
	for _, prefix := range []string{"OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"} {
		if v := strings.TrimSpace(os.Getenv(prefix + name)); v != "" {
			return v, prefix + name
		}
	}
	return "", ""
}

// fromEnvironment is the client that the environment asks for; nil if it asks for none.
func fromEnvironment(log *slog.Logger) (*client, error) {
	endpoint, from := variable("ENDPOINT")
	exporter := strings.TrimSpace(os.Getenv("OTEL_TRACES_EXPORTER"))
	switch {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none", endpoint == "" && exporter == "":
		return nil, nil
	case exporter != "" && exporter != "otlp":
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER is %q: otlp or none", exporter)
	}
	if p, name := variable("PROTOCOL"); p != "" && p != "http/protobuf" {
		return nil, fmt.Errorf("%s is %q: traces are sent by http/protobuf, which collectors take on port 4318", name, p)
	}
	endpoint = cmp.Or(endpoint, defaultEndpoint)
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%s is not a URL, as in %s", from, defaultEndpoint)
	}
	if !strings.Contains(from, "TRACES") { // it is that of all signals
		u = u.JoinPath("v1", "traces")
	}
	c := &client{url: u.String(), timeout: defaultTimeout, headers: http.Header{}, log: log}
	if err := c.configure(); err != nil {
		return nil, err
	}
	return c, nil
}

// configure reads how spans are sent.
func (c *client) configure() error {
	switch v, name := variable("COMPRESSION"); v {
	case "gzip":
		c.packed = true
	case "", "none":
	default:
		return fmt.Errorf("%s is %q: gzip or none", name, v)
	}
	if v, name := variable("TIMEOUT"); v != "" {
		ms, err := strconv.Atoi(v)
		if err != nil || ms < 1 || ms > int(time.Hour/time.Millisecond) {
			return fmt.Errorf("%s is %q: a number of milliseconds", name, v)
		}
		c.timeout = time.Duration(ms) * time.Millisecond
	}
	if v, name := variable("HEADERS"); v != "" {
		for part := range strings.SplitSeq(v, ",") {
			key, value, ok := strings.Cut(part, "=")
			value, err := url.PathUnescape(strings.TrimSpace(value))
			if key = strings.TrimSpace(key); !ok || key == "" || err != nil {
				return fmt.Errorf("%s cannot be read: NAME=VALUE, several with commas between", name) // the value may be a secret
			}
			c.headers.Set(key, value)
		}
	}
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return errors.New("the program has replaced http.DefaultTransport")
	}
	t = t.Clone()
	if path, name := variable("CERTIFICATE"); path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(data) {
			return fmt.Errorf("%s: there is no certificate in %s", name, path)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	// A collector does not move, and headers, which may hold a key, are for it alone.
	c.http = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return nil
}

// Start implements otlptrace.Client.
func (c *client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. What cannot be sent is dropped: a server does not wait for its collector.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// The message of a request to export has the same one field.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	if c.packed {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write(body)
		if err := errors.Join(err, z.Close()); err != nil {
			return err
		}
		body = b.Bytes()
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err = c.send(ctx, body)
	if was := c.failing.Swap(err != nil); err != nil && !was {
		c.log.Warn("traces cannot be sent, and are dropped", "error", err)
	} else if err == nil && was {
		c.log.Info("traces are sent again")
	}
	return nil
}

// send sends a body, and once more where the collector says that this is worth it.
func (c *client) send(ctx context.Context, body []byte) error {
	for pause := firstPause; ; pause *= 2 {
		again, err := c.once(ctx, body)
		if err == nil || !again {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// once sends a body. again says that it may be sent again.
func (c *client) once(ctx context.Context, body []byte) (again bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header = c.headers.Clone()
	r.Header.Set("Content-Type", "application/x-protobuf")
	if c.packed {
		r.Header.Set("Content-Encoding", "gzip")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return true, err
	}
	defer func() { _ = answer.Body.Close() }()                                              // it was only read
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, mostAnswer)); err != nil { // so that the connection is used again
		return false, err
	}
	switch answer.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return false, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, fmt.Errorf("the collector answers %s", answer.Status)
	}
	return false, fmt.Errorf("the collector answers %s", answer.Status)
}

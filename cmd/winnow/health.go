// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/client"
	"github.com/winnow-search/winnow/server"
)

type healthFlags struct {
	addr, tlsCert string
	timeout       time.Duration
}

func (a *app) healthCommand() *cobra.Command {
	var f healthFlags
	cmd := &cobra.Command{
		Use:     "health [URL]",
		Short:   "ask a server whether it takes requests",
		GroupID: groupOther,
		Long: "Asks a server of `winnow serve` whether it takes requests. Prints nothing; the exit code is 0 if it does, else 1, with the reason on standard error. " +
			"It is meant for containers and supervisors, which have no other program to ask with.\n\n" +
			"Without a URL it asks the server on this machine that has the same --addr and --tls-cert, or the same variables in the environment. " +
			"The certificate of a server that is asked by a loopback address is not checked: it is for the names that others know the server by.",
		Example: `winnow health
			winnow health https://search.example.org`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return misuse(cmd, "%q is one argument too many: %s [URL]", args[1], cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.timeout <= 0 {
				return misuse(cmd, "--timeout is %s: it must be more than nothing", f.timeout)
			}
			at := ""
			if len(args) > 0 {
				at = args[0]
			} else {
				var err error
				if at, err = f.url(); err != nil {
					return err
				}
			}
			return health(cmd.Context(), at, f.timeout)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.addr, "addr", server.DefaultAddr, "ask the server that listens on `HOST:PORT` of this machine")
	fs.StringVar(&f.tlsCert, "tls-cert", "", "ask by HTTPS, since the server has the certificate of the PEM `FILE`; it is not read")
	fs.DurationVar(&f.timeout, "timeout", 5*time.Second, "wait at most this `TIME` for an answer")
	return cmd
}

// url is that of the server which listens as the flags say. One that listens on all addresses listens on loopback, too.
func (f *healthFlags) url() (string, error) {
	addr, err := server.LocalAddr(f.addr)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "http", Host: addr}
	if f.tlsCert != "" {
		u.Scheme = "https"
	}
	return u.String(), nil
}

// health asks the server at a URL.
func health(ctx context.Context, at string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	t := &http.Transport{Proxy: http.ProxyFromEnvironment} // loopback is never asked by way of a proxy
	if u, err := url.Parse(at); err == nil && server.Loopback(u.Hostname()) {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // nothing is sent, and nobody is between
	}
	defer t.CloseIdleConnections()
	c, err := client.New(at, client.HTTP(&http.Client{Transport: t}), client.Retries(0))
	if err != nil {
		return err
	}
	return c.Ready(ctx)
}

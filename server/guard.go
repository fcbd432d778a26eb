// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// listenAddress is where to listen: on this machine alone if addr names no host. public says that other machines can reach it.
func listenAddress(addr string) (listen string, public bool, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", false, fmt.Errorf("the address %q is not HOST:PORT, as in :8080 or 0.0.0.0:8080: %w", addr, err)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", false, fmt.Errorf("the port %q of the address %q is not a number from 0 to 65535", port, addr)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), !Loopback(host), nil
}

// LocalAddr is where a program on the same machine reaches a server that listens on addr.
func LocalAddr(addr string) (string, error) {
	listen, _, err := listenAddress(addr)
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "::1"
		if ip.Is4() {
			host = "127.0.0.1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// Loopback reports whether a host, as in a Host header without its port, is this machine to itself.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// allowedHost reports whether a request may name the server by its Host header. A page that has its own name resolved to this
// machine (DNS rebinding) names the server by that. known are names of the server besides those of this machine. A server for
// others takes addresses, too, by which probes ask and which nobody can have resolved elsewhere; without names it takes every name: there
// it is the API key that a page does not have.
func allowedHost(header string, known []string, public bool) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if Loopback(host) || slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, host) }) {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return public && (err == nil || len(known) == 0 && host != "")
}

// allowedOrigin reports whether a request with an Origin header may be answered: it comes from the server's own page, or from one
// that is allowed. Programs other than browsers send none.
func allowedOrigin(origin, host string, allowed []string) bool {
	if origin == "" || slices.Contains(allowed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

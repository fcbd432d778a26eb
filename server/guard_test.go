// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import "testing"

func TestListenAddress(t *testing.T) {
	for _, c := range []struct {
		addr, listen string
		public, bad  bool
	}{
		{":8080", "127.0.0.1:8080", false, false},
		{"localhost:0", "localhost:0", false, false},
		{"127.1.2.3:80", "127.1.2.3:80", false, false},
		{"[::1]:80", "[::1]:80", false, false},
		{"0.0.0.0:80", "0.0.0.0:80", true, false},
		{"[::]:80", "[::]:80", true, false},
		{"example.org:80", "example.org:80", true, false},
		{"localhost.example.org:80", "localhost.example.org:80", true, false},
		{"[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", false, false},
		{"8080", "", false, true},
		{":http", "", false, true},
		{":65536", "", false, true},
		{"", "", false, true},
	} {
		listen, public, err := listenAddress(c.addr)
		if listen != c.listen || public != c.public || (err != nil) != c.bad {
			t.Errorf("%q: got %q, %v, %v", c.addr, listen, public, err)
		}
	}
}

func TestLocalAddr(t *testing.T) {
	for addr, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "[::1]:80", "localhost:1": "localhost:1",
		"192.0.2.1:80": "192.0.2.1:80", "[2001:db8::1]:80": "[2001:db8::1]:80", "example.org:80": "example.org:80", "8080": "",
	} {
		if got, err := LocalAddr(addr); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: got %q, %v", addr, got, err)
		}
	}
}

func TestAllowedHost(t *testing.T) {
	for _, c := range []struct {
		header string
		known  []string
		public bool
		want   bool
	}{
		{"localhost:8080", nil, false, true},
		{"LOCALHOST", nil, false, true},
		{"localhost.:80", nil, false, true},
		{"127.0.0.1:8080", nil, false, true},
		{"[::1]:8080", nil, false, true},
		{"[::1]", nil, false, true},
		{"evil.example.org:8080", nil, false, false},
		{"evil.example.org", nil, false, false},
		{"localhost.evil.example.org", nil, false, false},
		{"127.0.0.1.evil.example.org", nil, false, false},
		{"0.0.0.0:8080", nil, false, false},
		{"", nil, false, false},
		{"search.example.org", []string{"search.example.org"}, false, true},
		{"Search.Example.org:443", []string{"search.example.org"}, true, true},
		{"evil.example.org", []string{"search.example.org"}, true, false},
		{"anything.example.org", nil, true, true},
		{"", nil, true, false},
		{"192.168.1.5:8080", []string{"search.example.org"}, true, true},
		{"192.168.1.5", []string{"search.example.org"}, true, true},
		{"[2001:db8::1]:8080", []string{"search.example.org"}, true, true},
		{"192.168.1.5:8080", []string{"search.example.org"}, false, false},
		{"192.168.1.5.evil.example.org", []string{"search.example.org"}, true, false},
		{"", []string{"search.example.org"}, true, false},
	} {
		if got := allowedHost(c.header, c.known, c.public); got != c.want {
			t.Errorf("%q with %q, public %v: got %v", c.header, c.known, c.public, got)
		}
	}
}

func TestAllowedOrigin(t *testing.T) {
	for _, c := range []struct {
		origin, host string
		allowed      []string
		want         bool
	}{
		{"", "localhost:8080", nil, true},
		{"http://localhost:8080", "localhost:8080", nil, true},
		{"http://localhost:3000", "localhost:8080", nil, false},
		{"http://evil.example.org", "localhost:8080", nil, false},
		{"http://localhost:8080.evil.example.org", "localhost:8080", nil, false},
		{"null", "localhost:8080", nil, false},
		{"null", "", nil, false},
		{"https://app.example.org", "localhost:8080", []string{"https://app.example.org"}, true},
		{"http://app.example.org", "localhost:8080", []string{"https://app.example.org"}, false},
	} {
		if got := allowedOrigin(c.origin, c.host, c.allowed); got != c.want {
			t.Errorf("%q to %q with %q: got %v", c.origin, c.host, c.allowed, got)
		}
	}
}

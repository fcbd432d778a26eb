// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

func TestScopes(t *testing.T) {
	all := []Scope{Open, Read, Write, Admin}
	for i, has := range all {
		for j, needs := range all {
			if has.allows(needs) != (i >= j) {
				t.Errorf("%q allows %q: %v", has, needs, i < j)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	secret, line, err := NewKey("ci", Write)
	if err != nil || strings.Contains(line, secret) {
		t.Fatalf("%q, %v", line, err)
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte("# keys\n\n"+line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := openKeyring(&Options{Keys: path})
	if err != nil {
		t.Fatal(err)
	}
	request := func(header, value string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if header != "" {
			r.Header.Set(header, value)
		}
		return r
	}
	for _, r := range []*http.Request{request("Authorization", "Bearer "+secret), request("Authorization", "bearer  "+secret), request("X-API-Key", secret)} {
		if got := k.find(r); got == nil || got.name != "ci" || got.scope != Write {
			t.Errorf("%v: got %+v", r.Header, got)
		}
	}
	for _, r := range []*http.Request{request("", ""), request("Authorization", "Bearer "+secret+"x"), request("Authorization", secret), request("X-Api-Key", "ci"), request("Authorization", "Basic "+secret)} {
		if got := k.find(r); got != nil {
			t.Errorf("%v: got %+v", r.Header, got)
		}
	}
	// A key that is taken out is no longer taken.
	_, other, err := NewKey("other", Read)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("# one key less, one more\n"+other+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := k.reload(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if k.find(request("X-Api-Key", secret)) != nil {
		t.Error("a key that is gone is taken")
	}
	if err := os.WriteFile(path, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.reload(); err == nil || len(k.keys) != 1 {
		t.Errorf("got %v with %d keys", err, len(k.keys))
	}
	// So is the last one, though a server does not start with such a file.
	if err := os.WriteFile(path, []byte("# nobody any more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := k.reload(); !changed || err != nil || len(k.keys) != 0 {
		t.Errorf("got %v, %v with %d keys", changed, err, len(k.keys))
	}
	if _, err := openKeyring(&Options{Keys: path}); !errors.Is(err, errNoKeys) {
		t.Errorf("a server starts without keys: %v", err)
	}
}

func TestParseKeysSaysWhatIsWrong(t *testing.T) {
	_, line, err := NewKey("a", Read)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                    "no key in it",
		"a read":                              "line 1: want a name, a scope and a SHA-256, got 2 words",
		"\na reed " + strings.Repeat("0", 64): `line 2: the scope "reed" is not read, write or admin; did you mean read?`,
		"a read 00":                           "line 1: the third word is not a SHA-256",
		line + "\n" + line:                    "line 2: the name a is that of line 1, too",
		line + "\nb" + line[1:]:               "line 2: this key has a line before",
		strings.Repeat("a", 65) + line[1:]:    "must be 1 to 64 visible ASCII characters",
	} {
		if _, err := parseKeys([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
}

func TestRateLimitIsThatOfAKey(t *testing.T) {
	k := &keyring{limit: 2, burst: 2, limiters: map[string]*rate.Limiter{}}
	now := time.Now()
	a, b := &key{name: "a"}, &key{name: "b"}
	for i, want := range []time.Duration{0, 0, time.Second / 2, time.Second / 2} {
		if got := k.wait(a, now); got != want {
			t.Errorf("request %d: wait %v, want %v", i, got, want)
		}
	}
	if got := k.wait(b, now); got != 0 {
		t.Errorf("another key waits %v", got)
	}
	if got := k.wait(a, now.Add(time.Second/2)); got != 0 {
		t.Errorf("later it waits %v", got)
	}
}

func FuzzParseKeys(f *testing.F) {
	_, line, err := NewKey("a", Read)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(line))
	f.Add([]byte("# a\n\nb read 00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys(data)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys and %v", len(keys), err)
		}
	})
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/winnow-search/winnow/internal/nearest"
)

// Scope is what a key allows. Each includes those before it.
type Scope string

// The scopes.
const (
	Open  Scope = ""      // no key is needed
	Read  Scope = "read"  // search, embed, rerank
	Write Scope = "write" // change documents
	Admin Scope = "admin" // make and remove collections, profiles
)

// Scopes are those that a key may have.
func Scopes() []Scope { return []Scope{Read, Write, Admin} }

// ParseScope finds a scope by its name.
func ParseScope(name string) (Scope, error) {
	var names []string
	for _, s := range Scopes() {
		if string(s) == name {
			return s, nil
		}
		names = append(names, string(s))
	}
	hint := ""
	if n := nearest.Name(name, names); n != "" {
		hint = fmt.Sprintf("; did you mean %s?", n)
	}
	return "", fmt.Errorf("the scope %q is not read, write or admin%s", name, hint)
}

// allows reports whether a key with scope s may do what needs other.
func (s Scope) allows(other Scope) bool {
	all := append([]Scope{Open}, Scopes()...)
	return slices.Index(all, s) >= slices.Index(all, other)
}

// key is an API key without the key itself.
type key struct {
	name  string
	scope Scope
}

// digest of an API key. Keys are 32 random bytes, which cannot be guessed; a slow hash would add nothing.
type digest [sha256.Size]byte

// NewKey makes an API key: what its owner gets to see, once, and the line for the file of keys.
func NewKey(name string, scope Scope) (secret, line string, err error) {
	if err := checkKeyName(name); err != nil {
		return "", "", err
	}
	if scope, err = ParseScope(string(scope)); err != nil {
		return "", "", err
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	secret = "wk_" + base64.RawURLEncoding.EncodeToString(random[:])
	sum := sha256.Sum256([]byte(secret))
	return secret, fmt.Sprintf("%s %s %x", name, scope, sum), nil
}

func checkKeyName(name string) error {
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '#' || r > '~' }) {
		return fmt.Errorf("the name of a key, %.70q, must be 1 to 64 visible ASCII characters without #", name)
	}
	return nil
}

// CheckKeys says what is wrong with a file of keys: a line "NAME SCOPE SHA-256" for each, empty lines and lines that begin with #.
func CheckKeys(data []byte) error {
	_, err := parseKeys(data)
	return err
}

// errNoKeys says that a file is well formed and lets nobody in.
var errNoKeys = errors.New("no key in it: add one with winnow key")

func parseKeys(data []byte) (map[digest]*key, error) {
	keys := map[digest]*key{}
	names := map[string]int{}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d: want a name, a scope and a SHA-256, got %d words", number, len(fields))
		}
		if err := checkKeyName(fields[0]); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if before, ok := names[fields[0]]; ok {
			return nil, fmt.Errorf("line %d: the name %s is that of line %d, too", number, fields[0], before)
		}
		names[fields[0]] = number
		scope, err := ParseScope(fields[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		sum, err := hex.DecodeString(fields[2])
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("line %d: the third word is not a SHA-256 in 64 hexadecimal digits; winnow key writes such lines", number)
		}
		if keys[digest(sum)] != nil {
			return nil, fmt.Errorf("line %d: this key has a line before", number)
		}
		keys[digest(sum)] = &key{fields[0], scope}
	}
	if len(keys) == 0 {
		return keys, errNoKeys
	}
	return keys, nil
}

// keyring knows the keys, and how many requests each has sent. It takes over changes of its file.
type keyring struct {
	path  string // "": no keys are needed
	limit rate.Limit
	burst int

	mu       sync.Mutex
	keys     map[digest]*key
	modified time.Time
	size     int64
	limiters map[string]*rate.Limiter
}

// maxKeysFile bounds the file in bytes.
const maxKeysFile = 1 << 20

func openKeyring(o *Options) (*keyring, error) {
	k := &keyring{path: o.Keys, limit: rate.Limit(o.Rate), burst: o.Burst, limiters: map[string]*rate.Limiter{}}
	if o.Rate == 0 {
		k.limit = rate.Inf
	}
	_, err := k.reload()
	return k, err
}

// reload reads the file if it has changed. With an error the keys stay as they were. A file without keys is one for a server that starts:
// later on the last key has been taken out, and opens nothing any more.
func (k *keyring) reload() (changed bool, err error) {
	if k.path == "" {
		return false, nil
	}
	info, err := os.Stat(k.path)
	if err != nil {
		return false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if info.ModTime().Equal(k.modified) && info.Size() == k.size {
		return false, nil
	}
	if info.Size() > maxKeysFile {
		return false, fmt.Errorf("%s: %d bytes; a file of keys has at most %d", k.path, info.Size(), maxKeysFile)
	}
	data, err := os.ReadFile(k.path)
	if err != nil {
		return false, err
	}
	k.modified, k.size = info.ModTime(), info.Size() // an error is told once
	keys, err := parseKeys(data)
	if err != nil && (k.keys == nil || !errors.Is(err, errNoKeys)) {
		return false, fmt.Errorf("%s: %w", k.path, err)
	}
	k.keys = keys
	return true, nil
}

// everyone is who sends requests where no keys are needed.
var everyone = &key{"", Admin}

// find is the key of a request; nil without a valid one.
func (k *keyring) find(r *http.Request) *key {
	if k.path == "" {
		return everyone
	}
	secret := r.Header.Get("X-Api-Key")
	if scheme, rest, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		secret = strings.TrimSpace(rest)
	}
	if secret == "" {
		return nil
	}
	sum := digest(sha256.Sum256([]byte(secret)))
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[sum]
}

// wait is how long a key has to wait before its next request; 0 if it may come now.
func (k *keyring) wait(who *key, now time.Time) time.Duration {
	if k.limit == rate.Inf {
		return 0
	}
	k.mu.Lock()
	l := k.limiters[who.name]
	if l == nil {
		l = rate.NewLimiter(k.limit, k.burst)
		k.limiters[who.name] = l
	}
	k.mu.Unlock()
	r := l.ReserveN(now, 1)
	d := r.DelayFrom(now)
	if d > 0 {
		r.CancelAt(now)
	}
	return d
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"errors"
	"io"
	"math"
	"sync"
)

// ErrClosed is returned by calls on an encoder that has been closed.
var ErrClosed = errors.New("encoder is closed")

// use keeps a model open while calls run: word embeddings are read from its
// mapped file as they are needed.
type use struct {
	mu     sync.RWMutex // read-locked by calls
	closed bool
}

func (u *use) begin() error {
	u.mu.RLock()
	if u.closed {
		u.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func (u *use) end() { u.mu.RUnlock() }

// close waits for calls to end. Closing twice is allowed.
func (u *use) close(c io.Closer) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return nil
	}
	u.closed = true
	return c.Close()
}

// finite tells whether x is a number, and no infinity.
func finite(x float32) bool { return math.Abs(float64(x)) <= math.MaxFloat32 }

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/winnow-search/winnow"
)

// cursor is where a list goes on. It is bound to what was asked and to the state of the index, so that pages fit together.
type cursor struct {
	From       int    `json:"from"`
	Generation uint64 `json:"generation"`
	Of         string `json:"of"` // what was asked
}

// digest stands for what was asked.
func digest(asked any) (string, error) {
	data, err := json.Marshal(asked)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8]), nil
}

// next is the text of the cursor of the following page.
func next(from int, generation uint64, asked any) (string, error) {
	of, err := digest(asked)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(cursor{from, generation, of})
	return base64.RawURLEncoding.EncodeToString(data), err
}

// begin is where the page of a cursor begins; 0 for the first one, which has none. No page begins at most or behind.
func begin(text string, most int, generation uint64, asked any) (int, error) {
	if text == "" {
		return 0, nil
	}
	of, err := digest(asked)
	if err != nil {
		return 0, err
	}
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &c) != nil || c.From < 1 {
		return 0, wrong("cursor %.40q is none: give next_cursor of the page before, as it was", text)
	}
	switch {
	case c.Of != of:
		return 0, wrong("the cursor is of another call: repeat its other arguments as they were")
	case c.Generation != generation:
		return 0, wrong("the index has changed since the page before: begin again without the cursor")
	case c.From >= most: // nobody was given it
		return 0, wrong("the cursor goes on at %d of at most %d: give next_cursor of the page before, as it was", c.From, most)
	}
	return c.From, nil
}

// wrong is an error of the caller's.
func wrong(format string, args ...any) error {
	return &winnow.RequestError{Err: fmt.Errorf(format, args...)}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package term prints for people: tables aligned by display width, colours and wrapping on a
// terminal, plain and complete text everywhere else.
//
// Text that comes from files is not trusted: on a terminal its control characters are shown, not
// obeyed, so that no document can move the cursor or repaint the screen.
package term

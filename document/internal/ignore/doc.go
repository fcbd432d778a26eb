// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package ignore decides which paths of a folder are left out, by the rules of gitignore files.
//
// The rules are those of git's manual page gitignore(5) and of git itself where the page leaves something open, such as
// what an unclosed bracket matches; a test compares the two. Matching is on bytes and tells upper from lower case.
package ignore

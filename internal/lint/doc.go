// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package lint holds the house rules that no linter knows, as tests: whoever can run the tests can run them.
// Everything in it is in the test files.
package lint

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package vector finds the nearest vectors to a query. [Flat] compares the query with every one of them: exact, and the
// yardstick for any approximate index.
package vector

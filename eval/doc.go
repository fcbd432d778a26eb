// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package eval measures ranked lists against human judgments, with the definitions of trec_eval, and reads test
// collections in the BEIR layout.
//
// A ranked list is a slice of document ids, best first. trec_eval itself does not take a list but scores, and breaks ties
// by document id; [OrderTREC] makes the list it would make. Figures are means over queries, see [Mean].
package eval

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/document"
)

// incomplete stands for the hash of a file that is in the index in part. If it was read as far as it can be, its hash follows, and
// the traces of the documents that were refused: with the same content, all others that are missing were deleted since.
const incomplete = "incomplete"

// maxTraces bounds the traces kept of a file. One with more is read as if it were new.
const maxTraces = 256

// inPart reports whether a hash is that of a file which is in the index in part.
func inPart(hash string) bool { return strings.HasPrefix(hash, incomplete) }

// hashInPart is the hash to remember of a file that was read as far as it can be, without the documents with these traces.
func hashInPart(hash string, traces []string) string {
	if inPart(hash) || len(traces) > maxTraces {
		return incomplete
	}
	return strings.Join(append([]string{incomplete, hash}, slices.Compact(slices.Sorted(slices.Values(traces)))...), " ")
}

// tracesOf are the traces of the documents that were refused when a file was last read, if it had the hash then that it has now;
// nil if that is not known.
func tracesOf(inPart, hash string) map[string]bool {
	parts := strings.Fields(inPart)
	if len(parts) < 2 || parts[0] != incomplete || parts[1] != hash {
		return nil
	}
	traces := make(map[string]bool, len(parts)-2)
	for _, t := range parts[2:] {
		traces[t] = true
	}
	return traces
}

// deleted reports whether a document that is not in the index was there when its file was last read, with these documents refused.
func deleted(d *document.Document, traces map[string]bool) bool {
	bad := document.Document{Source: d.Source} // a row that could not be read has no id
	return traces != nil && !traces[trace(d)] && !traces[trace(&bad)]
}

// trace stands for a document of a file.
func trace(d *document.Document) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(d.Source.Line) + " " + d.ID))
	return hex.EncodeToString(sum[:8])
}

// refuse notes a document that the index does not take.
func (s *syncing) refuse(d *document.Document) {
	key := d.Source.Path
	if len(s.refused[key]) <= maxTraces {
		s.refused[key] = append(s.refused[key], trace(d))
	}
}

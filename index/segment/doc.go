// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package segment is the container of an index: one immutable file of named sections, with a CRC32C for every 4 KiB block and
// for every table, so that each byte of the file is covered by a check.
//
// [Create] writes a segment in one pass, section by section; [Writer.Finish] syncs the file and its directory. [Open] maps it
// and checks header, footer and tables, which takes time in proportion to 1/1000 of the file. The sections' bytes are checked
// when they are first used: readers call [Section.Verify] for a range before they trust it, which costs about a nanosecond
// once the range is known to be good. [File.VerifyAll] reads everything, for a thorough check. [Memory] has the same sections
// in memory.
//
// What the sections hold is the business of the packages that write them; they must not trust the structure of what they read,
// since a checksum protects from accidents only. The format is specified in docs/format/segment.md.
package segment

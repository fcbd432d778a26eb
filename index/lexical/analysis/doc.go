// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package analysis turns text into the terms that lexical search counts: words at Unicode boundaries, folded, without stop
// words, stemmed. Documents and queries go through the same [Analyzer], so a word of a query meets the same word of a
// document. The package also reads the query syntax, marks what matched in a text, and finds the best part of it to show.
//
// # Words
//
// Words are the segments of Unicode's word boundaries (UAX #29) that contain a letter or a number, with these changes:
//
//   - A full stop, colon or middle dot between letters ends a word: example.com is example and com. Between digits a full
//     stop or comma stays (3.14, 1,000), every other mark ends a word.
//   - An apostrophe between letters stays (don't), except in languages that elide articles with it (French, Italian, Irish).
//   - Underscores at the ends go (_emphasis_ is emphasis); inside they stay (snake_case).
//   - Scripts written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) give overlapping pairs of
//     characters, each at its own position: 東京都 is 東京 and 京都. A character that stands alone is a term.
//
// One-letter words and numbers are words: vitamin C, plan 9 and 2019 are what people look for.
//
// # Terms
//
// A word becomes a term by NFKC normalisation and full case folding of Unicode (Straße and STRASSE are one term), removal of
// characters that cannot be seen (soft hyphen, joiners), and ’ written as '. Accents stay: they distinguish words. Turkish
// letters are lowered by Turkish rules. Then stop words go and the stemmer of the language is applied. Positions count words
// before stop words go, so that a phrase keeps its gaps. Words longer than [MaxWord] bytes are cut there.
package analysis

// Version changes when the same text and options give other terms. What was analysed with another version has to be
// analysed again.
const Version = 1

// MaxWord is the number of bytes of a word, and of its term, that count. What is longer is encoded data, not a word: it is
// cut at the last whole character, and can still be found by its beginning.
const MaxWord = 255

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package filter selects documents by their metadata: an expression language with positioned errors, and columns that
// answer expressions about the documents of a segment.
//
// # Expressions
//
//	lang = "en" and year >= 2020 and not tag in ("draft", "old")
//	path like "docs/*" or (exists author.name and published < 2021-06)
//
//	expression = and { "or" and }
//	and        = not { "and" not }
//	not        = "not" not | "(" expression ")" | test
//	test       = "exists" field
//	           | field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//	           | field [ "not" ] "in" "(" value { "," value } ")"
//	           | field [ "not" ] "like" string
//	value      = string | number | date | "true" | "false"
//
// Keywords may be written in any case. A field is a name of letters, digits, _ and -, with dots for nested objects; any other
// name is given in double quotes. A string stands in double or single quotes, with the escapes \\ \" \' \n \r \t and \u and
// four hexadecimal digits. Numbers are those of JSON. Dates are 2020, 2020-05, 2020-05-01, and times as in RFC 3339.
//
// # Meaning
//
// A field may have several values: a list, or nothing. A test is true if one of the values passes it; so a test of a field
// that is missing, null or an empty list is false, and its negation true. != is true if there is a value of a type that can be
// compared, and none is equal: unlike "not lang = …", "lang != …" is false where lang is missing. "x not in (…)" means
// "not x in (…)".
//
// Strings compare with strings, byte by byte; numbers with numbers, exactly; true and false with = and != only. Values of
// other types than the literal's do not count: a comparison of a string with a number is false, and Warnings says so. In like,
// * stands for any characters, ? for one, and \ makes the next one ordinary.
//
// A date stands for all the time that it names, in UTC if it names no zone: "d = 2020-05" is true for every moment of that
// May, "d <= 2020-05" until its end, "d > 2020-05" from the first of June. It is compared with the beginnings of the times
// that strings of one of those forms name; a whole number from 1000 to 9999 is compared with such strings as a year, and with
// numbers as a number. Times are exact to the microsecond.
package filter

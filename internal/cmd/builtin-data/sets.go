// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

// set is a data set that may be used.
type set struct {
	name, licence string
	questions     int    // how many of its questions are taken; its texts are taken in any case
	made          int    // how many of its passages have a question made of them
	skip          [2]int // lines, from the first to before the last, whose origin states no licence
}

// sets are all whose stated licence allows models to be trained and given away; the names are those of the files.
var sets = []set{
	{name: "text_software_docs", licence: "CC-BY-SA-4.0, Apache-2.0, CC0-1.0, BSD-3-Clause, CC-BY-4.0", made: 3000},
	{name: "text_wikipedia_abstracts", licence: "CC-BY-SA", made: 1500},
	{name: "text_wikipedia_paragraphs", licence: "CC-BY-SA", made: 2000},
	{name: "text_world_factbook", licence: "CC0-1.0", made: 1000},
	{name: "text_movie_reviews", licence: "CC-BY-4.0"},
	{name: "text_us_speeches", licence: "public domain", made: 500},
	// The lines left out are those of a collection of questions for which nothing is stated.
	{name: "queries_short", licence: "CC-BY-3.0, CC-BY-4.0", skip: [2]int{32306, 37683}},
	{name: "squad_sentences", licence: "CC-BY-SA-4.0", questions: 14000},
	{name: "medquad", licence: "CC-BY-4.0", questions: 3500, made: 3000},
	{name: "policyqa", licence: "MIT", questions: 1000},
	{name: "boolq", licence: "CC-BY-SA-3.0", questions: 4000, made: 1000},
	{name: "selqa", licence: "Apache-2.0", questions: 2700},
	{name: "covidqa", licence: "Apache-2.0", questions: 1400, made: 1400},
	{name: "stackfaq", licence: "CC-BY-SA", questions: 1250},
	{name: "pubmedqa", licence: "MIT", questions: 1000, made: 1000},
	{name: "trecqa", licence: "public domain", questions: 850},
	{name: "pairs_qnli_dev", licence: "CC-BY-SA-4.0"},
}

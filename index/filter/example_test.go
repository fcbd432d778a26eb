// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/segment"
)

func Example() {
	var b filter.Builder
	for _, meta := range []map[string]any{
		{"lang": "en", "year": 2019, "tag": []string{"draft"}},
		{"lang": "en", "year": 2021, "tag": []string{"news", "go"}},
		{"lang": "de", "published": "2021-06-01"},
	} {
		if err := b.Add(meta); err != nil {
			fmt.Println(err)
		}
	}
	memory := segment.NewMemory()
	if err := b.Write(memory); err != nil {
		fmt.Println(err)
	}
	columns, err := filter.Open(memory.Reader(), b.Len())
	if err != nil {
		fmt.Println(err)
	}
	expr, err := filter.Parse(`(year >= 2020 or published >= 2021-06) and tag not in ("draft")`)
	if err != nil {
		fmt.Println(err)
	}
	docs, err := columns.Eval(context.Background(), expr)
	if err != nil {
		fmt.Println(err)
	}
	for doc := range docs.All() {
		fmt.Println(doc)
	}
	// Output:
	// 1
	// 2
}

func ExampleParse() {
	_, err := filter.Parse(`lang = en and year >= 2020`)
	fmt.Println(err)
	// Output:
	// filter: expected a string in quotes, a number, a date, true or false, found "en": strings are written in quotes
	//   lang = en and year >= 2020
	//          ^
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"context"
	"sync"

	"github.com/winnow-search/winnow/index/lexical/analysis"
)

// Text is a row before analysis.
type Text struct{ Title, Text string }

// batchRows is how many rows a goroutine analyses before it waits for its turn to add them.
const batchRows = 64

// AddBatch appends rows in order, analysing them on the given number of threads. The result is that of Add for one after
// another. When ctx ends it stops between rows and returns ctx's error; Rows tells how many were added.
func (b *Builder) AddBatch(ctx context.Context, rows []Text, threads int) error {
	var (
		mu    sync.Mutex
		turn  = sync.NewCond(&mu)
		taken int // the next group to analyse
		added int // the next group to add
		group sync.WaitGroup
	)
	groups := (len(rows) + batchRows - 1) / batchRows
	work := func() {
		var w analysed
		for {
			mu.Lock()
			mine := taken
			taken++
			mu.Unlock()
			if mine >= groups {
				return
			}
			if ctx.Err() == nil {
				w.run(b.analyzer, rows[mine*batchRows:min((mine+1)*batchRows, len(rows))])
			}
			mu.Lock()
			for added != mine {
				turn.Wait()
			}
			if ctx.Err() == nil && b.err == nil {
				w.addTo(b)
			}
			added++
			turn.Broadcast()
			mu.Unlock()
		}
	}
	for range min(max(threads, 1), groups) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	if b.err != nil {
		return b.err
	}
	return ctx.Err()
}

// analysed are the tokens of some rows.
type analysed struct {
	tokens []analysis.Token
	ends   []int // of the title and of the text, by row
}

func (w *analysed) run(a *analysis.Analyzer, rows []Text) {
	w.tokens, w.ends = w.tokens[:0], w.ends[:0]
	for i := range rows {
		if rows[i].Title != "" {
			w.tokens = a.Append(w.tokens, rows[i].Title)
		}
		w.ends = append(w.ends, len(w.tokens))
		w.tokens = a.Append(w.tokens, rows[i].Text)
		w.ends = append(w.ends, len(w.tokens))
	}
}

func (w *analysed) addTo(b *Builder) {
	from := 0
	for i := 0; i < len(w.ends); i += 2 {
		b.add(w.tokens[from:w.ends[i]], w.tokens[w.ends[i]:w.ends[i+1]])
		from = w.ends[i+1]
	}
}

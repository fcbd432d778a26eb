// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package answer

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/winnow-search/winnow/document"
)

// Passage is a text that a language model is given, or may be.
type Passage struct {
	Number   int    `json:"number"` // from 1: what a citation says
	ID       string `json:"id"`     // of the passage; of the best, if several were joined
	Document string `json:"document"`
	Title    string `json:"title,omitempty"`
	Text     string `json:"text"`
	Tokens   int    `json:"tokens"` // of Title and Text, by the counter given to [Pack]
	// Start and End are where the text is in its document, in bytes, half open; both 0 if that is unknown.
	Start int `json:"-"`
	End   int `json:"-"`
	// From are the candidates that the text is of, by their places in what [Pack] was given, the best first.
	From []int `json:"-"`
	// Cut is whether the end of the text is left out, for lack of room.
	Cut bool `json:"cut,omitempty"`
}

// Left is a candidate that was not packed.
type Left struct {
	ID     string `json:"id"`
	Reason Reason `json:"reason"`
	Of     int    `json:"of,omitempty"` // the number of the passage that says the same
}

// Reason is why a candidate was left out.
type Reason string

// The reasons.
const (
	Duplicate Reason = "duplicate" // another passage says the same
	NoRoom    Reason = "budget"    // it does not fit into what is left of the budget
)

const (
	// overhead is the tokens that stand around a passage in the prompt.
	overhead = 24
	// same is the share of a passage's shingles in another one from which on it adds nothing.
	same = 0.8
	// shingle is the number of words in a row that are compared.
	shingle = 3
)

// Pack chooses from candidates, the best first, those that fit into a budget of tokens, counted by count, and numbers
// them. What repeats a passage packed before is left out; of two of which one holds the other, the longer is taken.
// Overlapping passages of one document become one. A passage that does not fit is left out and those after it are tried,
// but the first is rather cut at the end of a sentence. Errors: the context's, and a budget too small for any
// sentence of the first passage.
func Pack(ctx context.Context, candidates []Passage, budget int, count func(string) int) ([]Passage, []Left, error) {
	p := packing{count: count, room: budget, candidates: candidates}
	for i := range candidates {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		c := candidates[i]
		c.From = []int{i}
		if err := p.add(c); err != nil {
			return nil, nil, err
		}
	}
	packed := make([]Passage, len(p.packed))
	for i := range packed {
		packed[i] = p.packed[i].Passage
		packed[i].Number = i + 1
	}
	for i, of := range p.of {
		for j := range packed {
			if of >= 0 && slices.Contains(packed[j].From, of) {
				p.left[i].Of = j + 1
			}
		}
	}
	return packed, p.left, nil
}

type packing struct {
	candidates []Passage
	count      func(string) int
	room       int // tokens
	packed     []packed
	left       []Left
	of         []int // for each left the candidate that says the same; -1 if it is another reason
}

// packed is a passage with its shingles, which are compared with those of every candidate after it.
type packed struct {
	Passage
	said map[string]bool
}

func (p *packing) add(c Passage) error {
	if p.overlapping(c) {
		return nil
	}
	words := shingles(c.Text)
	for i := range p.packed {
		said := p.packed[i].said
		if covered(words, said) {
			p.leave(c.From[0], Duplicate, p.packed[i].From[0])
			return nil
		}
		if covered(said, words) {
			old := p.packed[i].From
			if !p.replace(i, c) {
				p.leave(c.From[0], NoRoom, -1)
				return nil
			}
			for j, of := range p.of {
				if slices.Contains(old, of) {
					p.of[j] = c.From[0]
				}
			}
			for _, from := range old {
				p.leave(from, Duplicate, c.From[0])
			}
			return nil
		}
	}
	c.Tokens = p.tokens(c)
	if c.Tokens+overhead > p.room {
		if len(p.packed) > 0 {
			p.leave(c.From[0], NoRoom, -1)
			return nil
		}
		if !p.cut(&c) {
			return fmt.Errorf("a budget of %d tokens has no room for a sentence of the best passage; give at least %d", p.room, c.Tokens+overhead)
		}
		words = shingles(c.Text)
	}
	p.room -= c.Tokens + overhead
	p.packed = append(p.packed, packed{c, words})
	return nil
}

// overlapping joins a candidate with the passages packed that share a part of its document, if there are any: to one.
func (p *packing) overlapping(c Passage) bool {
	first := slices.IndexFunc(p.packed, func(q packed) bool { return overlap(q.Passage, c) })
	if first < 0 {
		return false
	}
	joined, gained := join(p.packed[first].Passage, c), 0
	for _, q := range p.packed[first+1:] {
		if overlap(q.Passage, c) {
			joined = join(joined, q.Passage)
			gained += q.Tokens + overhead
		}
	}
	p.room += gained
	if !p.replace(first, joined) {
		p.room -= gained
		p.leave(c.From[0], NoRoom, -1)
		return true
	}
	rest := slices.DeleteFunc(p.packed[first+1:], func(q packed) bool { return overlap(q.Passage, c) })
	p.packed = p.packed[:first+1+len(rest)]
	return true
}

func (p *packing) leave(candidate int, why Reason, of int) {
	p.left, p.of = append(p.left, Left{ID: p.candidates[candidate].ID, Reason: why}), append(p.of, of)
}

func (p *packing) tokens(c Passage) int { return p.count(c.Title) + p.count(c.Text) }

// replace puts a passage in place of one that it holds, if there is room.
func (p *packing) replace(i int, c Passage) bool {
	c.Tokens = p.tokens(c)
	more := c.Tokens - p.packed[i].Tokens
	if more > p.room || p.packed[i].Cut {
		return false
	}
	p.room -= more
	p.packed[i] = packed{c, shingles(c.Text)}
	return true
}

// cut keeps as many sentences of a passage as there is room for.
func (p *packing) cut(c *Passage) bool {
	sentences := document.Sentences(c.Text)
	n, _ := slices.BinarySearchFunc(sentences, p.room-overhead-p.count(c.Title), func(r document.Range, room int) int {
		if p.count(c.Text[:r.End]) <= room {
			return -1
		}
		return 1
	})
	if n == 0 {
		return false
	}
	c.Text, c.Cut = c.Text[:sentences[n-1].End], true
	c.End = c.Start + len(c.Text)
	c.Tokens = p.tokens(*c)
	return true
}

// overlap reports whether two passages share a part of one document.
func overlap(a, b Passage) bool {
	return a.Document == b.Document && a.Start < b.End && b.Start < a.End && consistent(a) && consistent(b)
}

// consistent reports whether a passage is where it says it is.
func consistent(p Passage) bool { return p.End-p.Start == len(p.Text) }

// join is what two overlapping passages say, in the order of the document; all else is the first one's.
func join(best, other Passage) Passage {
	first, second := best, other
	if second.Start < first.Start {
		first, second = second, first
	}
	out := best
	out.Text, out.Start, out.End = first.Text, first.Start, max(first.End, second.End)
	if second.End > first.End {
		out.Text += second.Text[first.End-second.Start:]
	}
	out.From = append(slices.Clone(best.From), other.From...)
	return out
}

// shingles are the runs of words of a text; a text of fewer words is one run.
func shingles(text string) map[string]bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	out := make(map[string]bool, len(words))
	for i := 0; i == 0 || i+shingle <= len(words); i++ {
		out[strings.Join(words[i:min(i+shingle, len(words))], " ")] = true
	}
	return out
}

// covered reports whether b says nearly all that a says.
func covered(a, b map[string]bool) bool {
	least := int(math.Ceil(same * float64(len(a))))
	missing := len(a) - least // that may be
	for s := range a {
		if !b[s] {
			if missing--; missing < 0 {
				return false
			}
		}
	}
	return true
}

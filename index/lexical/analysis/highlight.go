// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"cmp"
	"slices"
)

// Span is a part of a text that matches a query.
type Span struct {
	Start, End int      // the bytes text[Start:End]
	Terms      []string // the different terms that match there, in order
}

// Highlight returns the parts of a text that match the clauses of a query that are not MustNot: each word with a term of the
// query, and each phrase where it stands as a whole, with the words in its gaps. Spans are in order and do not overlap.
func (a *Analyzer) Highlight(text string, q Query) []Span {
	words, inPhrases := map[string]bool{}, map[string]bool{}
	for _, c := range q.Clauses {
		for _, t := range c.Terms {
			switch {
			case c.Occur == MustNot:
			case c.IsPhrase():
				inPhrases[t.Term] = true
			default:
				words[t.Term] = true
			}
		}
	}
	if len(words) == 0 && len(inPhrases) == 0 {
		return nil
	}
	tokens := a.Append(nil, text)
	at := map[PhraseTerm]Token{} // Offset is the position in the text here
	var spans []Span
	for _, t := range tokens {
		if words[t.Term] {
			spans = append(spans, Span{t.Start, t.End, []string{t.Term}})
		}
		if inPhrases[t.Term] {
			at[PhraseTerm{t.Term, t.Position}] = t
		}
	}
	for _, c := range q.Clauses {
		if c.Occur == MustNot || !c.IsPhrase() {
			continue
		}
		for _, t := range tokens {
			if t.Term == c.Terms[0].Term {
				if s, ok := phraseAt(c, t, at); ok {
					spans = append(spans, s)
				}
			}
		}
	}
	return mergeSpans(spans)
}

// phraseAt returns the span of a phrase whose first term is the token.
func phraseAt(c Clause, first Token, at map[PhraseTerm]Token) (Span, bool) {
	s := Span{Start: first.Start, End: first.End}
	for _, term := range c.Terms {
		t, ok := at[PhraseTerm{term.Term, first.Position + term.Offset}]
		if !ok {
			return Span{}, false
		}
		s.End = max(s.End, t.End)
		s.Terms = append(s.Terms, term.Term)
	}
	return s, true
}

// mergeSpans sorts spans and joins those that overlap: an identifier and its parts, pairs of characters, words of phrases.
func mergeSpans(spans []Span) []Span {
	slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	var merged []Span
	for _, s := range spans {
		if n := len(merged); n > 0 && s.Start < merged[n-1].End {
			last := &merged[n-1]
			last.End = max(last.End, s.End)
			last.Terms = append(last.Terms, s.Terms...)
			continue
		}
		merged = append(merged, s)
	}
	for i := range merged {
		seen := map[string]bool{}
		merged[i].Terms = slices.DeleteFunc(merged[i].Terms, func(t string) bool {
			again := seen[t]
			seen[t] = true
			return again
		})
	}
	return merged
}

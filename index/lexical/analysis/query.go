// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxQuery is the longest query in bytes that ParseQuery takes.
const MaxQuery = 1 << 16

// Occur says what a clause asks of a text.
type Occur uint8

// The kinds of clause.
const (
	Should  Occur = iota // a text that has it scores higher; if there is no Must clause, a hit has at least one of these
	Must                 // every hit has it, and it adds to the score
	MustNot              // no hit has it
)

// String returns the operator: "", "+" or "-".
func (o Occur) String() string {
	switch o {
	case Must:
		return "+"
	case MustNot:
		return "-"
	}
	return ""
}

// PhraseTerm is a term of a clause. Offset is its place after the first word of the clause: a text has the clause if for some
// position p it has every term at p + Offset. Two terms may share an offset, and stop words leave gaps.
type PhraseTerm struct {
	Term   string
	Offset int
}

// Clause is one term, or several that have to stand beside each other.
type Clause struct {
	Occur Occur
	Terms []PhraseTerm // at least one, offsets ascending from 0
	// Text is the words as they were given, without operator and quotes, for messages. Of a word that became several clauses,
	// the first has it and the others have "".
	Text   string
	Quoted bool // it was given in quotes
}

// IsPhrase reports whether the clause has several terms.
func (c Clause) IsPhrase() bool { return len(c.Terms) > 1 }

// Query is an analysed query.
type Query struct {
	Clauses []Clause // in the order of the text; equal clauses may come twice, and count twice
}

// ParseQuery reads a query: words, "phrases", and both behind + (must be there) or - (must not be there). An operator counts
// only at the beginning of a word, directly before a letter, a number or a closed quote; everything else is ordinary text:
// "a - b", state-of-the-art, 5", C++. Inside a phrase * stands for any one word.
//
// A word that the analyzer makes several terms of (a snake_case identifier, Chinese, example.com) is a clause a term, unless
// it has an operator: then its terms have to stand together. Words without terms, such as stop words, are left out; a query
// may come to have no clauses. The only error is a text of more than MaxQuery bytes.
func ParseQuery(s string, a *Analyzer) (Query, error) {
	if len(s) > MaxQuery {
		return Query{}, fmt.Errorf("query has %d bytes: give at most %d", len(s), MaxQuery)
	}
	p := queryParser{a: a}
	p.pieces(s, func(occur Occur, quoted bool, text string) {
		if quoted {
			p.phrase(occur, text)
		} else {
			p.word(occur, text)
		}
	})
	return p.q, nil
}

// Words is a text as a query: each of its words may be there, and nothing in it is an operator. What is beyond MaxQuery bytes
// does not count.
func Words(s string, a *Analyzer) Query {
	if len(s) > MaxQuery {
		s = strings.ToValidUTF8(s[:MaxQuery], "")
	}
	p := queryParser{a: a}
	for word := range strings.FieldsSeq(s) {
		p.word(Should, word)
	}
	return p.q
}

// Plain is the text of a query without operators, and without what must not be there: what an encoder should read of it,
// which would take "-venus" for an interest in Venus. A query without operators is returned as it is.
func Plain(s string) string {
	var p queryParser
	var parts []string
	operators := false
	p.pieces(s, func(occur Occur, quoted bool, text string) {
		operators = operators || occur != Should
		if occur == MustNot {
			return
		}
		if quoted && occur == Should {
			text = `"` + text + `"`
		}
		parts = append(parts, text)
	})
	if !operators {
		return s
	}
	return strings.Join(parts, " ")
}

// pieces calls f with every word and every quoted text of a query, and the operator before it.
func (p *queryParser) pieces(s string, f func(occur Occur, quoted bool, text string)) {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		occur, start := Should, i
		switch r {
		case '+':
			occur, start = Must, i+1
		case '-':
			occur, start = MustNot, i+1
		}
		if inner, end, ok := p.quoted(s, start); ok {
			f(occur, true, inner)
			i = end
			continue
		}
		end := len(s)
		if n := strings.IndexFunc(s[i:], unicode.IsSpace); n >= 0 {
			end = i + n
		}
		if occur != Should && !beginsWord(s[start:end]) {
			occur, start = Should, i
		}
		f(occur, false, s[start:end])
		i = end
	}
}

// beginsWord reports whether s begins with a character that an operator may stand before.
func beginsWord(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	k := kindOf(r, size)
	return k != isOther && k != isMark
}

type queryParser struct {
	a      *Analyzer
	q      Query
	tokens []Token
	ended  [2]bool // no more " and no more ” to come: a text of opening quotes is not searched to its end for each
}

// quoted returns the inside of the quotes that open at s[i], and where the text goes on behind them.
func (p *queryParser) quoted(s string, i int) (inner string, end int, ok bool) {
	for sort, marks := range [2][2]string{{`"`, `"`}, {"“", "”"}} {
		if p.ended[sort] || !strings.HasPrefix(s[i:], marks[0]) {
			continue
		}
		i += len(marks[0])
		inner, _, ok = strings.Cut(s[i:], marks[1])
		p.ended[sort] = !ok
		return inner, i + len(inner) + len(marks[1]), ok
	}
	return "", 0, false
}

// word adds the clauses of an unquoted word.
func (p *queryParser) word(occur Occur, text string) {
	p.tokens = p.a.Append(p.tokens[:0], text)
	if len(p.tokens) == 0 {
		return
	}
	end := 0
	for _, t := range p.tokens {
		end = max(end, t.End)
	}
	text = text[p.tokens[0].Start:end]
	if occur != Should {
		p.q.Clauses = append(p.q.Clauses, Clause{occur, offsets(p.tokens), text, false})
		return
	}
	for _, t := range p.tokens {
		p.q.Clauses = append(p.q.Clauses, Clause{Should, []PhraseTerm{{t.Term, 0}}, text, false})
		text = ""
	}
}

// phrase adds the clause of a quoted text.
func (p *queryParser) phrase(occur Occur, text string) {
	fields := strings.Fields(strings.ReplaceAll(text, `"`, " "))
	p.tokens = p.tokens[:0]
	position := 0
	for len(fields) > 0 {
		n := slices.Index(fields, "*")
		part := fields
		if n >= 0 {
			part = fields[:n]
		}
		before := len(p.tokens)
		s := scanner{a: p.a, text: strings.Join(part, " "), out: p.tokens}
		s.run()
		p.tokens = s.out
		for i := before; i < len(p.tokens); i++ {
			p.tokens[i].Position += position
		}
		position += s.position
		if n < 0 {
			break
		}
		position++
		fields = fields[n+1:]
	}
	if len(p.tokens) > 0 {
		text = strings.Join(strings.Fields(strings.ReplaceAll(text, `"`, " ")), " ")
		p.q.Clauses = append(p.q.Clauses, Clause{occur, offsets(p.tokens), text, true})
	}
}

// offsets returns tokens as the terms of a phrase.
func offsets(tokens []Token) []PhraseTerm {
	terms := make([]PhraseTerm, len(tokens))
	for i, t := range tokens {
		terms[i] = PhraseTerm{t.Term, t.Position - tokens[0].Position}
	}
	return terms
}

// String returns the query in canonical form: single spaces, straight quotes around phrases, nothing that has no terms.
// ParseQuery with the same analyzer makes the same query of it.
func (q Query) String() string {
	var parts []string
	for _, c := range q.Clauses {
		switch {
		case c.Text == "": // a further term of the word before
		case c.Quoted:
			parts = append(parts, c.Occur.String()+`"`+c.Text+`"`)
		default:
			parts = append(parts, c.Occur.String()+c.Text)
		}
	}
	return strings.Join(parts, " ")
}

// Terms returns the different terms of the clauses that are not MustNot, in order of first use.
func (q Query) Terms() []string {
	var terms []string
	seen := map[string]bool{}
	for _, c := range q.Clauses {
		if c.Occur == MustNot {
			continue
		}
		for _, t := range c.Terms {
			if !seen[t.Term] {
				seen[t.Term] = true
				terms = append(terms, t.Term)
			}
		}
	}
	return terms
}

// Positive reports whether some clause can find a text. A query without terms, or with nothing but MustNot clauses, has no
// hits.
func (q Query) Positive() bool {
	return slices.ContainsFunc(q.Clauses, func(c Clause) bool { return c.Occur != MustNot })
}

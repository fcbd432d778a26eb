// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// askPrinter prints an answer for people; on a terminal as it is written.
type askPrinter struct {
	a        *app
	f        *askFlags
	question string
	flow     flow
}

// event prints what has come.
func (p *askPrinter) event(v winnow.AskEvent) error {
	o := p.a.stdout
	switch v.Name {
	case winnow.PassagesEvent:
		for _, line := range term.Wrap(o.Line(p.question), o.Columns()) {
			o.Println(o.Paint(term.Bold, line))
		}
		o.Println("")
		p.flow.o = o
	case winnow.DeltaEvent:
		p.flow.write(v.Delta)
	}
	if o.Terminal {
		return o.Flush()
	}
	return nil
}

// print prints what follows the text of an answer.
func (p *askPrinter) print(r *winnow.Answer, s *searched, e *winnow.Engine) error {
	o := p.a.stdout
	p.flow.end()
	o.Println("")
	p.unsupported(r)
	p.sources(r)
	how := "extractive: sentences of the passages, put together without a language model; --llm URL lets one write"
	if !r.Extractive {
		how = "written by " + r.Model + " at " + p.f.llm.url
	}
	faint(o, how)
	faint(o, askFooter(r, s))
	c, err := e.Reranker(r.Checker.Model)
	if err != nil {
		return err
	}
	origin, err := p.f.configuration.origin(c)
	if err != nil {
		return err
	}
	faint(o, "p: "+origin)
	return nil
}

// unsupported lists the sentences that the passages do not seem to say.
func (p *askPrinter) unsupported(r *winnow.Answer) {
	o, list := p.a.stdout, r.Unsupported()
	if len(list) == 0 {
		return
	}
	head := "the passages do not seem to say:"
	if r.Extractive {
		head = "the passages do not seem to answer this; the nearest sentence is shown"
	}
	o.Println(o.Paint(term.Yellow, head))
	for _, s := range list {
		if r.Extractive {
			break
		}
		for i, line := range term.Wrap(o.Line(s.Text), o.Columns()-len("  0.00  ")) {
			figure := strings.Repeat(" ", 6)
			if i == 0 {
				figure = fmt.Sprintf("%6s", probability(s.Support))
			}
			o.Println("  " + o.Paint(term.Yellow, figure) + "  " + line)
		}
	}
	o.Println("")
}

// sources lists the passages that are cited; all, if none is.
func (p *askPrinter) sources(r *winnow.Answer) {
	o := p.a.stdout
	width := len(strconv.Itoa(len(r.Passages)))
	indent := strings.Repeat(" ", width+2)
	cited := map[int]bool{}
	for _, c := range r.Citations {
		cited[c.Number] = true
	}
	if len(cited) == 0 {
		o.Println("no passage is cited; these were sent:")
	}
	for _, g := range r.Passages {
		if len(cited) > 0 && !cited[g.Number] {
			continue
		}
		head := o.Paint(term.Bold, fmt.Sprintf("%*d", width, g.Number)) + "  " + o.Paint(term.Cyan, o.Line(place(g.ID, g.Source)))
		if title := o.Line(g.Title); title != "" {
			head += "  " + o.Paint(term.Bold, title)
		}
		o.Println(head)
		e := excerpt{text: o.Line(g.Text), terms: quotedWords(r, g.Number)}
		for _, l := range e.lines(o.Columns()-len(indent), 2) {
			o.Println(indent + o.Paint(term.Faint, l.text))
		}
	}
	o.Println("")
}

// quotedWords are the words of the sentences that cite a passage: what is shown of it.
func quotedWords(r *winnow.Answer, number int) map[string]bool {
	words := map[string]bool{}
	for _, s := range r.Sentences {
		for _, n := range s.Citations {
			if n != number {
				continue
			}
			for _, w := range strings.FieldsFunc(strings.ToLower(s.Text), isSeparator) {
				words[w] = true
			}
		}
	}
	return words
}

// askFooter says what was read and how long each step took.
func askFooter(r *winnow.Answer, s *searched) string {
	parts := []string{fmt.Sprintf("%s, %s tokens, of %s found", term.Plural(len(r.Passages), "passage", "passages"), term.Count(r.ContextTokens), term.Count(len(r.Hits)))}
	same, large := 0, 0
	for _, l := range r.Left {
		if l.Reason == answer.Duplicate {
			same++
		} else {
			large++
		}
	}
	if same > 0 {
		parts = append(parts, fmt.Sprintf("%d left out as repeating", same))
	}
	if large > 0 {
		parts = append(parts, fmt.Sprintf("%d for lack of room", large))
	}
	parts = append(parts, "search "+milliseconds(s.Timing.Total))
	if !r.Extractive {
		parts = append(parts, "first word "+milliseconds(r.Timing.FirstToken), "answer "+milliseconds(r.Timing.Generate))
	}
	return strings.Join(append(parts, "check "+milliseconds(r.Timing.Check)), " · ")
}

// flow prints running text that comes in pieces, wrapped.
type flow struct {
	o      *term.Output // nil before there is anything to print
	word   strings.Builder
	column int
}

// citationMark is a citation in an answer.
var citationMark = regexp.MustCompile(`\[(?:\d+|\?)\]`)

func (f *flow) write(text string) {
	for _, r := range text {
		switch {
		case r == '\n':
			f.put()
			f.o.Println("")
			f.column = 0
		case unicode.IsSpace(r):
			f.put()
		default:
			f.word.WriteRune(r)
		}
	}
}

// put prints the word that is complete.
func (f *flow) put() {
	word := f.o.Clean(f.word.String())
	f.word.Reset()
	if word == "" {
		return
	}
	width := term.Width(word)
	switch {
	case f.column == 0:
	case f.column+1+width > f.o.Columns():
		f.o.Println("")
		f.column = 0
	default:
		f.o.Printf(" ")
		f.column++
	}
	f.column += width
	f.o.Printf("%s", citationMark.ReplaceAllStringFunc(word, func(mark string) string {
		style := term.Cyan
		if mark == answer.Unknown {
			style = term.Red
		}
		return f.o.Paint(style, mark)
	}))
}

// end ends the line.
func (f *flow) end() {
	if f.o == nil {
		return
	}
	f.put()
	if f.column > 0 {
		f.o.Println("")
	}
	f.column = 0
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/rank"
)

// searched is a result with what the command did before.
type searched struct {
	*winnow.Result
	dense    string // kind of the bi-encoder's score
	db       string // the index directory; empty if files were read
	files    int
	passages int
	encoding time.Duration // of all passages

	calibrated bool   // probabilities mean something
	origin     string // where they are from
}

func (a *app) printResult(s *searched) error { return a.printJSON(s.Result) }

// printHits prints hits for people: where, the scores of all stages, and the part of the passage that says why it is there.
func (a *app) printHits(s *searched) error {
	o := a.stdout
	number := len(strconv.Itoa(len(s.Hits)))
	indent := strings.Repeat(" ", number+2)
	for _, h := range s.Hits {
		where := o.Line(place(h.ID, h.Source))
		head := o.Paint(term.Bold, fmt.Sprintf("%*d", number, h.Rank)) + "  " + o.Paint(term.Cyan, where)
		if title := o.Line(h.Title); title != "" {
			if o.Terminal {
				title = term.Truncate(title, max(o.Width-len(indent)-2-term.Width(where), 12))
			}
			head += "  " + o.Paint(term.Bold, title)
		}
		o.Println(head)
		o.Println(indent + strings.Join(s.scores(o, &h), o.Paint(term.Faint, " · ")))
		e := excerptOf(o, &h)
		for _, l := range e.lines(o.Columns()-len(indent), 3) {
			o.Println(indent + emphasize(o, l, e.terms))
		}
		s.printHitExplanation(o, &h, indent)
		o.Println("")
	}
	if len(s.Hits) == 0 {
		o.Println("nothing found")
	}
	s.printExplanation(o)
	faint(o, s.footer())
	if s.calibrated {
		faint(o, "p: "+s.origin)
	}
	return nil
}

// noteStopWords says why a query by words that has none to look for finds nothing.
func (a *app) noteStopWords(e *winnow.Engine, s *searched) {
	if s.Mode != winnow.Lexical || len(s.Hits) > 0 {
		return
	}
	if q, err := analysis.ParseQuery(s.Query, e.Index().Analyzer()); err != nil || len(q.Clauses) > 0 {
		return
	}
	remedy := ""
	if e.Index().Settings().Dim > 0 {
		remedy = "; use --mode dense"
	}
	a.note("the query has no word to look for: all its words are stop words, or it has none" + remedy)
}

// faint prints a remark below a result, wrapped.
func faint(o *term.Output, text string) {
	for _, line := range term.Wrap(o.Clean(text), o.Columns()) {
		o.Println(o.Paint(term.Faint, line))
	}
}

// scores says what both stages made of a hit, what the order goes by first.
func (s *searched) scores(o *term.Output, h *winnow.Hit) []string {
	parts := []string{o.Paint(term.Bold, string(h.ScoreKind)+" "+term.Score(h.Score))}
	if d := h.Retrieval.Dense; d != nil && string(h.ScoreKind) != s.dense {
		parts = append(parts, s.dense+" "+term.Score(d.Score))
	}
	if l := h.Retrieval.Lexical; l != nil && h.ScoreKind != rank.BM25 {
		parts = append(parts, "bm25 "+term.Score(l.Score))
	}
	if h.Logit != nil && h.ScoreKind != rank.Logit {
		parts = append(parts, "logit "+term.Score(*h.Logit))
	}
	if h.Probability != nil && s.calibrated {
		parts = append(parts, "p "+probability(*h.Probability))
	}
	if h.RankBefore > 0 {
		text, style := arrow(h.RankBefore - h.Rank)
		parts = append(parts, fmt.Sprintf("rank %d → %d %s", h.RankBefore, h.Rank, o.Paint(style, text)))
	}
	if h.TruncatedTokens > 0 {
		parts = append(parts, o.Paint(term.Yellow, term.Plural(h.TruncatedTokens, "token", "tokens")+" not read"))
	}
	return parts
}

// arrow shows how many ranks were won or lost.
func arrow(moved int) (string, term.Style) {
	switch {
	case moved > 0:
		return "▲" + strconv.Itoa(moved), term.Green
	case moved < 0:
		return "▼" + strconv.Itoa(-moved), term.Red
	}
	return "=", term.Faint
}

// footer says what was searched and how long each step took.
func (s *searched) footer() string {
	parts := []string{
		fmt.Sprintf("%s, %s, encoded in %s", term.Plural(s.files, "file", "files"), term.Plural(s.passages, "passage", "passages"), duration(s.encoding)),
	}
	if s.db != "" {
		parts[0] = fmt.Sprintf("%s in %s", term.Plural(s.passages, "passage", "passages"), s.db)
	}
	if s.Timing.Encode > 0 {
		parts = append(parts, "query "+milliseconds(s.Timing.Encode))
	}
	parts = append(parts, "retrieve "+milliseconds(s.Timing.Retrieve))
	if s.Reranked > 0 {
		parts = append(parts, fmt.Sprintf("rerank %s in %s", term.Count(s.Reranked), milliseconds(s.Timing.Rerank)))
	}
	return strings.Join(parts, " · ")
}

func milliseconds(ms float64) string { return duration(time.Duration(ms * float64(time.Millisecond))) }

// duration is a time with two or three digits: 0.61 s, 380 ms, 2.1 ms.
func duration(d time.Duration) string {
	switch ms := float64(d) / float64(time.Millisecond); {
	case ms >= 59_950:
		return d.Round(time.Second).String()
	case ms >= 9_995:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 600:
		return fmt.Sprintf("%.2f s", ms/1000)
	case ms >= 9.95:
		return fmt.Sprintf("%.0f ms", ms)
	case ms >= 0.1:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// printMarkdown prints a list whose links lead to the passages' first lines.
func (a *app) printMarkdown(s *searched) error {
	for _, h := range s.Hits {
		where := a.stdout.Line(place(h.ID, h.Source))
		target := linkPath(h.ID)
		if h.Source != nil {
			target = fmt.Sprintf("%s#L%d", linkPath(h.Source.Path), h.Source.StartLine)
			if h.Source.Page > 0 {
				target = fmt.Sprintf("%s#page=%d", linkPath(h.Source.Path), h.Source.Page)
			}
		}
		title := ""
		if h.Title != "" {
			title = " **" + escapeMarkdown(a.stdout.Line(h.Title)) + "**"
		}
		plain := term.New(nil)
		a.stdout.Printf("%d. [%s](%s)%s (%s)\n", h.Rank, escapeMarkdown(where), target, title, strings.Join(s.scores(plain, &h), ", "))
		a.stdout.Println("   " + escapeMarkdown(a.stdout.Line(h.Text)))
	}
	return nil
}

// linkPath is a path as the target of a link.
func linkPath(path string) string {
	parts := strings.Split(filepath.ToSlash(path), "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("(", "%28", ")", "%29").Replace(url.PathEscape(p))
	}
	return strings.Join(parts, "/")
}

// escapeMarkdown makes text on one line that no reader of Markdown takes for markup.
func escapeMarkdown(text string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if strings.ContainsRune("\\`*_[]<>#|~&!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// printCSV prints a row a hit; what does not apply is empty.
func (a *app) printCSV(s *searched) error {
	rows := [][]string{{
		"rank", "id", "path", "start_line", "end_line", "title", "score", "score_kind",
		"dense_score", "dense_rank", "lexical_score", "lexical_rank", "logit", "probability", "rank_before", "truncated_tokens", "text",
	}}
	for _, h := range s.Hits {
		row := []string{strconv.Itoa(h.Rank), h.ID, "", "", "", h.Title, exact(h.Score), string(h.ScoreKind), "", "", "", "", "", "", "", strconv.Itoa(h.TruncatedTokens), h.Text}
		if h.Source != nil {
			row[2], row[3], row[4] = h.Source.Path, strconv.Itoa(h.Source.StartLine), strconv.Itoa(h.Source.EndLine)
		}
		if d := h.Retrieval.Dense; d != nil {
			row[8], row[9] = exact(d.Score), strconv.Itoa(d.Rank)
		}
		if l := h.Retrieval.Lexical; l != nil {
			row[10], row[11] = exact(l.Score), ranked(l.Rank)
		}
		if h.Logit != nil {
			row[12], row[13], row[14] = exact(*h.Logit), strconv.FormatFloat(*h.Probability, 'g', -1, 64), strconv.Itoa(h.RankBefore)
		}
		rows = append(rows, row)
	}
	return writeCSV(a.stdout, rows)
}

// ranked is a rank; nothing of a score that no list gave.
func ranked(rank int) string {
	if rank == 0 {
		return ""
	}
	return strconv.Itoa(rank)
}

// writeCSV writes rows; a terminal is spared control characters.
func writeCSV(o *term.Output, rows [][]string) error {
	for _, row := range rows {
		for i := range row {
			row[i] = o.Exact(row[i])
		}
	}
	return csv.NewWriter(o).WriteAll(rows)
}

// exact writes every digit of a score.
func exact(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/chart"
	"github.com/winnow-search/winnow/train"
)

// trainBar shows how far training is: on a terminal one line that changes, elsewhere a line a minute, for
// runs of hours whose output goes to a file.
type trainBar struct {
	evalBar
	loss   float64 // smoothed
	tokens int     // since the bar began
	before int     // steps that were there when it began: of a run that goes on
}

// step is told of each step.
func (b *trainBar) step(s train.Step) {
	if b.tokens == 0 {
		b.start, b.loss = time.Now().Add(-time.Duration(s.Seconds*float64(time.Second))), s.Loss
		b.before = s.Number - 1
	}
	b.loss += (s.Loss - b.loss) * 0.05
	b.tokens += s.Tokens
	now := time.Now()
	if !b.due(now) {
		return
	}
	done := float64(s.Number) / float64(s.Of)
	parts := []string{
		fmt.Sprintf("step %s of %s", term.Count(s.Number), term.Count(s.Of)),
		fmt.Sprintf("loss %.4f", b.loss),
		figures(float64(b.tokens)/now.Sub(b.start).Seconds(), 2) + " tokens/s",
	}
	share := float64(s.Number-b.before) / float64(s.Of-b.before)
	b.say("training "+progressBar(done), append(parts, left(now.Sub(b.start), share)...))
}

// due says whether it is time for another line.
func (b *trainBar) due(now time.Time) bool {
	every := 100 * time.Millisecond
	if !b.out.Terminal {
		every = time.Minute
		if b.last.IsZero() { // short runs say nothing on the way
			b.last = now
		}
	}
	if now.Sub(b.last) < every {
		return false
	}
	b.last = now
	return true
}

// say shows what is done, with parts that say how far. Only a terminal, which has one line for all, is shown what is done.
func (b *trainBar) say(what string, parts []string) {
	if !b.out.Terminal {
		b.out.Println(strings.Join(parts, " · "))
		_ = b.out.Flush() // what cannot be said cannot be helped
		return
	}
	b.show(term.Truncate(strings.Join(append([]string{what}, parts...), " · "), max(b.out.Columns()-3, 1)))
}

// rows is told how many rows have been read before training begins, and of how many: 0 if they have not been counted.
func (b *trainBar) rows(what string, done, total int) {
	if now := time.Now(); now.Sub(b.start) >= 300*time.Millisecond && b.due(now) {
		if total > 0 {
			what += " " + progressBar(float64(done)/float64(total))
		}
		b.say(what, rowsRead(done, total, now.Sub(b.start)))
	}
}

// rowsRead says how many rows have been read after some time, how fast, and how long the rest takes.
func rowsRead(done, total int, took time.Duration) []string {
	parts := []string{term.Plural(done, "row", "rows") + " read"}
	if total > 0 {
		parts = []string{fmt.Sprintf("%s of %s read", term.Count(done), term.Plural(total, "row", "rows"))}
	}
	if seconds := took.Seconds(); seconds > 0.5 {
		parts = append(parts, figures(float64(done)/seconds, 2)+"/s")
	}
	if total > 0 {
		parts = append(parts, left(took, float64(done)/float64(total))...)
	}
	return parts
}

// measuring is told that the model is being measured, which may take longer than a step.
func (b *trainBar) measuring(what string) {
	if b.out.Terminal {
		b.show(term.Truncate("measuring "+what, max(b.out.Columns()-3, 1)))
	}
}

// judged is told what was measured after a step: a line that stays.
func (b *trainBar) judged(measure string, j train.Judgement) {
	b.clear()
	b.out.Println(fmt.Sprintf("step %s · %s %.4f", term.Count(j.Step), measure, j.Value))
	_ = b.out.Flush() // what cannot be said cannot be helped
}

// printTrained says what training came to.
func (a *app) printTrained(t *trained) {
	o := a.stdout
	row := func(name, format string, args ...any) {
		o.Printf("%s %s\n", o.Paint(term.Faint, fmt.Sprintf("%-9s", name)), fmt.Sprintf(format, args...))
	}
	row("model", "%s", o.Line(t.Out))
	row("data", "%s", term.Plural(t.Rows, "row", "rows")+", "+term.Plural(t.Steps, "step", "steps")+", "+term.Count(t.Tokens)+" tokens")
	row("time", "%s, %s tokens/s", duration(time.Duration(t.Seconds*float64(time.Second))), figures(float64(t.Tokens)/max(t.Seconds, 1e-9), 2))
	row("loss", "%.4f → %.4f (%s)", t.FirstLoss, t.LastLoss, t.Loss)
	if t.Best != nil {
		row("measured", "%.4f → %.4f at step %s (%s)", *t.Before, *t.Best, term.Count(t.BestStep), o.Line(t.Measure))
		if *t.Best < *t.Before {
			a.warn(fmt.Sprintf("the model was better before training: %.4f, now %.4f; lower --rate, or look at the data", *t.Before, *t.Best))
		}
	}
	if t.Stopped {
		a.note("stopped early: no better measurement for as long as --patience says")
	}
}

// draw puts loss and measure into a picture.
func (t *trained) draw(path string) error {
	series := func(name string, list []chart.CurvePoint) []chart.Series {
		for i := range list {
			list[i].Low, list[i].High = list[i].Y, list[i].Y
		}
		return []chart.Series{{Name: name, Points: list}}
	}
	var losses, judged []chart.CurvePoint
	for _, m := range t.curve {
		losses = append(losses, chart.CurvePoint{X: float64(m.Step), Y: m.Loss})
	}
	for _, j := range t.Judgements {
		judged = append(judged, chart.CurvePoint{X: float64(j.Step), Y: j.Value})
	}
	pictures := []chart.Picture{chart.Curves(chart.CurveChart{
		Title: "Loss", Subtitle: t.Loss + " on " + term.Plural(t.Rows, "row", "rows"), X: "step", Y: "loss",
		Series: series("training", losses),
	})}
	if len(judged) > 0 {
		pictures = append(pictures, chart.Curves(chart.CurveChart{
			Title: "Validation", Subtitle: t.Measure + "; step 0 is the model before training", X: "step", Y: t.axis,
			Series: series("", judged),
		}))
	}
	page := chart.Page("", pictures...)
	draw := page.SVG
	if strings.EqualFold(filepath.Ext(path), ".png") {
		draw = page.PNG
	}
	data, err := draw()
	if err != nil {
		return err
	}
	return atomicfile.Write(path, data)
}

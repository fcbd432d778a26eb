// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/internal/chart"
	"github.com/winnow-search/winnow/train"
)

// trainBar shows how far training is: one line on stderr, on a terminal only.
type trainBar struct {
	evalBar
	loss   float64 // smoothed
	tokens int     // since the bar began
}

// step is told of each step.
func (b *trainBar) step(s train.Step) {
	if b.tokens == 0 {
		b.start, b.loss = time.Now().Add(-time.Duration(s.Seconds*float64(time.Second))), s.Loss
	}
	b.loss += (s.Loss - b.loss) * 0.05
	b.tokens += s.Tokens
	now := time.Now()
	if !b.out.Terminal || now.Sub(b.last) < 100*time.Millisecond {
		return
	}
	b.last = now
	done := float64(s.Number) / float64(s.Of)
	parts := []string{
		"training " + progressBar(done),
		fmt.Sprintf("step %s of %s", term.Count(s.Number), term.Count(s.Of)),
		fmt.Sprintf("loss %.4f", b.loss),
		figures(float64(b.tokens)/now.Sub(b.start).Seconds(), 2) + " tokens/s",
	}
	parts = append(parts, left(now.Sub(b.start), done)...)
	b.show(term.Truncate(strings.Join(parts, " · "), max(b.out.Columns()-3, 1)))
}

// printTrained says what training came to.
func (a *app) printTrained(t *trained) {
	o := a.stdout
	row := func(name, format string, args ...any) {
		o.Printf("%s %s\n", o.Paint(term.Faint, fmt.Sprintf("%-8s", name)), fmt.Sprintf(format, args...))
	}
	row("model", "%s", o.Line(t.Out))
	row("data", "%s", term.Plural(t.Rows, "row", "rows")+", "+term.Plural(t.Steps, "step", "steps")+", "+term.Count(t.Tokens)+" tokens")
	row("time", "%s, %s tokens/s", time.Duration(t.Seconds*float64(time.Second)).Round(100*time.Millisecond), figures(float64(t.Tokens)/max(t.Seconds, 1e-9), 2))
	row("loss", "%.4f → %.4f (%s)", t.FirstLoss, t.LastLoss, t.Loss)
	if t.Best != nil {
		row(t.Measure, "%.4f → %.4f at step %s", *t.Before, *t.Best, term.Count(t.BestStep))
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
	points := func(list []lossPoint) (out []chart.CurvePoint) {
		for _, p := range list {
			out = append(out, chart.CurvePoint{X: float64(p.step), Y: p.value, Low: p.value, High: p.value})
		}
		return out
	}
	pictures := []chart.Picture{chart.Curves(chart.CurveChart{
		Title: "Loss", Subtitle: t.Loss + " on " + term.Plural(t.Rows, "row", "rows"), X: "step", Y: "loss",
		Series: []chart.Series{{Name: "training", Points: points(t.losses)}},
	})}
	if t.Best != nil {
		list := []lossPoint{{0, *t.Before}}
		for _, j := range t.Judgements {
			list = append(list, lossPoint{j.Step, j.Value})
		}
		pictures = append(pictures, chart.Curves(chart.CurveChart{
			Title: t.Measure, Subtitle: "while training", X: "step", Y: t.Measure,
			Series: []chart.Series{{Name: t.Measure, Points: points(list)}},
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
	return os.WriteFile(path, data, 0o666)
}

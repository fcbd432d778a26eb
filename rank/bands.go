// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"fmt"
	"math"
	"strings"

	"github.com/winnow-search/winnow/eval/calibration"
)

// The names of bands.
const (
	High   = "High"
	Medium = "Medium"
	Low    = "Low"
)

// The probabilities of relevance from which calibrated bands begin: relevant twice as likely as not, and the reverse.
const (
	HighFrom   = 2.0 / 3
	MediumFrom = 1.0 / 3
)

// Cut is the lower edge of a band: scores above Above, and not above the cut before it, have the band's name.
type Cut struct {
	Above float32
	Name  string
}

// Bands gives names to ranges of scores of one kind from one family of models. A threshold found for one model says
// nothing about another, so bands carry what they apply to.
type Bands struct {
	Kind  ScoreKind
	Model string // the models: a name, or a beginning of names followed by *
	Cuts  []Cut  // from the highest down
	Rest  string // name of scores above no cut
	About string // one line on what the bands apply to and where they are from
}

// Name returns the band of a score. NaN has none.
func (b Bands) Name(score float32) string {
	if score != score {
		return ""
	}
	for _, c := range b.Cuts {
		if score > c.Above {
			return c.Name
		}
	}
	return b.Rest
}

// CalibratedBands returns the bands that a calibration of a model gives for its logits, or for the probabilities that the
// calibration makes of them: High from a probability of relevance of 2/3 on, Medium from 1/3 on, else Low. A band that no logit
// reaches is left out.
//
// ok is false for other kinds of scores, and for a map that gives all logits one probability.
func CalibratedBands(kind ScoreKind, m calibration.Map, model string) (b Bands, ok bool) {
	if kind != Logit && kind != Probability || m.Flat() {
		return Bands{}, false
	}
	b = Bands{Kind: kind, Model: model, Rest: Low}
	var parts []string
	for _, band := range []struct {
		name, share string
		from        float64
	}{{High, "2/3", HighFrom}, {Medium, "1/3", MediumFrom}} {
		least := m.Logit(band.from)
		if math.IsInf(least, 1) {
			parts = append(parts, band.name+" (P(relevant) from "+band.share+") is reached by no logit")
			continue
		}
		edge, where := float32(band.from), ""
		if kind == Logit {
			edge = float32(least)
		}
		switch {
		case math.IsInf(least, -1):
			where = ", which every logit reaches"
		case kind == Logit:
			where = fmt.Sprintf(", logit from %.2f", least)
		}
		b.Cuts = append(b.Cuts, Cut{math.Nextafter32(edge, float32(math.Inf(-1))), band.name}) // above the number before is from this one on
		parts = append(parts, fmt.Sprintf("%s is P(relevant) from %s on%s", band.name, band.share, where))
	}
	b.About = fmt.Sprintf("%s, else %s; calibrated for %s", strings.Join(parts, "; "), b.Rest, model)
	return b, true
}

// msMarco is the beginning of the names of the cross-encoders that the rule of thumb is known for.
const msMarco = "cross-encoder/ms-marco-"

// BandsFor returns the bands for scores of a kind from a model that is not calibrated, by its Hub name: a rule of thumb. With a
// calibration, [CalibratedBands] has better ones.
//
// Only the cross-encoders trained on MS MARCO (cross-encoder/ms-marco-*) have any: a logit above 5 is High, above 0 Medium,
// else Low; for their probabilities the same cuts are put through the sigmoid. For everything else ok is false. A cosine's level
// depends on the encoder, a logit's zero on the share of positives in training, and a fused or BM25 score on the
// query: for those no cut would mean the same thing twice.
func BandsFor(kind ScoreKind, model string) (b Bands, ok bool) {
	if !strings.HasPrefix(model, msMarco) {
		return Bands{}, false
	}
	const high, medium = 5, 0
	b = Bands{Kind: kind, Model: msMarco + "*", Rest: Low}
	switch kind {
	case Logit:
		b.Cuts = []Cut{{high, High}, {medium, Medium}}
		b.About = "logits of " + b.Model + ": above 5 High, above 0 Medium, else Low; a rule of thumb for these models only, not calibrated"
	case Probability:
		b.Cuts = []Cut{{sigmoid(high), High}, {sigmoid(medium), Medium}}
		b.About = "probabilities of " + b.Model + ": above 0.9933 High, above 0.5 Medium, else Low (logits 5 and 0); a rule of thumb for these models only, not calibrated"
	default:
		return Bands{}, false
	}
	return b, true
}

func sigmoid(x float64) float32 { return float32(1 / (1 + math.Exp(-x))) }

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
)

type verifyFlags struct {
	reference string
	threads   int
	precision string
	json      bool
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:     "verify MODEL [--reference FILE] [--json]",
		Short:   "compare a model with what the Python reference computes",
		GroupID: groupModels,
		Long: "Runs a model on stored inputs and compares token ids, vectors or logits, and the order they give, with values that the Python reference libraries computed. " +
			"Values for some models come with winnow; scripts/reference/README.md describes the file format for others.\n\n" +
			"Float32 weights must agree within the tolerance that the reference states. Weights that winnow convert made smaller are held to bounds for their number type, and so are precisions other than fp32. " +
			"Exit code 0: passed; 1: failed.",
		Example: "winnow verify builtin:retriever\nwinnow verify ./my-model --reference my-model.json",
		Args:    exactly("MODEL"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), args[0], &f) },
	}
	cmd.Flags().StringVar(&f.reference, "reference", "", "compare with verify `FILE`, or with the stored values of the model of that name")
	threadsFlag(cmd, &f.threads)
	precisionFlag(cmd, &f.precision)
	jsonFlag(cmd, &f.json)
	return cmd
}

// errDiffers is the failure of a comparison that could be made.
var errDiffers = errors.New("the model does not give what its reference gives")

// verdict is the JSON output.
type verdict struct {
	Model         string             `json:"model"`
	Path          string             `json:"path"`
	Reference     referenceInfo      `json:"reference"`
	Tier          kernel.Tier        `json:"simd"`
	Precision     encoder.Precision  `json:"precision"`
	Cases         int                `json:"cases"`
	TokensChecked int                `json:"tokens_checked"` // cases whose token ids the reference states
	TokensDiffer  int                `json:"tokens_differ"`
	MaxDifference float64            `json:"max_difference"`
	Worst         string             `json:"worst_case"`
	MeanCosine    *float64           `json:"mean_cosine,omitempty"`
	WorstCosine   *float64           `json:"worst_cosine,omitempty"`
	RankAgreement float64            `json:"rank_agreement"`
	Weights       string             `json:"weights"`
	Bounds        map[string]float64 `json:"bounds"`
	BoundsReason  string             `json:"bounds_reason"`
	Pass          bool               `json:"pass"`
	Problems      []string           `json:"problems,omitempty"`

	checks []check
}

type referenceInfo struct {
	Model     string            `json:"model"`
	Kind      string            `json:"kind"`
	About     string            `json:"about"`
	Libraries map[string]string `json:"libraries"`
}

func (a *app) verify(ctx context.Context, name string, f *verifyFlags) error {
	r, err := findReference(name, f.reference)
	if err != nil {
		return err
	}
	if r == nil {
		return noReference(name)
	}
	v, err := measure(ctx, name, r, encoder.Threads(f.threads), encoder.AtPrecision(encoder.Precision(f.precision)))
	if err != nil {
		return weightsMissing(name, err, r)
	}
	if f.json {
		if err := a.printJSON(v); err != nil {
			return err
		}
	} else {
		v.print(a.stdout)
	}
	// A failed comparison is a result, too.
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	a.notePrecision(f.precision, v.Precision)
	if !v.Pass {
		return fmt.Errorf("verify %s: %w", name, errDiffers)
	}
	return nil
}

// weightsMissing says what could be compared if only the model were here.
func weightsMissing(name string, err error, r *parity.Reference) error {
	var missing *model.NotFoundError
	if !errors.As(err, &missing) {
		return fmt.Errorf("verify %s against %s: %w", name, r.Model, err)
	}
	if name != r.Model {
		return err
	}
	return fmt.Errorf("the weights of %s are not on this machine, so nothing was compared\n"+
		"  looked at: %s\n"+
		"  stored to compare with: %s (%s)\n"+
		"  put the model into the Hugging Face cache with the Hub's own tools and run this command again",
		r.Model, strings.Join(missing.Looked, "\n             "), term.Plural(len(r.Cases), "case", "cases"), strings.TrimSuffix(r.About, "."))
}

// measure runs the model on the reference's inputs.
func measure(ctx context.Context, name string, r *parity.Reference, opts ...encoder.Option) (*verdict, error) {
	tier, _ := kernel.Active() // a wrong WINNOW_SIMD was reported at the start
	v := &verdict{Model: name, Tier: tier, Reference: referenceInfo{r.Model, r.Kind, r.About, r.Libraries}}
	var report *parity.Report
	var m *model.Model
	if r.Kind == parity.Bi {
		b, err := await(ctx, func() (*encoder.BiEncoder, error) {
			return encoder.OpenBi(name, append(opts, encoder.MaxTokens(r.MaxLength))...)
		})
		if err != nil {
			return nil, err
		}
		defer b.Close()
		m, v.Precision = b.Model(), b.Precision()
		if report, err = r.CheckBi(ctx, b); err != nil {
			return nil, err
		}
	} else {
		c, all, err := checkCross(ctx, name, r, opts)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		m, report, v.Precision = c.Model(), all, c.Precision()
	}
	v.Path, v.Weights = m.Path, weightsOf(m)
	v.take(r, report)
	v.judge(boundsFor(m, r).with(v.Precision))
	return v, nil
}

// checkCross compares at every input length of the reference; the caller closes the encoder.
func checkCross(ctx context.Context, name string, r *parity.Reference, opts []encoder.Option) (c *encoder.CrossEncoder, all *parity.Report, err error) {
	for _, limit := range r.Limits() {
		if c != nil {
			if err := c.Close(); err != nil {
				return nil, nil, err
			}
		}
		if c, err = await(ctx, func() (*encoder.CrossEncoder, error) {
			return encoder.OpenCross(name, append(opts, encoder.MaxTokens(limit))...)
		}); err != nil {
			return nil, nil, err
		}
		report, err := r.CheckCross(ctx, c)
		if err != nil {
			return nil, nil, errors.Join(err, c.Close())
		}
		if all == nil {
			all = report
			continue
		}
		if !(report.MaxDifference <= all.MaxDifference) { // NaN is the worst of all
			all.MaxDifference, all.Worst = report.MaxDifference, report.Worst
		}
		all.RankAgreement = min(all.RankAgreement, report.RankAgreement)
	}
	return c, all, nil
}

// take copies what was measured.
func (v *verdict) take(r *parity.Reference, report *parity.Report) {
	v.Cases, v.TokensDiffer = report.Cases, report.TokensDiffer
	v.MaxDifference, v.Worst, v.RankAgreement = report.MaxDifference, report.Worst, report.RankAgreement
	v.Problems = report.Problems
	for i := range r.Cases {
		if r.Cases[i].IDs != nil {
			v.TokensChecked++
		}
	}
	if r.Kind == parity.Bi {
		v.MeanCosine, v.WorstCosine = &report.MeanCosine, &report.WorstCosine
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
)

// testApp returns an app and what it printed to standard error.
func testApp(t *testing.T) (a *app, printed func() string) {
	t.Helper()
	var out, messages bytes.Buffer
	return &app{stdout: term.New(&out), stderr: term.New(&messages)}, messages.String
}

func TestReport(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		want string
	}{
		{nil, exitDone, ""},
		{errors.New("no luck"), exitFailed, "winnow: no luck\n"},
		{&usageError{"winnow embed", "odd"}, exitUsage, "winnow: odd\nRun \"winnow embed --help\" for help.\n"},
	} {
		a, printed := testApp(t)
		if code := a.report(t.Context(), c.err); code != c.code || printed() != c.want {
			t.Errorf("%v: exit code %d, printed %q", c.err, code, printed())
		}
	}
}

// What holds for every command, those to come included.
func TestEveryCommandIsComplete(t *testing.T) {
	a, _ := testApp(t)
	root := a.root()
	meaning := map[string]string{} // of flags, by name and type
	for _, c := range root.Commands() {
		if c.Name() == "completion" || c.Name() == "help" {
			continue
		}
		if c.Short == "" || c.Long == "" || c.GroupID == "" || c.Args == nil || c.RunE == nil {
			t.Errorf("%s lacks a description, a group, a check of its arguments or RunE", c.Name())
		}
		if c.PersistentPreRun != nil || c.PersistentPreRunE != nil {
			t.Errorf("%s has a PersistentPreRun, which keeps the environment from being read", c.Name())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s has no description", c.Name(), f.Name)
			}
			takesLists := c.Name() == "bench" // of what the others take one of
			if !takesLists && slices.Contains([]string{"threads", "max-tokens", "precision", "json"}, f.Name) {
				if m, ok := meaning[f.Name]; ok && m != f.Usage {
					t.Errorf("%s: --%s means %q here and %q elsewhere", c.Name(), f.Name, f.Usage, m)
				}
				meaning[f.Name] = f.Usage
			}
			if variable(f.Name) == simdVariable {
				t.Errorf("%s: --%s has the variable of package kernel", c.Name(), f.Name)
			}
		})
	}
}

func TestUnknownShorthand(t *testing.T) {
	cmd := &cobra.Command{Use: "x"}
	cmd.Flags().Bool("json", false, "")
	cmd.Flags().SetOutput(&bytes.Buffer{})
	err := flagError(cmd, cmd.ParseFlags([]string{"-json"}))
	if err.Error() != `"x" has no flag -json; did you mean --json?` {
		t.Errorf("%v", err)
	}
}

func TestDescribeBuild(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	info.Main.Version = "v1.2.3"
	if got := describeBuild(info); !strings.HasPrefix(got, "v1.2.3 (commit 0123456789ab with changes, 2026-01-02) go") {
		t.Errorf("%q", got)
	}
	if got := describeBuild(&debug.BuildInfo{}); !strings.HasPrefix(got, "(devel) go") {
		t.Errorf("%q", got)
	}
}

func TestScoreKind(t *testing.T) {
	for a, want := range map[model.Activation]string{model.Identity: "logit", model.Sigmoid: "probability", model.Tanh: "tanh"} {
		if got := scoreKind(a); got != want {
			t.Errorf("%s gives %s, want %s", a, got, want)
		}
	}
}

func TestEscapeControls(t *testing.T) {
	got, err := marshal(map[string]string{"a<\x1b\x7f\u0085": "日本 & \u009b"})
	if err != nil || string(got) != `{"a<\u001b\u007f\u0085":"日本 & \u009b"}` {
		t.Errorf("%s, %v", got, err)
	}
}

// The built-in retriever is within its bounds at every tier of this machine. (The reranker's longer
// inputs are compared once, by a script.)
func TestBuiltinRetrieverAtEveryTier(t *testing.T) {
	r, err := findReference(builtin.Retriever, "")
	if err != nil {
		t.Fatal(err)
	}
	tiers := kernel.Available()
	if testing.Short() {
		tiers = tiers[len(tiers)-1:]
	}
	for _, tier := range tiers {
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		v, err := measure(t.Context(), builtin.Retriever, r)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v", tier, v.checks)
		if !v.Pass || v.Tier != tier {
			t.Errorf("%s: %+v", tier, v)
		}
		undo()
	}
}

// A bound is a bound: what is a little worse fails, and so does NaN.
func TestJudge(t *testing.T) {
	mean, worst := 0.9995, 0.996
	good := verdict{TokensChecked: 1, MaxDifference: 0.1, MeanCosine: &mean, WorstCosine: &worst, RankAgreement: 0.97}
	limits := bounds{maxDifference: 0.2, meanCosine: 0.999, worstCosine: 0.995, rankAgreement: 0.95}
	judged := func(change func(*verdict)) bool {
		v := good
		m, w := mean, worst
		v.MeanCosine, v.WorstCosine = &m, &w
		change(&v)
		v.judge(limits)
		return v.Pass
	}
	if !judged(func(*verdict) {}) {
		t.Error("good values fail")
	}
	nan := 0.0
	nan /= nan
	for name, change := range map[string]func(*verdict){
		"tokens": func(v *verdict) { v.TokensDiffer = 1 }, "difference": func(v *verdict) { v.MaxDifference = 0.21 },
		"NaN": func(v *verdict) { v.MaxDifference = nan }, "mean": func(v *verdict) { *v.MeanCosine = 0.9989 },
		"worst": func(v *verdict) { *v.WorstCosine = nan }, "rank": func(v *verdict) { v.RankAgreement = 0.94 },
	} {
		if judged(change) {
			t.Errorf("%s out of bounds passes", name)
		}
	}
}

// Weights are recognised by their hashes, whatever the directory is called.
func TestSameWeights(t *testing.T) {
	dir := "../../internal/parity/testdata/bi-max"
	r, err := parity.Read(dir + "/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if !sameWeights(dir, r.WeightsSHA256) {
		t.Error("own weights are not recognised")
	}
	if sameWeights("../../internal/parity/testdata/bi-cls", r.WeightsSHA256) || sameWeights(dir, nil) ||
		sameWeights(dir, map[string]string{"../bi-max/model.safetensors": r.WeightsSHA256["model.safetensors"]}) {
		t.Error("other weights are taken for the reference's")
	}
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestListFlags(t *testing.T) {
	var names []string
	var numbers []int
	var models namesValue
	each := secondsValue(time.Second)
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	choices(fs, &names, "p", precisionNames(), "")
	wholes(fs, &numbers, "n", "")
	fs.Var(&models, "m", "")
	fs.Var(&each, "s", "")
	if fs.Lookup("s").DefValue != "1" || fs.Lookup("n").DefValue != "" || fs.Lookup("m").DefValue != "" {
		t.Error("defaults are not shown as they are")
	}
	if err := fs.Parse([]string{"--p", "int8, fp32,int8", "--n", "2,1", "--m", "a", "--m", "b", "--m=a", "--s", "0.25"}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, []string{"int8", "fp32"}) || !slices.Equal(numbers, []int{2, 1}) || !slices.Equal(models, []string{"a", "b"}) || time.Duration(each) != 250*time.Millisecond {
		t.Errorf("%q, %v, %q, %v", names, numbers, models, time.Duration(each))
	}
	for _, wrong := range []string{"--p=", "--p=int8,", "--p=int8;fp32", "--n=", "--n=1,,2", "--n=-1", "--m=", "--s=", "--s=inf", "--s=-1", "--s=4000"} {
		if err := fs.Parse([]string{wrong}); err == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{1.234, 2, "1.2"},
		{0.9996, 2, "1.0"},
		{0.994, 2, "0.99"},
		{9.99, 2, "10"},
		{17.3, 2, "17"},
		{0.01234, 3, "0.0123"},
		{12345.6, 3, "12,346"},
		{999.6, 3, "1,000"},
		{99.96, 3, "100"},
		{0, 3, "0.00"},
		{1 / zero(), 3, "+Inf"},
	} {
		if got := figures(c.v, c.digits); got != c.want {
			t.Errorf("%v with %d digits: %q, want %q", c.v, c.digits, got, c.want)
		}
	}
}

func zero() float64 { return 0 }

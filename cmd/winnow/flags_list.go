// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// listValue is a flag's value: names with commas between. Each is checked by parse.
type listValue struct {
	values *[]string
	kind   string // shown in the help
	parse  func(text string) error
}

// Type implements pflag.Value.
func (l *listValue) Type() string { return l.kind }

// String implements pflag.Value.
func (l *listValue) String() string {
	if l.values == nil {
		return ""
	}
	return strings.Join(*l.values, ",")
}

// Set implements pflag.Value.
func (l *listValue) Set(text string) error {
	var list []string
	for value := range strings.SplitSeq(text, ",") {
		value = strings.TrimSpace(value)
		if err := l.parse(value); err != nil {
			return err
		}
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	*l.values = list
	return nil
}

// choices registers a flag for some of a list of names.
func choices(fs *pflag.FlagSet, p *[]string, name string, known []string, usage string) {
	fs.Var(&listValue{p, "list", func(text string) error { return (&choiceValue{new(string), known}).Set(text) }}, name, usage)
}

// names registers a flag for names with commas between.
func names(fs *pflag.FlagSet, p *[]string, name, usage string) {
	fs.Var(&listValue{p, "list", func(text string) error {
		if text == "" {
			return errors.New("want names with commas between")
		}
		return nil
	}}, name, usage)
}

// wholes registers a flag for numbers that are not negative.
func wholes(fs *pflag.FlagSet, p *[]int, name, usage string) {
	fs.Var(&wholesValue{listValue{values: new([]string), kind: "list", parse: new(wholeValue).Set}, p}, name, usage)
}

// wholesValue is a listValue of numbers.
type wholesValue struct {
	listValue
	numbers *[]int
}

// Set implements pflag.Value.
func (w *wholesValue) Set(text string) error {
	if err := w.listValue.Set(text); err != nil {
		return err
	}
	*w.numbers = nil
	for _, text := range *w.values {
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		*w.numbers = append(*w.numbers, n)
	}
	return nil
}

// namesValue is a flag's value that may be given several times, a name each.
type namesValue []string

// Type implements pflag.Value.
func (n *namesValue) Type() string { return "string" }

// String implements pflag.Value.
func (n *namesValue) String() string { return strings.Join(*n, ", ") }

// Set implements pflag.Value.
func (n *namesValue) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("want a name")
	}
	if !slices.Contains(*n, text) {
		*n = append(*n, text)
	}
	return nil
}

// secondsValue is a flag's value: a time in seconds.
type secondsValue time.Duration

// Type implements pflag.Value.
func (s *secondsValue) Type() string { return "float" }

// String implements pflag.Value.
func (s *secondsValue) String() string {
	return strconv.FormatFloat(time.Duration(*s).Seconds(), 'g', -1, 64)
}

// Set implements pflag.Value.
func (s *secondsValue) Set(text string) error {
	const least, most = 0.001, 3600
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(v >= least && v <= most) {
		return fmt.Errorf("want a number of seconds from %v to %d", least, most)
	}
	*s = secondsValue(v * float64(time.Second))
	return nil
}

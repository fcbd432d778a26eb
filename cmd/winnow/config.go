// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/config"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/model/builtin"
)

// configOff as --config reads no file.
const configOff = "off"

func configFlag(cmd *cobra.Command, p *string) {
	cmd.Flags().StringVar(p, "config", "", "read settings and calibrations from `FILE`; off: from none; by default "+config.Name+" here or in the nearest parent that has one")
}

// configuration is what a command takes from a configuration file, and from the calibration that is built in.
type configuration struct {
	path     string // of the file, as it is written from here; "" without one
	file     *config.Config
	embedded *config.Config
	settings bool // search settings of the file are used
	exact    bool // its precision is used
}

// configure reads the configuration file that a command means. Its precision holds where --precision is not given.
func (a *app) configure(cmd *cobra.Command, named string) (*configuration, error) {
	k := &configuration{file: &config.Config{}}
	var err error
	if k.embedded, err = config.Parse(builtin.Calibration()); err != nil {
		return nil, fmt.Errorf("built-in calibration: %w", err)
	}
	if named == configOff {
		return k, nil
	}
	k.path = named
	if named == "" {
		found := false
		if k.path, found, err = config.Find("."); err != nil {
			return nil, withoutConfig(err)
		}
		if !found {
			k.path = ""
			return k, nil
		}
		if here, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(here, k.path); err == nil {
				k.path = rel
			}
		}
	}
	k.file, err = config.Load(k.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fileError(k.path, err)
	case err != nil:
		return nil, withoutConfig(err)
	}
	if p := k.file.Precision; p != "" && cmd.Flags().Lookup("precision") != nil && !cmd.Flags().Changed("precision") {
		k.exact = true
		if err := cmd.Flags().Set("precision", string(p)); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// withoutConfig adds to what is wrong with the file how to go on.
func withoutConfig(err error) error {
	return fmt.Errorf("%w\nMend the file, or go on without it: --config %s", err, configOff)
}

// calibrated is the option for engines: the calibrations of the file and, for models it does not have, those built in.
func (k *configuration) calibrated() winnow.Option { return winnow.Calibrated(k.maps()) }

// maps are those calibrations, by the fingerprints of their models.
func (k *configuration) maps() map[string]calibration.Map {
	all := k.embedded.Maps()
	maps.Copy(all, k.file.Maps())
	return all
}

// of finds the calibration of a cross-encoder; own says that it is of the file. Without one the map is the sigmoid.
func (k *configuration) of(c *encoder.CrossEncoder) (found config.Calibration, own, ok bool, err error) {
	found.Map = calibration.Sigmoid()
	if len(k.file.Calibration)+len(k.embedded.Calibration) == 0 {
		return found, false, false, nil
	}
	fingerprint, err := c.Model().Fingerprint()
	if err != nil {
		return found, false, false, err
	}
	if m, ok := k.file.Calibration[fingerprint]; ok {
		return m, true, true, nil
	}
	if m, ok := k.embedded.Calibration[fingerprint]; ok {
		return m, false, true, nil
	}
	return found, false, false, nil
}

// origin says where the probabilities of a cross-encoder are from.
func (k *configuration) origin(c *encoder.CrossEncoder) (string, error) {
	m, own, ok, err := k.of(c)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "not calibrated: the sigmoid of the logit; `winnow calibrate` makes probabilities of it", nil
	case own:
		return fmt.Sprintf("calibrated on %s; %s", fittedOn(m.From), k.path), nil
	}
	return fmt.Sprintf("built-in calibration, from %s; your data may differ: winnow calibrate", fittedOn(m.From)), nil
}

// fittedOn says on what a map was fitted.
func fittedOn(p config.Provenance) string {
	return fmt.Sprintf("%s, %s", joinNames(p.Collections, "and"), term.Plural(p.Queries, "query", "queries"))
}

// note says on stderr that the file is used, and for what. crosses are the cross-encoders whose probabilities are shown.
func (k *configuration) note(a *app, crosses ...*encoder.CrossEncoder) error {
	for _, c := range crosses {
		if err := k.warnLength(a, c); err != nil {
			return err
		}
	}
	if k.path == "" {
		return nil
	}
	var parts []string
	if k.settings {
		parts = append(parts, "search settings")
	}
	if k.exact {
		parts = append(parts, "precision "+string(k.file.Precision))
	}
	for _, c := range crosses {
		_, own, _, err := k.of(c)
		if err != nil {
			return err
		}
		if own {
			parts = append(parts, "calibrated probabilities")
			break
		}
	}
	if len(parts) > 0 {
		a.note(fmt.Sprintf("%s gives %s; --config %s goes without it", k.path, strings.Join(parts, ", "), configOff))
	}
	return nil
}

// warnLength says that the calibration of a cross-encoder is from pairs cut at another length. It is used all the same: where few
// pairs are that long, little changes.
func (k *configuration) warnLength(a *app, c *encoder.CrossEncoder) error {
	m, _, ok, err := k.of(c)
	if err != nil {
		return err
	}
	if n := m.From.MaxTokens; ok && n > 0 && n != c.MaxTokens() {
		a.warn(fmt.Sprintf("probabilities of %s were calibrated on pairs of at most %d tokens, and pairs now have at most %d: they may be off; calibrate with the same --max-tokens", c.Model().Name, n, c.MaxTokens()))
	}
	return nil
}

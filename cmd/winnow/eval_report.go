// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"

	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/experiment/report"
	"github.com/winnow-search/winnow/internal/atomicfile"
)

// report writes what is measured so far into the file of --html: an interrupt loses the collections after it only.
func (f *evalFlags) report(c *experiment.Collection, m *experiment.Manifest, out *evaluation) error {
	pictures, err := c.Pictures(experiment.PictureOptions{Query: f.shift, Seed: m.Seed})
	if err != nil {
		return err
	}
	out.sections = append(out.sections, report.Section{Collection: c, Manifest: m, Pictures: pictures})
	var page bytes.Buffer
	if err := report.Write(&page, report.Report{Command: append([]string{"winnow"}, os.Args[1:]...), Sections: out.sections}); err != nil {
		return err
	}
	return atomicfile.Write(f.html, page.Bytes())
}

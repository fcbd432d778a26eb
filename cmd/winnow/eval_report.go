// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/experiment/report"
	"github.com/winnow-search/winnow/internal/atomicfile"
)

// report writes what is measured so far into the file of --html: an interrupt loses the collections after it only.
func (f *evalFlags) report(c *experiment.Collection, m *experiment.Manifest, o experiment.PictureOptions, out *evaluation) error {
	pictures, failed := c.Pictures(o)
	out.sections = append(out.sections, report.Section{Collection: c, Manifest: m, Pictures: pictures})
	page, err := reportPage(out.sections)
	if last := &out.sections[len(out.sections)-1]; err != nil && len(last.Pictures) > 0 {
		failed, last.Pictures = errors.Join(failed, err), nil
		page, err = reportPage(out.sections)
	}
	if err == nil {
		err = atomicfile.Write(f.html, page)
	}
	if failed != nil && err == nil {
		return fmt.Errorf("%s is written without pictures of %s: %w", f.html, c.Name, failed)
	}
	return errors.Join(failed, err)
}

func reportPage(sections []report.Section) ([]byte, error) {
	var page bytes.Buffer
	err := report.Write(&page, report.Report{Command: append([]string{"winnow"}, os.Args[1:]...), Sections: sections})
	return page.Bytes(), err
}

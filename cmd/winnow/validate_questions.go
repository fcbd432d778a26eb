// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/internal/strictjson"
)

// maxQuestions and maxAnswers bound a file of questions.
const (
	maxQuestions = 1_000_000
	maxAnswers   = 10_000
)

// readQuestions reads questions with their answers, a JSON object a line.
func readQuestions(r io.Reader, name string) ([]asked, error) {
	var out []asked
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxRow)
	number := 0
	for s.Scan() {
		number++
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		q, err := parseQuestion(s.Bytes())
		if err == nil && len(out) == maxQuestions {
			err = fmt.Errorf("more than %d questions: split the file", maxQuestions)
		}
		if err != nil {
			return nil, &document.LineError{Name: name, Number: number, Err: err}
		}
		out = append(out, q)
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &document.LineError{Name: name, Number: number + 1, Err: fmt.Errorf("longer than %d bytes", maxRow)}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(out) == 0:
		return nil, fmt.Errorf("%s: %w: give one object a line, {\"question\", \"answers\": […]}", name, document.ErrEmpty)
	}
	return out, nil
}

// parseQuestion reads a line.
func parseQuestion(line []byte) (asked, error) {
	var q struct {
		Question string   `json:"question"`
		Answers  []string `json:"answers"`
	}
	if err := strictLine(line, &q); err != nil {
		return asked{}, err
	}
	switch {
	case strings.TrimSpace(q.Question) == "":
		return asked{}, errors.New(`field "question" is missing or empty`)
	case len(q.Answers) == 0:
		return asked{}, errors.New(`field "answers" is missing or empty`)
	case len(q.Answers) > maxAnswers:
		return asked{}, fmt.Errorf("%d answers; a question takes at most %d", len(q.Answers), maxAnswers)
	}
	for i, text := range q.Answers {
		if strings.TrimSpace(text) == "" {
			return asked{}, fmt.Errorf("answer %d is empty", i+1)
		}
	}
	return asked{q.Question, numbered(q.Answers)}, nil
}

// strictLine reads one object and nothing else. The caller knows which line it is.
func strictLine(line []byte, into any) error {
	err := strictjson.Unmarshal(line, into)
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return e.Err
	}
	return err
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestVerdicts(t *testing.T) {
	for p, want := range map[float64]string{1: answers, 2.0 / 3: answers, 0.66: unclear, 1.0 / 3: unclear, 0.33: doesNotAnswer, 0: doesNotAnswer} {
		if got := verdictOf(p); got != want {
			t.Errorf("%v: %s, want %s", p, got, want)
		}
	}
}

func TestQuestions(t *testing.T) {
	got, err := readQuestions(strings.NewReader(`{"question": "a?", "answers": ["x", "y"]}`+"\n\n"+`{"question": "b?", "answers": ["z"]}`), "q")
	if err != nil || len(got) != 2 || got[0].question != "a?" || got[0].answers[1] != (labelled{"2", "y"}) || len(got[1].answers) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"":                                      "q: ",
		`{"question": "a"}`:                     `q: line 1: field "answers" is missing or empty`,
		"\n" + `{"answers": ["a"]}`:             `q: line 2: field "question" is missing or empty`,
		`{"question": "a", "answer": ["b"]}`:    `q: line 1: unknown field "answer": did you mean "answers"?`,
		`{"question": "a", "answers": [""]}`:    "q: line 1: answer 1 is empty",
		`{"question": "a", "answers": ["b"]} x`: "q: line 1: text after the end of the object",
	} {
		if _, err := readQuestions(strings.NewReader(text), "q"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzQuestions(f *testing.F) {
	f.Add([]byte(`{"question": "a?", "answers": ["x", "y"]}`))
	f.Add([]byte(`{"question": "a?", "answers": []}`))
	f.Add([]byte("{}{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := readQuestions(bytes.NewReader(data), "fuzz")
		if (err == nil) == (len(list) == 0) {
			t.Fatalf("%d questions, %v", len(list), err)
		}
		for _, q := range list {
			if strings.TrimSpace(q.question) == "" || len(q.answers) == 0 {
				t.Fatalf("%+v", q)
			}
		}
	})
}

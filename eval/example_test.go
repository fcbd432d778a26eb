// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval_test

import (
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/eval"
)

// A run in which the two best documents have one score. trec_eval puts "b" before "a", because of its name.
func ExampleEvaluate() {
	run, err := eval.ReadRun(strings.NewReader("q1 Q0 a 1 0.9 demo\nq1 Q0 b 2 0.9 demo\nq1 Q0 c 3 0.1 demo\n"), "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	qrels, err := eval.ReadQrels(strings.NewReader("q1 0 a 1\nq1 0 c 1\n"), "qrels")
	if err != nil {
		fmt.Println(err)
		return
	}
	measures, err := eval.ParseMeasures("P@1 MRR nDCG@10")
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := eval.Evaluate(run, qrels, eval.Options{Measures: measures})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range measures {
		fmt.Printf("%-7s %.3f, tie-aware %.3f, %d tied\n", m, report.Means[m], report.TieAware[m], report.Tied[m])
	}
	// Output:
	// P@1     0.000, tie-aware 0.500, 1 tied
	// MRR     0.500, tie-aware 0.750, 1 tied
	// nDCG@10 0.693, tie-aware 0.807, 1 tied
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/winnow-search/winnow/internal/proctest"
)

// TestIdle looks at the resident pages of an index that is used, idle, and used again.
func TestIdle(t *testing.T) {
	for _, vectors := range damageKinds {
		dir, err := filepath.EvalSymlinks(fastDir(t))
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(dir, "db")
		makeSpecimen(t, dir, vectors, 400)
		db, err := Open(dir, Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		want := answers(db)
		for round := range 3 {
			if _, got := proctest.Mapped(t, dir); got == 0 {
				t.Error("nothing is resident after searches: the test does not find the mappings")
			}
			if idle, err := db.IdleAfter(time.Hour); idle || err != nil {
				t.Fatalf("idle an hour after a search: %v, %v", idle, err)
			}
			if round == 0 {
				if err := db.Idle(); err != nil {
					t.Fatal(err)
				}
			} else if idle, err := db.IdleAfter(0); !idle || err != nil {
				t.Fatalf("%v, %v", idle, err)
			}
			if _, got := proctest.Mapped(t, dir); got != 0 {
				t.Errorf("%s: %d kB are resident when idle", vectors, got)
			}
			if got := answers(db); !slices.Equal(got, want) {
				t.Errorf("%s: answers changed: %v, want %v", vectors, got, want)
			}
		}
		if _, err := db.IdleAfter(0); err != nil {
			t.Fatal(err)
		}
		if idle, err := db.IdleAfter(0); idle || err != nil {
			t.Errorf("idle again, though nothing was asked: %v, %v", idle, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Idle(); err == nil {
			t.Error("a closed index is idle")
		}
	}
}

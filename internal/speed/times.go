// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package speed

import "time"

// Milliseconds is a time as reports give it.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Duration is a time in milliseconds as the clock gives it.
func Duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

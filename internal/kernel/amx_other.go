// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build amd64 && !linux && !noasm && gc

package kernel

// amxPermitted is false: other systems have ways of their own to ask for the
// matrix unit's registers, or none.
func amxPermitted() bool { return false }

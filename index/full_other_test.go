// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux

package index

import "errors"

func fullChild() error { return errors.New("only on Linux") }

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"slices"
	"sync"
)

var (
	registryMu sync.RWMutex
	registry   = map[string]func() (Files, error){}
)

// Register makes a model known to Open and List under a name, usually from a package's init
// function. The name holds a colon ("builtin:retriever"), so that it cannot hide a directory or a
// Hub id. open is called each time the model is opened. Register panics if the name has no colon or
// is taken: both are mistakes in the program, not in its input.
func Register(name string, open func() (Files, error)) {
	registryMu.Lock()
	defer registryMu.Unlock()
	if !slices.Contains([]byte(name), ':') {
		panic(fmt.Sprintf("model: registered name %q has no colon", name))
	}
	if _, ok := registry[name]; ok {
		panic(fmt.Sprintf("model: name %q is registered twice", name))
	}
	registry[name] = open
}

// registered returns the function that opens a registered model, nil for an unknown name.
func registered(name string) func() (Files, error) {
	registryMu.RLock()
	defer registryMu.RUnlock()
	return registry[name]
}

// registeredNames returns all registered names, sorted.
func registeredNames() []string {
	registryMu.RLock()
	defer registryMu.RUnlock()
	return sortedKeys(registry)
}

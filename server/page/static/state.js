// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// What the page shows is in its address, so that it can be reloaded, kept and sent to others.

/** What holds for what the address does not say. */
const defaults = {
  view: "search", collection: "", q: "", filter: "",
  mode: "", rerank: "", depth: "", budget: "1s", // of a search
  passages: "10", // of an answer
  candidates: "20", // of a comparison
  queries: "", against: "hits", top: "5", // of a matrix
  depths: "10,20,50,100", without: "", // of an evaluation
  offset: "0", // in the list of documents
};

/** The state that the address says. Parameters that are not known are left aside. */
export function read() {
  const state = { ...defaults };
  for (const [name, value] of new URLSearchParams(location.search)) if (Object.hasOwn(defaults, name)) state[name] = value;
  return state;
}

/** The address of a state: the present one with changes. */
export function address(change) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...read(), ...change })) if (value !== defaults[name]) query.set(name, value);
  const text = query.toString();
  return location.pathname + (text ? "?" + text : "");
}

let told = () => {};

/** Calls f whenever write has changed the address. */
export function watch(f) {
  told = f;
}

/** Changes the address. A step that Back undoes is made with step; typing makes none. */
export function write(change, { step = false } = {}) {
  const to = address(change);
  if (to === location.pathname + location.search) return;
  history[step ? "pushState" : "replaceState"](null, "", to);
  told();
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// What went wrong, and what can be done about it.

import { useKey, apiKey, Failure } from "./api.js";
import { el, fill } from "./dom.js";

const titles = {
  0: "No answer", 400: "This cannot be done", 401: "An API key is needed", 403: "Not allowed", 404: "Nothing there", 409: "Somebody else is writing",
  413: "Too large", 429: "Too much at once", 502: "No answer from the language model", 503: "Not now",
};

/** Shows a failure in a node, with a way on: a field for the API key, or a button that calls again. */
export function show(node, failure, again) {
  const [first, ...rest] = failure.message.split("\n");
  fill(node, el("section", { class: "notice", id: "notice", role: "alert", "data-status": failure.status ?? "" },
    el("h2", {}, titles[failure.status] ?? "That failed"),
    el("p", {}, failure.status === 401 ? (apiKey() ? "The server does not take this key. Give another one." : "This server answers those who have one.") : first),
    rest.length > 0 && el("pre", {}, rest.join("\n")), // where in the text something is wrong
    failure.status === 401 ? keyForm(again) : wayOn(failure, again)));
}

/** Does the one request of a view, and says meanwhile what it does. A failure takes the place of the results, with a way to run again. */
export async function during(view, saying, request) {
  fill(view.status, saying);
  view.results.setAttribute("aria-busy", "true");
  try {
    await request();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Failure)) throw error;
    fill(view.status);
    show(view.results, error, () => view.run());
  }
  view.results.removeAttribute("aria-busy");
}

function keyForm(again) {
  const field = el("input", { type: "password", id: "key", name: "key", autocomplete: "off", required: true, spellcheck: "false" });
  const submit = (event) => {
    event.preventDefault();
    useKey(field.value.trim());
    again();
  };
  return el("form", { class: "line", onsubmit: submit },
    el("label", { for: "key" }, "API key"), field, el("button", { class: "primary" }, "Use key"),
    el("p", { class: "hint" }, "Kept in this tab until it is closed. ", el("code", {}, "winnow key"), " makes keys."));
}

function wayOn(failure, again) {
  if (![0, 409, 429, 502, 503].includes(failure.status)) return null;
  const button = el("button", { class: "primary", onclick: again }, "Try again");
  if (failure.retry > 0) {
    let left = failure.retry;
    const tick = () => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? "Try again in " + left + " s" : "Try again";
      if (left-- > 0 && (button.isConnected || left + 1 === failure.retry)) setTimeout(tick, 1000);
    };
    tick();
  }
  return el("p", {}, button);
}

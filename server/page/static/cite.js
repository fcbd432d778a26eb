// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Texts with citations, as the server writes them: [1][2], and [?] for a passage that was not sent.

import { el } from "./dom.js";

const citation = /\[(\d{1,4}|\?)\]/g;

/** The id of the element of a passage that was sent. */
export const passageId = (number) => "passage-" + number;

/** A text as nodes, its citations as links to passages, which go takes one to. */
export function cited(text, go) {
  const nodes = [];
  let at = 0;
  for (const m of text.matchAll(citation)) {
    nodes.push(text.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[1] === "?") nodes.push(el("span", { class: "cite unknown", title: "a passage that was not sent" }, m[0]));
    else nodes.push(el("a", { class: "cite", href: "#" + passageId(m[1]), "aria-label": "passage " + m[1], onclick: (event) => follow(event, () => go(Number(m[1]))) }, m[0]));
  }
  nodes.push(text.slice(at));
  return nodes;
}

/** Goes there without a step in the history: what is shown stays the same. */
function follow(event, go) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go();
}

/**
 * A text in parts, each with the sentence that it is or null. Sentences come without citations and with other spaces than in the
 * text: only what is neither is compared. A sentence takes the citations behind it. One that is not found is left out.
 */
export function sentencesIn(text, sentences) {
  const at = []; // where in the text each compared character is
  let compared = "";
  const hidden = new Set([...text.matchAll(citation)].flatMap((m) => Array.from(m[0], (_, i) => m.index + i)));
  for (let i = 0; i < text.length; i++) {
    if (hidden.has(i) || /\s/.test(text[i])) continue;
    at.push(i);
    compared += text[i];
  }
  const parts = [];
  let done = 0;
  let from = 0;
  for (const sentence of sentences) {
    const wanted = sentence.text.replace(/\s+/g, "");
    const found = wanted ? compared.indexOf(wanted, from) : -1;
    if (found < 0) continue;
    from = found + wanted.length;
    const start = at[found];
    let end = at[from - 1] + 1;
    end += /^(?:[ \t]*\[(?:\d{1,4}|\?)\])*/.exec(text.slice(end))[0].length;
    parts.push({ part: text.slice(done, start), sentence: null }, { part: text.slice(start, end), sentence });
    done = end;
  }
  parts.push({ part: text.slice(done), sentence: null });
  return parts.filter(({ part }) => part);
}

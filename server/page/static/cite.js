// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Texts with citations, as the server writes them: [1][2], and [?] for a passage that was not sent.

import { el } from "./dom.js";

const citation = /\[(?:\d{1,4}|\?)\]/g;

// Code between backticks, of three and more over lines and also without an end, or else a citation, whose number is the third group.
const codeOrCitation = /(?<!`)(`{3,})(?!`)[^]*?(?:(?<!`)\1(?!`)|$)|(?<!`)(`{1,2})(?!`).*?(?<!`)\2(?!`)|\[(\d{1,4}|\?)\]/g;

/** The id of the element of a passage that was sent. */
export const passageId = (number) => "passage-" + number;

/**
 * A text, or a part of it, as nodes, its citations as links to passages, which go takes one to. known are those that there are, as they
 * stand between the brackets: anything else is text, and so is all that is in code.
 */
export function cited(text, known, go, start = 0, end = text.length) {
  const nodes = [];
  let at = start;
  for (const m of text.matchAll(codeOrCitation)) {
    if (!known.has(m[3]) || m.index < start || m.index >= end) continue;
    nodes.push(text.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[3] === "?") nodes.push(el("span", { class: "cite unknown", title: "a passage that was not sent" }, m[0]));
    else nodes.push(el("a", { class: "cite", href: "#" + passageId(m[3]), "aria-label": "passage " + m[3], onclick: (event) => follow(event, () => go(m[3])) }, m[0]));
  }
  nodes.push(text.slice(at, end));
  return nodes;
}

/** Goes there without a step in the history: what is shown stays the same. */
function follow(event, go) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go();
}

/**
 * A text in parts from start to end, each with the sentence that it is or null. Sentences come without citations and with other spaces
 * than in the text: only what neither is nor looks like one is compared. A sentence takes the citations behind it. One that is not found is left out.
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
    const wanted = sentence.text.replace(citation, "").replace(/\s+/g, "");
    const found = wanted ? compared.indexOf(wanted, from) : -1;
    if (found < 0) continue;
    from = found + wanted.length;
    const start = at[found];
    let end = at[from - 1] + 1;
    end += /^(?:[ \t]*\[(?:\d{1,4}|\?)\])*/.exec(text.slice(end))[0].length;
    parts.push({ start: done, end: start, sentence: null }, { start, end, sentence });
    done = end;
  }
  parts.push({ start: done, end: text.length, sentence: null });
  return parts.filter(({ start, end }) => start < end);
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Texts with marks. The server counts bytes of UTF-8 where JavaScript counts UTF-16 units.

import { el } from "./dom.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The bytes [start, end) of a text as nodes: words of the query in <mark>, the nearest sentence in <span class="sentence">. Ranges are
 * half open and in bytes; those that lie outside are cut or left out.
 */
export function marked(text, { start = 0, end = Infinity, terms = [], sentence = null } = {}) {
  const bytes = encoder.encode(text);
  end = Math.min(end, bytes.length);
  const edges = new Set([start, end]);
  for (const range of sentence ? [...terms, sentence] : terms) for (const edge of range) if (edge > start && edge < end) edges.add(edge);
  const at = [...edges].sort((a, b) => a - b);
  const inside = (range, position) => range[0] <= position && position < range[1];
  const nodes = [];
  let nearest = null;
  for (let i = 0; i + 1 < at.length; i++) {
    const piece = decoder.decode(bytes.subarray(at[i], at[i + 1]));
    const node = terms.some((range) => inside(range, at[i])) ? el("mark", {}, piece) : document.createTextNode(piece);
    if (!sentence || !inside(sentence, at[i])) {
      nodes.push(node);
      continue;
    }
    if (!nearest) nodes.push((nearest = el("span", { class: "sentence" })));
    nearest.append(node);
  }
  return nodes;
}

/** Cuts a text at bytes: gives [start, end) of it. */
export function slicer(text) {
  const bytes = encoder.encode(text);
  return (start, end) => decoder.decode(bytes.subarray(start, end));
}

/** A hit's snippet, with … where it leaves something out. */
export function snippet(hit) {
  const s = hit.snippet;
  if (!s) return [hit.text.slice(0, 280), hit.text.length > 280 && " …"];
  const length = encoder.encode(hit.text).length;
  return [s.start > 0 && "… ", marked(hit.text, { ...s }), s.end < length && " …"];
}

/** What the marks of a hit with a nearest sentence mean. */
export const meaning = "Tinted: words of the query. Underlined: the sentence nearest to it by vectors.";

/** Where a passage stands, as in docs/a.md:3–11. */
export function place(source) {
  if (!source?.path) return "";
  if (source.page) return source.path + ", page " + source.page;
  if (!source.start_line) return source.path;
  return source.path + ":" + source.start_line + (source.end_line > source.start_line ? "\u2013" + source.end_line : "");
}

/** What a passage is called: its title (without Markdown's marks of code), else its file, else its id. */
export const nameOf = (passage) => passage.title?.replaceAll("`", "") || passage.source?.path?.split("/").pop() || passage.id;

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The compare view: the same passages in the orders of BM25, the bi-encoder and the cross-encoder, with lines from place to place.

import * as api from "./api.js";
import { count, duration, el, fill, fixed, percent, setField, shortName, signed } from "./dom.js";
import * as notice from "./notice.js";
import * as state from "./state.js";
import { nameOf, place } from "./text.js";

const row = 46; // the height of a cell with its gap, in pixels, as in style.css
const gap = 100; // the width that a picture of lines has in its own units

/** The compare view. */
export class CompareView {
  constructor(root) {
    this.form = root.querySelector("form");
    this.status = root.querySelector("[role=status]");
    this.results = root.querySelector(".results");
    const run = (event) => {
      event.preventDefault();
      state.write(Object.fromEntries(new FormData(this.form)), { step: event.type === "submit" });
      this.run();
    };
    this.form.addEventListener("submit", run);
    this.form.addEventListener("change", (event) => event.target.name !== "q" && run(event));
  }

  start() {
    const s = state.read();
    for (const name of ["q", "candidates", "filter"]) setField(this.form.elements[name], s[name]);
    this.run();
  }

  stop() {
    this.running?.abort();
  }

  async run() {
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const s = state.read();
    if (!s.q.trim()) {
      this.results.removeAttribute("aria-busy");
      fill(this.status);
      fill(this.results, el("section", { class: "empty" }, el("h2", {}, "Three views of one query"),
        el("p", {}, "Left by words (BM25), in the middle by vectors (bi-encoder), right as the cross-encoder orders what it has read. The lines show who wins and who loses places.")));
      return;
    }
    const request = { query: s.q, candidates: Number(s.candidates) || undefined, filter: s.filter || undefined, collection: s.collection || undefined };
    await notice.during(this, "comparing …", async () => this.show(await api.compare(request, signal)));
  }

  show(c) {
    const parts = [count(c.rows.length, "passage")];
    if (c.agreement !== undefined) parts.push("agreement of the encoders " + signed(c.agreement) + " (Kendall's τ)");
    parts.push(duration(c.timing_ms.total));
    fill(this.status, parts.join(" · "));
    if (!c.rows.length) {
      fill(this.results, el("section", { class: "empty" }, el("h2", {}, "No passage found")));
      return;
    }
    const columns = [
      column("BM25", "words", c.rows, (r) => r.bm25, (f) => fixed(f.score)),
      column("Bi-encoder", shortName(c.retriever), c.rows, (r) => r.bi_encoder, (f) => fixed(f.score)),
      column("Cross-encoder", shortName(c.reranker), c.rows, (r) => r.cross_encoder, (f) => signed(f.score)),
    ];
    const detail = el("section", { class: "detail", "aria-label": "Passage", "aria-live": "polite" });
    const board = el("div", { class: "board" });
    const choose = (passage) => {
      for (const node of board.querySelectorAll("[data-id]")) node.classList.toggle("chosen", node.dataset.id === passage.id);
      for (const b of board.querySelectorAll("button")) b.setAttribute("aria-pressed", String(b.dataset.id === passage.id));
      fill(detail, describe(passage, c));
    };
    fill(board, lane(columns[0], choose), lines(columns[0], columns[1]), lane(columns[1], choose), lines(columns[1], columns[2]), lane(columns[2], choose));
    fill(this.results, board,
      el("p", { class: "legend" }, el("span", {}, el("i", { class: "up" }), "wins places"), el("span", {}, el("i", { class: "down" }), "loses places"), el("span", {}, el("i", { class: "same" }), "stays")),
      detail, c.bands && el("p", { class: "hint" }, c.bands + "."));
    choose(c.rows[0]);
  }
}

/** A column: passages in the order of one view; those that it has no score for come last. */
function column(title, about, rows, view, score) {
  const cells = rows.map((passage) => ({ passage, found: view(passage) }));
  cells.sort((a, b) => (a.found?.rank ?? Infinity) - (b.found?.rank ?? Infinity) || a.passage.bi_encoder.rank - b.passage.bi_encoder.rank);
  return { title, about, cells, score, at: new Map(cells.map((cell, i) => [cell.passage.id, i])), rank: new Map(cells.map((cell) => [cell.passage.id, cell.found?.rank])) };
}

function lane(column, choose) {
  const { title, about, cells, score } = column;
  return el("div", { class: "lane" }, el("h3", {}, title, el("small", {}, about)),
    el("ol", {}, cells.map(({ passage, found }) => {
      const name = nameOf(passage);
      const where = [name, place(passage.source)].filter(Boolean).join(", ");
      const label = where + ", " + title + (found ? " rank " + found.rank + ", score " + score(found) : ": no word of the query");
      return el("li", {}, el("button", { "data-id": passage.id, "aria-label": label, title: where, class: found ? "" : "absent", onclick: () => choose(passage), onfocus: () => choose(passage) },
        el("span", { class: "rank" }, found ? found.rank : "–"), el("span", { class: "name" }, name), el("span", { class: "value" }, found ? score(found) : "")));
    })));
}

/** Lines from the places of one column to those of the next. A line from where there is no score is faint. */
function lines(from, to) {
  const height = from.cells.length * row;
  const y = (i) => i * row + row / 2 - 2;
  return el("svg", { class: "lines", viewBox: `0 0 ${gap} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true", style: { height: height + "px" } },
    to.cells.map(({ passage }) => {
      const a = from.at.get(passage.id);
      const b = to.at.get(passage.id);
      const won = from.rank.get(passage.id) - to.rank.get(passage.id); // by the ranks, which count passages that are not shown, too
      const cls = Number.isNaN(won) ? "unknown" : won > 0 ? "up" : won < 0 ? "down" : "same";
      return el("path", { "data-id": passage.id, class: cls, d: `M0 ${y(a)}C${gap / 2} ${y(a)} ${gap / 2} ${y(b)} ${gap} ${y(b)}` });
    }));
}

function describe(p, c) {
  const moved = p.moved > 0 ? "▲" + p.moved : p.moved < 0 ? "▼" + -p.moved : "=";
  const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  return [
    el("h3", {}, nameOf(p)), place(p.source) && el("p", { class: "place" }, place(p.source)),
    el("dl", { class: "facts" },
      fact("BM25", p.bm25 ? fixed(p.bm25.score) + " · #" + p.bm25.rank + " of all" : "no word of the query"),
      fact(c.score_kind, fixed(p.bi_encoder.score, 4) + " · #" + p.bi_encoder.rank),
      fact("logit", signed(p.cross_encoder.score) + " · #" + p.cross_encoder.rank + " " + moved),
      fact(c.calibrated ? "P(relevant)" : "sigmoid, not calibrated", percent(p.probability) + (p.band ? " · " + p.band : ""))),
    el("p", { class: "full" }, p.text),
    p.truncated_tokens > 0 && el("p", { class: "cut" }, count(p.truncated_tokens, "token") + " not read by the cross-encoder"),
  ];
}

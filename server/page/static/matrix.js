// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The matrix view: several queries against several texts or hits, by both encoders, as a table whose cells are tinted by their values.

import * as api from "./api.js";
import { count, el, fill, fixed, percent, setField, shortName, signed } from "./dom.js";
import * as notice from "./notice.js";
import * as state from "./state.js";
import { nameOf, place } from "./text.js";

const fields = ["queries", "against", "top", "filter"]; // that the address has

/** The lines of a field that are not empty. */
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** The matrix view. Texts of one's own are kept in the page alone: they are too long for an address. */
export class MatrixView {
  constructor(root) {
    this.form = root.querySelector("form");
    this.status = root.querySelector("[role=status]");
    this.results = root.querySelector(".results");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      state.write(Object.fromEntries(fields.map((name) => [name, this.form.elements[name].value])), { step: true });
      this.run();
    });
    this.form.addEventListener("change", () => this.allow());
  }

  start() {
    const s = state.read();
    for (const name of fields) setField(this.form.elements[name], s[name]);
    if (!s.queries) this.form.elements.queries.value = s.q;
    this.allow();
    this.run();
  }

  stop() {
    this.running?.abort();
  }

  /** Texts of one's own, or how many hits: one of the two is asked for. */
  allow() {
    const own = this.form.elements.against.value === "texts";
    for (const [name, wanted] of [["texts", own], ["top", !own], ["filter", !own]]) this.form.elements[name].closest("label").hidden = !wanted;
  }

  async run() {
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const s = state.read();
    const queries = lines(s.queries);
    const texts = s.against === "texts" ? lines(this.form.elements.texts.value) : [];
    if (!queries.length || (s.against === "texts" && !texts.length)) {
      this.results.removeAttribute("aria-busy");
      fill(this.status);
      fill(this.results, el("section", { class: "empty" }, el("h2", {}, "Every query against every text"),
        el("p", {}, "Left what the bi-encoder makes of each pair, right the cross-encoder. Where the two disagree is where reranking changes the order.")));
      return;
    }
    const request = texts.length ? { queries, texts } : { queries, top_k: Number(s.top) || undefined, filter: s.filter || undefined };
    await notice.during(this, "scoring …", async () => this.show(await api.matrix({ ...request, collection: s.collection || undefined }, signal)));
  }

  show(m) {
    fill(this.status, count(m.queries.length, "query", "queries") + " · " + count(m.passages.length, m.passages[0]?.id ? "passage" : "text"));
    if (!m.passages.length) {
      fill(this.results, el("section", { class: "empty" }, el("h2", {}, "No passage found"), el("p", {}, "The filter may let nothing through.")));
      return;
    }
    const blocks = [];
    if (m.bi_encoder) blocks.push({ name: "Bi-encoder", kind: m.bi_encoder.score_kind, model: m.bi_encoder.model, scores: m.bi_encoder.scores, write: (v) => fixed(v) });
    if (m.cross_encoder) blocks.push({ name: "Cross-encoder", kind: "logit", model: m.cross_encoder.model, scores: m.cross_encoder.scores, write: (v) => signed(v, 1) });
    if (!blocks.length) {
      fill(this.results, el("section", { class: "empty" }, el("h2", {}, "Nothing to score with"), el("p", {}, "There is neither a bi-encoder nor a cross-encoder for these.")));
      return;
    }
    for (const b of blocks) Object.assign(b, bounds(b.scores));
    const detail = el("section", { class: "detail", "aria-label": "Pair", "aria-live": "polite" });
    const table = grid(m, blocks, (q, p) => fill(detail, describe(m, q, p)));
    fill(this.results,
      el("ol", { class: "queries" }, m.queries.map((q, i) => el("li", {}, el("b", {}, "Q" + (i + 1)), " ", q))),
      el("div", { class: "wide", role: "region", "aria-label": "Scores of every pair" }, table),
      el("ul", { class: "scales" }, blocks.map(scale)),
      el("p", { class: "hint" }, "The stronger the tint, the higher the score within its encoder; the best of a query is framed. Arrow keys go from cell to cell."), detail);
    table.querySelector("td button").click();
  }
}

function bounds(scores) {
  const all = scores.flat();
  return { low: Math.min(...all), high: Math.max(...all), best: scores.map((row) => row.indexOf(Math.max(...row))) };
}

/** The table: a row for each text, and for each encoder a column for each query. */
function grid(m, blocks, choose) {
  const cells = []; // by row
  const table = el("table", { class: "heat" },
    el("caption", { class: "spoken" }, "Scores of texts (rows) for queries (columns), by encoder"),
    el("colgroup", { class: "names" }), blocks.map(() => el("colgroup", { class: "block", span: m.queries.length })),
    el("thead", {},
      el("tr", {}, el("td", { rowspan: 2 }), blocks.map((b) => el("th", { scope: "colgroup", colspan: m.queries.length, title: b.model }, b.name, el("small", {}, " ", b.kind)))),
      el("tr", {}, blocks.map((b) => m.queries.map((q, i) => el("th", { scope: "col", title: q, class: i ? "" : "begins" }, el("abbr", { title: q }, "Q" + (i + 1))))))),
    el("tbody", {}, m.passages.map((passage, p) => {
      const row = [];
      cells.push(row);
      return el("tr", {}, el("th", { scope: "row", title: passage.text.slice(0, 400) }, el("span", {}, label(passage))),
        blocks.map((b) => m.queries.map((_, q) => {
          const value = b.scores[q][p];
          const share = b.high > b.low ? (value - b.low) / (b.high - b.low) : 0;
          const best = b.best[q] === p;
          const button = el("button", { tabindex: "-1", class: best ? "best" : "", "aria-pressed": "false", style: { "--share": fixed(share, 3).replace("\u2212", "-") } }, b.write(value), best && el("span", { class: "spoken" }, ", best"));
          const go = () => {
            for (const other of table.querySelectorAll("[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
            for (const other of table.querySelectorAll("td button[tabindex='0']")) other.tabIndex = -1;
            button.tabIndex = 0;
            button.setAttribute("aria-pressed", "true");
            choose(q, p);
          };
          button.addEventListener("click", go);
          button.addEventListener("focus", go);
          row.push(button);
          return el("td", { class: q ? "" : "begins" }, button);
        })));
    })));
  table.addEventListener("keydown", (event) => move(event, cells));
  return table;
}

/** Arrow keys, Home and End go from cell to cell. */
function move(event, cells) {
  const r = cells.findIndex((row) => row.includes(event.target));
  if (r < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const c = cells[r].indexOf(event.target);
  const to = { ArrowDown: [r + 1, c], ArrowUp: [r - 1, c], ArrowRight: [r, c + 1], ArrowLeft: [r, c - 1], Home: [r, 0], End: [r, cells[r].length - 1] }[event.key];
  if (!to) return;
  cells[to[0]]?.[to[1]]?.focus();
  event.preventDefault();
}

const label = (passage) => (passage.id ? nameOf(passage) : passage.text);

const scale = (b) => el("li", {}, b.name + " " + shortName(b.model) + ", ", el("span", {}, b.kind + " " + b.write(b.low), el("span", { class: "ramp", "aria-hidden": "true" }), b.write(b.high)));

/** A value with its place among the texts of its query. */
function ranked(scores, q, p, write) {
  return write(scores[q][p]) + " · #" + (1 + scores[q].filter((v) => v > scores[q][p]).length) + " of " + scores[q].length;
}

function describe(m, q, p) {
  const passage = m.passages[p];
  const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  const { bi_encoder: bi, cross_encoder: cross } = m;
  return [
    el("h3", {}, "Q" + (q + 1) + ": " + m.queries[q]),
    el("p", { class: "place" }, passage.id ? [nameOf(passage), place(passage.source)].filter(Boolean).join(", ") : "text " + (p + 1)),
    el("dl", { class: "facts" },
      bi && fact(bi.score_kind, ranked(bi.scores, q, p, (v) => fixed(v, 4))),
      cross && fact("logit", ranked(cross.scores, q, p, (v) => signed(v))),
      cross && fact(cross.calibrated ? "P(relevant)" : "sigmoid, not calibrated", percent(cross.probabilities[q][p]))),
    el("p", { class: "full" }, passage.text),
  ];
}

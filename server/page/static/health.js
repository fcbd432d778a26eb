// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// How an index is: what it holds, what of it is deleted, and on demand how much of an exact search its vectors find.

import * as api from "./api.js";
import { count, el, fill, fixed, percent, size } from "./dom.js";
import * as notice from "./notice.js";

const sample = 100; // stored vectors that recall is measured with, as winnow stats does
const low = 0.9; // a recall below which people notice what is missing, as winnow stats has it

/** What is known of an index that exists. */
export function health(c) {
  const fact = (name, value, note) => el("div", {}, el("dt", {}, name), el("dd", {}, value, note && el("small", {}, " " + note)));
  const deleted = c.deleted_passages;
  const recall = el("span", { "aria-live": "polite" });
  const problem = el("div");
  let measuring = false;
  const measure = async () => {
    if (measuring) return;
    measuring = true;
    fill(problem);
    fill(recall, "measuring …");
    try {
      const { recall: r } = await api.measured(c.name, sample);
      if (!r) fill(recall, "nothing to measure");
      else fill(recall, fixed(r.recall, 3), el("small", { class: r.recall < low ? "warning" : "" }, " of exact search, worst " + fixed(r.worst, 1) + " of " + count(r.queries, "query", "queries")));
    } catch (error) {
      if (!(error instanceof api.Failure)) throw error;
      fill(recall, "–");
      notice.show(problem, error, measure);
    } finally {
      measuring = false;
    }
  };
  const button = el("button", { class: "small", onclick: measure, title: "Searches for " + sample + " stored vectors as searches do, and exactly" }, "Measure");
  return [
    el("dl", { class: "facts" },
      fact("documents", c.documents.toLocaleString("en")),
      fact("passages", c.passages.toLocaleString("en")),
      fact("deleted", percent(deleted / Math.max(1, c.passages + deleted)), deleted ? count(deleted, "passage") + ", gone with the next merge" : ""),
      fact("on disk", size(c.bytes), "in " + count(c.segments, "segment")),
      fact("vectors", c.model ? c.model : "none", c.model && [c.dimensions + " × " + c.precision, c.vectors].filter(Boolean).join(", ")),
      c.model && el("div", {}, el("dt", {}, "recall@10 of vectors"), el("dd", {}, recall, " ", button)),
      fact("changes", c.generation.toLocaleString("en"), "loaded " + new Date(c.loaded).toLocaleTimeString("en-GB"))),
    problem,
  ];
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// A picture of curves: a measure over the depth of reranking.

import { el, fixed } from "./dom.js";

const height = 280;
const margin = { top: 16, right: 76, bottom: 44, left: 48 };

/** Symbols by which curves are told apart without their colours, around a point. */
const symbols = [
  (x, y) => `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z`,
  (x, y) => `M${x - 4} ${y - 4}h8v8h-8Z`,
  (x, y) => `M${x} ${y - 5}l5 9h-10Z`,
];

/**
 * Curves as an SVG element of a width in pixels. Each has a name, a class, and points [depth, value], values from 0 to 1. The vertical
 * axis does not begin at 0: what matters is the difference.
 */
export function curves(list, { width, measure }) {
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const depths = [...new Set(list.flatMap((c) => c.points.map(([d]) => d)))].sort((a, b) => a - b);
  const values = list.flatMap((c) => c.points.map(([, v]) => v));
  const ticks = steps(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0], ticks.at(-1)];
  const deepest = Math.max(1, depths.at(-1));
  const x = (d) => Math.round(margin.left + (right - margin.left) * Math.sqrt(d / deepest));
  const y = (v) => Math.round(bottom - ((bottom - margin.top) * (v - low)) / (high - low));
  const names = apart(list.map((c) => y(c.points.at(-1)[1])), 15);
  const words = list.map((c) => c.name + ": " + c.points.map(([d, v]) => fixed(v, 3) + " at " + d).join(", "));
  return el("svg", { class: "curves", role: "img", width, height, viewBox: `0 0 ${width} ${height}`, "aria-label": measure + " over the depth of reranking. " + words.join(". ") },
    ticks.map((t) => [el("line", { class: "grid", x1: margin.left, x2: right, y1: y(t), y2: y(t) }), el("text", { x: margin.left - 8, y: y(t) + 4, "text-anchor": "end" }, fixed(t, ticks[1] - ticks[0] < 0.01 ? 3 : 2))]),
    depths.map((d) => [el("line", { class: "tick", x1: x(d), x2: x(d), y1: bottom, y2: bottom + 5 }), el("text", { x: x(d), y: bottom + 19, "text-anchor": "middle" }, d)]),
    el("text", { class: "axis", x: (margin.left + right) / 2, y: height - 6, "text-anchor": "middle" }, "passages reranked (0: none)"),
    list.map((c, i) => el("g", { class: c.class },
      el("path", { class: "curve", d: "M" + c.points.map(([d, v]) => x(d) + " " + y(v)).join("L") }),
      c.points.map(([d, v]) => el("path", { class: "point", d: symbols[i % symbols.length](x(d), y(v)) })),
      el("text", { class: "name", x: x(c.points.at(-1)[0]) + 10, y: names[i] + 4 }, c.name))));
}

/** Round values from at most low to at least high, three to seven of them. */
function steps(low, high) {
  const span = Math.max(high - low, 0.02);
  const size = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((s) => span / s <= 5) ?? 0.25;
  const first = Math.floor(low / size + 1e-9);
  const last = Math.max(first + 2, Math.ceil(high / size - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * size);
}

/** Heights at least so far apart, in the order that they have, each as near to where it was as that allows. */
function apart(heights, distance) {
  const order = heights.map((_, i) => i).sort((a, b) => heights[a] - heights[b]);
  const out = [...heights];
  for (let k = 1; k < order.length; k++) out[order[k]] = Math.max(out[order[k]], out[order[k - 1]] + distance);
  return out;
}

// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Making elements and writing numbers. Texts are always text nodes: nothing that comes from an index is read as HTML.

const svgTags = new Set(["svg", "path", "g", "circle", "line", "text"]);

/**
 * An element. Properties that are null, undefined or false are left out; functions are listeners (onclick), style is an object of
 * CSS properties (set by the CSSOM, which the Content-Security-Policy allows), all else are attributes.
 */
export function el(tag, properties = {}, ...children) {
  const node = svgTags.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
    else node.setAttribute(name, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== false) node.append(child);
}

/** Puts children in the place of what a node has. */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
  return node;
}

/** Gives a field a value. A select that does not offer it, as addresses may ask for, offers it from then on. */
export function setField(field, value) {
  if (field.tagName === "SELECT" && ![...field.options].some((o) => o.value === value)) field.append(el("option", { value }, value));
  field.value = value;
}

/** Whether files are dragged, not text. */
export const hasFiles = (event) => event.dataTransfer.types.includes("Files");

/** Text for screen readers alone. */
export const spoken = (text) => el("span", { class: "spoken" }, text);

/** A number with so many digits after the point, and a real minus sign. */
export const fixed = (x, digits = 2) => x.toFixed(digits).replace("-", "\u2212");

/** A number with its sign. */
export const signed = (x, digits = 2) => (x < 0 ? "" : "+") + fixed(x, digits);

/** Milliseconds as people read them: 0.4 ms, 38 ms, 1.25 s. */
export function duration(ms) {
  if (ms < 1) return fixed(ms, 1) + " ms";
  return ms < 1000 ? Math.round(ms) + " ms" : fixed(ms / 1000, 2) + " s";
}

/** Bytes as people read them. */
export function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return (unit && bytes < 10 ? fixed(bytes, 1) : Math.round(bytes)) + " " + units[unit];
}

/** A count with its noun, in the plural if it is not 1. */
export const count = (n, noun, plural = noun + "s") => n.toLocaleString("en") + " " + (n === 1 ? noun : plural);

/** A probability in percent. Values that round to 0 or 100 are told from certainty. */
export function percent(p) {
  if (p > 0 && p < 0.001) return "< 0.1 %";
  if (p < 1 && p > 0.999) return "> 99.9 %";
  return fixed(100 * p, 1) + " %";
}

/** A cross-encoder, bi-encoder or other model by the last part of its name. */
export const shortName = (model) => model.split(/[/:]/).filter(Boolean).pop() ?? model;

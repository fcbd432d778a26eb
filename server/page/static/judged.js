// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Reading judged queries: lines of JSON, lines of judgments, or one JSON object, as files and people have them.

/** What a text holds that cannot be read. */
export class Unreadable extends Error {}

/**
 * Queries and judgments of a text, in the shape that /v1/eval takes. A line is one of
 *
 *     {"_id": "q1", "text": "what is bread made of?"}                                a query (id will do for _id)
 *     {"id": "q1", "text": "what is bread made of?", "judgments": {"bread.md": 1}}   a query with its judgments
 *     q1<TAB>bread.md<TAB>1                                                          a judgment, under a header or not
 *     q1 0 bread.md 1                                                                the same as TREC has it
 *
 * or the whole text is the object {"queries": […], "judgments": {…}}. Empty lines are left aside.
 */
export function judged(text) {
  const whole = object(text);
  if (whole?.queries && whole.judgments) {
    if (!Array.isArray(whole.queries)) throw new Unreadable("queries are not a list: want {\"queries\": [{\"_id\": \"q1\", \"text\": \"…\"}], \"judgments\": {…}}");
    return { queries: whole.queries.map((q, i) => query(q, "query " + (i + 1))), judgments: whole.judgments };
  }
  const queries = new Map();
  const judgments = Object.create(null); // ids are any text, __proto__ too
  let rows = 0; // of tables of judgments
  const judge = (at, query, document, grade) => {
    if (!Number.isInteger(grade)) throw new Unreadable("line " + at + ": the grade of " + document + " is not a whole number");
    (judgments[query] ??= Object.create(null))[document] = grade;
  };
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const at = i + 1;
    const line = raw.trim();
    if (!line) continue;
    if (line.startsWith("{")) {
      const q = object(line);
      if (!q) throw new Unreadable("line " + at + " begins with { and is not JSON");
      const { id, text } = query(q, "line " + at);
      if (queries.has(id)) throw new Unreadable("line " + at + ": there is a query " + id + " already");
      queries.set(id, { id, text });
      for (const [document, grade] of Object.entries(q.judgments ?? {})) judge(at, id, document, grade);
      continue;
    }
    const cells = line.includes("\t") ? line.split("\t").map((c) => c.trim()) : line.split(/\s+/);
    if (cells.length === 4) cells.splice(1, 1); // TREC's iteration says nothing
    if (cells.length !== 3) throw new Unreadable("line " + at + ": want JSON, or query, document and grade with tabs between");
    if (cells[0] === "query-id" || (rows === 0 && !/\d/.test(cells[2]))) continue; // a header
    rows++;
    judge(at, cells[0], cells[1], cells[2] === "" ? NaN : Number(cells[2]));
  }
  const found = [...queries.values()];
  if (!found.length) throw new Unreadable("there are no queries: want lines such as {\"_id\": \"q1\", \"text\": \"…\"}");
  if (!found.some((q) => judgments[q.id])) throw new Unreadable("no query has judgments: want lines such as q1, a tab, the id of a document, a tab, 1");
  return { queries: found, judgments };
}

/** A query as /v1/eval has it, of one as BEIR or /v1/eval has it. */
function query(q, where) {
  const id = String(q?._id ?? q?.id ?? "");
  if (!id || typeof q.text !== "string" || !q.text.trim()) throw new Unreadable(where + ": a query has an _id (or id) and a text");
  return { id, text: q.text };
}

/** A JSON object; null if the text is none. */
function object(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

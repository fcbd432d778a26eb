// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Talking to the server: JSON in and out, and errors that say what can be done.

const keyName = "winnow-api-key";

/** The API key of this tab, kept until the tab is closed; "" if there is none. */
export const apiKey = () => sessionStorage.getItem(keyName) ?? "";

/** Keeps an API key, or forgets it. */
export function useKey(key) {
  if (key) sessionStorage.setItem(keyName, key);
  else sessionStorage.removeItem(keyName);
}

/** A request that failed. status is 0 if there was no answer; retry is in seconds, 0 if the server did not say. */
export class Failure extends Error {
  constructor(status, message, retry = 0) {
    super(message);
    this.status = status;
    this.retry = retry;
  }
}

/** Sends a request and gives the response, which is no failure. A body that is neither a string nor a file is sent as JSON. */
async function open(method, path, body, { signal, type = "application/json" } = {}) {
  const headers = {};
  if (apiKey()) headers.Authorization = "Bearer " + apiKey();
  if (body !== undefined) headers["Content-Type"] = type;
  const response = await answered(fetch(path, { method, headers, signal, cache: "no-store", body: body === undefined || typeof body === "string" || body instanceof Blob ? body : JSON.stringify(body) }));
  if (response.ok) return response;
  const text = await answered(response.text());
  let message = "The server answered with status " + response.status + ".";
  try {
    message = JSON.parse(text).error.message ?? message;
  } catch {
    // Not the server's own error: a proxy's page, for instance. The status is what is known.
  }
  throw new Failure(response.status, message, Number(response.headers.get("Retry-After")) || 0);
}

/** What a promise of fetch gives. That it gives nothing is a failure, unless it was ended. */
async function answered(promise, message = "The server does not answer. Is winnow serve still running?") {
  try {
    return await promise;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, message);
  }
}

/** Sends a request and gives the answer's text. */
const send = async (...request) => answered((await open(...request)).text());

/** Sends a request and gives the answer's JSON. Text that is none comes from a proxy, for instance, or from another server. */
async function json(...request) {
  const text = await send(...request);
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure(0, "What answered is no JSON: something that is not winnow serve stands at this address, or in between.");
  }
}

/** A path with what is set of a query. */
function withQuery(path, query) {
  const set = Object.entries(query).filter(([, v]) => v !== "" && v !== undefined);
  return set.length ? path + "?" + new URLSearchParams(set) : path;
}

export const search = (request, signal) => json("POST", "/v1/search", request, { signal });
export const compare = (request, signal) => json("POST", "/v1/compare", request, { signal });
export const influence = (request) => json("POST", "/v1/influence", request);
export const matrix = (request, signal) => json("POST", "/v1/matrix", request, { signal });
export const evaluate = (request, signal) => json("POST", "/v1/eval", request, { signal });
export const measured = (collection, sample) => json("GET", withQuery("/v1/collections/" + encodeURIComponent(collection || "default"), { recall: sample }));
export const models = () => json("GET", "/v1/models");
export const collections = (signal) => json("GET", "/v1/collections", undefined, { signal });
export const documents = (collection, limit, offset, signal) => json("GET", withQuery("/v1/documents", { collection, limit, offset }), undefined, { signal });
export const deleteDocument = (collection, id) => json("POST", "/v1/documents/delete", { collection: collection || undefined, ids: [id] });

/** Sends a file as it is; gives what became of it. */
export const addFile = (collection, file) => json("POST", withQuery("/v1/documents/files", { collection, name: file.name }), file, { type: "application/octet-stream" });

/** Asks a question. on is called with the name and the data of each event of the answer: passages, delta, done. */
export async function ask(request, signal, on) {
  const response = await open("POST", "/v1/ask", { ...request, stream: true }, { signal });
  const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const broken = "The answer broke off. Is winnow serve still running?";
  for (let rest = "", ended = false; !ended; ) {
    const { value, done } = await answered(pieces.read(), broken);
    if (done) throw new Failure(0, broken);
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      if (name === "error") throw streamed(JSON.parse(data).error);
      if (name) on(name, JSON.parse(data));
      ended ||= name === "done";
    }
  }
}

/** A failure within a stream, which came too late for a status. */
const streamed = (problem) => new Failure({ bad_gateway: 502, service_unavailable: 503, rate_limit_exceeded: 429 }[problem.code] ?? 500, problem.message);

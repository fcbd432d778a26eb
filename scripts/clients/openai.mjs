// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// What OpenAI's own client for JavaScript gets, as JSON; clients.py runs it and looks at that. The client is found in
// .cache/clients, where `make clients` installs it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../.cache/clients/", import.meta.url));
const { default: OpenAI } = await import(pathToFileURL(require.resolve("openai")).href);

const { url, key, model, texts } = JSON.parse(readFileSync(0, "utf8"));
const client = new OpenAI({ baseURL: url + "/v1", apiKey: key });
const embed = async (options) => (await client.embeddings.create({ model, input: texts, ...options })).data.map((d) => d.embedding);

const models = [];
for await (const m of await client.models.list()) models.push(m.id);
let status = 0;
try {
  await client.embeddings.create({ model: "no-such-model", input: "a" });
} catch (error) {
  status = error.status;
}
console.log(JSON.stringify({ vectors: await embed({}), floats: await embed({ encoding_format: "float" }), models, status }));

# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Unmodified clients against the real server: `make clients`.

Starts `winnow serve` on a free port, with API keys, and compares what each client gets with what `winnow embed` and
`winnow rerank` print.
"""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest

TEXTS = [
    "A cross-encoder reads query and document together.",
    "Cats sleep for most of the day.",
    "Bread is made of flour, water, salt and yeast.",
    "Die Katze schläft — 日本語 🐈",
]
QUERY = "What is bread made of?"
EMBEDDER, RERANKER = "text-embedding-3-small", "rerank-v3.5"  # names that clients have built in

winnow = url = key = None
vectors = ranked = None


def run(*args, stdin=""):
    """Standard output of a winnow command."""
    return subprocess.run([winnow, *args], input=stdin, capture_output=True, text=True, check=True).stdout


class Clients(unittest.TestCase):
    def same_vectors(self, got, want=None):
        want = vectors if want is None else want
        self.assertEqual(len(got), len(want))
        for a, b in zip(got, want):
            self.assertEqual(len(a), len(b))
            self.assertLess(max(abs(x - y) for x, y in zip(a, b)), 1e-6)

    def same_ranking(self, got, want=lambda r: r["probability"]):
        """got are pairs of index and score."""
        self.assertEqual([i for i, _ in got], [r["index"] for r in ranked[: len(got)]])
        for (_, score), r in zip(got, ranked):
            self.assertAlmostEqual(score, want(r), places=6)

    def test_openai(self):
        import openai

        client = openai.OpenAI(base_url=url + "/v1", api_key=key)
        got = client.embeddings.create(model=EMBEDDER, input=TEXTS)  # in base64, which the client asks for by itself
        self.same_vectors([d.embedding for d in got.data])
        self.assertGreater(got.usage.total_tokens, 30)
        got = client.embeddings.create(model=EMBEDDER, input=TEXTS, encoding_format="float")
        self.same_vectors([d.embedding for d in got.data])
        short = client.embeddings.create(model=EMBEDDER, input=TEXTS[0], dimensions=64)
        self.assertEqual(len(short.data[0].embedding), 64)
        self.assertIn(EMBEDDER, [m.id for m in client.models.list()])
        self.assertEqual(client.models.retrieve(EMBEDDER).owned_by, "winnow")
        with self.assertRaises(openai.NotFoundError) as failed:
            client.embeddings.create(model="text-embedding-3-smal", input="a")
        self.assertIn(EMBEDDER, failed.exception.message)
        self.assertEqual(failed.exception.param, "model")
        with self.assertRaises(openai.BadRequestError):
            client.embeddings.create(model=EMBEDDER, input=[])
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=url + "/v1", api_key="wrong", max_retries=0).models.list()

    def test_cohere(self):
        import cohere

        for client in (cohere.Client(api_key=key, base_url=url), cohere.ClientV2(api_key=key, base_url=url)):
            got = client.rerank(model=RERANKER, query=QUERY, documents=TEXTS, top_n=3)
            self.assertEqual(len(got.results), 3)
            self.same_ranking([(r.index, r.relevance_score) for r in got.results])
            self.assertEqual(got.meta.billed_units.search_units, 1)
        old = cohere.Client(api_key=key, base_url=url)
        got = old.rerank(model=RERANKER, query=QUERY, documents=[{"text": t} for t in TEXTS], return_documents=True)
        self.same_ranking([(r.index, r.relevance_score) for r in got.results])
        self.assertEqual(got.results[0].document.text, TEXTS[got.results[0].index])
        new = cohere.ClientV2(api_key=key, base_url=url)
        new.rerank(model=RERANKER, query=QUERY, documents=TEXTS, max_tokens_per_doc=4)
        with self.assertRaises(cohere.BadRequestError) as failed:
            new.rerank(model=RERANKER, query="", documents=TEXTS)
        self.assertIn("query", failed.exception.body["message"])
        with self.assertRaises(cohere.NotFoundError):
            new.rerank(model="rerank-v9", query=QUERY, documents=TEXTS)

    def test_huggingface_hub(self):
        from huggingface_hub import InferenceClient

        client = InferenceClient(model=url, token=key)
        self.same_vectors(client.feature_extraction(TEXTS).tolist())
        self.same_vectors(client.feature_extraction(TEXTS[0]).tolist(), vectors[:1])
        scores = client.sentence_similarity(TEXTS[0], other_sentences=TEXTS)
        self.assertAlmostEqual(scores[0], 1, places=5)
        self.assertAlmostEqual(scores[2], sum(x * y for x, y in zip(vectors[0], vectors[2])), places=5)
        self.same_vectors(InferenceClient(model=url + "/embed", token=key).feature_extraction(TEXTS, normalize=True, truncate=True).tolist())

    def test_langchain(self):
        from langchain_cohere import CohereRerank
        from langchain_core.documents import Document
        from langchain_openai import OpenAIEmbeddings

        # check_embedding_ctx_length would send ids of OpenAI's own tokenizer, which it loads from the network.
        embeddings = OpenAIEmbeddings(base_url=url + "/v1", api_key=key, model=EMBEDDER, check_embedding_ctx_length=False)
        self.same_vectors(embeddings.embed_documents(TEXTS))
        self.same_vectors([embeddings.embed_query(TEXTS[0])], vectors[:1])
        compressor = CohereRerank(base_url=url, cohere_api_key=key, model=RERANKER, top_n=2)
        got = compressor.compress_documents([Document(page_content=t) for t in TEXTS], QUERY)
        self.same_ranking([(TEXTS.index(d.page_content), d.metadata["relevance_score"]) for d in got])

    def test_llama_index(self):
        from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
        from llama_index.embeddings.openai_like import OpenAILikeEmbedding
        from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference
        from llama_index.postprocessor.jinaai_rerank import JinaRerank
        from llama_index.postprocessor.tei_rerank import TextEmbeddingInference as TEIRerank

        like = OpenAILikeEmbedding(model_name=EMBEDDER, api_base=url + "/v1", api_key=key)
        self.same_vectors(like.get_text_embedding_batch(TEXTS))
        tei = TextEmbeddingsInference(model_name="builtin:retriever", base_url=url, auth_token=key)
        self.same_vectors(tei.get_text_embedding_batch(TEXTS))
        nodes = [NodeWithScore(node=TextNode(text=t, id_=str(i)), score=0.0) for i, t in enumerate(TEXTS)]
        for reranker, want in (
            (JinaRerank(model=RERANKER, base_url=url + "/v1", api_key=key, top_n=3), lambda r: r["probability"]),
            (TEIRerank(base_url=url, top_n=3, auth_token="Bearer " + key), lambda r: 1 / (1 + math.exp(-r["score"]))),
        ):
            got = reranker.postprocess_nodes(nodes, query_bundle=QueryBundle(QUERY))
            self.same_ranking([(int(n.node.node_id), n.score) for n in got], want)

    def test_openai_javascript(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openai.mjs")
        done = subprocess.run(
            ["node", script], input=json.dumps({"url": url, "key": key, "model": EMBEDDER, "texts": TEXTS}), capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        got = json.loads(done.stdout)
        self.same_vectors(got["vectors"])
        self.same_vectors(got["floats"])
        self.assertIn(EMBEDDER, got["models"])
        self.assertEqual(got["status"], 404)


def main():
    global winnow, url, key, vectors, ranked
    winnow = os.path.abspath(sys.argv[1])
    lines = "".join(json.dumps({"text": t}) + "\n" for t in TEXTS)
    vectors = [json.loads(x)["embedding"] for x in run("embed", "--precision", "int8", stdin=lines).splitlines()]
    ranked = json.loads(run("rerank", "--precision", "int8", "--query", QUERY, "--format", "json", stdin=lines))
    with tempfile.TemporaryDirectory() as folder:
        keys = os.path.join(folder, "keys")
        key = run("key", "clients", "--keys", keys).strip()
        server = subprocess.Popen(
            [winnow, "serve", "--addr", "127.0.0.1:0", "--db", os.path.join(folder, "db"), "--keys", keys, "--precision", "int8", "--log", "off"]
            + ["--alias", f"{EMBEDDER}=builtin:retriever,{RERANKER}=builtin:reranker"],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = server.stderr.readline()
            found = re.search(r"http://[\d.:]+", line)
            if not found:
                sys.exit("winnow serve does not start: " + line + server.stderr.read())
            url = found.group()
            result = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False, verbosity=2, warnings="ignore").result
        finally:
            server.terminate()
            code = server.wait(30)
    if code:
        sys.exit(f"winnow serve ended with exit code {code}")
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()

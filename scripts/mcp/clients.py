# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""The official Python client of the Model Context Protocol against the real binary: python clients.py bin/winnow.

Every tool is called, over standard input and output and over HTTP, and what comes back is held against the tool's own output schema, which the
client does by itself. Ends with exit code 1 and what was wrong at the first surprise.
"""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

NOTES = {
    "faust.md": "# Faust\n\nIt was Goethe who wrote the tragedy Faust. Its first part was published in 1808.\n",
    "tower.txt": "The Eiffel Tower stands in Paris, and was built for a fair.\n",
    "bread.txt": "Bread is made of flour, water, yeast and salt.\n",
}


def expect(what, condition, got):
    if not condition:
        raise AssertionError(f"{what}: {got}")


def agent(winnow, db):
    """winnow mcp, over standard input and output."""
    return stdio_client(StdioServerParameters(command=winnow, args=["mcp", "--db", db], env=dict(os.environ)))


@contextlib.contextmanager
def served(winnow, db):
    """The address of /mcp of a server."""
    server = subprocess.Popen([winnow, "serve", "--db", db, "--addr", "127.0.0.1:0", "--read-only"], stderr=subprocess.PIPE, text=True)
    try:
        said = ""
        for line in server.stderr:
            said += line
            if at := re.search(r"serving on (http://\S+),", line):
                yield at[1] + "/mcp"
                return
        raise AssertionError(f"the server does not start: {said}")
    finally:
        server.terminate()
        server.communicate()


async def talk(transport):
    async with transport as (reading, writing, *_), ClientSession(reading, writing) as session:
        hello = await session.initialize()
        expect("name of the server", hello.server_info.name == "winnow", hello)
        tools = {t.name: t for t in (await session.list_tools()).tools}
        expect("tools", sorted(tools) == ["ask", "get", "index_status", "rerank", "search", "similar"], sorted(tools))
        for tool in tools.values():
            expect(f"schemas of {tool.name}", tool.input_schema["additionalProperties"] is False and tool.output_schema, tool)

        async def call(name, **arguments):
            result = await session.call_tool(name, arguments)
            expect(f"{name} {arguments}", not result.is_error and result.structured_content is not None, result)
            return result

        async def fails(name, **arguments):
            result = await session.call_tool(name, arguments)
            expect(f"{name} {arguments} passes", result.is_error, result)
            return result.content[0].text

        found = await call("search", query="Who wrote Faust?", limit=1)
        hit = found.structured_content["hits"][0]
        expect("best hit", hit["document"] == "notes/faust.md" and hit["source"]["start_line"] >= 1, hit)
        expect("text of the hit", "Goethe" in found.content[0].text, found.content)
        link = found.content[1]
        expect("link", link.type == "resource_link" and str(link.uri) == hit["uri"], link)
        document = await session.read_resource(link.uri)
        expect("resource", document.contents[0].text == NOTES["faust.md"] and document.contents[0].mime_type == "text/markdown", document)

        following = await call("search", query="Who wrote Faust?", limit=1, cursor=found.structured_content["next_cursor"])
        second = following.structured_content["hits"][0]
        expect("second page", second["rank"] == 2 and second["id"] != hit["id"], second)

        read = await call("get", id="notes/tower.txt")
        expect("get", read.structured_content["text"].startswith("The Eiffel Tower"), read)
        near = await call("similar", id="notes/tower.txt", limit=5)
        expect("similar", {h["document"] for h in near.structured_content["hits"]} == {"notes/faust.md", "notes/bread.txt"}, near)
        order = await call("rerank", query="Who wrote Faust?", texts=["Salt is salty.", "Goethe wrote Faust."])
        expect("rerank", order.structured_content["results"][0]["index"] == 1, order)
        answer = await call("ask", question="Who wrote Faust?")
        expect("ask", answer.structured_content["extractive"] and "Goethe" in answer.structured_content["answer"], answer)
        expect("citations", answer.structured_content["citations"][0]["document"] == "notes/faust.md", answer)
        status = await call("index_status")
        expect("index_status", status.structured_content["documents"] == len(NOTES), status)

        text = await fails("search", qeury="x")
        expect("unknown argument", 'did you mean "query"?' in text, text)
        text = await fails("search", query="x", limit=1000)
        expect("limit", "limit" in text, text)
        text = await fails("serach", query="x")
        expect("unknown tool", 'did you mean "search"?' in text, text)
        return len(tools)


def main():
    winnow = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "notes")
        notes.mkdir()
        for name, text in NOTES.items():
            Path(notes, name).write_text(text, encoding="utf-8")
        db = str(Path(folder, ".winnow"))
        subprocess.run([winnow, "index", "notes", "--db", db], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        try:
            tools = asyncio.run(asyncio.wait_for(talk(agent(winnow, db)), timeout=300))
            with served(winnow, db) as url:
                asyncio.run(asyncio.wait_for(talk(streamable_http_client(url)), timeout=300))
        except* AssertionError as group:
            surprise = group
            while isinstance(surprise, BaseExceptionGroup):
                surprise = surprise.exceptions[0]
            sys.exit(str(surprise))
    print(f"the Python client called {tools} tools and read a resource, over standard input and output and over HTTP")


main()

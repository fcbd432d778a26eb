# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Schemathesis against the real server: `make schemathesis`.

Starts `winnow serve` on a free port with some documents, and sends it requests that its OpenAPI document allows, or nearly
allows: none may be answered with a 5xx. Further arguments are those of `schemathesis run`. Bodies of JSON lines it cannot make up, so
/v1/documents/bulk is left out.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

TEXTS = [
    "A cross-encoder reads query and document together.",
    "Cats sleep for most of the day.",
    "Bread is made of flour, water, salt and yeast.",
]


def fill(url):
    documents = [{"id": str(i), "text": text, "metadata": {"n": i}} for i, text in enumerate(TEXTS)]
    body = json.dumps({"documents": documents}).encode()
    urllib.request.urlopen(urllib.request.Request(url + "/v1/documents", body, {"Content-Type": "application/json"})).close()


def main():
    winnow = os.path.abspath(sys.argv[1])
    schemathesis = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    with tempfile.TemporaryDirectory() as folder:
        where = ["--addr", "127.0.0.1:0", "--db", os.path.join(folder, "db"), "--collections", os.path.join(folder, "collections")]
        server = subprocess.Popen([winnow, "serve", *where, "--log", "off"], stderr=subprocess.PIPE, text=True)
        try:
            line = server.stderr.readline()
            found = re.search(r"http://[\d.:]+", line)
            if not found:
                sys.exit("winnow serve does not start: " + line + server.stderr.read())
            fill(found.group())
            code = subprocess.run([schemathesis, "run", found.group() + "/openapi.json", "--checks", "not_a_server_error",
                                   "--exclude-path", "/v1/documents/bulk", *sys.argv[2:]], cwd=folder).returncode
        finally:
            server.terminate()
            ended = server.wait(30)
    if ended:
        sys.exit(f"winnow serve ended with exit code {ended}")
    sys.exit(code)


if __name__ == "__main__":
    main()

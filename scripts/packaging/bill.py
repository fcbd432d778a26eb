# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Validates bills of materials against CycloneDX's JSON schema, strictly: unknown fields are errors."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        text = f.read()
    bill = json.loads(text)
    error = JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(text)
    if error is not None:
        sys.exit(f"{path}: {error}")
    if len(bill["components"]) < 10:
        sys.exit(f"{path}: only {len(bill['components'])} components: was the program built from its modules?")
    print(f"{path}: valid, {len(bill['components'])} components")

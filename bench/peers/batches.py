# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Padded batches of token ids for the peers, and what turns their hidden states into vectors."""

import numpy as np

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def batches(ids: list[list[int]], types: list[list[int]] | None, size: int):
    """Sorted by length, padded to the longest of the batch; yields the positions of its members and the feeds."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for at in range(0, len(order), size):
        members = order[at : at + size]
        width = max(len(ids[i]) for i in members)
        feeds = {name: np.zeros((len(members), width), dtype=np.int64) for name in INPUTS}
        for row, i in enumerate(members):
            n = len(ids[i])
            feeds["input_ids"][row, :n] = ids[i]
            feeds["attention_mask"][row, :n] = 1
            if types:
                feeds["token_type_ids"][row, :n] = types[i]
        yield members, feeds


def pool(hidden: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean of the hidden states [batch, length, width] where the mask is 1, scaled to length 1."""
    mask = mask.astype(np.float32)
    # One matrix product a text: quicker than multiplying every hidden state by its mask and adding up.
    pooled = np.matmul(mask[:, None, :], hidden)[:, 0, :] / mask.sum(axis=1, keepdims=True)
    return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

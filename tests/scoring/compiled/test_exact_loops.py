"""Loops whose bits are promised: average pooling as torch does it, and Hamming distances."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from naswotlib.scoring.compiled.exact import average_pool
from naswotlib.scoring.compiled.hamming import add_hamming


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 20),
    columns=st.integers(1, 35),
    kernel=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    seed=st.integers(0, 1000),
)
def test_average_pooling_has_the_bits_of_torch(rows, columns, kernel, stride, seed):
    padding = kernel[0] // 2, kernel[1] // 2
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, rows, columns, generator=generator) * 10 ** torch.randn(2, 3, 1, 1, generator=generator)
    x[torch.rand(x.shape, generator=generator) < 0.2] = -0.0
    expected = F.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)
    got = average_pool(x, kernel, stride, padding)
    assert torch.equal(got.view(torch.int32), expected.view(torch.int32))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 13, 16])
@pytest.mark.parametrize("words", [1, 7, 8, 9, 520, 1027])
def test_distances_are_counted_bit_by_bit(n, words):
    rng = np.random.default_rng(n * words)
    codes = rng.integers(0, 2**63, (n, words + 3), dtype=np.uint64)[:, 1 : words + 1]  # rows of a longer array
    bits = np.unpackbits(np.ascontiguousarray(codes).view(np.uint8), axis=1)
    expected = np.tril((bits[:, None] != bits[None]).sum(2), -1)
    lower = np.ones((n, n), np.int64)
    add_hamming(codes, lower)
    np.testing.assert_array_equal(lower - 1, expected)

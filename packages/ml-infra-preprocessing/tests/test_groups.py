"""Keys of groups as codes: any integers, dense or far apart, in order."""

import numpy as np
import pytest

from ml_infra.preprocessing import _groups

RANDOM = np.random.default_rng(16)
KEYS = {
    "dense": RANDOM.integers(0, 100, 70_000),
    "gaps": RANDOM.integers(0, 200_000, 70_000),
    "falling": np.arange(70_000)[::-1],
    "offset": RANDOM.integers(10**9, 10**9 + 500, 1000),
    "negative": RANDOM.integers(-50, 50, 1000).astype("i1"),
    "far apart": RANDOM.integers(-(2**63), 2**63 - 1, 1000),
    "unsigned": RANDOM.integers(0, 2**64 - 1, 1000, dtype="u8"),
    "top": RANDOM.integers(2**63 - 9, 2**63 + 9, 1000, dtype="u8"),
    "big-endian": RANDOM.integers(5, 9, 1000).astype(">i4"),
    "floats": RANDOM.integers(0, 9, 1000) / 4,
    "empty": np.empty(0, np.int64),
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_codes_keys_and_counts_are_those_of_a_sort(keys):
    """However the codes are found, they say what sorting the keys would."""
    made = _groups.encode(keys, "g")
    wanted, codes, counts = np.unique(keys, return_inverse=True, return_counts=True)
    assert made.keys == wanted.tolist()
    assert np.array_equal(made.codes, codes)
    assert np.array_equal(made.counts, counts)


def test_text_and_labels_come_sorted():
    made = _groups.encode(["b", "a", "c", "a"], "g")
    assert made.keys == ["a", "b", "c"]
    assert made.codes.tolist() == [1, 0, 2, 0]
    assert made.counts.tolist() == [2, 1, 1]

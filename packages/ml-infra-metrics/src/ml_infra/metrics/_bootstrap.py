"""
Poisson bootstrap weights that depend on nothing but the unit and the replicate.

A unit (a user, a document) gets the same Poisson(1) weight in a replicate wherever its
rows turn up, so replicates of shards add up to those of the whole, in any order and on
any machine (Chamandy et al. 2012, Google). Rows of a unit are drawn together, which
makes the intervals honest when rows of a unit resemble each other.
"""

from __future__ import annotations

from hashlib import blake2b
from math import exp, factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from ._codes import encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._arrays import Array, FloatArray
    from ._readers import Column

# Above 12 a Poisson(1) weight has probability below 1e-10.
_LEVELS = [sum(exp(-1) / factorial(k) for k in range(top + 1)) for top in range(12)]
_THRESHOLDS = [np.uint64(min(int(level * 2.0**64), 2**64 - 1)) for level in _LEVELS]
_GOLDEN = 0x9E3779B97F4A7C15


def unit_keys(unit: Column) -> tuple[Array, NDArray[np.uint64]]:
    """Return the code of every row's unit, and a 64-bit key of every code."""
    coded = encode([unit])
    codes = coded.columns[0].astype(np.int64) - coded.offset
    used = np.unique(codes)
    keys = np.array([_key(coded.classes[code]) for code in used.tolist()], np.uint64)
    return np.searchsorted(used, codes), keys


def _key(unit: Any) -> int:
    # The type is part of the text, so that 1 and "1" are different units.
    kind = "str" if isinstance(unit, str) else "int"
    text = f"{kind}:{unit if kind == 'str' else int(unit)}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def poisson_weights(keys: NDArray[np.uint64], replicate: int) -> FloatArray:
    """Return the Poisson(1) weight of every unit in one replicate."""
    # splitmix64 (Steele, Lea and Flood 2014) of key and replicate.
    x = keys + np.uint64((replicate + 1) * _GOLDEN % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    weights = np.zeros(len(x))
    for threshold in _THRESHOLDS:
        weights += x >= threshold
    return weights


def replicate_sums(
    cells: Array, size: int, unit: Column, weights: Array | None, replicates: int
) -> FloatArray:
    """Return weight per cell and replicate, shape (size, replicates)."""
    codes, keys = unit_keys(unit)
    sums = np.empty((size, replicates))
    for replicate in range(replicates):
        drawn = poisson_weights(keys, replicate)[codes]
        if weights is not None:
            drawn *= weights
        sums[:, replicate] = np.bincount(cells, drawn, minlength=size)
    return sums

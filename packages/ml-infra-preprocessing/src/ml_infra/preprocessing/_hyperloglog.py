"""The number of distinct values, estimated in a few kilobytes."""

from __future__ import annotations

import base64
import hashlib
import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ._state import StateError, expect_format, expect_keys, field

if TYPE_CHECKING:
    from collections.abc import Mapping

Hashes = npt.NDArray[np.uint64]

FORMAT = "ml_infra.hyperloglog"
VERSION = 1
PRECISION = 12
_REGISTERS = 1 << PRECISION
_DEPTH = 64 - PRECISION  # ranks run from 1 to _DEPTH + 1


class HyperLogLog:
    """
    A distinct count with a relative error of 1.6 % (one standard error).

    Registers hold maxima, so any order of updates and merges gives the same state.
    The estimate is the improved raw estimator of Ertl, "New cardinality estimation
    algorithms for HyperLogLog sketches" (2017), unbiased for every cardinality.
    """

    error: ClassVar[float] = 1.04 / math.sqrt(_REGISTERS)

    def __init__(self) -> None:
        self._registers: npt.NDArray[np.uint8] = np.zeros(_REGISTERS, np.uint8)

    def add(self, hashes: Hashes) -> None:
        """Add hashed values; see `mixed_keys` and `text_keys`."""
        low = hashes & np.uint64((1 << _DEPTH) - 1)
        # A rank above r needs r leading zeros, and lower ones change no register.
        least = int(self._registers.min())
        few = low < np.uint64(1 << (_DEPTH - least)) if least <= _DEPTH else low == 0
        low, hashes = low[few], hashes[few]
        register = (hashes >> np.uint64(_DEPTH)).astype(np.int64)
        # 52 bits fit a double exactly, whose exponent then counts the leading zeros.
        exponent = low.astype(np.float64).view(np.int64) >> 52
        rank = _DEPTH + 1 - np.maximum(exponent - 1022, 0)
        both = register * 64 + rank
        both.sort()
        # Of equal indices the last wins, which after sorting has the highest rank.
        highest = np.zeros_like(self._registers)
        highest[both >> 6] = both & 63
        np.maximum(self._registers, highest, out=self._registers)

    def merge(self, other: HyperLogLog) -> None:
        """Add what another has seen."""
        np.maximum(self._registers, other._registers, out=self._registers)

    def estimate(self) -> float:
        """Return the estimated number of distinct values."""
        m = _REGISTERS
        counts = np.bincount(self._registers, minlength=_DEPTH + 2).tolist()
        z = m * _tau(1 - counts[_DEPTH + 1] / m)
        for rank in range(_DEPTH, 0, -1):
            z = 0.5 * (z + counts[rank])
        z += m * _sigma(counts[0] / m)
        return m * m / (2 * math.log(2)) / z

    def to_dict(self) -> dict[str, Any]:
        """Return the state as strict JSON types."""
        text = base64.b64encode(self._registers.tobytes()).decode()
        return {"format": FORMAT, "version": VERSION, "registers": text}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> HyperLogLog:
        """Restore what `to_dict` wrote; ValueError for anything else."""
        state = expect_format(state, FORMAT, VERSION)
        expect_keys(state, {"format", "version", "registers"})
        try:
            raw = base64.b64decode(field(state, "registers", str), validate=True)
        except ValueError as error:
            raise StateError(f"state: 'registers' is not base64: {error}") from error
        made = cls()
        registers = np.frombuffer(raw, np.uint8)
        if len(registers) != _REGISTERS or registers.max() > _DEPTH + 1:
            raise StateError("state: 'registers' do not fit this precision")
        made._registers = registers.copy()
        return made


def mixed_keys(keys: npt.NDArray[np.int64]) -> Hashes:
    """Return well-mixed 64-bit hashes of distinct keys (splitmix64, a bijection)."""
    mixed: Hashes = keys.view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def text_keys(texts: list[str]) -> Hashes:
    """Return 64-bit hashes of texts, the same on every machine and in every run."""
    digests = b"".join(
        hashlib.blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for one in texts
    )
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x, before = x * x, z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x, before = math.sqrt(x), z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3

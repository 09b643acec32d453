"""Keys that sort like the numbers they stand for, and counting them in bins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BLOCK = 65_536  # values counted at once: keys and bins stay in the level-2 cache
MAGNITUDE = 0x7FFF_FFFF_FFFF_FFFF


def float_keys(values: Floats) -> Ints:
    """Return int64 keys that sort like these doubles; -0.0 and 0.0 share a key."""
    bits = (values + 0.0).view(np.int64)
    # Flip the magnitude of negative numbers: larger magnitude, smaller key.
    return bits ^ ((bits >> 63) & MAGNITUDE)


def floats_of(keys: Ints) -> Floats:
    """Undo `float_keys`."""
    return (keys ^ ((keys >> 63) & MAGNITUDE)).view(np.float64)


def tally(bins: Ints) -> tuple[Ints, Ints]:
    """Return the sorted distinct bins of one block with their counts."""
    low = int(bins.min())
    span = int(bins.max()) - low + 1
    if span > 8 * BLOCK:
        found, counts = np.unique(bins, return_counts=True)
        return found, counts.astype(np.int64, copy=False)
    counts = np.bincount(bins - low, minlength=span)
    places = np.flatnonzero(counts > 0)  # of booleans: four times as fast
    return places + low, counts[places]


def least_shift(bins: Ints, cap: int) -> int:
    """Return the least further shift that leaves at most `cap` distinct bins."""
    # Two neighbours stay apart up to the highest bit in which they differ, so
    # one histogram of those bits gives the number of bins at every shift.
    differ = bins[1:].view(np.uint64) ^ bins[:-1].view(np.uint64)
    # Clearing the bit after the highest keeps the rounding to double below 2**k.
    highest = np.frexp((differ & ~(differ >> np.uint64(1))).astype(np.float64))[1]
    apart = np.bincount(highest, minlength=65)[::-1].cumsum()[::-1]
    return int(np.flatnonzero(apart[1:] + 1 <= cap)[0])


def collapse(bins: Ints, counts: Ints, by: int) -> tuple[Ints, Ints]:
    """Return sorted bins made wider by so many bits, with their counts."""
    if not len(bins):
        return bins, counts
    wide = bins >> by
    starts = np.flatnonzero(np.diff(wide, prepend=wide[0] - 1))
    return wide[starts], np.add.reduceat(counts, starts)


def interpolated(low: Floats, high: Floats, part: Floats) -> Floats:
    """Interpolate as NumPy's quantile does, also where `high - low` overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        step = high - low
        plain = np.where(part < 0.5, low + step * part, high - step * (1.0 - part))
    return np.where(np.isfinite(step), plain, low * (1.0 - part) + high * part)

"""Scale and clip one-dimensional data, right to the last bit, container kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml_infra.preprocessing import _lists

if TYPE_CHECKING:
    from collections.abc import Sequence


def normalize(data: Sequence[Any]) -> list[float]:
    """
    Map the values linearly so that the least becomes 0 and the greatest 1.

    >>> normalize([1, 2, 3, 4, 5])
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    if not len(data):
        raise ValueError("normalize needs at least two different values, got none")
    scaled = _lists.normalize(list(data))
    if scaled is None:
        raise ValueError(f"normalize needs two different finite numbers, got {data!r}")
    return scaled


def standardize(data: Sequence[Any], *, ddof: int = 1) -> list[float]:
    """
    Shift to mean 0 and scale to sample standard deviation 1.

    >>> standardize([1, 2, 3])
    [-1.0, 0.0, 1.0]
    """
    if len(data) < 2:
        raise ValueError(f"standardize needs at least two values, got {len(data)}")
    scaled = _lists.standardize(list(data), ddof)
    if scaled is None:
        raise ValueError(
            f"standardize needs two different finite numbers, got {data!r}"
        )
    return scaled


def clip_outliers(
    data: Sequence[Any], lower_percentile: float = 5, upper_percentile: float = 95
) -> list[float]:
    """
    Limit the values to two of their own percentiles.

    The bounds are the sorted values at index ``int(n * p / 100)``, at most the last.

    >>> clip_outliers([1, 2, 3, 4, 100], 0, 75)
    [1.0, 2.0, 3.0, 4.0, 4.0]
    """
    if not 0 <= lower_percentile <= upper_percentile <= 100:
        raise ValueError(
            "percentiles must satisfy 0 <= lower <= upper <= 100, "
            f"got {lower_percentile!r} and {upper_percentile!r}"
        )
    clipped = _lists.clip(list(data), lower_percentile, upper_percentile)
    if clipped is None:
        raise ValueError(f"clip_outliers needs finite numbers, got {data!r}")
    return clipped

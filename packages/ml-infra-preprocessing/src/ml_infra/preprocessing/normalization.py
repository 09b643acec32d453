"""Scale and clip one-dimensional data, right to the last bit, container kept."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import _lists

if TYPE_CHECKING:
    from numpy.typing import NDArray

Missing: TypeAlias = Literal["raise", "keep"]
Constant: TypeAlias = Literal["raise", "zero"]

_PLAIN = frozenset((list, tuple))  # what the pure-Python path takes
_SHORT = _lists.SHORT
_MOST_DDOF = 2**53 - 1  # floats count rows up to here


def normalize(
    data: Any, *, missing: Missing = "raise", out: NDArray[Any] | None = None
) -> Any:
    """
    Map the values linearly so that the least becomes 0 and the greatest 1.

    ``(x - min) / (max - min)``: the ends are exactly 0 and 1 and nothing leaves
    [0, 1]; between them the error is below 2 units in the last place, also where
    the range overflows, for subnormal numbers and for integers beyond 2**53.

    Args:
        data: Shape (n,), n >= 2: list, tuple, other sequence or iterator of numbers,
            ndarray, masked array, pandas, polars or pyarrow column, torch CPU tensor,
            or anything with `__array__`, DLPack or the Arrow C interface. Integers,
            booleans, decimals and fractions become floats.
        missing: What to do about NaN, null and None: "raise", or "keep" to compute
            from the others and leave these in place (None in an array becomes NaN).
        out: Floating ndarray of shape (n,) that takes the result and is returned;
            NaN stands for null in it. It may be the input itself.

    Returns:
        The same kind of container, float64 unless the input was a smaller float.

    Raises:
        ValueError: If no two values differ, a value is infinite, or values are
            missing and may not; with the count and the first position.
        TypeError: If an element is not a real number, None included unless it may be
            missing; with position and value. If `float64` rounds a long double.

    The input is never written to. Two passes; the memory of the result plus 1 MiB.

    >>> normalize([1, 2, 3, 4, 5])
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> normalize([1.0, float("nan"), 3.0], missing="keep")
    [0.0, nan, 1.0]
    """
    if missing != "raise":
        _check_missing(missing)
    if out is None and type(data) in _PLAIN and len(data) <= _SHORT:
        scaled = _lists.normalize(data)
        if scaled is not None:
            return scaled if type(data) is list else tuple(scaled)
    from . import _vector_functions

    return _vector_functions.normalize(data, missing, out)


def standardize(
    data: Any,
    *,
    ddof: int = 1,
    missing: Missing = "raise",
    out: NDArray[Any] | None = None,
) -> Any:
    """
    Shift to mean 0 and scale to standard deviation 1.

    ``(x - mean) / sqrt(sum((x - mean)**2) / (n - ddof))``, the mean held in two
    floats and the squares scaled by a power of two where they would overflow, so
    that a variance is good to 1e-14 at any offset.

    Args:
        data: Shape (n,), the containers and elements of `normalize`.
        ddof: Taken from n in the divisor: 1 for the sample deviation, 0 for the
            population's.
        missing: "raise" or "keep", as for `normalize`.
        out: Floating ndarray of shape (n,) that takes the result, or None.

    Returns:
        The same kind of container, float64 unless the input was a smaller float.

    Raises:
        ValueError: If there are no more than `ddof` values, all are equal, one is
            infinite, or values are missing and may not.
        TypeError: If an element is not a real number; with position and value.

    The input is never written to. Two passes; the memory of the result plus 1 MiB.

    >>> standardize([1, 2, 3])
    [-1.0, 0.0, 1.0]
    >>> standardize([1.0, 3.0], ddof=0)
    [-1.0, 1.0]
    """
    if missing != "raise":
        _check_missing(missing)
    if type(ddof) is not int or not 0 <= ddof <= _MOST_DDOF:
        ddof = check_ddof(ddof)
    if out is None and type(data) in _PLAIN and len(data) <= _SHORT:
        scaled = _lists.standardize(data, ddof)
        if scaled is not None:
            return scaled if type(data) is list else tuple(scaled)
    from . import _vector_functions

    return _vector_functions.standardize(data, ddof, missing, out)


def clip_outliers(
    data: Any,
    lower_percentile: float = 5,
    upper_percentile: float = 95,
    *,
    missing: Missing = "raise",
    out: NDArray[Any] | None = None,
) -> Any:
    """
    Limit the values to two of their own percentiles (winsorizing).

    The bounds are values of the data: the sorted ones at index ``int(n * p / 100)``
    in float arithmetic, at most the last. With fewer than 20 values the default
    bounds are close to the extremes and little or nothing is clipped.

    Args:
        data: Shape (n,), n >= 0, the containers and elements of `normalize`.
            Infinities are the extreme values they are.
        lower_percentile: In [0, 100], at most `upper_percentile`.
        upper_percentile: In [0, 100]; 100 is the maximum.
        missing: "raise" or "keep", as for `normalize`.
        out: Floating ndarray of shape (n,) that takes the result, or None.

    Returns:
        The same kind of container, float64 unless the input was a smaller float;
        empty for empty.

    Raises:
        ValueError: If the percentiles are out of range or crossed, a bound would
            itself be infinite, or values are missing and may not.
        TypeError: If an element is not a real number; with position and value.

    The input is never written to. Exact without sorting; the memory of the result
    plus 1 MiB.

    >>> clip_outliers([1, 2, 3, 4, 100], 0, 75)
    [1.0, 2.0, 3.0, 4.0, 4.0]
    """
    if missing != "raise":
        _check_missing(missing)
    lower, upper = check_percentiles(lower_percentile, upper_percentile)
    if out is None and type(data) in _PLAIN and len(data) <= _SHORT:
        clipped = _lists.clip(data, lower, upper)
        if clipped is not None:
            return clipped if type(data) is list else tuple(clipped)
    from . import _vector_functions

    return _vector_functions.clip(data, lower, upper, missing, out)


def robust_scale(
    data: Any,
    *,
    quantiles: tuple[float, float] = (25, 75),
    missing: Missing = "raise",
    out: NDArray[Any] | None = None,
) -> Any:
    """
    Shift by the median and scale by the distance of two percentiles.

    ``(x - median) / (upper - lower)``; the percentiles interpolate linearly between
    neighbours, as NumPy's and scikit-learn's do. Outliers keep their distance: they
    do not move the scale, but they are not clipped either.

    Args:
        data: Shape (n,), the containers and elements of `normalize`.
        quantiles: The two percentiles, in [0, 100], the first below the second.
        missing: "raise" or "keep", as for `normalize`.
        out: Floating ndarray of shape (n,) that takes the result, or None.

    Returns:
        The same kind of container, float64 unless the input was a smaller float.

    Raises:
        ValueError: If the two percentiles of the data are equal, a value is
            infinite, or values are missing and may not.
        TypeError: If an element is not a real number; with position and value.

    The input is never written to.

    >>> robust_scale([1, 2, 3, 4, 5])
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    if missing != "raise":
        _check_missing(missing)
    try:
        lower, upper = quantiles
    except (TypeError, ValueError):
        raise ValueError(
            f"quantiles must be two percentiles such as (25, 75), got {quantiles!r}"
        ) from None
    from . import _vector_functions

    return _vector_functions.robust_scale(
        data, check_percentiles(lower, upper), missing, out
    )


def _check_missing(missing: str) -> None:
    if missing != "keep":
        raise ValueError(f"missing must be 'raise' or 'keep', got {missing!r}")


def check_ddof(ddof: Any) -> int:
    """Return ddof as an int; ValueError if it is none or beyond any number of rows."""
    try:
        number = -1 if isinstance(ddof, bool) else index(ddof)
    except TypeError:
        number = -1
    if 0 <= number <= _MOST_DDOF:
        return number
    from ._elements import shown

    raise ValueError(
        f"ddof must be an integer >= 0 and below 2**53, got {shown(ddof)}; 1 is for "
        "the deviation of a sample, 0 for that of a population"
    )


def check_percentiles(lower: Any, upper: Any) -> tuple[float, float]:
    """Return two percentiles as floats; ValueError if out of range or crossed."""
    try:
        if 0 <= lower <= upper <= 100:
            return float(lower), float(upper)
    except (TypeError, ValueError, ArithmeticError):  # of arrays, of a Decimal NaN
        pass
    from ._elements import shown

    raise ValueError(
        "percentiles must satisfy 0 <= lower <= upper <= 100, "
        f"got {shown(lower)} and {shown(upper)}"
    )

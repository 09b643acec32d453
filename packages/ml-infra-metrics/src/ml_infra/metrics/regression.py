"""Metrics of predicted numbers: predictions first, labels second."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ._device_residuals import DeviceResiduals, read_on_device
from ._inputs import arguments
from ._readers import on_device
from ._residuals import (
    SMALLEST_SQUARE,
    Residuals,
    check_quantile,
    read_residuals,
    unscaled,
)
from ._undefined import UndefinedPolicy, check_policy, settle
from ._weights import power_scaled

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._inputs import Aliases, Missing

__all__ = [
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "median_absolute_error",
    "pinball_loss",
    "r2_score",
    "root_mean_squared_error",
]


def mean_absolute_error(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the mean of |label - prediction|.

    Args:
        predictions: Finite numbers, shape (n,).
        labels: Finite numbers, shape (n,).
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_pred.

    Returns:
        A float in the unit of the labels.

    Raises:
        ValueError: If lengths differ or are 0, a value is missing or infinite, a
            shape is not (n,), or weights are not valid.
        TypeError: If predictions or labels are no numbers.

    Inputs are not modified. One blocked pass.

    >>> mean_absolute_error([2.5, 0.0, 2.0], [3.0, -0.5, 2.0])
    0.3333333333333333
    """
    data = _read(
        "mean_absolute_error",
        predictions,
        labels,
        weights=weights,
        missing=missing,
        aliases=aliases,
    )
    return unscaled(*data.scaled_mean(lambda errors, _: abs(errors)))


def mean_squared_error(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the mean of (label - prediction)**2.

    Args:
        predictions: Finite numbers, shape (n,).
        labels: Finite numbers, shape (n,).
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_pred.

    Returns:
        A float in the squared unit of the labels.

    Raises:
        ValueError: As `mean_absolute_error`; also if a squared error overflows.
        TypeError: As `mean_absolute_error`.

    >>> mean_squared_error([2.5, 0.0, 2.0], [3.0, -0.5, 2.0])
    0.16666666666666666
    """
    data = _read(
        "mean_squared_error",
        predictions,
        labels,
        weights=weights,
        missing=missing,
        aliases=aliases,
    )
    value, exponent = data.scaled_mean(lambda errors, _: errors * errors)
    return unscaled(value, 2 * exponent)


def root_mean_squared_error(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the square root of `mean_squared_error`, in the unit of the labels.

    Args:
        predictions: Finite numbers, shape (n,).
        labels: Finite numbers, shape (n,).
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_pred.

    Returns:
        A float, never below the mean absolute error.

    Raises:
        ValueError: As `mean_squared_error`.
        TypeError: As `mean_absolute_error`.

    >>> root_mean_squared_error([1.0, 4.0], [4.0, 0.0])  # sqrt((9 + 16) / 2)
    3.5355339059327378
    """
    data = _read(
        "root_mean_squared_error",
        predictions,
        labels,
        weights=weights,
        missing=missing,
        aliases=aliases,
    )
    value, exponent = data.scaled_mean(lambda errors, _: errors * errors)
    return unscaled(math.sqrt(value), exponent)


def r2_score(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the share of the labels' variance that the predictions explain.

    It is 1 - sum(w * (label - prediction)**2) / sum(w * (label - mean label)**2): 1 is
    perfect, 0 as good as predicting the mean, and there is no lower limit.

    Args:
        predictions: Finite numbers, shape (n,).
        labels: Finite numbers, shape (n,).
        weights: Non-negative, shape (n,); None means all ones.
        undefined: What it is if all labels are equal: "nan", 0, 1 or "raise".
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_pred.

    Returns:
        A float, at most 1.

    Raises:
        ValueError: As `mean_squared_error`.
        TypeError: As `mean_absolute_error`.

    Two blocked passes, so that a large mean costs no precision.

    >>> r2_score([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])  # 1 - 1 / 2
    0.5
    """
    check_policy(undefined)
    data = _read(
        "r2_score",
        predictions,
        labels,
        weights=weights,
        missing=missing,
        aliases=aliases,
    )
    value = math.nan
    if not data.labels_are_equal():
        missed, spread = data.squares()
        if math.isinf(spread) or math.isinf(missed):
            raise ValueError(
                "numbers cannot be squared and summed in float64; rescale predictions "
                "and labels"
            )
        if spread < SMALLEST_SQUARE:
            raise ValueError(
                "labels differ by less than float64 can square; rescale labels and "
                "predictions"
            )
        value = 1 - missed / spread
    return settle(value, undefined, "r2_score")


def mean_absolute_percentage_error(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the mean of |label - prediction| / |label|, as a fraction.

    Args:
        predictions: Finite numbers, shape (n,).
        labels: Finite numbers, shape (n,).
        weights: Non-negative, shape (n,); None means all ones.
        undefined: What it is if a label is 0: "nan", 0, 1 or "raise". Nothing is added
            to the denominator: a tiny one would make the result arbitrary.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_pred.

    Returns:
        A float; 0.05 is five per cent.

    Raises:
        ValueError: As `mean_absolute_error`; also if a fraction overflows.
        TypeError: As `mean_absolute_error`.

    >>> mean_absolute_percentage_error([5.0, 3.0], [4.0, 4.0])
    0.25
    """
    check_policy(undefined)
    data = _read(
        "mean_absolute_percentage_error",
        predictions,
        labels,
        weights=weights,
        missing=missing,
        aliases=aliases,
    )
    value = math.nan
    if not data.has_zero_label():
        value = unscaled(*data.scaled_mean(lambda e, labels: abs(e / labels)))
    return settle(value, undefined, "mean_absolute_percentage_error")


def median_absolute_error(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the median of |label - prediction|.

    Args:
        predictions: Finite numbers, shape (n,).
        labels: Finite numbers, shape (n,).
        weights: Non-negative, shape (n,), such as numbers of repetitions; None means
            all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_pred.

    Returns:
        A float in the unit of the labels: the error with half of the weight on either
        side, or the mean of two if the halves meet between them.

    Raises:
        ValueError: As `mean_absolute_error`.
        TypeError: As `mean_absolute_error`.

    O(n) extra memory; one partition, or one sort with weights.

    >>> median_absolute_error([2.5, 0.0, 2.0, 8.0], [3.0, -0.5, 2.0, 7.0])
    0.5
    """
    data = _read(
        "median_absolute_error",
        predictions,
        labels,
        weights=weights,
        missing=missing,
        aliases=aliases,
    )
    return data.median()


def pinball_loss(
    predictions: Any = None,
    labels: Any = None,
    *,
    quantile: float = 0.5,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the loss that is least, on average, at a quantile of the labels.

    An error costs quantile * |error| where the label is above the prediction and
    (1 - quantile) * |error| below (Koenker and Bassett, Econometrica 46, 1978).

    Args:
        predictions: Finite numbers, shape (n,).
        labels: Finite numbers, shape (n,).
        quantile: The quantile that is predicted, in [0, 1]; at 0.5 the loss is half
            the mean absolute error.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_pred.

    Returns:
        A float in the unit of the labels.

    Raises:
        ValueError: As `mean_absolute_error`; also if quantile is not in [0, 1].
        TypeError: As `mean_absolute_error`.

    >>> pinball_loss([10.0, 10.0], [14.0, 8.0], quantile=0.75)  # (3 + 0.5) / 2
    1.75
    """
    check_quantile(quantile)
    data = _read(
        "pinball_loss",
        predictions,
        labels,
        weights=weights,
        missing=missing,
        aliases=aliases,
    )
    return unscaled(
        *data.scaled_mean(
            # The larger of quantile * error and (quantile - 1) * error.
            lambda errors, _: (quantile - 0.5) * errors + 0.5 * abs(errors)
        )
    )


def _read(
    function: str,
    predictions: Any,
    labels: Any,
    *,
    weights: Any,
    missing: Missing,
    aliases: Aliases,
) -> Residuals | DeviceResiduals:
    predictions, labels = arguments(function, predictions, labels, aliases)
    if on_device(predictions) or on_device(labels):
        return read_on_device(predictions, labels, weights)
    data, _ = read_residuals(predictions, labels, weights, missing, scan=False)
    return data._replace(weights=power_scaled(data.weights))

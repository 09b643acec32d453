"""Agreement and disagreement: Matthews correlation, kappa and the Hamming loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _tiny
from ._formulas import kappa, matthews
from ._label_sets import are_indicators, refuse_agreement
from ._tables import Options, agreeing, count, read_rows
from ._undefined import check_policy, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack

    from ._inputs import Aliases, Missing
    from ._undefined import UndefinedPolicy

__all__ = ["cohen_kappa", "hamming_loss", "matthews_corrcoef"]


def matthews_corrcoef(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the Matthews correlation of predictions and labels.

    The multiclass R_K of Gorodkin (2004), in exact integers: counts of any size neither
    overflow nor round.

    Args:
        predictions: Predicted classes, shape (n,).
        labels: True classes, same shape and kind as `predictions`.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [-1, 1]. Undefined where predictions or labels hold one class.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length or have missing values.

    >>> round(matthews_corrcoef([1, 1, 1, 0], [1, 1, 0, 0]), 4)
    0.5774
    """
    options = Options(weights=weights, undefined=undefined, missing=missing)
    return _agreement("matthews_corrcoef", predictions, labels, options, aliases)


def cohen_kappa(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return Cohen's kappa (1960): agreement beyond what chance would give.

    (observed - chance) / (1 - chance), all disagreements alike.

    Args:
        predictions: Predicted classes, shape (n,).
        labels: True classes, same shape and kind as `predictions`.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [-1, 1]. Undefined where both hold the same single class.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length or have missing values.

    >>> cohen_kappa([1, 1, 0, 0], [1, 0, 0, 0])
    0.5
    """
    options = Options(weights=weights, undefined=undefined, missing=missing)
    return _agreement("cohen_kappa", predictions, labels, options, aliases)


def hamming_loss(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the share of wrong labels: of rows, or of the cells of indicators.

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1]; 0 is perfect.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length or have missing values.

    >>> hamming_loss([[1, 0], [1, 1]], [[1, 0], [0, 1]])  # 1 of 4 cells is wrong
    0.25
    """
    read = read_rows(
        "hamming_loss", predictions, labels, aliases, weights=weights, missing=missing
    )
    if are_indicators(read.columns):
        m = count(read).table.marginals
        wrong = (m.predicted + m.actual - 2 * m.hits).sum()
        return float(wrong / (m.total * len(m.hits)))
    hits, total = agreeing(read)
    return float((total - hits) / total)


def _agreement(
    name: str,
    predictions: Any,
    labels: Any,
    options: Options,
    aliases: Mapping[str, Any],
) -> float:
    if _tiny.is_tiny(
        predictions,
        labels,
        aliases,
        weights=options.weights,
        undefined=options.undefined,
        missing=options.missing,
    ):
        tiny = _tiny.count(predictions, labels)
        quick = _tiny.agreement(tiny, kappa=name == "cohen_kappa")
        if quick is not None:
            return quick
    check_policy(options.undefined)
    read = read_rows(
        name,
        predictions,
        labels,
        aliases,
        weights=options.weights,
        missing=options.missing,
    )
    counted = count(read)
    if counted.exact is not None:
        refuse_agreement(name)
    formula = kappa if name == "cohen_kappa" else matthews
    value = float(formula(counted.table.marginals))
    return settle(value, options.undefined, name)

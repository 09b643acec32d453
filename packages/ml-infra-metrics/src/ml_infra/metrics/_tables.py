"""From what the user passed to a table of class marginals, and on to a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _tiny
from ._averaging import ClassTable, check_average, listed, select
from ._codes import encode
from ._counting import count_equal, count_indicators, count_marginals
from ._device import count_on_device
from ._formulas import Ratio, averaged, causes, per_class, ratio
from ._inputs import Rows, arguments, rows
from ._label_sets import are_indicators, checked_indicators, members, refuse_binary
from ._readers import Column, on_device
from ._undefined import UndefinedMetricError, check_policy, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._arrays import Array
    from ._codes import Codes


_TINY_AVERAGES = ("binary", "macro", "micro", "weighted")


class Options(NamedTuple):
    """The keyword arguments that metrics of classes share, as they are by default."""

    average: Any = "binary"
    positive: Any = 1
    classes: Any = None
    weights: Any = None
    undefined: Any = "nan"
    missing: Any = "raise"


class Counted(NamedTuple):
    """Marginals of the classes that occur, from one pass over the rows."""

    table: ClassTable
    #: Rows (or weight) that agree in every column of indicators; None otherwise.
    exact: Any
    n: int
    dropped: int


def read_rows(
    function: str,
    predictions: Any,
    labels: Any,
    aliases: Mapping[str, Any],
    *,
    weights: Any,
    missing: Any,
) -> Rows:
    """Settle which argument is which and read both, with their weights."""
    first, second = arguments(function, predictions, labels, aliases)
    if on_device(first) or on_device(second):
        return _rows_on_device(first, second, weights)
    return rows(
        {"predictions": first, "labels": second}, weights=weights, missing=missing
    )


def _rows_on_device(predictions: Any, labels: Any, weights: Any) -> Rows:
    """Return the pairs that occur as rows, with how often they do as weights."""
    cells = count_on_device(predictions, labels, weights)
    totals = cells.rows.astype(float) if cells.weight is None else cells.weight
    columns = [
        Column(name, values)
        if cells.columns is None
        else Column(name, members(values.tolist(), cells.columns))
        for name, values in (("predictions", cells.prediction), ("labels", cells.label))
    ]
    return Rows(columns, totals, 0, int(predictions.shape[0]))


def count(read: Rows) -> Counted:
    """Count rows of classes, shape (n,), or of 0/1 indicators, shape (n, k)."""
    if are_indicators(read.columns):
        return _count_indicators(read)
    coded = encode(read.columns)
    return Counted(occurring(coded, read.weights), None, read.n, read.dropped)


def agreeing(read: Rows) -> tuple[Any, Any]:
    """Return the rows (or weight) that agree, in every column if many, and all."""
    if are_indicators(read.columns):
        counted = _count_indicators(read)
        return counted.exact, counted.table.marginals.total
    return count_equal(encode(read.columns, equality_only=True), read.weights)


def occurring(coded: Codes, weights: Array | None) -> ClassTable:
    """Return the marginals of the codes that occur in some row of some weight."""
    marginals = count_marginals(coded, weights)
    present = np.flatnonzero((marginals.predicted > 0) | (marginals.actual > 0))
    classes = [coded.classes[code] for code in present.tolist()]
    return ClassTable(marginals.take(present), classes)


def _count_indicators(read: Rows) -> Counted:
    predictions, labels = checked_indicators(read.columns)
    marginals, exact = count_indicators(predictions, labels, read.weights)
    table = ClassTable(marginals, range(labels.shape[1]), listed=True)
    return Counted(table, exact, read.n, read.dropped)


def summarise(
    name: str, formula: Ratio, table: ClassTable, average: Any, undefined: Any
) -> Any:
    """Return a ratio metric as a float, or as {class: float} without an average."""
    fill_value = check_policy(undefined)
    if undefined == "raise" and average != "micro":
        found = causes(name, formula, table.marginals, table.classes)
        if found:
            raise UndefinedMetricError(found)
    if average is None:
        values = per_class(formula, table.marginals)
        values = np.where(np.isnan(values), fill_value, values)
        return dict(zip(table.classes, values.tolist(), strict=True))
    value = float(
        averaged(formula, table.marginals, average, fill_value, listed=table.listed)
    )
    return settle(value, undefined, name)


def ratio_metric(
    name: str,
    predictions: Any,
    labels: Any,
    options: Options,
    aliases: Mapping[str, Any],
    *,
    beta: float = 1.0,
) -> Any:
    """Return a ratio metric of rows, from reading them to averaging."""
    average = options.average
    formula = ratio(name, beta)
    if average in _TINY_AVERAGES and _tiny.is_tiny(
        predictions,
        labels,
        aliases,
        classes=options.classes,
        weights=options.weights,
        undefined=options.undefined,
        missing=options.missing,
    ):
        tiny = _tiny.count(predictions, labels)
        value = _tiny.ratio(formula, tiny, average, options.positive)
        if value is not None:
            return value
    check_average(average)
    check_policy(options.undefined)
    classes = None if options.classes is None else listed(options.classes)
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
        refuse_binary(average)
    table = select(counted.table, average, options.positive, classes)
    return summarise(name, formula, table, average, options.undefined)

"""
Short plain lists, counted without NumPy: an array conversion costs more than they do.

Whatever is unusual (mixed types, other containers, many rows) is left to the general
path, which gives the same numbers; so every check here only decides which way to go.
"""

from __future__ import annotations

from typing import Any

#: Rows from which the general path is faster.
LIMIT = 64
_PLAIN = (int, str, bool)

#: hits, predicted, actual per class, and the number of rows.
Tiny = tuple[dict[Any, int], dict[Any, int], dict[Any, int], int]


def is_tiny(
    predictions: Any,
    labels: Any,
    aliases: Any,
    *,
    classes: Any = None,
    weights: Any = None,
    undefined: Any = "nan",
    missing: Any = "raise",
) -> bool:
    """Return whether both are short lists of one plain type, without options."""
    if aliases or classes is not None or weights is not None:
        return False
    if undefined != "nan" or missing != "raise":
        return False
    if type(predictions) is not list or type(labels) is not list:
        return False
    if not 0 < len(labels) <= LIMIT or len(predictions) != len(labels):
        return False
    kinds = {*map(type, predictions), *map(type, labels)}
    return len(kinds) == 1 and kinds.pop() in _PLAIN


def count(predictions: list[Any], labels: list[Any]) -> Tiny:
    """Count hits, predicted and actual rows per class."""
    hits: dict[Any, int] = {}
    predicted: dict[Any, int] = {}
    actual: dict[Any, int] = {}
    hits_of, predicted_of, actual_of = hits.get, predicted.get, actual.get
    for p, y in zip(predictions, labels):  # noqa: B905 - is_tiny compared the lengths
        if p == y:
            hits[p] = hits_of(p, 0) + 1
        predicted[p] = predicted_of(p, 0) + 1
        actual[y] = actual_of(y, 0) + 1
    return hits, predicted, actual, len(labels)


def ratio(formula: Any, tiny: Tiny, average: Any, positive: Any) -> float | None:
    """Return an averaged ratio; None where the general path has to decide."""
    hits, predicted, actual, n = tiny
    (a, b, c, d), (e, f, g, h) = formula
    classes = sorted({**predicted, **actual})
    if average == "binary":
        if len(classes) > 2 or positive not in classes:
            return None
        classes = [positive]
    hits_of, predicted_of, actual_of = hits.get, predicted.get, actual.get
    pooled = average == "binary" or average == "micro"  # noqa: PLR1714 - faster
    above = below = total = shares = 0.0
    only_hits = not (b or c or d or h)  # all but specificity
    for label in classes:
        hit, p, y = hits_of(label, 0), predicted_of(label, 0), actual_of(label, 0)
        part, whole = a * hit, e * hit + f * p + g * y
        if not only_hits:
            part += b * p + c * y + d * n
            whole += h * n
        if pooled:
            above += part
            below += whole
        elif not whole:
            return None
        elif average == "macro":
            total += part / whole
        else:
            shares += y
            total += y * (part / whole)
    if pooled:
        return above / below if below else None
    return total / (len(classes) if average == "macro" else shares)


def agreement(tiny: Tiny, *, kappa: bool) -> float | None:
    """Return kappa or MCC; None where it is undefined."""
    hits, predicted, actual, n = tiny
    both = sum(p * actual.get(label, 0) for label, p in predicted.items())
    above = n * sum(hits.values()) - both
    if kappa:
        return above / (n * n - both) if n * n > both else None
    spread = (n * n - sum(p * p for p in predicted.values())) * (
        n * n - sum(y * y for y in actual.values())
    )
    return float(above / spread**0.5) if spread else None


def matrix(predictions: list[Any], labels: list[Any]) -> list[list[int]]:
    """Return rows of counts, [label][prediction], classes ascending."""
    classes = sorted({*predictions, *labels})
    place = {label: code for code, label in enumerate(classes)}
    rows = [[0] * len(classes) for _ in classes]
    for p, y in zip(predictions, labels):  # noqa: B905 - is_tiny compared the lengths
        rows[place[y]][place[p]] += 1
    return rows

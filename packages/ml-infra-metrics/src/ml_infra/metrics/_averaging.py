"""Which classes a metric is about: `average=`, `positive=` and `classes=` settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._codes import kind_of
from ._counting import Marginals
from ._inputs import check_choice

if TYPE_CHECKING:
    from collections.abc import Sequence

AVERAGES = ("binary", "micro", "macro", "weighted", None)


class ClassTable(NamedTuple):
    """Marginals of named classes, in the order of `classes`."""

    marginals: Marginals
    classes: Sequence[Any]
    #: Whether the caller named these classes: then absent ones count as undefined.
    listed: bool = False


def check_average(average: Any) -> None:
    """Refuse anything but the five averages."""
    check_choice(average, "average", AVERAGES)


def listed(classes: Any) -> Sequence[Any]:
    """
    Return the caller's class list as a sequence without duplicates.

    Raises:
        TypeError: If it is no list of classes, or mixes kinds.
        ValueError: If it is empty or names a class twice.
    """
    if isinstance(classes, range):
        plain: Sequence[Any] = classes
    elif isinstance(classes, (str, bytes)) or not hasattr(classes, "__iter__"):
        raise TypeError(f"classes must be a list of classes, got {classes!r}")
    else:
        plain = classes.tolist() if hasattr(classes, "tolist") else list(classes)
        if " and " in kind_of(plain):
            raise TypeError(f"classes mixes kinds: {kind_of(plain)}")
        if len(set(plain)) < len(plain):
            twice = next(c for i, c in enumerate(plain) if c in plain[:i])
            raise ValueError(f"classes names {twice!r} twice; each class counts once")
    if not plain:
        raise ValueError("classes is empty; name at least one class")
    return plain


def select(
    table: ClassTable, average: Any, positive: Any, classes: Sequence[Any] | None
) -> ClassTable:
    """
    Return the part of the table that a metric with these options averages over.

    Raises:
        TypeError: If `classes` is of another kind than the data.
        ValueError: If "binary" does not fit the classes; the message lists them and
            names the keyword to add.
    """
    if average == "binary":
        return _positive_only(table, positive, classes)
    return table if classes is None else rearrange(table, classes)


def rearrange(table: ClassTable, classes: Sequence[Any]) -> ClassTable:
    """Return the table of exactly `classes`; absent ones have no rows."""
    check_kinds(classes, table.classes)
    places = _places(table.classes, classes)
    known = places >= 0
    places = places[known]

    def spread(part: Any) -> Any:
        out = np.zeros((*part.shape[:-1], len(classes)), part.dtype)
        out[..., places] = part[..., known]
        return out

    m = table.marginals
    return ClassTable(
        Marginals(spread(m.hits), spread(m.predicted), spread(m.actual), m.total),
        classes,
        listed=True,
    )


def _places(present: Sequence[Any], wanted: Sequence[Any]) -> Any:
    """Return the position of each present class in `wanted`, or -1."""
    if isinstance(wanted, range):  # a million classes must not become a dict
        return np.array([wanted.index(c) if c in wanted else -1 for c in present], int)
    position = {c: i for i, c in enumerate(wanted)}
    return np.array([position.get(c, -1) for c in present], int)


def check_kinds(classes: Sequence[Any], present: Sequence[Any]) -> None:
    """Refuse a class list of another kind than the data."""
    given = "int" if isinstance(classes, range) else kind_of(classes)
    found = kind_of(present)
    if {given, found} <= {"int", "bool"} or given == found:
        return
    raise TypeError(f"classes holds {given} but the data hold {found}")


def _positive_only(
    table: ClassTable, positive: Any, classes: Sequence[Any] | None
) -> ClassTable:
    code = positive_code(table.classes, positive, classes)
    if code is None:
        return rearrange(table, [positive])
    return ClassTable(table.marginals.take([code]), [table.classes[code]], listed=True)


def positive_code(
    present: Sequence[Any], positive: Any, classes: Sequence[Any] | None
) -> int | None:
    """Return where the positive class is, None if it is known but does not occur."""
    shown = _shown(present)
    candidates = set(present) if classes is None else {*present, *classes}
    if len(candidates) > 2:
        raise ValueError(
            f'average="binary" needs two classes, got {_shown(sorted(candidates))}; '
            'choose average="macro", "micro", "weighted" or None'
        )
    if positive in present:
        return list(present).index(positive)
    # 0/1 and -1/1 labels name their positive class by convention.
    by_convention = positive == 1 and present[0] in (0, -1) and len(present) == 1
    if by_convention or (classes is not None and positive in classes):
        return None
    example = f"positive={present[-1]!r}"
    raise ValueError(
        f"positive={positive!r} is not among the classes {shown}; name the positive "
        f'class, as in {example}, or choose average="macro"'
    )


def _shown(classes: Sequence[Any]) -> str:
    listed_first = ", ".join(map(repr, classes[:10]))
    return f"[{listed_first}{', ...' if len(classes) > 10 else ''}]"

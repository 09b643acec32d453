"""Checks of settings that several scalers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .normalization import check_percentiles

if TYPE_CHECKING:
    from numpy.typing import NDArray


def check_choices(scaler: Any) -> None:
    """Raise ValueError or TypeError for a bad missing, constant, columns or by."""
    if scaler.missing not in ("raise", "keep"):
        raise ValueError(f"missing must be 'raise' or 'keep', got {scaler.missing!r}")
    if scaler.constant not in ("raise", "zero"):
        raise ValueError(f"constant must be 'raise' or 'zero', got {scaler.constant!r}")
    if isinstance(scaler.columns, (str, bytes)):
        raise ValueError(  # noqa: TRY004 -- a setting, like the others
            f"columns must be a list of names, got {scaler.columns!r}"
        )
    if scaler.columns is not None:
        _check_columns(scaler.columns)
    try:
        hash(scaler.by)
    except TypeError:
        raise TypeError(
            f"by must be the name of one column, got {scaler.by!r}"
        ) from None


def _check_columns(columns: Any) -> None:
    if not hasattr(columns, "__iter__") or not hasattr(columns, "__len__"):
        raise TypeError(
            f"columns must be a list of names or None for all, got {columns!r}"
        )
    names = list(columns)
    if not names:
        raise ValueError("columns must name at least one column; None is all, got []")
    if len(dict.fromkeys(names)) < len(names):
        raise ValueError(f"columns must be different names, got {names}")


def check_pair(pair: Any, name: str) -> None:
    """Raise ValueError unless these are two percentiles, the lower first."""
    try:
        low, high = check_percentiles(pair[0], pair[1])
        valid = low < high and len(pair) == 2
    except (LookupError, TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            f"{name} must be two percentiles in [0, 100], the lower first, got {pair!r}"
        )


def refuse_nothing(scaler: Any, count: NDArray[Any]) -> None:
    """Raise ValueError if a column had no values; a group may have none."""
    if scaler.groups_ is None:
        scaler._refuse_columns(count == 0, "no values to learn from")  # noqa: SLF001 - for scalers


def single(count: NDArray[Any]) -> str:
    """Return how a message starts if there was one row only."""
    return "n_samples = 1, " if (count <= 1).all() else ""

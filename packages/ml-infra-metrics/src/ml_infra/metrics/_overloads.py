"""What type checkers see of the ratio metrics: a float, or for no average a dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, overload

from ._inputs import Aliases

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Unpack

    from ._formulas import Average
    from ._inputs import Missing
    from ._undefined import UndefinedPolicy


class RatioOptions(Aliases, total=False):
    """The keywords of a ratio metric whose value leaves the type of its answer."""

    positive: Any
    classes: Any
    weights: Any
    undefined: UndefinedPolicy
    missing: Missing


class RatioMetric(Protocol):
    """`precision` and the functions with the same arguments."""

    __name__: str

    @overload
    def __call__(
        self,
        predictions: Any = None,
        labels: Any = None,
        *,
        average: Average = "binary",
        **options: Unpack[RatioOptions],
    ) -> float: ...

    @overload
    def __call__(
        self,
        predictions: Any = None,
        labels: Any = None,
        *,
        average: None,
        **options: Unpack[RatioOptions],
    ) -> dict[Any, float]: ...


class FBetaMetric(Protocol):
    """`fbeta_score`, which needs a `beta` as well."""

    __name__: str

    @overload
    def __call__(
        self,
        predictions: Any = None,
        labels: Any = None,
        *,
        beta: float,
        average: Average = "binary",
        **options: Unpack[RatioOptions],
    ) -> float: ...

    @overload
    def __call__(
        self,
        predictions: Any = None,
        labels: Any = None,
        *,
        beta: float,
        average: None,
        **options: Unpack[RatioOptions],
    ) -> dict[Any, float]: ...


def ratio_overloads(function: Callable[..., Any]) -> RatioMetric:
    """Return the function as it is, for type checkers with its overloads."""
    return function


def fbeta_overloads(function: Callable[..., Any]) -> FBetaMetric:
    """Return the function as it is, for type checkers with its overloads."""
    return function

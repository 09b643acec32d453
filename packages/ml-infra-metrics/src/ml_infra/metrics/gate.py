"""A gate for releases: pass only what is shown not to be worse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ._influence import LOSSES
from ._inputs import real

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison import Paired
    from .intervals import Interval

__all__ = ["NotShownError", "assert_not_worse"]


class NotShownError(AssertionError):
    """
    A new model is worse than allowed, or not shown not to be.

    Attributes:
        interval: The difference, new minus old, with its interval.
    """

    def __init__(self, message: str, interval: Interval) -> None:
        self.interval = interval
        super().__init__(message)


def assert_not_worse(
    paired: Paired,
    *,
    metric: str = "accuracy",
    margin: float = 0.0,
    level: float = 0.95,
    average: str = "binary",
    classes: Sequence[Any] | None = None,
    beta: float = 1.0,
) -> Interval:
    """
    Pass only if the new model is shown to be worse by less than a margin.

    The test is one-sided: of new models that are worse by the margin, at most a share
    of 1 - level pass. So a margin of 0 asks for a model shown to be better; a gate
    against regressions has a margin above 0, the loss that would be accepted. Models
    that never differ pass.

    Args:
        paired: The two models on the same rows.
        metric: As in `Paired.difference`; more is taken as better, but for log_loss,
            brier_score and hamming_loss.
        margin: The difference that is still accepted, in the unit of the metric.
        level: Confidence level, in (0.5, 1).
        average: As in `Paired.difference`.
        classes: As in `Paired.difference`.
        beta: As in `Paired.difference`.

    Returns:
        The difference as an `Interval` of level 2 * level - 1, whose worse bound is
        the one-sided bound.

    Raises:
        NotShownError: An AssertionError, if the bound is beyond the margin, or there
            is no bound to trust: the difference is undefined or its interval flagged
            degenerate.
        ValueError: If an argument is not valid.

    >>> from ml_infra.metrics import Paired
    >>> paired = Paired.of([1, 1, 0, 0] * 50, [1, 0, 0, 0] * 50, [1, 1, 0, 0] * 50)
    >>> print(assert_not_worse(paired, metric="accuracy", margin=0.01))
    0.250 [0.196, 0.299]
    """
    level, margin = real(level, "level"), real(margin, "margin")
    if not 0.5 < level < 1:
        raise ValueError(f"level must lie strictly between 0.5 and 1, got {level!r}")
    if not (margin >= 0 and math.isfinite(margin)):
        raise ValueError(f"margin must be finite and not negative, got {margin!r}")
    interval = paired.difference(
        metric, level=2 * level - 1, average=average, classes=classes, beta=beta
    )
    if "identical" in interval.flags:
        return interval
    loss = interval.high if metric in LOSSES else -interval.low
    gain = interval.low if metric in LOSSES else -interval.high
    summary = f"{metric}, new minus old, is {interval} on {interval.n} rows"
    if interval.flags:
        raise NotShownError(
            f"{summary}, flagged {', '.join(interval.flags)}: there is no interval to "
            "trust; compare on more, or more varied, rows",
            interval,
        )
    if loss <= margin:
        return interval
    verdict = (
        f"worse by more than the margin {margin}"
        if gain > margin
        else f"not shown to be within the margin {margin}; more rows may show it"
    )
    raise NotShownError(f"{summary}: {verdict} (level {level}, one-sided)", interval)

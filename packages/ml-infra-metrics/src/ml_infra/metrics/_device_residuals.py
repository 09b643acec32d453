"""
Errors of predicted numbers where they are: on a GPU, through the array API standard.

Only sums leave the device. Needs the extra `array-api`; without it, arrays on a device
are refused with advice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._device import checked_weights, namespace_of

if TYPE_CHECKING:
    from collections.abc import Callable


class DeviceResiduals(NamedTuple):
    """Checked numbers, shape (n,) each, float64; answers as `Residuals` does."""

    predictions: Any
    labels: Any
    weights: Any
    xp: Any

    def mean(self, loss: Callable[[Any, Any], Any]) -> float:
        """Return the weighted mean of a loss of (errors, labels)."""
        losses = loss(self.labels - self.predictions, self.labels)
        if self.weights is None:
            return float(self.xp.mean(losses))
        return float(self.xp.sum(losses * self.weights) / self.xp.sum(self.weights))

    def scaled_mean(self, loss: Callable[[Any, Any], Any]) -> tuple[float, int]:
        """Return the mean and 0: what leaves float64 is not rescaled on a device."""
        return self.mean(loss), 0

    def squares(self) -> tuple[float, float]:
        """Return the mean squared error and the variance of the labels."""
        mean = self.mean(lambda _, labels: labels)
        return (
            self.mean(lambda errors, _: errors * errors),
            self.mean(lambda _, labels: (labels - mean) * (labels - mean)),
        )

    def median(self) -> float:
        """Return the weighted median of |error|."""
        xp = self.xp
        errors = abs(self.labels - self.predictions)
        order = xp.argsort(errors)
        n = errors.shape[0]
        if self.weights is None:
            places = (n - 1) // 2, n // 2
        else:
            upto = xp.cumulative_sum(xp.take(self.weights, order))
            half = upto[n - 1] / 2
            # As `searchsorted` from the left and from the right.
            places = (
                int(xp.sum(xp.astype(upto < half, xp.int64))),
                int(xp.sum(xp.astype(upto <= half, xp.int64))),
            )
        low, high = (float(errors[int(order[place])]) for place in places)
        return low / 2 + high / 2

    def labels_are_equal(self) -> bool:
        """Return whether all labels are one number."""
        return bool(self.xp.all(self.labels == self.labels[0]))

    def has_zero_label(self) -> bool:
        """Return whether a label is 0."""
        return bool(self.xp.any(self.labels == 0))


def read_on_device(predictions: Any, labels: Any, weights: Any) -> DeviceResiduals:
    """
    Check numbers where they are; rows of weight 0 are left out.

    Raises:
        TypeError: If array-api-compat is not installed, an argument is elsewhere, or
            something is no real number.
        ValueError: If shapes are not (n,), there is no row, a number is NaN or
            infinite, or a weight is negative.
    """
    _, xp = namespace_of(predictions=predictions, labels=labels, weights=weights)
    shape = tuple(predictions.shape)
    if len(shape) != 1 or tuple(labels.shape) != shape:
        raise ValueError(
            "on a device, predictions and labels must have the same shape (n,), got "
            f"{shape} and {tuple(labels.shape)}"
        )
    if not shape[0]:
        raise ValueError("predictions and labels are empty; at least one row is needed")
    columns = []
    for name, array in (("predictions", predictions), ("labels", labels)):
        if not xp.isdtype(array.dtype, ("bool", "integral", "real floating")):
            raise TypeError(f"{name} must be numbers, got {array.dtype}")
        column = xp.astype(array, xp.float64)
        if not bool(xp.all(xp.isfinite(column))):
            row = int(xp.argmax(xp.astype(~xp.isfinite(column), xp.int64)))
            raise ValueError(f"{name} has NaN or an infinite value at row {row}")
        columns.append(column)
    values = checked_weights(weights, shape[0], xp)
    if values is not None:  # a row of weight 0 is an absent row
        *columns, values = (column[values > 0] for column in (*columns, values))
    return DeviceResiduals(columns[0], columns[1], values, xp)

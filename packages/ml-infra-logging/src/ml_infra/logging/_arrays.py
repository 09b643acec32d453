"""
Array and tensor values: scalars as numbers, arrays as summaries in bounded time.

Nothing here imports an array library; a value that came in brought its own. A tensor
on a device is described from its metadata alone, because reading one element waits
for all the work queued before it.
"""

from __future__ import annotations

import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Form = tuple[str, Any]

EXACT_ELEMENTS = 131_072  # statistics of larger arrays come from a strided sample
SAMPLE = 4_096


def summarize(value: Any) -> Form:
    """
    Return a scalar as a plain value, an array as the pairs of its summary.

    Raises:
        TypeError: When the value is neither.

    >>> import numpy as np
    >>> summarize(np.float32(0.1))
    ('value', 0.1)
    """
    kind = type(value)
    if hasattr(kind, "detach") and hasattr(kind, "item"):
        return _tensor(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if issubclass(kind, numpy.generic):
            return _numpy_scalar(value)
        if issubclass(kind, numpy.ndarray):
            masked = sys.modules.get("numpy.ma")
            if masked is not None and issubclass(kind, masked.MaskedArray):
                return _masked(numpy, value)
            if value.ndim == 0:
                item = numpy.asarray(value)[()]
                return "value", item if type(item) is not kind else None
            return "object", _numpy_summary(numpy, value)
    return _foreign(value)


def _masked(numpy: Any, value: Any) -> Form:
    """Describe a masked array: what is masked is null, and counts for nothing."""
    data, mask = numpy.asarray(value), numpy.ma.getmaskarray(value)
    if value.ndim:
        return "object", _numpy_summary(numpy, data, mask)
    item, hidden = data[()], mask[()]
    if not data.dtype.names:
        return "value", None if hidden else item
    return "object", [
        (name, None if numpy.all(hidden[name]) else item[name])
        for name in data.dtype.names
    ]


def _numpy_scalar(value: Any) -> Form:
    family = value.dtype.kind
    if family == "f":
        # The shortest text that reads back as the same float32 is what was meant.
        return "value", float(str(value)) if value.itemsize < 8 else float(value)
    if family in "iub":
        return "value", value.item()
    if family == "S":
        return "value", bytes(value)
    if family == "V" and value.dtype.names:
        return "object", [(name, value[name]) for name in value.dtype.names]
    return "value", str(value)  # text, dates, durations, complex numbers


def _numpy_summary(numpy: Any, array: Any, mask: Any = None) -> list[tuple[str, Any]]:
    pairs = _header(array.shape, array.dtype)
    if array.dtype.kind not in "fiub" or array.size == 0:
        return pairs
    array = array.view(numpy.ndarray)
    if array.size > EXACT_ELEMENTS:
        step = -(-array.size // SAMPLE)
        chosen = numpy.arange(0, array.size, step)
        places = numpy.unravel_index(chosen, array.shape)
        array = array[places]
        mask = None if mask is None else mask[places]
        sampled = array.size
    else:
        sampled = 0
    if mask is not None:
        array = array[~mask]
    finite = array[numpy.isfinite(array)]
    if finite.size:
        low, high = finite.min(), finite.max()
        with numpy.errstate(all="ignore"):
            mean = float(finite.mean(dtype=numpy.float64))
        pairs += [("min", low), ("mean", mean), ("max", high)]
    pairs.append(("nonfinite", int(array.size - finite.size)))
    if mask is not None:
        pairs.append(("masked", int(mask.sum())))
    return pairs + ([("sampled", int(sampled))] if sampled else [])


def _tensor(value: Any) -> Form:
    device = str(getattr(value, "device", "cpu"))
    shape = getattr(value, "shape", ())
    dtype = str(getattr(value, "dtype", "float64")).rpartition(".")[2]
    if getattr(value, "is_cuda", False) or not device.startswith("cpu"):
        return "object", [*_header(shape, dtype), ("device", device)]
    value = value.detach()
    if len(shape) == 0:
        return "value", rounded(value.item(), dtype)
    return "object", [*_header(shape, dtype), *_tensor_statistics(value, shape, dtype)]


def _tensor_statistics(value: Any, shape: Any, dtype: str) -> list[tuple[str, Any]]:
    torch = sys.modules.get("torch")
    size = 1
    for length in shape:
        size *= int(length)
    if torch is None or size == 0 or dtype.startswith(("complex", "q")):
        return []
    pairs: list[tuple[str, Any]] = []
    if size > EXACT_ELEMENTS:
        value = value[_unraveled(torch.arange(0, size, -(-size // SAMPLE)), shape)]
        pairs.append(("sampled", int(value.numel())))
    wide = value.to(torch.float64)
    finite = wide[torch.isfinite(wide)]
    bad = int(wide.numel() - finite.numel())
    pairs.insert(0, ("nonfinite", bad))
    if finite.numel():
        low, mean, high = (
            rounded(finite.min().item(), dtype),
            finite.mean().item(),
            rounded(finite.max().item(), dtype),
        )
        if "float" not in dtype:
            low, high = int(low), int(high)
        pairs = [("min", low), ("mean", mean), ("max", high), *pairs]
    return pairs


def _unraveled(flat: Any, shape: Any) -> tuple[Any, ...]:
    """Return flat indices as one index per axis, the last axis running fastest."""
    indices: list[Any] = []
    for length in reversed(shape):
        indices.append(flat % length)
        flat = flat // length
    return tuple(reversed(indices))


def _foreign(value: Any) -> Form:
    """Describe any other array-like by its metadata; reading it might wait or copy."""
    shape = value.shape
    if not isinstance(shape, (tuple, list)):
        raise TypeError("has a shape that is no tuple")
    return "object", [
        ("type", f"{type(value).__module__}.{type(value).__qualname__}"),
        *_header(shape, getattr(value, "dtype", None)),
    ]


def _header(shape: Any, dtype: Any) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = [("shape", list(map(int, shape)))]
    return pairs if dtype is None else [*pairs, ("dtype", str(dtype))]


def rounded(value: Any, dtype: str) -> Any:
    """
    Return the float with the fewest digits that is the same number in `dtype`.

    >>> rounded(0.10000000149011612, "float32")
    0.1
    """
    if type(value) is not float or dtype not in _NARROW or value - value != 0:
        return value
    narrow = _NARROW[dtype]
    for digits in range(1, 10):
        shorter = float(f"{value:.{digits}g}")
        if narrow(shorter) == value:
            return shorter
    return value


def _float32(value: float) -> float:
    return _through("<f", value)


def _float16(value: float) -> float:
    return _through("<e", value)


def _through(form: str, value: float) -> float:
    try:
        return float(struct.unpack(form, struct.pack(form, value))[0])
    except OverflowError:
        return float("inf")


def _bfloat16(value: float) -> float:
    """Round to the upper half of a float32, to nearest with ties to even."""
    (bits,) = struct.unpack("<I", struct.pack("<f", _float32(value)))
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    (result,) = struct.unpack("<f", struct.pack("<I", bits & 0xFFFFFFFF))
    return float(result)


_NARROW = {
    "float32": _float32,
    "float16": _float16,
    "bfloat16": _bfloat16,
}

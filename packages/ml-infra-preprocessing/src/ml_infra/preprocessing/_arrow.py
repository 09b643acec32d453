"""
Numbers out of the Arrow C data interface, without an Arrow library.

Layout and names are the specification's:
https://arrow.apache.org/docs/format/CDataInterface.html
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Pointer = ctypes.c_void_p
_Release = ctypes.CFUNCTYPE(None, _Pointer)


class _Schema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", _Pointer),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", _Pointer),
        ("dictionary", _Pointer),
        ("release", _Release),
        ("private_data", _Pointer),
    )


class _Array(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(_Pointer)),
        ("children", _Pointer),
        ("dictionary", _Pointer),
        ("release", _Release),
        ("private_data", _Pointer),
    )


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, _Pointer)),
        ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, _Pointer)),
        ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, _Pointer)),
        ("release", _Release),
        ("private_data", _Pointer),
    )


# format string -> NumPy dtype; "b" is one bit a value
_DTYPES = dict(zip("cCsSiIlLefg", "bBhHiIqQefd", strict=True)) | {"b": "?"}


def read(data: Any, name: str) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return a copy of the values, and True where they are null (None: nowhere)."""
    parts: list[Any] = []
    if hasattr(data, "__arrow_c_array__"):
        schema_capsule, array_capsule = data.__arrow_c_array__()
        schema = _struct(_Schema, schema_capsule, b"arrow_schema")
        dtype = _dtype(schema, name)
        parts.append(_read_one(_struct(_Array, array_capsule, b"arrow_array"), dtype))
    else:
        capsule = data.__arrow_c_stream__()
        stream = _struct(_Stream, capsule, b"arrow_array_stream")
        dtype, parts = _read_stream(stream, name)
    values = np.concatenate([part[0] for part in parts] or [np.empty(0, dtype)])
    null = np.concatenate([part[1] for part in parts] or [np.empty(0, np.bool_)])
    return values, null if null.any() else None


def _struct(kind: Any, capsule: Any, name: bytes) -> Any:
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = _Pointer, [ctypes.py_object, ctypes.c_char_p]
    return kind.from_address(pointer(capsule, name))


def _dtype(schema: Any, name: str) -> np.dtype[Any]:
    text = schema.format.decode()
    if text not in _DTYPES or schema.dictionary:
        raise TypeError(
            f"{name}: expected numbers, got Arrow data of format {text!r} at position 0"
        )
    return np.dtype(_DTYPES[text])


def _read_stream(stream: Any, name: str) -> tuple[np.dtype[Any], list[Any]]:
    address = ctypes.addressof(stream)
    schema = _Schema()
    _check(stream.get_schema(address, ctypes.addressof(schema)), name)
    try:
        dtype = _dtype(schema, name)
    finally:
        schema.release(ctypes.addressof(schema))
    parts: list[Any] = []
    while True:
        array = _Array()
        _check(stream.get_next(address, ctypes.addressof(array)), name)
        if not array.release:  # the end of the stream
            return dtype, parts
        try:
            parts.append(_read_one(array, dtype))
        finally:
            array.release(ctypes.addressof(array))


def _check(code: int, name: str) -> None:
    if code:
        raise ValueError(f"{name}: the Arrow stream failed with error {code}")


def _read_one(
    array: Any, dtype: np.dtype[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    start, stop = array.offset, array.offset + array.length
    if dtype == np.bool_:
        values = _bits(array.buffers[1], start, stop)
    else:
        values = np.frombuffer(
            _bytes(array.buffers[1], stop * dtype.itemsize), dtype
        ).copy()[start:]
    if array.null_count and array.buffers[0]:
        return values, ~_bits(array.buffers[0], start, stop)
    return values, np.zeros(array.length, np.bool_)


def _bytes(address: int | None, size: int) -> Any:
    if not size or address is None:
        return b""
    return (ctypes.c_uint8 * size).from_address(address)


def _bits(address: int | None, start: int, stop: int) -> NDArray[np.bool_]:
    packed = np.frombuffer(_bytes(address, -(-stop // 8)), np.uint8)
    bits = np.unpackbits(packed, count=stop, bitorder="little")
    return bits[start:].astype(np.bool_)

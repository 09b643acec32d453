"""
Python values in terms of JSON: what each type becomes, by type and never by import.

`convert` names a form: ``object`` (pairs follow), ``array`` (a sequence), ``set``
(an iterable to be sorted) or ``value`` (something simpler, to be looked at again).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet

from ._arrays import summarize
from ._exceptions import describe_exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Form = tuple[str, Any]


class Unwritable(Exception):  # noqa: N818 - a signal inside this distribution
    """Carries why only a marker can stand for a value."""


def convert(value: Any) -> Form:
    r"""
    Return how to write `value`, which is not exactly str, int, float, bool or None.

    Raises:
        Unwritable: When only a marker can stand for it.
        Exception: Whatever the value's own code raises.

    >>> convert(b"caf\xc3\xa9")
    ('value', 'café')
    """
    kind = type(value)
    if kind is dict:
        return "object", value.items()
    if kind is list or kind is tuple:
        return "array", value
    enum = sys.modules.get("enum")
    if enum is not None and issubclass(kind, enum.Enum):
        return "value", value.value
    form = _forms.get(kind)
    if form is None:
        if len(_forms) >= _MAX_FORMS:
            _forms.clear()  # classes made on the fly must not pile up
        form = _forms[kind] = _form_of(kind)
    return form(value)


_MAX_FORMS = 1000
_forms: dict[type, Callable[[Any], Form]] = {}


def _form_of(kind: type) -> Callable[[Any], Form]:
    """Return what writes the values of a type."""
    for base, form in _BASES:
        if issubclass(kind, base):
            return form
    for parent in kind.__mro__:
        known = _NAMED.get(f"{parent.__module__}.{parent.__qualname__}")
        if known is not None:
            return known
    if hasattr(kind, "shape") or (hasattr(kind, "detach") and hasattr(kind, "item")):
        return summarize
    if hasattr(kind, "__dataclass_fields__"):
        return _dataclass
    if hasattr(kind, "__attrs_attrs__"):
        return _attrs
    if hasattr(kind, "__fspath__"):
        return lambda value: ("value", value.__fspath__())
    if issubclass(kind, Mapping):
        return lambda value: ("object", value.items())
    if issubclass(kind, AbstractSet):
        return lambda value: ("set", value)
    if issubclass(kind, (Sequence, ValuesView)):
        return lambda value: ("array", value)
    return _unwritable


def _unwritable(value: Any) -> Form:  # noqa: ARG001 - as all forms
    raise Unwritable("no JSON form for this type")


def _tuple(value: Any) -> Form:
    names = getattr(type(value), "_fields", None)
    if isinstance(names, tuple) and len(names) == len(value):
        return "object", list(zip(names, value, strict=True))
    return "array", tuple.__getitem__(value, slice(None))


def _exception(value: Any) -> Form:
    return "value", describe_exception(value)


def _dataclass(value: Any) -> Form:
    names = type(value).__dataclass_fields__
    return "object", [(name, getattr(value, name)) for name in names]


def _attrs(value: Any) -> Form:
    names = [field.name for field in type(value).__attrs_attrs__]
    return "object", [(name, getattr(value, name)) for name in names]


def _namespace(value: Any) -> Form:
    return "object", list(vars(value).items())


def _bytes(value: Any) -> Form:
    return "value", bytes(value).decode("utf-8", "backslashreplace")


def _text(value: Any) -> Form:
    return "value", str(value)


def _iso(value: Any) -> Form:
    return "value", value.isoformat()


def _decimal(value: Any) -> Form:
    as_float = float(value)
    exact = value.is_finite() and type(value)(repr(as_float)) == value
    return "value", as_float if exact or not value.is_finite() else str(value)


_BASES: tuple[tuple[type, Callable[[Any], Form]], ...] = (
    (str, lambda value: ("value", str.__str__(value))),
    (int, lambda value: ("value", int.__int__(value))),
    (float, lambda value: ("value", float.__float__(value))),
    (dict, lambda value: ("object", list(value.items()))),
    (list, lambda value: ("array", list(value))),
    (tuple, _tuple),
    (set, lambda value: ("set", value)),
    (frozenset, lambda value: ("set", value)),
    (range, lambda value: ("array", value)),
    (bytes, _bytes),
    (bytearray, _bytes),
    (memoryview, _bytes),
    (BaseException, _exception),
)

_NAMED: dict[str, Callable[[Any], Form]] = {
    "datetime.date": _iso,  # and datetime, its subclass
    "datetime.time": _iso,
    "datetime.timedelta": lambda value: ("value", value.total_seconds()),
    "decimal.Decimal": _decimal,
    "fractions.Fraction": _text,
    "uuid.UUID": _text,
    "collections.deque": lambda value: ("array", list(value)),
    "collections.UserString": _text,
    "builtins.complex": _text,
    "argparse.Namespace": _namespace,
    "types.SimpleNamespace": _namespace,
    "pydantic.main.BaseModel": lambda value: ("object", list(value)),
    "numpy.dtype": _text,
    "pandas._libs.missing.NAType": lambda _: ("value", None),
    "pandas.api.typing.NAType": lambda _: ("value", None),
    "torch.dtype": _text,
    "torch.device": _text,
}

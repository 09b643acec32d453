"""
Wrappers that take exactly the parameters of what they wrap.

Packing and unpacking `*args, **kwargs` costs more than everything else that a wrapper
does on the way to a success. So the wrapper is compiled from a template with the
function's own parameter list; a call with wrong arguments then fails at the wrapper,
before anything is tried.
"""

from __future__ import annotations

import sys
from itertools import count

from ._callables import CO_VARARGS, CO_VARKEYWORDS, FUNCTION, short_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

_ANY = ("*args, **kwargs", "*args, **kwargs", "args", "kwargs", "args or kwargs")
# Checking the type of more arguments one by one costs more than a loop.
_INLINE_LIMIT = 6

_sources: dict[str, CodeType] = {}
_numbers = count(1)
_SOURCES_LIMIT = 1_000


def forward(
    function: Callable[..., Any], template: str, names: dict[str, Any]
) -> Callable[..., Any]:
    """
    Return a function compiled from `template`, with the metadata of `function`.

    Args:
        function: What the template calls as `function`.
        template: Source of a function named `wrapper`. It may hold `$parameters`,
            `$arguments` to pass them on, `$args` and `$kwargs` for them as a tuple
            and a dict, and `$unknown`, true if an argument's type is not in
            `_inputs.PLAIN`.
        names: The other names that the template uses.
    """
    source = template
    fields = ("$parameters", "$arguments", "$args", "$kwargs", "$unknown")
    plan = _plan(function, names)
    for field, text in zip(fields, plan or _ANY, strict=True):
        source = source.replace(field, text)
    namespace = {**names, "function": function}
    exec(_compiled(source), namespace)  # noqa: S102 - the text holds the template and identifiers
    wrapper: Callable[..., Any] = namespace.pop("wrapper")
    if plan:
        wrapper.__defaults__ = function.__defaults__
        wrapper.__kwdefaults__ = function.__kwdefaults__
    return dress(wrapper, function)


def dress(wrapper: Callable[..., Any], function: Any) -> Callable[..., Any]:
    """Give the wrapper the name, documentation and attributes of the function."""
    # As functools.update_wrapper, which would be half of the whole import.
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        if hasattr(function, attribute):
            setattr(wrapper, attribute, getattr(function, attribute))
    if not hasattr(function, "__name__"):  # partials and callable objects
        wrapper.__name__ = wrapper.__qualname__ = short_name(function)
    # From Python 3.14 annotations are only evaluated when someone asks for them.
    lazy = hasattr(function, "__annotate__")
    annotations = "__annotate__" if lazy else "__annotations__"
    for attribute in (annotations, "__type_params__"):
        if hasattr(function, attribute):
            setattr(wrapper, attribute, getattr(function, attribute))
    vars(wrapper).update(getattr(function, "__dict__", {}))
    wrapper.__wrapped__ = function  # type: ignore[attr-defined] # as functools.wraps
    return wrapper


def _compiled(source: str) -> CodeType:
    if source not in _sources:
        # Where tracebacks and debuggers look for lines; not worth an import.
        lines = getattr(sys.modules.get("linecache"), "cache", {})
        if len(_sources) > _SOURCES_LIMIT:
            for code in _sources.values():
                lines.pop(code.co_filename, None)
            _sources.clear()
        file = f"<wrapper {next(_numbers)} of ml_infra.decorators>"
        lines[file] = (len(source), None, source.splitlines(keepends=True), file)
        _sources[source] = compile(source, file, "exec")
    return _sources[source]


def _plan(
    function: Callable[..., Any], taken: dict[str, Any]
) -> tuple[str, ...] | None:
    """Return the texts for the fields, None if the parameters cannot be written out."""
    if not isinstance(function, FUNCTION):
        return None
    code = function.__code__
    count, keywords = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames
    positional, only = names[:count], names[count : count + keywords]
    extra = list(names[count + keywords :])
    rest = extra.pop(0) if code.co_flags & CO_VARARGS else None
    options = extra.pop(0) if code.co_flags & CO_VARKEYWORDS else None
    used = {*positional, *only, rest, options}
    if used & {*taken, "function", "wrapper", "type", "Exception"} or any(
        name and name.startswith("_wrapper_") for name in used
    ):
        return None
    if not all(name is None or name.isidentifier() for name in used):
        return None

    required = count - len(function.__defaults__ or ())
    defaults = function.__kwdefaults__ or {}
    parameters = [
        name if i < required else f"{name}=None" for i, name in enumerate(positional)
    ]
    if code.co_posonlyargcount:
        parameters.insert(code.co_posonlyargcount, "/")
    if rest or only:
        parameters.append(f"*{rest or ''}")
    parameters += [f"{name}=None" if name in defaults else name for name in only]
    parameters += [f"**{options}"] if options else []

    starred = [f"*{rest}"] if rest else []
    double = [f"**{options}"] if options else []
    arguments = [*positional, *starred, *(f"{k}={k}" for k in only), *double]
    pairs = [*(f"{k!r}: {k}" for k in only), *double]
    values = [name for name in (*positional, *only) if name not in ("self", "cls")]
    unknown = [f"type({name}) not in _inputs.PLAIN" for name in values[:_INLINE_LIMIT]]
    if len(values) > _INLINE_LIMIT:
        unknown = ["True"]
    unknown += [name for name in (rest, options) if name]
    return (
        ", ".join(parameters),
        ", ".join(arguments),
        f"({''.join(f'{name}, ' for name in (*positional, *starred))})",
        f"{{{', '.join(pairs)}}}",
        " or ".join(unknown) or "False",
    )

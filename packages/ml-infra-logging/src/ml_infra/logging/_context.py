"""
Fields that records carry without being told: `context` and the fields of `bind`.

The context lives in one `contextvars.ContextVar`: threads start without it, asyncio
tasks inherit a copy, and nothing leaks from one task into another.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, ParamSpec, TypeVar

    from typing_extensions import Self

    from ._encoder import Encoder

    P = ParamSpec("P")
    R = TypeVar("R")


class Layer:
    """
    Fields that many records share, encoded once.

    `outer` is the layer around it; `fields` are those of both, the inner ones winning.
    """

    __slots__ = ("_piece", "fields", "outer", "own", "span")
    fields: Mapping[str, Any]
    span: str

    def __init__(
        self, own: Mapping[str, Any], outer: Layer | None = None, span: str = ""
    ) -> None:
        self.own: Mapping[str, Any] = own
        self.outer: Layer | None = outer
        self.fields: Mapping[str, Any] = (
            own if outer is None else {**outer.fields, **own}
        )
        self.span: str = span or ("" if outer is None else outer.span)
        self._piece: tuple[Encoder | None, bytes | None] = (None, None)

    def encoded(self, encoder: Encoder) -> bytes | None:
        """Return ``,"name":value ...``, or None when the careful way has to."""
        known, piece = self._piece
        if known is not encoder:
            body = encoder.flat(self.fields)
            if body is None:
                encoder.learn(self.fields)
                body = encoder.flat(self.fields)
            piece = None
            if body is not None:
                start = f',"span":"{self.span}"'.encode() if self.span else b""
                piece = start + b"," + body[:-1] if self.fields else start
                if len(piece) > _LONGEST_PIECE:
                    piece = None
            self._piece = (encoder, piece)
        return piece


_LONGEST_PIECE = 1024  # bytes

current: ContextVar[Layer | None] = ContextVar("ml_infra.logging", default=None)


def push(own: Mapping[str, Any], span: str = "") -> None:
    """Add fields to the context of this thread or task."""
    current.set(Layer(own, current.get(), span))


def pop(own: Mapping[str, Any]) -> None:
    """
    Take the layer of these very fields out of the current context.

    Generators and tasks may leave their contexts in another order than they entered
    them, or in another place; what others have added since then stays.
    """
    found = current.get()
    above = []
    while found is not None and found.own is not own:
        above.append(found)
        found = found.outer
    if found is None:
        return
    rest = found.outer
    for kept in reversed(above):
        opens_span = kept.outer is None or kept.span != kept.outer.span
        rest = Layer(kept.own, rest, kept.span if opens_span else "")
    current.set(rest)


class context:  # noqa: N801 - reads as a statement: with context(...)
    """
    Add fields to every record written inside the block.

    Args:
        fields: Any values; they win over those of an outer `context` and yield to the
            fields of the call itself.

    Works as a ``with`` statement and as a decorator, nests, and may be used more than
    once. A thread starts with no context; hand it over with `carry_context`. A
    generator cannot be decorated: put the ``with`` into it.

    >>> with context(stage="fit", epoch=3):
    ...     pass  # every record in here has both
    """

    __slots__ = ("_fields",)

    def __init__(self, /, **fields: Any) -> None:
        self._fields = fields

    def __enter__(self) -> Self:
        push(self._fields)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pop(self._fields)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Run every call of `function` inside the context."""
        from functools import wraps
        from inspect import iscoroutinefunction

        _refuse_generator("context", function, "put `with context(...)` into it")
        fields = self._fields
        if iscoroutinefunction(function):

            @wraps(function)
            async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with context(**fields):
                    return await function(*args, **kwargs)

            return run_async  # type: ignore[return-value]  # R is the coroutine

        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with context(**fields):
                return function(*args, **kwargs)

        return run


def carry_context(function: Callable[P, R]) -> Callable[P, R]:
    """
    Return `function` bound to the context of here and now, for another thread.

    Raises:
        TypeError: If it is a generator function: its body runs after the call.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> def work() -> None: ...
    >>> with ThreadPoolExecutor(1) as pool, context(stage="fit"):
    ...     pool.submit(carry_context(work)).result()
    """
    from functools import wraps
    from inspect import iscoroutinefunction

    _refuse_generator("carry_context", function, "carry what iterates over it")
    taken = current.get()
    if iscoroutinefunction(function):

        @wraps(function)
        async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            before = current.get()
            current.set(taken)
            try:
                return await function(*args, **kwargs)
            finally:
                current.set(before)

        return run_async  # type: ignore[return-value]  # R is the coroutine

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        before = current.get()
        current.set(taken)
        try:
            return function(*args, **kwargs)
        finally:
            current.set(before)

    return run


def _refuse_generator(name: str, function: Any, way_out: str) -> None:
    from inspect import isasyncgenfunction, isgeneratorfunction

    if isgeneratorfunction(function) or isasyncgenfunction(function):
        called = getattr(function, "__qualname__", repr(function))
        raise TypeError(
            f"{name} cannot wrap the generator {called}: its body runs after the call; "
            + way_out
        )

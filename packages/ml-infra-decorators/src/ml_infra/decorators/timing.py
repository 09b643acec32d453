"""Measure how long calls take."""

from __future__ import annotations

import time

from ._forward import dress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


def timer(function: F) -> F:
    """Print the function's execution time after each call; return its result."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            elapsed = time.perf_counter() - start
            print(f"{function.__name__} took {elapsed * 1e3:.3g} ms")  # noqa: T201 - its purpose

    return dress(wrapper, function)  # type: ignore[return-value] # same signature, kept by wraps

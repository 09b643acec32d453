"""How a module of the facade stands for a module of a leaf distribution."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for True; saves importing typing
if TYPE_CHECKING:
    from collections.abc import Callable


def forward(target: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """
    Return the ``__getattr__`` and ``__dir__`` of a module that stands for ``target``.

    ``target`` is imported when one of its names is first asked for. What comes out
    is its own object, never a copy.
    """

    def get_attribute(name: str) -> object:
        # What the import system asks of a module is its own: with the target's
        # `__path__` it would load the target's submodules a second time.
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(f"the module that stands for {target} has no {name}")
        return getattr(import_module(target), name)

    def list_attributes() -> list[str]:
        return dir(import_module(target))

    return get_attribute, list_attributes

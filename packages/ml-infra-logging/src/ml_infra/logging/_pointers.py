"""Places inside a record, named by JSON Pointers (RFC 6901)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A place in the record: (place of the container, key in it); None is the record.
    Place = tuple["Place", object] | None


def pointer(place: Place) -> str:
    """
    Return the JSON Pointer (RFC 6901) of a place.

    >>> pointer(((None, "grads"), 0))
    '/grads/0'
    """
    keys: list[str] = []
    while place is not None:
        place, key = place
        keys.append(str(key).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{key}" for key in reversed(keys))


def keys_of(pointer: str) -> list[str]:
    """
    Return the keys on the way that a pointer describes, those of arrays as text.

    >>> keys_of("/grads/0"), keys_of("/a~1b"), keys_of("")
    (['grads', '0'], ['a/b'], [])
    """
    return [
        part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]
    ]

"""Levels by name and number, and which logger writes from which level on."""

from __future__ import annotations

DEBUG, INFO, WARNING, ERROR, CRITICAL = 10, 20, 30, 40, 50
NAMES = {
    DEBUG: "debug",
    INFO: "info",
    WARNING: "warning",
    ERROR: "error",
    CRITICAL: "critical",
}
NUMBERS = {
    **{name: number for number, name in NAMES.items()},
    "warn": WARNING,
    "fatal": CRITICAL,
    "off": CRITICAL + 1,
}


def level_number(level: object) -> int:
    """
    Return the number of a level given by name or number.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    number = NUMBERS.get(str(level).strip().lower())
    if number is None:
        names = ", ".join(map(repr, NUMBERS))
        raise ValueError(f"level must be one of {names}, got {level!r}")
    return number


def nearest(number: int) -> int:
    """
    Return the highest of the five levels that is not above `number`.

    >>> nearest(25), nearest(3)
    (20, 10)
    """
    return min(max(number // 10 * 10, DEBUG), CRITICAL)


class Levels:
    """
    Levels per logger: ``"info,urllib3=warning,team.data=debug"``.

    Args:
        text: A level for all, and ``logger=level`` for a logger and those below it.

    Raises:
        TypeError: If it is no text.
        ValueError: If an entry cannot be understood.

    >>> levels = Levels("info,urllib3=warning")
    >>> levels.of("urllib3.connection"), levels.of("train")
    (30, 20)
    """

    __slots__ = ("default", "special")

    def __init__(self, text: str = "info") -> None:
        self.default: int = INFO
        self.special: dict[str, int] = {}
        if not isinstance(text, str):
            raise TypeError(
                f"levels must be a str such as 'info,urllib3=warning', got {text!r}"
            )
        for entry in text.split(","):
            name, sign, level = (part.strip() for part in entry.partition("="))
            if sign:
                if not name:
                    raise ValueError(f"levels entry {entry!r} names no logger")
                self.special[name] = level_number(level)
            elif name:
                self.default = level_number(name)

    def of(self, name: str) -> int:
        """Return the level number from which the logger `name` writes."""
        while name:
            if name in self.special:
                return self.special[name]
            name = name.rpartition(".")[0]
        return self.default

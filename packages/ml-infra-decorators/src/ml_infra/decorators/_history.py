"""The story of a retried call, attached to the exception that ended it."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._dicts import AttemptRecord

# (error type, seconds the attempt took, seconds waited after it)
Row = tuple[str, float, float]

_KEY = "__ml_infra_retry__"


def attach(
    error: BaseException,
    rows: list[Row],
    *,
    reason: str,
    explanation: str,
    origin: str,
    elapsed: float,
    calls: int,
    now: float,
) -> None:
    """
    Put the note and the history of a call on the exception that goes to the caller.

    A note of ours that is already there is replaced, so that an exception object that
    is raised again and again does not collect them.
    """
    # The instance's dict itself: exceptions may refuse setattr, and pickle takes it.
    attributes = vars(error)
    note = _note(rows, reason, explanation, elapsed)
    if origin:  # the traceback was let go before the wait
        note += f"; raised in {origin}"
    old = attributes.get(_KEY, {}).get("note")
    notes = [each for each in attributes.get("__notes__", ()) if each != old]
    attributes["__notes__"] = [*notes, note]
    attributes[_KEY] = {
        "rows": tuple(rows),
        "reason": reason,
        "note": note,
        "calls": calls,
        "process": os.getpid(),
        "at": now,
    }


def history(error: BaseException) -> list[AttemptRecord]:
    """Return the attempts behind an exception; see `retry.history`."""
    if not isinstance(error, BaseException):
        raise TypeError(f"error must be an exception, got {error!r}")
    record = vars(error).get(_KEY)
    if record is None:
        return []
    last = len(record["rows"])
    return [
        {
            "attempt": number,
            "error": name,
            "seconds": seconds,
            "waited": waited,
            "reason": record["reason"] if number == last else "",
        }
        for number, (name, seconds, waited) in enumerate(record["rows"], 1)
    ]


def calls_made_inside(error: BaseException, since: float) -> int:
    """
    Return the calls that a retry inside the attempt made before it gave up, or 0.

    A record older than the attempt belongs to another use of the same exception
    object. An error raised from, or while handling, the inner one still counts.
    """
    seen = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        record = vars(link).get(_KEY)
        if record and record["at"] >= since and record["process"] == os.getpid():
            return int(record["calls"])
        link = link.__cause__ or link.__context__
    return 0


def release_frames(error: BaseException) -> str:
    """
    Let go of the frames of an error that will be retried, and of its causes'.

    Returns where the error was raised, "fetch (data.py:12)".

    A function that keeps its error in a local variable makes a cycle through the
    traceback; without this the variables beside it, tensors among them, would live
    until the garbage collector runs. Errors that the caller of the retry is
    handling right now are its own and keep theirs.
    """
    origin = _origin(error)
    handled = set()
    outer = sys.exc_info()[1]
    while outer is not None and id(outer) not in handled:
        handled.add(id(outer))
        outer = outer.__context__
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is None or id(link) in handled:
            continue
        handled.add(id(link))
        link.with_traceback(None)  # no setattr, which some exceptions refuse
        links += [link.__cause__, link.__context__]
        members = getattr(link, "exceptions", ())  # of an exception group
        if isinstance(members, tuple):
            links += [each for each in members if isinstance(each, BaseException)]
    return origin


def _origin(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return ""
    code = traceback.tb_frame.f_code
    file = os.path.basename(code.co_filename)  # noqa: PTH119 - a name, not a path to use
    return f"{code.co_name} ({file}:{traceback.tb_lineno})"


def _note(rows: list[Row], reason: str, explanation: str, elapsed: float) -> str:
    count = len(rows)
    waiting = sum(waited for _, _, waited in rows)
    why = f"{reason} ({explanation})" if explanation else reason
    note = (
        f"{count} attempt{'s' if count > 1 else ''} over {elapsed:.2f} s "
        f"({waiting:.2f} s waiting), stopped: {why}"
    )
    earlier = [name for name, _, _ in rows[:-1]]
    if earlier:
        more = f" and {len(earlier) - 5} more" if len(earlier) > 5 else ""
        note += f"; earlier: {', '.join(earlier[:5])}{more}"
    return note

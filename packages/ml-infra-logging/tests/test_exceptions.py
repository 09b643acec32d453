"""Exceptions as data: everything said, nothing held, always bounded."""

import gc
import json
import sys
import weakref

import pytest

from ml_infra.logging._exceptions import describe_exception


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:  # noqa: BLE001 - the tests raise all kinds
        return error
    raise AssertionError("nothing was raised")


def fail():
    raise ValueError("batch of 0 rows")


def everything_in(data):
    yield data
    for key in ("cause", "context"):
        if key in data:
            yield from everything_in(data[key])
    for member in data.get("group", ()):
        yield from everything_in(member)


def test_type_message_and_position_of_a_plain_exception():
    data = describe_exception(caught(fail))
    assert data["type"] == "ValueError"
    assert data["message"] == "batch of 0 rows"
    last = data["frames"][-1]
    assert last["file"] == __file__
    assert last["line"] == fail.__code__.co_firstlineno + 1
    assert last["function"] == "fail"
    if sys.version_info >= (3, 11):
        assert last["column"] == 5  # of the word `raise`
    else:
        assert "column" not in last


def test_an_exception_never_raised_has_no_frames():
    assert describe_exception(KeyError("x")) == {"type": "KeyError", "message": "'x'"}


def test_classes_are_named_with_their_module():
    assert describe_exception(json.JSONDecodeError("m", "", 0))["type"] == (
        "json.decoder.JSONDecodeError"
    )


def test_a_cause_is_told_and_hides_the_context():
    def chained():
        try:
            fail()
        except ValueError as error:
            raise RuntimeError("fit failed") from error

    data = describe_exception(caught(chained))
    assert data["cause"]["message"] == "batch of 0 rows"
    assert "context" not in data


def test_a_context_is_told_unless_suppressed():
    def while_handling(suppress):
        try:
            fail()
        except ValueError:
            if suppress:
                raise RuntimeError("clean") from None
            raise RuntimeError("while handling")  # noqa: B904 - that is the case

    assert describe_exception(caught(while_handling, False))["context"]["type"] == (
        "ValueError"
    )
    assert "context" not in describe_exception(caught(while_handling, True))


def test_notes_are_told():
    error = ValueError("x")
    error.__notes__ = ["fold 3", "seed 7"]
    assert describe_exception(error)["notes"] == ["fold 3", "seed 7"]


def test_trap_19_cycles_in_causes_and_contexts_end():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    data = describe_exception(first)
    assert data["cause"]["cause"] == {"type": "ValueError", "cycle": True}
    itself = ValueError("self")
    itself.__context__ = second
    second.__context__ = itself
    json.dumps(describe_exception(itself))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with 3.11")
def test_trap_19_groups_three_deep_keep_every_member():
    group = ExceptionGroup(  # noqa: F821 - skipped where the name does not exist
        "outer",
        [
            ValueError("a"),
            ExceptionGroup(  # noqa: F821 - the same
                "middle",
                [ExceptionGroup("inner", [KeyError("b"), OSError("c")])],  # noqa: F821
            ),
        ],
    )
    types = [part["type"] for part in everything_in(describe_exception(group))]
    assert types == [
        *("ExceptionGroup", "ValueError", "ExceptionGroup", "ExceptionGroup"),
        *("KeyError", "OSError"),
    ]


def test_a_backported_group_is_recognised_by_its_shape():
    class GroupError(Exception):
        exceptions = (ValueError("a"), KeyError("b"))

    assert [m["type"] for m in describe_exception(GroupError("g"))["group"]] == [
        "ValueError",
        "KeyError",
    ]


def test_trap_19_ten_thousand_frames_are_bounded():
    def dive(depth):
        if depth == 0:
            raise ValueError("deep")
        dive(depth - 1)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        error = caught(dive, 10_000)
    finally:
        sys.setrecursionlimit(limit)
    data = describe_exception(error)
    assert len(data["frames"]) == 40
    # caught() and dive(10_000) .. dive(0) are 10_002 frames.
    assert data["frames_omitted"] == 10_002 - 40
    assert data["frames"][0]["function"] == "caught"
    assert data["frames"][-1]["line"] == dive.__code__.co_firstlineno + 2
    assert len(json.dumps(data)) < 20_000


def test_trap_19_a_recursion_error_is_described():
    def forever():
        forever()

    data = describe_exception(caught(forever))
    assert data["type"] == "RecursionError"
    assert data["frames_omitted"] > 100


def test_trap_19_wide_groups_and_long_chains_are_bounded():
    class GroupError(Exception):
        exceptions = tuple(ValueError(i) for i in range(10_000))

    data = describe_exception(GroupError("g"))
    assert len(data["group"]) + data["group_omitted"] == 10_000
    assert len(data["group"]) <= 32
    error = None
    for number in range(1000):
        link = ValueError(number)
        link.__cause__, error = error, link
    parts = list(everything_in(describe_exception(error)))
    assert len(parts) <= 33
    assert parts[-1] == {"type": "ValueError", "omitted": True}


def test_trap_19_syntax_errors_say_where_the_source_is_wrong():
    data = describe_exception(caught(compile, "x = = 1\n", "conf.py", "exec"))
    assert data["syntax"] == {
        "file": "conf.py",
        "line": 1,
        "column": 5,
        "text": "x = = 1",
    }


def test_trap_19_an_exception_whose_str_raises_is_told():
    class BrokenError(Exception):
        def __str__(self):
            raise LookupError("no text")

    assert describe_exception(BrokenError())["message"] == "<str() failed: LookupError>"


def test_an_exception_whose_properties_raise_is_told():
    class BrokenError(Exception):
        @property
        def exceptions(self):
            raise LookupError("no members")

    data = describe_exception(BrokenError())
    assert data["message"] == "<description failed: LookupError>"


def test_trap_19_no_reference_to_frames_is_kept():
    class Tensor:
        pass

    def train():
        tensor = Tensor()
        watched.append(weakref.ref(tensor))
        raise ValueError("boom")

    watched = []
    data = describe_exception(caught(train))
    gc.collect()
    assert data["frames"]
    assert watched[0]() is None


def test_trap_19_locals_are_never_told():
    def login():
        password = "hunter2-" + "x" * 3
        raise ValueError(len(password))

    assert "hunter2" not in json.dumps(describe_exception(caught(login)))


def test_long_messages_are_cut_after_redaction():
    """A secret across the cut must not survive as its first half."""

    def redact(text):
        return text.replace("S" * 300, "[redacted]")

    message = "a" * 4000 + "S" * 300 + "b" * 10_000
    data = describe_exception(ValueError(message), redact)
    assert "S" not in data["message"]
    assert data["message"].endswith("… (14300 characters)")


def test_everything_is_plain_data():
    class Text(str):
        __slots__ = ()

    class OddError(Exception):
        def __str__(self):
            return Text("odd")

    error = OddError()
    error.__notes__ = [Text("note"), 3]
    data = describe_exception(error)
    assert type(data["message"]) is str
    assert data["notes"] == ["note", "3"]
    assert type(data["notes"][0]) is str

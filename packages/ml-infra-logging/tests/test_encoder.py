"""Any value becomes one strict JSON line; what had to change is said beside it."""

import argparse
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import pathlib
import threading
import types
import uuid
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_infra.logging import capture_logs, get_logger
from ml_infra.logging._encoder import Encoder
from ml_infra.logging._redaction import Redactor
from ml_infra.logging._vocabulary import ENVELOPE

LIMIT = 131_072
NUMBERS = ("attempt", "rank", "pid", "seq")
OPENING = [(key, 0 if key in NUMBERS else "x") for key in ENVELOPE]
FUZZ = settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Hostile:
    """An object whose every conversion fails."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None

    @property
    def __class__(self):
        raise RuntimeError("no class")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Pair(NamedTuple):
    left: int
    right: str


def careful_line(fields, limit=LIMIT, redactor=None):
    line, _ = Encoder(redactor, limit).careful(OPENING, fields, {})
    return line


@pytest.fixture
def record(strict_json):
    """Log fields, return the record that a strict parser reads from the line."""

    def log(event="event", **fields):
        lines = []
        from ml_infra.logging._gates import tap

        untap = tap(lines.append)
        try:
            get_logger("test").info(event, **fields)
        finally:
            untap()
        (line,) = lines
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        return strict_json(line)

    return log


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(),
    st.text(),
    st.text(alphabet=st.characters(categories=("Cs", "Cc", "Zl", "Zp", "Lu"))),
    st.binary(max_size=20),
    st.datetimes(),
    st.decimals(),
    st.fractions(),
    st.uuids(),
    st.complex_numbers(),
    st.builds(threading.Lock),
    st.builds(Hostile),
    st.builds(lambda: (n for n in range(3))),
    st.sampled_from([int, Colour, Colour.RED, len, ..., NotImplemented, print]),
)
keys = st.one_of(
    st.text(max_size=5),
    st.integers(),
    st.none(),
    st.booleans(),
    st.floats(),
    st.tuples(st.integers()),
    st.just(Colour.RED),
)
anything = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)


@FUZZ
@given(fields=st.dictionaries(st.text(max_size=8), anything, max_size=5))
def test_trap_01_any_nested_value_gives_one_strict_json_line(record, fields):
    """A value that cannot be written costs only itself, never the record."""
    with_good = {**fields, "good": 1.5}
    found = record(**with_good)
    assert found["good"] == 1.5
    assert found["event"] == "event"
    renamed = found.get("_renamed", {})
    assert len(found) >= len(with_good) + len(ENVELOPE)
    for place in renamed:
        assert place.startswith("/")


@pytest.mark.parametrize(
    "make",
    [
        *(threading.Lock, Hostile, object, lambda: (n for n in "ab")),
        *(lambda: int, lambda: 1 << 100_000),
    ],
    ids=["lock", "hostile", "object", "generator", "class", "huge int"],
)
def test_trap_01_a_bad_value_becomes_a_marker_with_type_and_reason(record, make):
    value = make()
    found = record(bad=value, rows=3)
    assert set(found["bad"]) - {"_repr"} == {"_type", "_reason"}
    assert found["_salvaged"] == ["/bad"]
    assert found["rows"] == 3


def test_trap_01_salvaged_values_are_counted(tmp_path):
    from ml_infra.logging import configure

    handle = configure(path=tmp_path / "a.jsonl", console=False)
    get_logger("t").info("x", bad=object(), worse=[Hostile(), object()], good=1)
    assert handle.stats()["salvaged"] == 3


@pytest.mark.parametrize(
    ("value", "name"),
    [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")],
)
def test_trap_02_non_finite_floats_are_null_with_a_side_note(record, value, name):
    found = record(loss=value, nested={"a": [1.0, value]}, fine=2.5)
    assert found["loss"] is None
    assert found["nested"] == {"a": [1.0, None]}
    assert found["_nonfinite"] == {"/loss": name, "/nested/a/1": name}
    assert found["fine"] == 2.5


def test_trap_02_non_finite_floats_come_back_in_tests():
    with capture_logs() as logs:
        get_logger("t").metric(step=1, loss=math.nan)
    assert math.isnan(logs[0]["loss"])


def test_trap_04_a_huge_string_is_cut_at_a_character_and_told_exactly(record):
    found = record(prompt="ä" * 1_000_000, rows=3)
    note = found["_truncated"]["/prompt"]
    assert note == {"chars": 1_000_000, "kept": len(found["prompt"])}
    assert set(found["prompt"]) == {"ä"}
    assert found["rows"] == 3


def test_trap_04_a_huge_list_and_dict_keep_their_first_items(record):
    found = record(
        items=list(range(100_000)), table={f"k{n}": n for n in range(50_000)}
    )
    for key, whole in (("items", 100_000), ("table", 50_000)):
        note = found["_truncated"][f"/{key}"]
        assert note == {"items": whole, "kept": len(found[key])}
    assert found["items"] == list(range(len(found["items"])))


@pytest.mark.parametrize("limit", [4096, 20_000, LIMIT])
@pytest.mark.parametrize(
    "fields",
    [
        {"text": "\x00" * 500_000},
        {f"field{n}": "x" * 50 for n in range(5_000)},
        {"deep": [[["ü" * 5000] * 20] * 10] * 5},
        {"nans": [math.nan] * 30_000},
        {"x" * 50_000: 1, "y": 2},
        {"bad": [object()] * 2_000},
    ],
    ids=["controls", "fields", "nested", "nans", "name", "salvage"],
)
def test_trap_04_no_line_is_longer_than_its_limit(strict_json, limit, fields):
    line = careful_line(fields, limit)
    assert len(line) <= limit
    assert strict_json(line)["_truncated"]


def test_trap_04_a_record_of_too_many_fields_says_how_many_are_left(strict_json):
    found = strict_json(careful_line({f"f{n}": "y" * 90 for n in range(3000)}, 4096))
    note = found["_truncated"][""]
    kept = [name for name in found if name.startswith("f")]
    assert note == {"fields": 3000, "kept": len(kept)}
    assert kept == [f"f{n}" for n in range(len(kept))]


CLASHES = [
    *ENVELOPE,
    *("kind", "_nonfinite", "_salvaged", "_truncated", "_renamed"),
    *("self", "msg", "message", "name", "args", "method_name", "exc_info"),
    *("stacklevel", "stack_info", "extra", "gate", "fields", "bound", "kwargs"),
    *("levelname", "pathname", "lineno", "exc_text", "created", "process", "thread"),
    *("", "not an identifier", "ключ", "a.b", "a/b~c", "exception", "span"),
    *("suppressed", "trace_id", "span_id", "trace_flags", "error", "status"),
]


@pytest.mark.parametrize("method", ["info", "metric", "bind", "context"])
@pytest.mark.parametrize("key", CLASHES)
def test_trap_05_a_clashing_key_keeps_both_values(record, strict_json, key, method):
    from ml_infra.logging import context
    from ml_infra.logging._gates import tap

    lines = []
    untap = tap(lines.append)
    log = get_logger("test")
    try:
        if method == "info":
            log.info("happened", **{key: "mine"})
        elif method == "metric":
            log.metric(**{key: "mine"})
        elif method == "bind":
            log.bind(**{key: "mine"}).info("happened")
        else:
            with context(**{key: "mine"}):
                log.info("happened")
    finally:
        untap()
    found = strict_json(lines[0])
    written = [name for name, value in found.items() if value == "mine"]
    assert len(written) == 1
    name = written[0]
    if name != key:
        assert name == f"{key}_"
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        assert found["_renamed"] == {pointer: key}
    assert found["level"] == "info"
    assert found["event"] == ("metric" if method == "metric" else "happened")


def test_trap_05_a_clash_with_the_new_name_goes_on(record):
    found = record(level=1, level_=2)
    assert (found["level_"], found["level__"]) == (1, 2)


def test_trap_06_keys_that_are_not_text_become_text_without_loss(record):
    keys = {None: "null", (1, 2): "(1, 2)", Colour.RED: "Colour.RED", 2.5: "2.5"}
    keys |= {True: "true", 7: "7", b"raw": "raw"}
    found = record(d={key: str(key) for key in keys})
    assert found["d"] == {text: str(key) for key, text in keys.items()}


def test_trap_06_equal_names_of_keys_are_told_apart_in_order(record):
    found = record(d={1: "int", "1": "text"})
    assert found["d"] == {"1": "int", "1_": "text"}
    assert found["_renamed"] == {"/d/1_": "1"}


def test_trap_07_surrogates_and_line_ends_stay_in_one_line(record, strict_json):
    text = "a\ud800b\x00c\u2028d\u2029e\x85f\x0bg"
    found = record(text, value=text, **{"k\u2028": 1})
    assert found["value"] == "a\\ud800b\x00c\u2028d\u2029e\x85f\x0bg"
    assert found["event"] == found["value"]


def test_trap_07_every_way_of_splitting_lines_agrees(tmp_path):
    from ml_infra.logging import configure

    path = tmp_path / "a.jsonl"
    with configure(path=path, console=False):
        for end in ("\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"):
            get_logger("t").info(f"x{end}y", value=end * 3)
            get_logger("t").info(f"x{end}y", value=end * 3)
    data = path.read_bytes()
    assert len(data.splitlines()) == len(data.decode().splitlines()) == 2 + 16


def test_trap_07_bytes_are_readable(record):
    assert record(raw=b"caf\xc3\xa9 \xff")["raw"] == "café \\xff"


@pytest.mark.parametrize("event", ["acc 95% done", "{}", "{'lr': 1}", "%s %d", "{0.x}"])
def test_trap_09_an_event_is_no_template(record, event):
    assert record(event, lr=1)["event"] == event


def test_trap_09_positional_arguments_are_kept_and_not_formatted(strict_json):
    with capture_logs() as logs:
        get_logger("t").info("acc 95% done", 3, "x", args=1)
    assert logs[0]["event"] == "acc 95% done"
    assert (logs[0]["args_"], logs[0]["args"]) == ([3, "x"], 1)


@pytest.mark.parametrize(
    "make", [lambda: None, lambda: 3, lambda: b"x", lambda: ValueError("boom"), Hostile]
)
def test_an_event_that_is_no_text_becomes_one(make):
    with capture_logs() as logs:
        get_logger("t").info(make())
    assert isinstance(logs[0]["event"], str)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (
            dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc),
            "2026-01-02T03:04:05+00:00",
        ),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.timedelta(minutes=1, milliseconds=500), 60.5),
        (decimal.Decimal("0.1"), 0.1),
        (decimal.Decimal("0.1000000000000000000001"), "0.1000000000000000000001"),
        (fractions.Fraction(1, 3), "1/3"),
        (pathlib.PurePosixPath("/data/x"), "/data/x"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        (Point(1, 2.5), {"x": 1, "y": 2.5}),
        (Pair(1, "b"), {"left": 1, "right": "b"}),
        ({3, 1, 2}, [1, 2, 3]),
        (collections.deque([1, 2]), [1, 2]),
        (range(3), [0, 1, 2]),
        (collections.Counter(a=2), {"a": 2}),
        (collections.UserList([1, "b"]), [1, "b"]),
        (collections.UserString("text"), "text"),
        ({"a": 1}.values(), [1]),
        (
            argparse.Namespace(lr=0.1, betas=(0.9, 0.99)),
            {"lr": 0.1, "betas": [0.9, 0.99]},
        ),
        (types.SimpleNamespace(a=1), {"a": 1}),
        (10**30, 10**30),
        (1 + 2j, "(1+2j)"),
        (1e-5, 1e-5),
        (5e-324, 5e-324),
    ],
)
def test_values_of_known_types_have_a_natural_form(record, value, plain):
    found = record(value=value)
    assert found["value"] == plain
    assert "_salvaged" not in found


def test_models_of_other_libraries_are_their_fields(record):
    """Known by their shape or name; none of them is imported for that."""

    class Attrs:
        __attrs_attrs__ = (types.SimpleNamespace(name="lr"),)
        lr = 0.1

    class BaseModel:
        def __iter__(self):
            yield "lr", 0.1
            yield "api_key", "secret"

    BaseModel.__module__, BaseModel.__qualname__ = "pydantic.main", "BaseModel"
    model = type("Config", (BaseModel,), {})()
    assert record(value=Attrs())["value"] == {"lr": 0.1}
    assert record(value=model)["value"] == {"lr": 0.1, "api_key": "[redacted]"}
    assert record(value=argparse.Namespace(api_key="secret"))["value"] == {
        "api_key": "[redacted]"
    }
    pandas = pytest.importorskip("pandas")
    assert record(value=pandas.NA)["value"] is None


def test_a_dict_nested_400_deep_is_whole(record):
    deep = value = {}
    for _ in range(400):
        value["d"] = value = {}
    found, depth = record(deep=deep)["deep"], 0
    while found:
        found, depth = found["d"], depth + 1
    assert depth == 400


def test_a_dict_nested_too_deep_is_cut_and_told(record):
    deep = value = {}
    for _ in range(100_000):
        value["d"] = value = {}
    found = record(deep=deep, rows=1)
    assert found["rows"] == 1
    assert found.get("_truncated") or found.get("_salvaged")


def test_a_circle_ends_in_a_marker(record):
    circle = {"a": 1}
    circle["self"] = circle
    found = record(circle=circle)
    assert found["circle"]["a"] == 1
    assert found["circle"]["self"]["_reason"] == "contains itself"


def test_the_same_object_twice_is_no_circle(record):
    shared = [1]
    assert record(a=shared, b={"x": shared, "y": shared})["b"] == {"x": [1], "y": [1]}


def test_secrets_are_hidden_nested_and_in_text(record):
    found = record(
        "GET https://ada:pw@host/",
        api_key="abc",
        env={"AWS_SECRET_ACCESS_KEY": "x", "token_count": 3},
        items=[{"password": "p"}],
        header="Authorization: Bearer abcdef1234567890",
    )
    text = json.dumps(found)
    for secret in ("abc", "ada:pw", '"x"', '"p"', "abcdef1234567890"):
        assert secret not in text.replace("event", "")
    assert found["env"]["token_count"] == 3


def numpy_type(name):
    """Return a scalar type of NumPy, or Python's own where it is not installed."""
    try:
        import numpy as np
    except ImportError:
        return {"uint8": int, "bool_": bool}.get(name, float)
    return getattr(np, name)


flat_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(),
    st.text(max_size=30),
    st.lists(st.one_of(st.integers(), st.floats(), st.booleans()), max_size=21),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4).map(tuple),
    st.floats(width=32).map(numpy_type("float32")),
    st.floats().map(numpy_type("float64")),
    st.integers(0, 255).map(numpy_type("uint8")),
    st.booleans().map(numpy_type("bool_")),
    st.sampled_from([1e-5, 1e16, -1e16, 1e-4, 9999999999999998.0, -0.0, 0.1 + 0.2]),
)


@FUZZ
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from("abcdefg"), flat_values, max_size=7), max_size=5
    )
)
def test_orjson_and_the_standard_library_write_the_same_bytes(rows):
    """The extra [fast] changes the speed and not one byte."""
    orjson = pytest.importorskip("orjson")
    with_orjson = Encoder(Redactor(), LIMIT, orjson.dumps)
    without = Encoder(Redactor(), LIMIT, None)
    for encoder in (with_orjson, without):
        encoder.learn(dict.fromkeys("abcdefg"))
    for fields in rows:
        fast = with_orjson.flat(fields)
        plain = without.flat(fields)
        assert fast == plain
        if fast is not None:
            careful = careful_line(fields, redactor=Redactor())
            assert careful.endswith((b"," if fields else b"") + fast + b"\n")


def test_the_fast_and_the_careful_way_write_the_same_line(strict_json):
    from ml_infra.logging._gates import tap

    lines = []
    untap = tap(lines.append)
    log = get_logger("same")
    fields = {"step": 120, "loss": 0.25, "lr": 1e-5, "split": "träin", "none": None}
    for _ in range(3):
        log.info("train step", **fields)
    untap()
    bodies = [line[line.index(b'"step"') :] for line in lines]
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_long_line_is_cut_once_more_for_a_pipe(strict_json):
    encoder = Encoder(None, LIMIT)
    fields = {"text": "y" * 300_000, "loss": math.nan, "rows": [1] * 3000, "level": 4}
    line, _ = encoder.careful(OPENING, fields, {})
    small = encoder.refit(line, 4096)
    assert len(small) <= 4096
    found = strict_json(small)
    assert found["_truncated"]["/text"] == {
        "chars": 300_000,
        "kept": len(found["text"]),
    }
    assert found["_truncated"]["/rows"]["items"] == 3000
    assert found["_nonfinite"] == {"/loss": "nan"}
    assert found["_renamed"] == {"/level_": "level"}


def test_an_object_whose_repr_logs_does_not_recurse_without_end(tmp_path):
    class Chatty:
        def __repr__(self):
            get_logger("chatty").info("inside repr", me=self)
            return "chatty"

    with capture_logs() as logs:
        get_logger("t").info("outer", value=Chatty())
    assert 1 <= len(logs) <= 5
    assert logs[-1]["event"] == "outer"

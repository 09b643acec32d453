"""The schema file, its validator, and the lines of the real thing."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.logging import configure, context, get_logger
from ml_infra.logging._levels import NAMES
from ml_infra.logging._vocabulary import ENVELOPE, KINDS, SIDE
from ml_infra.logging.schema import record_schema, validate_record

RECORD = {
    "ts": "2026-11-23T16:00:00.123456Z",
    "level": "info",
    "event": "epoch done",
    "logger": "train",
    "run": "r1",
    "attempt": 0,
    "rank": 0,
    "pid": 7,
    "seq": 3,
}
ADDED = {
    "_nonfinite": {"/loss": "nan", "/g/0": "-inf"},
    "_salvaged": ["/x", ""],
    "_truncated": {"/t": {"chars": 9, "kept": 3}, "": {"fields": 9, "kept": 3}},
    "_renamed": {"/level_": "level"},
    "exception": {
        "type": "ValueError",
        "message": "m",
        "notes": ["n"],
        "frames_omitted": 3,
        "frames": [{"file": "a.py", "line": 3, "function": "f", "column": 1}],
        "cause": {"type": "KeyError", "cycle": True},
        "group": [{"type": "KeyError", "message": "k"}],
    },
}
SPAN_END = {"kind": "span.end", "span": "0" * 16, "duration_s": 0.5, "status": "ok"}


def test_a_complete_record_is_valid():
    assert validate_record(RECORD) == []
    assert validate_record({**RECORD, **ADDED}) == []
    assert validate_record({**RECORD, **SPAN_END}) == []


@pytest.mark.parametrize("key", RECORD)
def test_each_envelope_key_is_demanded(key):
    record = {k: v for k, v in RECORD.items() if k != key}
    assert validate_record(record) == [f"record: {key!r} is missing"]


@pytest.mark.parametrize(
    "change",
    [
        *({"ts": "2026-11-23 16:00:00"}, {"ts": 5}, {"level": "loud"}, {"event": None}),
        *({"attempt": -1}, {"rank": True}, {"pid": 0}, {"seq": 1.5}, {"kind": "other"}),
        *({"_nonfinite": {"/a": "NaN"}}, {"_nonfinite": {"a": "nan"}}),
        *({"_salvaged": {}}, {"_salvaged": ["x"]}, {"_truncated": {"/a": {}}}),
        *({"_truncated": {"/a": {"chars": 1.5, "kept": 1}}}, {"_renamed": {"/a": 1}}),
        *({**SPAN_END, "status": "fine"}, {**SPAN_END, "duration_s": -1}),
        *({**SPAN_END, "span": "xyz"}, {"kind": "span.start"}, {"kind": "run.end"}),
        {"exception": {"type": 1, "message": "m", "frames": []}},
        {"exception": {"type": "E", "message": "m", "frames": [{"file": "a"}]}},
    ],
)
def test_each_deviation_is_found(change):
    assert validate_record({**RECORD, **change})


def test_what_is_no_record_is_told():
    assert validate_record([1]) == ["record: [1] is no object"]


def test_user_fields_may_hold_anything():
    fields = {"exception": "none", "suppressed": "no", "span": 3, "trace_id": None}
    assert validate_record({**RECORD, **fields, "": [], "level_": {}}) == []


def test_the_words_in_the_source_are_those_of_the_schema():
    schema = record_schema()
    properties = schema["properties"]
    assert list(ENVELOPE) == schema["required"]
    assert [*ENVELOPE, "kind", *SIDE] == list(properties)
    assert list(KINDS) == properties["kind"]["enum"]
    assert list(NAMES.values()) == properties["level"]["enum"]


def test_the_schema_file_is_valid_json_schema():
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(record_schema())


@pytest.mark.parametrize("count", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_validator_judges_as_the_jsonschema_package_does(count):
    """Any one place of a valid record is replaced by any JSON value."""
    jsonschema = pytest.importorskip("jsonschema")
    judge = jsonschema.Draft202012Validator(record_schema())

    @settings(deadline=None, derandomize=True, max_examples=count)
    @given(data=st.data())
    def compare(data):
        record = changed(data)
        assert (validate_record(record) == []) is judge.is_valid(record)

    compare()


def changed(data):
    start = data.draw(st.sampled_from([{**RECORD, **ADDED}, {**RECORD, **SPAN_END}]))
    record = copy.deepcopy(start)
    holder, key = record, data.draw(st.sampled_from(sorted(record)))
    while isinstance(holder[key], (dict, list)) and data.draw(st.booleans()):
        holder = holder[key]
        keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
        if not keys:
            return record
        key = data.draw(st.sampled_from(list(keys)))
    holder[key] = data.draw(
        st.none()
        | st.booleans()
        | st.integers(-2, 2)
        | st.sampled_from([0.5, 1.0, "", "nan", "/a", "info", "ok", "0" * 16, [], {}])
        | st.just({"type": "E", "message": "m", "frames": []})
    )
    return record


def test_an_unknown_keyword_is_refused_and_never_passed_over(monkeypatch):
    from ml_infra.logging import schema

    monkeypatch.setattr(schema, "_schema", {"maxLength": 3})
    with pytest.raises(ValueError, match="maxLength"):
        validate_record("abcd")


def test_lines_of_every_kind_obey_the_schema(tmp_path, strict_json):
    """The fixture of all tests judges the file; this one makes every kind of line."""
    path = tmp_path / "run.jsonl"
    with configure("r1", path=path, console=False, config={"lr": 0.1}) as handle:
        log = get_logger("train")
        with context(stage="fit"), log.span("epoch", epoch=1) as sp:
            log.metric(step=1, loss=float("nan"))
            sp.set(samples=3)
        try:
            raise ValueError("boom") from KeyError("x")  # noqa: TRY301 - the case
        except ValueError:
            log.exception("failed", level=3, lock=object(), text="x" * 300_000)
        handle.flush()
    records = [strict_json(line) for line in path.read_bytes().splitlines()]
    assert [validate_record(record) for record in records] == [[]] * len(records)
    kinds = {record.get("kind") for record in records}
    assert kinds == {None, "run.start", "run.end", "span.start", "span.end", "metric"}


def test_the_file_is_shipped_and_names_its_version():
    schema = record_schema()
    assert schema["$id"] == "urn:ml-infra-logging:record:1"
    assert json.loads(json.dumps(schema)) == schema

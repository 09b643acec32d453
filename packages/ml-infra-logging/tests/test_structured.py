"""`get_logger` and `configure`: every event becomes one JSON line."""

import json

import pytest
from ml_infra.logging import configure, get_logger


@pytest.fixture
def log_file(tmp_path):
    path = tmp_path / "run.jsonl"
    handle = configure(path=path, console=False)
    yield path
    handle.restore()


def test_an_event_is_one_json_line_with_its_fields(log_file):
    get_logger("data").info("dataset ready", rows=3, split="train")
    line = log_file.read_text().splitlines()[-1]
    record = json.loads(line)
    assert record["event"] == "dataset ready"
    assert record["level"] == "info"
    assert record["logger"] == "data"
    assert (record["rows"], record["split"]) == (3, "train")
    assert record["ts"].endswith("Z")


def test_debug_is_left_out_by_default(log_file):
    get_logger("data").debug("detail")
    assert "detail" not in log_file.read_text()


def test_bound_fields_are_in_every_record(log_file):
    get_logger("data").bind(stage="fit").warning("slow", wait_s=2.5)
    record = json.loads(log_file.read_text().splitlines()[-1])
    assert (record["stage"], record["wait_s"]) == ("fit", 2.5)


def test_unknown_level_is_refused():
    with pytest.raises(ValueError, match="level must be one of"):
        configure(levels="loud")

"""What every public state promises, whatever it counts."""

import copy
import inspect
import json
import re
from functools import reduce

import numpy as np
import pytest

from ml_infra import metrics
from ml_infra.metrics import Counts, RegressionStats, Scores
from ml_infra.metrics._state import State

FORMATS = {
    Counts: "ml_infra.counts",
    RegressionStats: "ml_infra.regression_stats",
    Scores: "ml_infra.scores",
}
STATES = list(FORMATS)
every_state = pytest.mark.parametrize("state", STATES)


def shards(state):
    random = np.random.default_rng(3)
    return [state.of(*random.integers(0, 2, (2, 30))) for _ in range(3)]


def test_every_public_state_is_checked_here():
    public = (getattr(metrics, name) for name in metrics.__all__)
    classes = {one for one in public if inspect.isclass(one)}
    assert {one for one in classes if issubclass(one, State)} == {*STATES}


@every_state
def test_shards_add_up_to_a_new_state_or_merge_into_the_first(state):
    parts = shards(state)
    before = copy.deepcopy(parts)
    added = parts[0] + parts[1] + parts[2]
    assert added.n == 90
    assert parts == before

    merged = reduce(state.merge, parts)
    assert merged is parts[0]
    assert merged == added
    assert parts[1:] == before[1:]


@every_state
def test_json_is_strict_sorted_and_says_its_format_and_version(state):
    one = shards(state)[0]
    text = one.to_json()
    found = json.loads(text, parse_constant=pytest.fail)
    assert (found["format"], found["version"]) == (FORMATS[state], 1)
    assert text == json.dumps(found, sort_keys=True, separators=(",", ":"))
    assert state.from_json(text) == one


@every_state
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "ml_infra.scaler"}, "expected format '{}', got 'ml_infra.scaler'"),
        ({"format": None}, "expected format '{}', got None"),
        ({"version": 2}, "state version 2, this library reads <= 1: upgrade ml-infra-"),
        ({"version": 0}, "expected a version number, got 0"),
        ({"version": True}, "expected a version number, got True"),
    ],
)
def test_another_format_or_a_newer_version_is_refused(state, change, message):
    saved = shards(state)[0].to_dict()
    message = message.format(FORMATS[state])
    with pytest.raises(ValueError, match=re.escape(message)):
        state.from_dict({**saved, **change})


@every_state
def test_a_state_that_lacks_a_part_is_refused(state):
    saved = shards(state)[0].to_dict()
    for name in {*saved} - {"format", "version"}:
        rest = {key: value for key, value in saved.items() if key != name}
        with pytest.raises(ValueError, match=f"damaged: it has no '{name}'"):
            state.from_dict(rest)


@every_state
@pytest.mark.parametrize("text", ["", "[]", "3", "null", "{}", '{"format": 1}', "{"])
def test_text_that_is_no_state_is_refused(state, text):
    with pytest.raises(ValueError, match=r"expected format|text must be the JSON"):
        state.from_json(text)

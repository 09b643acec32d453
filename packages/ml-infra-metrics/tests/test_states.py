"""What every public state promises, whatever it counts."""

import copy
import inspect
from functools import reduce

import numpy as np
import pytest

from ml_infra import metrics
from ml_infra.metrics import Counts, RegressionStats, Scores
from ml_infra.metrics._state import State

STATES = [Counts, RegressionStats, Scores]
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

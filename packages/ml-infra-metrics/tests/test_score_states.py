"""
One check over every metric of scores and of numbers, whichever way the rows come.

function == state of all rows == merge of shards in any order == JSON round trip ==
update by batches; whole weights equal repeated rows; the caller's data stay as they
are; every container gives the number that a list gives.
"""

import copy
import inspect
import math

import numpy as np
import pytest

from ml_infra import metrics
from ml_infra.metrics import RegressionStats, Scores

OF_SCORES = [
    ("roc_auc", {}),
    ("average_precision", {}),
    ("log_loss", {}),
    ("log_loss", {"eps": 0.01}),
    ("brier_score", {}),
    ("expected_calibration_error", {}),
    ("expected_calibration_error", {"bins": 7, "binning": "mass"}),
]
OF_NUMBERS = [
    ("mean_absolute_error", {}),
    ("mean_squared_error", {}),
    ("root_mean_squared_error", {}),
    ("r2_score", {}),
    ("mean_absolute_percentage_error", {}),
    ("median_absolute_error", {}),
    ("pinball_loss", {"quantile": 0.3}),
]
CASES = [(Scores, *case) for case in OF_SCORES] + [
    (RegressionStats, *case) for case in OF_NUMBERS
]
FUNCTIONS = [(name, options) for _, name, options in CASES] + [
    ("roc_auc_interval", {}),
    ("average_precision_interval", {}),
    ("roc_curve", {}),
    ("precision_recall_curve", {}),
    ("calibration_curve", {}),
]
every_case = pytest.mark.parametrize(
    ("state", "name", "options"), CASES, ids=[f"{c[1]}-{c[2]}" for c in CASES]
)
every_function = pytest.mark.parametrize(
    ("name", "options"), FUNCTIONS, ids=[f"{f[0]}-{f[1]}" for f in FUNCTIONS]
)


def rows_for(name, n=200):
    random = np.random.default_rng(11)
    if name in {case[0] for case in OF_NUMBERS}:
        labels = random.normal(5, 2, n)
        return labels + random.normal(size=n), labels, random.integers(0, 4, n)
    labels = random.integers(0, 2, n)
    scores = np.clip(random.normal(0.4, 0.2, n) + 0.2 * labels, 0.01, 0.99).round(2)
    return scores, labels, random.integers(0, 4, n)


def same(found, expected):
    if isinstance(expected, tuple):  # a curve of arrays
        return all(map(np.array_equal, found, expected))
    return found == expected


def test_every_metric_of_the_states_is_checked_here():
    for state, names in ((Scores, OF_SCORES), (RegressionStats, OF_NUMBERS)):
        public = {name for name in dir(state) if name in metrics.__all__}
        curves = {"roc_curve", "precision_recall_curve", "calibration_curve"}
        assert public - curves == {name for name, _ in names}


@pytest.mark.parametrize("state", [Scores, RegressionStats])
def test_a_method_has_a_policy_where_its_function_has_one(state):
    for name in {name for name in dir(state) if name in metrics.__all__}:
        of_both = (getattr(state, name), getattr(metrics, name))
        method, function = (inspect.signature(one).parameters for one in of_both)
        assert ("undefined" in method) == ("undefined" in function), name


@every_case
@pytest.mark.parametrize("weighted", [False, True])
def test_every_way_to_the_number_gives_the_same(state, name, options, weighted):
    first, labels, weights = rows_for(name)
    weights = weights if weighted else None
    expected = getattr(metrics, name)(first, labels, weights=weights, **options)

    def read(found):
        return float(getattr(found, name)(**options))

    def of(part):
        part_weights = None if weights is None else weights[part]
        return state.of(first[part], labels[part], weights=part_weights)

    whole = of(slice(None))
    assert read(whole) == pytest.approx(expected, rel=1e-12)
    random = np.random.default_rng(5)
    shards = [of(part) for part in np.array_split(random.permutation(200), 6)]
    shards = [shards[k] for k in random.permutation(6)]
    merged = sum(shards[1:], shards[0])
    assert read(merged) == pytest.approx(expected, rel=1e-12)
    assert merged.n == whole.n
    assert read(state.from_json(merged.to_json())) == read(merged)
    assert state.from_dict(merged.to_dict()) == merged
    batches = state()
    for part in np.array_split(np.arange(200), 9):
        part_weights = None if weights is None else weights[part]
        batches.update(first[part], labels[part], weights=part_weights)
    assert read(batches) == pytest.approx(expected, rel=1e-12)


@every_case
def test_whole_weights_equal_repeated_rows(state, name, options):
    first, labels, weights = rows_for(name)
    function = getattr(metrics, name)
    repeated = function(
        np.repeat(first, weights), np.repeat(labels, weights), **options
    )
    assert function(first, labels, weights=weights, **options) == pytest.approx(
        repeated, rel=1e-12
    )
    found = getattr(state.of(first, labels, weights=weights), name)(**options)
    assert float(found) == pytest.approx(repeated, rel=1e-12)


@every_function
def test_nothing_writes_to_its_input(name, options):
    arguments = rows_for(name)
    before = copy.deepcopy(arguments)
    for argument in arguments:
        argument.flags.writeable = False
    first, labels, weights = arguments
    getattr(metrics, name)(first, labels, weights=weights, **options)
    for argument, was in zip(arguments, before, strict=True):
        assert (argument == was).all()


def containers():
    yield "list", list
    yield "tuple", tuple
    yield "float32", lambda rows: np.asarray(rows, np.float32)
    yield "strided", lambda rows: np.repeat(np.asarray(rows), 3)[::3]
    yield "reversed view", lambda rows: np.asarray(rows)[::-1].copy()[::-1]
    yield "object array", lambda rows: np.array(rows, object)
    for library, convert in (
        ("pandas", lambda pd, rows: pd.Series(rows, index=range(5, 5 + len(rows)))),
        ("pandas", lambda pd, rows: pd.Series(rows).convert_dtypes()),
        ("polars", lambda pl, rows: pl.Series(rows)),
        ("pyarrow", lambda pa, rows: pa.array(rows)),
        ("pyarrow", lambda pa, rows: pa.chunked_array([rows[:3], rows[3:]])),
        ("array_api_strict", lambda xp, rows: xp.asarray(rows)),
    ):
        yield (
            library,
            lambda rows, library=library, convert=convert: convert(
                pytest.importorskip(library), rows
            ),
        )


@pytest.mark.parametrize(
    "convert", [c for _, c in containers()], ids=[name for name, _ in containers()]
)
@every_function
def test_every_container_gives_what_a_list_gives(name, options, convert):
    first, labels, _ = rows_for(name, n=40)
    # Multiples of 1/64 survive float32, so that every container holds equal numbers.
    first = (np.round(first * 64) / 64).tolist()
    labels = (
        (np.round(labels * 64) / 64).tolist()
        if labels.dtype == float
        else (labels.tolist())
    )
    function = getattr(metrics, name)
    expected = function(first, labels, **options)
    found = function(convert(first), convert(labels), **options)
    assert same(found, expected)


@every_function
def test_a_missing_value_is_refused_or_dropped_in_every_column(name, options):
    function = getattr(metrics, name)
    first, labels, _ = (column.tolist() for column in rows_for(name, n=30))
    expected = function(first[:-1], labels[:-1], **options)
    for spoiled in (
        ([*first[:-1], math.nan], labels),
        (first, [*labels[:-1], None]),
    ):
        with pytest.raises(ValueError, match=r"missing value .* at row 29"):
            function(*spoiled, **options)
        found = function(*spoiled, missing="drop", **options)
        assert same(found, expected)


@pytest.mark.torch
@every_function
def test_torch_tensors_give_what_a_list_gives(name, options):
    torch = pytest.importorskip("torch")
    first, labels, _ = rows_for(name, n=40)
    function = getattr(metrics, name)
    found = function(torch.tensor(first), torch.tensor(labels), **options)
    expected = function(first, labels, **options)
    assert same(found, expected)

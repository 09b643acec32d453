"""One promise for every metric of counts, however the rows arrive."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra import metrics
from ml_infra.metrics import Counts

AVERAGES = ("macro", "micro", "weighted")
RATIOS = ("precision", "recall", "specificity", "f1_score", "jaccard", "fbeta_score")
WHOLE = ("accuracy", "hamming_loss", "matthews_corrcoef", "cohen_kappa")
ASKS = [
    *((name, average) for name in RATIOS for average in AVERAGES),
    *((name, None) for name in (*WHOLE, "balanced_accuracy")),
]


def by_function(name, average, predictions, labels, **options):
    if name == "fbeta_score":
        options["beta"] = 2.0
    if average is not None:
        options["average"] = average
    return getattr(metrics, name)(predictions, labels, **options)


def by_state(name, average, state):
    options = {"beta": 2.0} if name == "fbeta_score" else {}
    return state.metric(name, average, **options)


KINDS = {
    "integers": lambda codes: codes,
    "negative": lambda codes: codes - 2,
    "wide": lambda codes: codes * 10**15,
    "unsigned": lambda codes: codes.astype(np.uint8),
    "booleans": lambda codes: codes > 1,
    "text": lambda codes: np.array(["a", "bb", "ccc", "dddddddddd"])[codes],
    "lists": lambda codes: [f"class {code}" for code in codes],
    "indicators": lambda codes: codes[:, None] >> np.arange(2) & 1,
    "many columns": lambda codes: np.pad(
        codes[:, None] > np.arange(3), ((0, 0), (67, 0))
    ),
}


def asks_of(labels):
    """Return what can be asked of classes, or of indicators."""
    one_class = np.ndim(labels) == 1
    return [ask for ask in ASKS if one_class or ask[0] not in WHOLE[2:]]


@st.composite
def rows(draw):
    """Predictions, labels, weights or None, and a shard number per row."""
    n = draw(st.integers(1, 90))
    codes = st.lists(st.integers(0, 3), min_size=n, max_size=n).map(np.array)
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    whole = st.lists(st.integers(1, 9), min_size=n, max_size=n).map(np.array)
    weights = draw(st.none() | whole)
    shards = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n).map(np.array))
    return kind(draw(codes)), kind(draw(codes)), weights, shards


def part(values, chosen):
    if values is None:
        return None
    if isinstance(values, list):
        return [v for v, keep in zip(values, chosen, strict=True) if keep]
    return values[chosen]


class TestOneNumberHoweverItIsComputed:
    """
    Function, state, merged shards, JSON round trip and batches give one number.

    Shards are merged in another order than the rows came in.
    """

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(rows())
    def test_of_every_metric(self, drawn):
        predictions, labels, weights, shards = drawn
        state = Counts.of(predictions, labels, weights=weights)
        merged, batched = Counts(), Counts()
        for shard in (2, 0, 3, 1):
            chosen = shards == shard
            if chosen.any():
                rows_of = part(predictions, chosen), part(labels, chosen)
                w = part(weights, chosen)
                merged = Counts.of(*rows_of, weights=w) + merged
                batched.update(*rows_of, weights=w)
        again = Counts.from_json(state.to_json())
        assert merged == batched == again == state
        assert merged.to_json() == state.to_json()
        for name, average in asks_of(labels):
            value = by_function(name, average, predictions, labels, weights=weights)
            for other in (state, merged, batched, again):
                np.testing.assert_allclose(
                    by_state(name, average, other), value, rtol=1e-12, err_msg=name
                )

    @settings(deadline=None, derandomize=True, max_examples=40)
    @given(rows())
    def test_whole_weights_are_repeated_rows(self, drawn):
        predictions, labels, _, counts = drawn
        if not counts.any():
            counts = counts + 1
        place = np.repeat(np.arange(len(counts)), counts)
        repeated = [
            [values[i] for i in place] if isinstance(values, list) else values[place]
            for values in (predictions, labels)
        ]
        for name, average in asks_of(labels):
            np.testing.assert_allclose(
                by_function(name, average, predictions, labels, weights=counts),
                by_function(name, average, *repeated),
                rtol=1e-12,
                err_msg=name,
            )

    @settings(deadline=None, derandomize=True, max_examples=40)
    @given(rows())
    def test_rolling_back_a_shard_is_exact(self, drawn):
        predictions, labels, _, shards = drawn
        chosen = shards > 1
        if chosen.all() or not chosen.any():
            chosen = np.arange(len(chosen)) == 0
        if chosen.all():
            return
        whole = Counts.of(predictions, labels)
        late = Counts.of(part(predictions, chosen), part(labels, chosen))
        early = Counts.of(part(predictions, ~chosen), part(labels, ~chosen))
        assert whole - late == early
        assert (whole - late).to_json() == early.to_json()


@pytest.mark.parametrize(("name", "average"), ASKS)
def test_no_input_is_written_to(name, average):
    arrays = [np.array([0, 1, 2, 1]), np.array([0, 2, 2, 1])]
    for array in arrays:
        array.setflags(write=False)
    weights = np.array([1.0, 2.0, 3.0, 0.5])
    weights.setflags(write=False)
    before = [a.copy() for a in (*arrays, weights)]
    by_function(name, average, *arrays, weights=weights)
    Counts.of(*arrays, weights=weights, by=arrays[0]).slices(
        *(name, average or "macro"), **({"beta": 2} if name == "fbeta_score" else {})
    )
    for array, copy in zip((*arrays, weights), before, strict=True):
        assert array.tolist() == copy.tolist()


CODES = [0, 1, 2, 2, 1, 0, 2], [0, 2, 2, 1, 1, 0, 0]


@pytest.mark.parametrize(("name", "average"), ASKS)
def test_every_container_gives_the_same_number(name, average, container):
    predictions, labels = map(container, CODES)
    assert by_function(name, average, predictions, labels) == pytest.approx(
        by_function(name, average, *map(np.array, CODES)), rel=1e-14
    )


def test_text_in_every_container_gives_the_same_table(container):
    text = [[f"c{code}" for code in codes] for codes in CODES]
    found = metrics.confusion_matrix(*map(container, text))
    assert found.tolist() == [[2, 0, 1], [0, 1, 1], [0, 1, 1]]
    assert list(metrics.classification_report(*map(container, text))["classes"]) == [
        "c0",
        "c1",
        "c2",
    ]


@pytest.mark.parametrize(("name", "average"), ASKS)
def test_short_lists_and_arrays_take_different_ways_to_one_number(name, average, rng):
    for _ in range(20):
        predictions, labels = rng.integers(0, 3, (2, 12))
        value = by_function(name, average, predictions.tolist(), labels.tolist())
        expected = by_function(name, average, predictions, labels)
        np.testing.assert_allclose(value, expected, rtol=1e-14)
        assert isinstance(value, float)


SHORT = ["a", "c", "a", "a", "c", "b"], ["a", "a", "c", "a", "a", "b"]


@pytest.mark.parametrize(
    ("option", "value"), [("weights", [9, 1, 1, 1, 2, 1]), ("classes", ["c", "b", "a"])]
)
@pytest.mark.parametrize("name", [*RATIOS, *WHOLE, "confusion_matrix"])
def test_no_option_is_lost_on_short_lists(name, option, value):
    function = getattr(metrics, name)
    options = {"average": None, "beta": 2.0, option: value}
    options = {
        key: options[key]
        for key in inspect.signature(function).parameters
        if key in options
    }
    found = function(*SHORT, **options)
    expected = function(*map(np.array, SHORT), **options)
    assert str(found) == str(expected)  # the order of classes included
    if option in options:
        assert str(found) != str(function(*SHORT, **{**options, option: None}))


def test_states_are_the_same_text_for_any_order_of_shards(rng):
    predictions, labels = rng.integers(0, 9, (2, 500))
    shards = [slice(start, start + 50) for start in range(0, 500, 50)]
    texts = set()
    for _ in range(5):
        state = Counts()
        for chosen in rng.permutation(len(shards)):
            state += Counts.of(predictions[shards[chosen]], labels[shards[chosen]])
        texts.add(state.to_json())
    assert len(texts) == 1

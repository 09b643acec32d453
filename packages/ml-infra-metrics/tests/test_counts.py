"""The state: updates, algebra, class lists, slices and the portable form."""

import copy
import json
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from ml_infra.metrics import (
    Counts,
    RegressionStats,
    Scores,
    accuracy,
    classification_report,
    confusion_matrix,
    f1_score,
)
from ml_infra.metrics._codes import encode
from ml_infra.metrics._counting import count_cells, count_marginals, count_pairs
from ml_infra.metrics._readers import read


def codes(*columns):
    return encode([read(column, "labels") for column in columns])


def by_hand(predictions, labels, size, weights=None):
    table = [[0] * size for _ in range(size)]
    weights = [1] * len(labels) if weights is None else weights
    for p, y, w in zip(predictions, labels, weights, strict=True):
        table[y][p] += w
    return table


class TestTheCore:
    """Blocked passes count what a loop over the rows counts."""

    @pytest.mark.parametrize("size", [2, 3, 182, 300])
    @pytest.mark.parametrize("rows", [1, 7, 40_000])
    def test_pairs_and_margins(self, rng, size, rows):
        predictions, labels = rng.integers(0, size, (2, rows))
        weights = rng.integers(1, 4, rows)
        for w in (None, weights):
            expected = np.array(by_hand(predictions, labels, size, w))
            coded = codes(predictions, labels)
            k = coded.size
            assert k >= expected[: k + 1].any(axis=1).sum()
            found = count_pairs(coded, None if w is None else w.astype(float))
            assert found.sum() == expected.sum()
            common = min(k, size)
            assert (found[:common, :common] == expected[:common, :common]).all()
            m = count_marginals(coded, None if w is None else w.astype(float))
            assert (m.hits[:common] == expected.diagonal()[:common]).all()
            assert (m.predicted[:common] == expected.sum(axis=0)[:common]).all()
            assert (m.actual[:common] == expected.sum(axis=1)[:common]).all()
            assert m.total == expected.sum()

    @pytest.mark.parametrize("offset", [-5, 0, 2**40, 2**62, -(2**62)])
    def test_offsets_of_any_size(self, offset):
        values = np.array([0, 3, 1, 3]) + offset
        coded = codes(values, values)
        assert [
            coded.classes[i] for i in np.flatnonzero(count_pairs(coded).any(0))
        ] == [
            offset,
            offset + 1,
            offset + 3,
        ]
        assert count_pairs(coded).sum() == 4

    def test_three_keys_are_digits_of_one_number(self):
        slow, mid, fast = np.array([0, 1, 1]), np.array([2, 0, 2]), np.array([1, 1, 0])
        table = count_cells([(slow, 0, 2), (mid, 0, 3), (fast, 0, 2)])
        expected = np.zeros((2, 3, 2), int)
        expected[0, 2, 1] = expected[1, 0, 1] = expected[1, 2, 0] = 1
        assert (table.reshape(2, 3, 2) == expected).all()

    @pytest.mark.parametrize("distinct", [2, 50, 1999, 2500])
    def test_wide_integers_and_text_get_the_codes_of_a_dict(self, rng, distinct):
        values = rng.integers(-(2**62), 2**62, distinct)
        drawn = values[rng.integers(0, distinct, 70_000)]
        coded = codes(drawn)
        assert [coded.classes[c] for c in coded.columns[0][:99]] == drawn[:99].tolist()
        assert coded.classes == sorted(set(drawn.tolist()))
        text = np.array([f"klasse {'x' * (v % 7)} {v}" for v in values.tolist()])
        drawn = text[rng.integers(0, distinct, 5_000)]
        coded = codes(drawn)
        assert [coded.classes[c] for c in coded.columns[0]] == drawn.tolist()

    def test_unsigned_beyond_64_bits_and_python_integers(self):
        top = np.array([2**64 - 1, 5, 2**63], np.uint64)
        assert list(codes(top).classes) == [5, 2**63, 2**64 - 1]
        assert accuracy([2**70, 1], [2**70, 2]) == 0.5
        assert codes([2**70, 1], np.array([3, 1])).classes == [1, 3, 2**70]


def test_a_state_answers_what_the_functions_answer(rng):
    predictions, labels = rng.integers(0, 4, (2, 300))
    counts = Counts.of(predictions, labels)
    assert counts.report() == classification_report(predictions, labels)
    assert (counts.confusion_matrix() == confusion_matrix(predictions, labels)).all()
    assert counts.f1_score(None) == f1_score(predictions, labels, average=None)
    order = [3, 1, 0, 2, 9]
    assert (
        counts.confusion_matrix(order)
        == confusion_matrix(predictions, labels, classes=order)
    ).all()
    assert counts.n == 300
    assert counts.classes == [0, 1, 2, 3]
    for name in ("precision", "recall", "specificity", "jaccard"):
        assert getattr(counts, name)("macro") == counts.metric(name, "macro")
    assert counts.fbeta_score("macro", beta=2) == counts.metric(
        "fbeta_score", "macro", beta=2
    )
    assert counts.hamming_loss() == 1 - counts.accuracy()
    assert counts.balanced_accuracy() == counts.recall("macro")
    assert counts.cohen_kappa() == counts.metric("cohen_kappa")


def test_small_batches_are_held_and_never_aliased():
    """A caller may reuse the buffer of a batch after update returns."""
    state, buffer = Counts(), np.array([1, 1, 1])
    state.update(buffer, np.array([1, 1, 0]))
    buffer[:] = 0
    assert state.n == 3
    assert state.accuracy() == pytest.approx(2 / 3)
    for _ in range(300):
        state.update(np.ones(256, int), np.ones(256, int))
    assert state.n == 3 + 300 * 256
    assert state.confusion_matrix().sum() == state.n


def test_a_declared_class_list_is_kept_to():
    state = Counts(classes=[0, 1, 2])
    state.update(np.array([0, 1]), np.array([0, 1]))
    assert state.classes == [0, 1, 2]
    assert state.f1_score("macro", undefined=0) == pytest.approx(2 / 3)
    assert state.f1_score("macro") == 1.0
    before = state.to_json()
    for bad in (np.array([0, 3]), [0, 3], np.array([-1, 0])):
        with pytest.raises(ValueError, match="not in the declared class list"):
            state.update(bad, bad)
    assert state.to_json() == before
    with pytest.raises(ValueError, match="different class lists"):
        state += Counts(classes=[0, 1])
    with pytest.raises(ValueError, match="different class lists"):
        state += Counts.of([0], [0])
    assert state.fingerprint == Counts(classes=range(3)).fingerprint


def test_a_list_that_only_looks_contiguous_is_checked():
    state = Counts(classes=[0, 5, 2, 3])
    with pytest.raises(ValueError, match="class 1 is not in"):
        state.update(np.array([1]), np.array([1]))


def test_states_of_different_kinds_do_not_merge():
    with pytest.raises(TypeError, match="earlier rows hold int, these hold str"):
        Counts.of([1], [1]).update(["a"], ["a"])
    with pytest.raises(TypeError, match="hold str"):
        Counts.of(["a"], ["a"]).update(np.array([1]), np.array([1]))
    with pytest.raises(TypeError, match="only Counts merges"):
        Counts.of([1], [1]).merge(3)
    assert (Counts.of([True], [True]) + Counts.of([1, 0], [1, 0])).n == 3


def test_a_sliding_window_is_the_sum_of_its_days(rng):
    days = [Counts.of(*rng.integers(0, 3, (2, 20))) for _ in range(6)]
    window = days[0] + days[1] + days[2]
    for old, new in pairwise(range(0, 6, 3)):
        window = window + days[new] - days[old]
    assert window == days[1] + days[2] + days[3]
    window -= days[1]
    window += days[1]
    assert window == days[1] + days[2] + days[3]
    with pytest.raises(ValueError, match="never added"):
        days[0] - days[1]


def test_merge_leaves_the_other_state_alone():
    first, second = Counts.of([1], [0]), Counts.of(["x"], ["x"])
    with pytest.raises(TypeError):
        first.merge(second)
    third = Counts.of([5], [5])
    text = third.to_json()
    first.merge(third)
    assert third.to_json() == text
    assert first.n == 2


class TestSlices:
    """One pass counts every slice; a slice is the state of its rows."""

    @pytest.fixture
    def rows(self, rng):
        predictions, labels = rng.integers(0, 3, (2, 400))
        return predictions, labels, rng.integers(0, 5, 400), rng.integers(0, 2, 400)

    def test_a_slice_is_the_state_of_its_rows(self, rows):
        predictions, labels, region, device = rows
        counts = Counts.of(predictions, labels, by=region)
        assert counts.keys() == [0, 1, 2, 3, 4]
        for key in range(5):
            chosen = region == key
            assert counts[key] == Counts.of(predictions[chosen], labels[chosen])
        assert counts.accuracy() == accuracy(predictions, labels)
        assert 3 in counts
        with pytest.raises(KeyError):
            counts[9]
        several = Counts.of(predictions, labels, by=(region, device > 0))
        chosen = (region == 2) & (device > 0)
        assert several[2, True] == Counts.of(predictions[chosen], labels[chosen])
        named = Counts.of(predictions, labels, by={"region": region, "device": device})
        assert named.by == ("region", "device")
        assert Counts.from_json(named.to_json()) == named

    def test_data_frames_and_text_name_slices(self, rows):
        pandas = pytest.importorskip("pandas")
        predictions, labels, region, _ = rows
        names = np.array(["n", "e", "s", "w", "x"])[region]
        frame = pandas.DataFrame({"p": predictions, "y": labels, "r": names})
        counts = Counts.of(frame["p"], frame["y"], by=frame[["r"]])
        assert counts.by == ("r",)
        assert counts.keys() == ["e", "n", "s", "w", "x"]

    @pytest.mark.parametrize("method", ["auto", "delta"])
    @pytest.mark.parametrize(
        "ask",
        [
            ("accuracy", "macro"),
            ("precision", "micro"),
            ("f1_score", "macro"),
            ("recall", "weighted"),
            ("matthews_corrcoef", "macro"),
            ("cohen_kappa", "macro"),
            ("hamming_loss", "macro"),
        ],
    )
    def test_the_table_holds_what_each_slice_says_alone(self, rows, ask, method):
        predictions, labels, region, _ = rows
        weights = np.linspace(0.5, 2, 400)
        for w in (None, weights):
            counts = Counts.of(predictions, labels, by=region, weights=w)
            table = counts.slices(*ask, method=method)
            assert len(table) == 5
            for row in table:
                alone = counts[row.key].interval(*ask, method=method)
                assert row.value == pytest.approx(alone.value)
                assert (row.low, row.high) == pytest.approx((alone.low, alone.high))
                assert row.support == alone.n

    @pytest.mark.parametrize("method", ["auto", "delta"])
    @pytest.mark.parametrize(
        "ask",
        [("recall", "macro"), ("f1_score", "weighted"), ("cohen_kappa", "macro")],
    )
    @pytest.mark.parametrize("classes", [[0, 1, 2], range(1 << 13)])
    def test_slices_are_flagged_as_each_alone(self, rng, ask, method, classes):
        sizes = rng.integers(1, 40, 40)  # wide class lists take some slices at a time
        predictions, labels = rng.choice(3, (2, sizes.sum()), p=[0.5, 0.1, 0.4])
        by = np.repeat(np.arange(40), sizes)
        counts = Counts.of(predictions, labels, by=by, classes=classes)
        table = counts.slices(*ask, method=method)
        expected = [counts[key].interval(*ask, method=method) for key in range(40)]
        assert table.flags == [one.flags for one in expected]
        assert [row.flags for row in table] == table.to_dict()["flags"] == table.flags
        assert table[39].flags == expected[39].flags
        assert len({*table.flags}) > 1
        for row, one in zip(table, expected, strict=True):
            assert (row.low, row.high) == pytest.approx(
                (one.low, one.high), nan_ok=True
            )
        some = counts.slices(*ask, method=method, min_support=20)
        assert some.flags == [table[key].flags for key in some.keys]
        for flags, line in zip(table.flags, str(table).splitlines(), strict=True):
            assert all(line.endswith(flags[-1:]) and f in line for f in flags)

    def test_small_slices_are_suppressed_and_counted(self):
        counts = Counts.of([1, 0, 1], [1, 0, 0], by=["a", "a", "b"])
        table = counts.slices(min_support=2)
        assert (table.keys, table.suppressed) == (["a"], 1)
        assert table["a"].value == 1.0
        assert "(1 slices with too few rows)" in str(table)
        assert table.to_dict()["support"] == [2]
        with pytest.raises(KeyError):
            table["b"]
        with pytest.raises(ValueError, match="pass by="):
            Counts.of([1], [1]).slices()

    def test_more_slices_and_classes_than_a_dense_table_holds(self, rng):
        predictions, labels = rng.integers(0, 900, (2, 3000))
        by = rng.integers(0, 2000, 3000)
        weights = rng.integers(1, 5, 3000).astype(float)
        counts = Counts.of(predictions, labels, by=by, weights=weights)
        chosen = by == by[0]
        part = predictions[chosen], labels[chosen]
        assert counts[by[0].item()] == Counts.of(*part, weights=weights[chosen])
        assert len(counts.slices("f1_score", "macro")) == len(set(by.tolist()))

    def test_the_worst_slice_is_found_and_chance_is_not(self, rng):
        labels = rng.integers(0, 2, 20_000)
        by = rng.integers(0, 200, 20_000)
        wrong = rng.random(20_000) < np.where(by == 17, 0.45, 0.1)
        counts = Counts.of(np.where(wrong, 1 - labels, labels), labels, by=by)
        worst = counts.worst("accuracy")
        assert worst[0].key == 17
        assert worst[0].p_adjusted < 1e-6
        assert worst[1].p_adjusted > 0.05
        assert counts.worst("accuracy", correct=None)[1].p_value < 0.05
        assert counts.worst("hamming_loss")[0].key == 17
        assert counts.worst("f1_score", "macro")[0].key == 17
        with pytest.raises(ValueError, match='"holm"'):
            counts.worst(correct="fdr")

    def test_rows_are_sliced_by_the_same_keys_or_not_at_all(self):
        state = Counts.of([1], [1], by=["a"])
        with pytest.raises(ValueError, match="same keys"):
            state.update([1], [1])
        with pytest.raises(ValueError, match="are sliced by"):
            state += Counts.of([1], [1])


class TestPortableForm:
    """JSON holds plain integers and a version, and damage is noticed."""

    def test_damage_is_noticed(self):
        state = Counts(classes=["a", "b"]).update(["a", "b"], ["a", "a"])
        good = json.loads(state.to_json())
        assert Counts.from_dict(good) == state
        for change in (
            {"classes": ["a", "c"]},
            {"classes": ["a"]},
            {"fingerprint": "0"},
            {"cells": {**good["cells"], "rows": [1]}},
            {"cells": {**good["cells"], "rows": [1, -1]}},
            {"cells": {**good["cells"], "label": [0, 7]}},
            {"cells": {}},
            {"by": 3},
            {"by": "X"},
            {"declared": 1},
            {"dropped": -1},
            {"dropped": 0.5},
            {"replicates": "X"},
            {"replicates": 2},
            {"cells": {**good["cells"], "rows": [1.9, 1]}},
            {"cells": {**good["cells"], "rows": [True, True]}},
            {"cells": {**good["cells"], "weight": [float("nan"), 1.0]}},
            {"cells": {**good["cells"], "weight": [-1.0, 1.0], "square": [1, 1]}},
            {"cells": {**good["cells"], "weight": [1.0, 1.0]}},
        ):
            with pytest.raises(ValueError, match="the state is damaged"):
                Counts.from_dict({**good, **change})

    def test_swapped_names_are_noticed_where_classes_were_only_found(self):
        good = Counts.of(["a", "b"], ["a", "a"], by=["x", "y"]).to_dict()
        for change in ({"classes": ["b", "a"]}, {"keys": ["y", "x"]}):
            with pytest.raises(ValueError, match=r"damaged.*altered"):
                Counts.from_dict({**good, **change})

    @pytest.mark.parametrize("kind", [Counts, RegressionStats, Scores])
    def test_what_is_no_json_is_named_alike_by_every_state(self, kind):
        for text in ("{", "", b"\xff", "[" * 100_000):
            with pytest.raises(ValueError, match="text must be the JSON") as caught:
                kind.from_json(text)
            assert type(caught.value) is ValueError
        for data in (None, 3, {}):
            with pytest.raises(TypeError, match="text must be the str or bytes"):
                kind.from_json(data)

    def test_classes_without_a_portable_form_say_so(self):
        from datetime import date

        state = Counts.of([date(2026, 1, 1)], [date(2026, 1, 1)])
        assert state.accuracy() == 1.0
        with pytest.raises(TypeError, match="no portable form"):
            state.to_json()


def test_a_matrix_that_somebody_else_counted():
    counts = Counts.from_matrix([[50, 5], [5, 40]], classes=["no", "yes"])
    assert counts.accuracy() == 0.9
    assert counts.recall(positive="yes") == 40 / 45
    for bad, message in [
        ([[1, 2]], "square"),
        ([[1.5]], "integers"),
        ([[-1]], "at least 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            Counts.from_matrix(bad)
    with pytest.raises(ValueError, match="3 classes for 2 rows"):
        Counts.from_matrix([[1, 0], [0, 1]], classes=["a", "b", "c"])


def test_unknown_metrics_and_options_are_refused():
    counts = Counts.of([0, 1], [0, 1], by=["EU", "US"])
    for ask in (
        counts.metric,
        counts.undefined,
        counts.interval,
        counts.slices,
        counts.worst,
        partial(counts.interval, average=None),
    ):
        with pytest.raises(ValueError, match=r'metric must be "accuracy", .*got'):
            ask("f2")
    for ask in (counts.undefined, counts.interval, counts.slices, counts.worst):
        ask(metric="recall")
    for ask in (counts.interval, counts.slices):
        with pytest.raises(ValueError, match=r'method must be "auto", .*got'):
            ask("recall", method="normal")
    with pytest.raises(
        ValueError, match='correct must be "holm", "bonferroni" or None'
    ):
        counts.worst("recall", correct="fdr")
    with pytest.raises(TypeError, match="accuracy takes no positive"):
        counts.metric("accuracy", positive=1)
    with pytest.raises(TypeError, match="beta"):
        counts.metric("f1_score", beta=2)
    with pytest.raises(TypeError, match="beta"):
        counts.interval("f1_score", beta=2)
    with pytest.raises(ValueError, match="average"):
        counts.metric("f1_score", "samples")


def test_a_table_of_slices_shows_itself_at_a_prompt():
    table = Counts.of([1, 0], [1, 1], by=["EU", "US"]).slices("accuracy")
    assert repr(table) == str(table)
    assert repr(table).startswith("EU  1.000 [")


def test_a_missing_slice_is_answered_with_those_there_are():
    with pytest.raises(KeyError, match=r"no slice 'ES'; there are \['EU', 'US'\]"):
        Counts.of([1, 0], [1, 1], by=["EU", "US"])["ES"]
    with pytest.raises(KeyError, match="none at all"):
        Counts.of([1, 0], [1, 1])["ES"]


@pytest.mark.parametrize("rows", [2, 1 << 15])
@pytest.mark.parametrize("kind", [Counts, RegressionStats, Scores])
def test_threads_may_share_a_state(kind, rows):
    """Small batches wait in a queue; large ones are counted at once."""
    data = np.arange(rows) % 2, np.ones(rows, int)
    state = kind()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        updates = 1000 if rows == 2 and kind is not RegressionStats else 20
        with ThreadPoolExecutor(4) as pool:
            done = [pool.submit(state.update, *data) for _ in range(updates)]
            assert all(part.result() is state for part in done)
    finally:
        sys.setswitchinterval(interval)
    assert state.n == updates * rows
    pickled = pickle.loads(pickle.dumps(state))  # noqa: S301 - our own
    for twin in (pickled, copy.copy(state)):
        assert twin == state
        assert twin.update(*data).n == state.n + rows
    assert state.n == updates * rows


@pytest.mark.parametrize("kind", [Counts, RegressionStats, Scores])
def test_nothing_counted_has_no_answer(kind):
    empty = kind()
    assert kind.from_json(empty.to_json()) == empty
    names = {"Counts": "accuracy f1_score cohen_kappa"}.get(
        kind.__name__,
        "roc_auc average_precision log_loss brier_score expected_calibration_error"
        " calibration_curve roc_curve precision_recall_curve interval"
        if kind is Scores
        else "r2_score mean_absolute_error median_absolute_error pinball_loss",
    )
    for name in names.split():
        with pytest.raises(ValueError, match="nothing has been counted yet"):
            getattr(empty, name)()
    for metric in ("median_absolute_error", "r2_score"):
        if kind is RegressionStats:
            with pytest.raises(ValueError, match="nothing has been counted yet"):
                empty.interval(metric)

"""
Traps of labels, averages, undefined values, inputs and intervals, by their number.

Each is an input on which some well-known library answers wrongly, and the right answer.
Arguments are in our order: predictions, labels. Traps of scores, curves and losses have
a file of their own.
"""

import math
import tracemalloc

import numpy as np
import pytest

from ml_infra.metrics import (
    Counts,
    UndefinedMetricError,
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    f1_score,
    matthews_corrcoef,
    precision,
    recall,
    wilson_interval,
)

BIG = 2**53


def test_trap_01_no_rows_is_an_error():
    """Before any row there is no accuracy; 0.0 would be an invention."""
    with pytest.raises(ValueError, match="empty"):
        accuracy([], [])
    with pytest.raises(ValueError, match="nothing has been counted"):
        Counts().accuracy()


def test_trap_02_lengths_must_agree():
    """One label must not be broadcast over two predictions."""
    with pytest.raises(ValueError, match="got 2 and 1"):
        accuracy([1, 0], [1])


def test_trap_03_a_column_of_width_one_is_paired_row_by_row():
    """Broadcasting a column against a row would compare 9 pairs: 0.556."""
    assert accuracy([[1], [0], [1]], [1, 0, 1]) == 1.0
    assert accuracy(np.array([[1], [0], [1]]), np.array([1, 0, 1])) == 1.0


@pytest.mark.parametrize("bad", ["abc", {1, 2}, b"abc", 3, {"a": 1}, iter([1])])
def test_trap_04_text_and_sets_are_no_rows(bad):
    with pytest.raises(TypeError, match="predictions must be a sequence of rows"):
        accuracy(bad, bad)


@pytest.mark.parametrize("metric", [accuracy, f1_score, confusion_matrix])
def test_trap_05_text_against_integers_is_an_error(metric):
    """A naive comparison of "1" and 1 says that nothing agrees."""
    for left, right in [(["1", "0"], [1, 0]), (np.array(["1", "0"]), np.array([1, 0]))]:
        with pytest.raises(
            TypeError, match="predictions holds str but labels holds int"
        ):
            metric(left, right)


def test_trap_06_booleans_are_integers_but_not_text():
    assert accuracy([True, False], [1, 0]) == 1.0
    assert f1_score(np.array([True, False]), [1, 0]) == 1.0
    with pytest.raises(TypeError, match="bool but labels holds str"):
        accuracy([True, False], ["True", "False"])


def test_trap_07_whole_floats_are_classes_others_need_a_threshold():
    assert accuracy([1.0, 0.0], [1, 0]) == 1.0
    with pytest.raises(ValueError, match=r"1\.5 at row 0.*threshold"):
        accuracy([1.5, 0.0], [1, 0])


def test_trap_08_floats_too_large_to_be_exact_are_refused():
    """2**53 and 2**53 + 1 are the same float64: equality would be luck."""
    with pytest.raises(ValueError, match="cannot tell integers apart"):
        accuracy(np.array([BIG, BIG], float), np.array([BIG, BIG + 1]))
    with pytest.raises(ValueError, match="float32 cannot tell"):
        accuracy(np.array([2**24], np.float32), np.array([2**24 + 1]))


def test_trap_09_signed_and_unsigned_64_bits_do_not_meet_in_float64():
    predictions = np.array([BIG, 0], np.int64)
    labels = np.array([BIG + 1, 0], np.uint64)
    assert accuracy(predictions, labels) == 0.5
    assert f1_score(predictions, labels, average="macro") == pytest.approx(1 / 3)
    assert confusion_matrix(predictions, labels).sum() == 2
    top = np.array([2**64 - 1, 0], np.uint64)
    assert accuracy(top, top) == 1.0
    assert accuracy(np.array([-1, 0]), top) == 0.5  # -1 has the bits of 2**64 - 1


def test_trap_10_small_integer_types_do_not_wrap():
    """Label * classes + prediction leaves uint8 from 16 classes on."""
    codes = np.arange(100, dtype=np.uint8)
    assert confusion_matrix(codes, codes).trace() == 100
    assert f1_score(codes, codes, average="macro") == 1.0


def test_trap_11_negative_labels_are_classes():
    values = np.array([-1, 0, 1])
    assert confusion_matrix(values, values).tolist() == np.eye(3, dtype=int).tolist()


def test_trap_12_huge_ids_cost_memory_by_rows():
    predictions, labels = [10**12, 5, 5], [10**12, 5, 10**12]
    assert f1_score(predictions, labels, average="macro") == pytest.approx(2 / 3)
    tracemalloc.start()
    f1_score(np.array(predictions * 99), np.array(labels * 99), average="macro")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_trap_13_a_million_classes_need_no_square_table():
    tracemalloc.start()
    value = f1_score([999_999], [999_999], average="macro", classes=range(10**6))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert value == 1.0
    assert peak < 10**8  # a few arrays of a million; a table of pairs takes 8 TB


def test_trap_14_nan_is_refused_by_row_or_dropped_and_counted():
    for labels in ([1, math.nan, 0], np.array([1, math.nan, 0])):
        with pytest.raises(ValueError, match=r"labels has a missing value.*row 1"):
            accuracy([1, 1, 0], labels)
        assert accuracy([1, 1, 0], labels, missing="drop") == 1.0
        assert Counts.of([1, 1, 0], labels, missing="drop").dropped == 1
    objects = np.array(["a", math.nan], object)
    with pytest.raises(ValueError, match="row 1"):
        accuracy(["a", "b"], objects)


def test_trap_15_null_is_missing_in_every_library():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    columns = [
        [1, None, 0],
        pandas.Series([1, None, 0], dtype="Int64"),
        pandas.array([1, pandas.NA, 0], dtype=object),
        polars.Series([1, None, 0]),
    ]
    for labels in columns:
        with pytest.raises(ValueError, match="row 1"):
            accuracy([1, 1, 0], labels)
        assert accuracy([1, 1, 0], labels, missing="drop") == 1.0


def test_trap_16_trailing_nuls_tell_strings_apart():
    """NumPy strips them from fixed-width strings; lists must not become such."""
    assert accuracy(["a", "b"], ["a\0", "b"]) == 0.5
    assert accuracy(["a", "b"] * 99, ["a\0", "b"] * 99) == 0.5
    assert f1_score(["a", "b"] * 99, ["a\0", "b"] * 99, average="micro") == 0.5


def test_trap_17_bytes_are_not_text():
    with pytest.raises(TypeError, match="bytes but labels holds str"):
        accuracy([b"a", b"b"], ["a", "b"])


def test_trap_18_pandas_rows_pair_by_index():
    pandas = pytest.importorskip("pandas")
    predictions = pandas.Series([1, 0], index=[0, 1])
    assert accuracy(predictions, pandas.Series([0, 1], index=[1, 0])) == 1.0
    with pytest.raises(ValueError, match="pandas indexes"):
        accuracy(predictions, pandas.Series([1, 0], index=[7, 8]))
    with pytest.raises(ValueError, match="pandas indexes"):
        accuracy(predictions, pandas.Series([1, 0], index=[0, 0]))


def test_trap_19_the_argument_order_shows_in_precision_and_recall():
    predictions, labels = [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 2]
    found = precision(predictions, labels, average="macro", undefined=0)
    assert found == pytest.approx(4 / 9)
    assert recall(predictions, labels, average="macro") == pytest.approx(7 / 12)
    weighted = f1_score(predictions, labels, average="weighted")
    assert weighted == pytest.approx(0.6548, abs=5e-5)
    with pytest.raises(ValueError, match="swapped"):
        accuracy([0, 1], [0.2, 0.9])


def test_trap_20_macro_f1_is_the_mean_of_f1():
    """The F1 of mean precision and recall would be .5045."""
    predictions, labels = [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 2]
    assert f1_score(predictions, labels, average="macro") == pytest.approx(19 / 42)


def test_trap_21_accuracy_is_not_balanced_accuracy():
    predictions, labels = [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 2]
    assert accuracy(predictions, labels) == pytest.approx(2 / 3)
    assert balanced_accuracy(predictions, labels) == pytest.approx(7 / 12)


def test_trap_22_micro_over_some_classes_is_not_accuracy():
    rows = [0, 1, 1, 1], [0, 0, 1, 2]
    some = {"average": "micro", "classes": [0, 1]}
    assert precision(*rows, **some) == 0.5
    assert recall(*rows, **some) == pytest.approx(2 / 3)
    assert f1_score(*rows, **some) == pytest.approx(4 / 7)
    assert Counts.of(*rows).f1_score(**some) == pytest.approx(4 / 7)


def test_trap_23_an_absent_class_is_left_out_or_counts_as_told():
    absent = {"average": "macro", "classes": [0, 1, 2]}
    assert f1_score([0, 1], [0, 1], **absent) == 1.0
    assert f1_score([0, 1], [0, 1], **absent, undefined=0) == pytest.approx(2 / 3)


def test_trap_24_f1_is_defined_where_one_of_its_parts_is_not():
    values = f1_score([0, 1, 2, 2], [0, 1, 0, 3], average=None)
    assert values == {0: pytest.approx(2 / 3), 1: 1.0, 2: 0.0, 3: 0.0}


@pytest.mark.parametrize(("undefined", "value"), [("nan", 0.75), (0, 0.5), (1, 5 / 6)])
def test_trap_25_a_class_never_predicted_in_macro_precision(undefined, value):
    found = precision([0, 1, 1], [0, 1, 2], average="macro", undefined=undefined)
    assert found == pytest.approx(value)


def test_trap_26_without_positives_only_accuracy_has_a_value():
    rows = [0, 0, 0], [0, 0, 0]
    assert accuracy(*rows) == 1.0
    for metric in (precision, recall, f1_score):
        assert math.isnan(metric(*rows))
        assert metric(*rows, undefined=0) == 0.0
        with pytest.raises(UndefinedMetricError) as caught:
            metric(*rows, undefined="raise")
        assert caught.value.causes[0].metric == metric.__name__


def test_trap_27_an_unknown_positive_class_is_an_error():
    with pytest.raises(ValueError, match=r"positive=1 is not among the classes \[2\]"):
        f1_score([2, 2], [2, 2])
    with pytest.raises(ValueError, match="positive='spam'"):
        f1_score(["ham", "spam"], ["ham", "spam"])


def test_trap_28_a_class_listed_twice_is_an_error():
    for metric in (f1_score, confusion_matrix):
        extra = {} if metric is confusion_matrix else {"average": "macro"}
        with pytest.raises(ValueError, match="0 twice"):
            metric([0, 1], [0, 1], classes=[0, 0, 1], **extra)


def test_trap_29_a_row_of_weight_0_is_an_absent_row():
    rows = {"weights": [1, 1, 0]}
    assert f1_score([0, 1, 1], [0, 1, 2], average="macro", **rows) == 1.0
    assert Counts.of([0, 1, 1], [0, 1, 2], **rows).f1_score("macro") == 1.0


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0, 0], "all 0"),
        ([1, -1], "negative value at row 1"),
        ([1, math.nan], "NaN at row 1"),
        ([1, math.inf], "infinite value at row 1"),
        ([1], "same length"),
        (["a", "b"], "numbers"),
    ],
)
def test_trap_30_every_bad_weight_has_its_own_message(weights, message):
    for metric in (accuracy, f1_score, matthews_corrcoef):
        with pytest.raises(ValueError, match=message):
            metric([0, 1], [0, 1], weights=weights)


def test_trap_31_weights_are_repeated_rows_of_any_magnitude(rng):
    predictions, labels = rng.integers(0, 3, (2, 60))
    weights = rng.integers(1, 5, 60)
    repeated = np.repeat(predictions, weights), np.repeat(labels, weights)
    for metric in (matthews_corrcoef, cohen_kappa, accuracy):
        expected = metric(*repeated)
        assert metric(predictions, labels, weights=weights) == pytest.approx(expected)
        huge = metric(predictions, labels, weights=weights * 1e160)
        assert huge == pytest.approx(expected)


def test_trap_32_mcc_of_large_counts():
    counts = Counts.from_matrix([[50_000, 5_000], [5_000, 50_000]])
    assert counts.matthews_corrcoef() == pytest.approx(9 / 11, abs=1e-15)


def test_trap_33_mcc_beyond_64_bits():
    counts = Counts.from_matrix([[10**18, 10**18], [10**18, 2]])
    assert counts.matthews_corrcoef() == pytest.approx(-0.5, abs=1e-12)


def test_trap_34_kappa_of_random_labels_is_near_0(rng):
    predictions, labels = rng.integers(0, 3, (2, 250_000))
    assert abs(cohen_kappa(predictions, labels)) < 0.01


def test_trap_35_constant_and_perfect_is_undefined_for_mcc_and_kappa_alike():
    for metric in (matthews_corrcoef, cohen_kappa):
        for rows in ([1, 1], np.ones(99, int)):
            assert math.isnan(metric(rows, rows))
            assert metric(rows, rows, undefined=0) == 0.0
    assert "same class" in Counts.of([1], [1]).undefined("cohen_kappa")[0].reason


def test_trap_36_one_error_in_a_billion_shows():
    counts = Counts.from_matrix([[5 * 10**8, 0], [1, 5 * 10**8 - 1]])
    assert counts.accuracy() == 0.999999999


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (95, 100, 0.8882, 0.9785)],
)
def test_trap_52_wilson_ends_exactly_at_0_and_1(hits, n, low, high):
    found = wilson_interval(hits, n)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)
    if hits in (0, n):
        assert found.low == 0 or found.high == 1


# The example in the README of the package confidenceinterval 1.0.3.
LABELS_53 = [0, 1, 2, 2, 2, 1, 1, 1, 0, 2, 2, 1, 0, 2, 2, 1, 2, 2, 1, 1]
PREDICTIONS_53 = [0, 1, 0, 0, 2, 1, 1, 1, 0, 2, 2, 1, 0, 1, 2, 1, 2, 2, 1, 1]


def test_trap_53_macro_recall_with_its_textbook_interval():
    """Printed there as (.775, 1.002)."""
    counts = Counts.of(PREDICTIONS_53, LABELS_53)
    found = counts.interval("recall", "macro", method="delta")
    assert found.value == pytest.approx(8 / 9)
    assert found.low == pytest.approx(0.786, abs=5e-4)
    assert found.high == pytest.approx(0.992, abs=5e-4)


def test_trap_54_the_covariance_of_shares_is_diag_p_minus_outer_p_p():
    """The variance written out with the full covariance matrix of the 9 cells."""
    counts = Counts.of(PREDICTIONS_53, LABELS_53)
    p = counts.confusion_matrix().ravel() / 20
    step = 1e-6

    def macro_f1(shares):
        table = shares.reshape(3, 3)
        parts = 2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))
        return parts.mean()

    gradient = np.array(
        [
            (macro_f1(p + step * unit) - macro_f1(p - step * unit)) / (2 * step)
            for unit in np.eye(9)
        ]
    )
    deviation = math.sqrt(gradient @ (np.diag(p) - np.outer(p, p)) @ gradient / 20)
    found = counts.interval("f1_score", "macro", method="delta")
    assert found.value - found.low == pytest.approx(1.959964 * deviation, rel=1e-5)


def test_trap_56_shards_of_disjoint_classes_add_up_in_any_order():
    first, second = Counts.of(["a"], ["b"]), Counts.of(["y", "z"], ["z", "z"])
    whole = Counts.of(["a", "y", "z"], ["b", "z", "z"])
    assert first + second == second + first == whole
    assert (first + second).to_json() == whole.to_json()

"""The door: which argument is which, pairing, missing values, and containers."""

import enum
import importlib.util
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from ml_infra.metrics import (
    Counts,
    Paired,
    RegressionStats,
    Scores,
    accuracy,
    assert_not_worse,
    average_precision,
    average_precision_interval,
    calibration_curve,
    cohen_kappa,
    confusion_matrix,
    expected_calibration_error,
    f1_score,
    fbeta_score,
    log_loss,
    mean_absolute_error,
    pinball_loss,
    roc_auc,
    roc_auc_interval,
    top_k_accuracy,
    wilson_interval,
)
from ml_infra.metrics._inputs import rows
from ml_infra.metrics._numbers import floats
from ml_infra.metrics._readers import read

PREDICTIONS, LABELS = [1, 0, 0], [1, 0, 1]  # recall 1/2, precision 1


@pytest.mark.parametrize(
    "words",
    [
        {"y_pred": PREDICTIONS, "y_true": LABELS},
        {"preds": PREDICTIONS, "target": LABELS},
        {"predictions": PREDICTIONS, "references": LABELS},
        {"predictions": PREDICTIONS, "labels": LABELS},
    ],
)
def test_keywords_of_other_libraries_are_safe_whatever_the_order(words):
    from ml_infra.metrics import recall

    assert recall(**words) == recall(PREDICTIONS, LABELS) == 0.5
    assert recall(**dict(reversed(words.items()))) == 0.5
    assert Counts.of(**words).recall() == 0.5


@pytest.mark.parametrize(
    "words",
    [
        {"y_pred": PREDICTIONS, "target": LABELS},
        {"predictions": PREDICTIONS, "y_true": LABELS},
        {"y_pred": PREDICTIONS, "y_true": LABELS, "labels": LABELS},
        {"preds": PREDICTIONS, "y_pred": PREDICTIONS, "y_true": LABELS},
        {"y_true": LABELS},
    ],
)
def test_mixed_vocabularies_are_refused(words):
    with pytest.raises(TypeError, match="one vocabulary whole"):
        accuracy(**words)


def test_a_ported_call_of_scikit_learn_fails_loudly():
    with pytest.raises(TypeError, match="labels"):
        f1_score(LABELS, PREDICTIONS, labels=[0, 1])
    for word, ours in [("sample_weight", "weights"), ("pos_label", "positive")]:
        for metric in (f1_score, accuracy, confusion_matrix, cohen_kappa):
            with pytest.raises(TypeError, match=f"{word}.*it is called {ours}= here"):
                metric(PREDICTIONS, LABELS, **{word: 1})


def test_a_missing_argument_is_named():
    with pytest.raises(TypeError, match="labels is missing"):
        accuracy([1])
    with pytest.raises(TypeError, match="predictions is missing"):
        accuracy()


def test_scores_in_the_slot_of_classes_are_refused():
    with pytest.raises(ValueError, match=r"labels holds 0\.2.*swapped"):
        accuracy([0, 1], [0.2, 0.9])
    with pytest.raises(ValueError, match=r"predictions holds 0\.7.*threshold"):
        accuracy([0.7, 0.2], [1, 0])
    with pytest.raises(ValueError, match="argmax"):
        accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 0])
    assert accuracy([1, 0], np.array([1.0, 0.0], np.float32)) == 1.0


def test_pandas_columns_align_by_index_with_their_weights():
    pandas = pytest.importorskip("pandas")
    predictions = pandas.Series([1, 0, 0], index=["a", "b", "c"])
    labels = pandas.Series([1, 1, 0], index=["c", "a", "b"])
    weights = pandas.Series([5.0, 1.0, 1.0], index=["c", "a", "b"])
    assert accuracy(predictions, labels) == pytest.approx(2 / 3)
    assert accuracy(predictions, labels, weights=weights) == pytest.approx(2 / 7)
    assert accuracy(predictions, [0, 0, 0]) == pytest.approx(2 / 3)  # has no index
    by = pandas.Series(["x", "y", "y"], index=["b", "a", "c"])
    assert Counts.of(predictions, labels, by=by)["x"].accuracy() == 1.0


@pytest.mark.parametrize("name", ["predictions", "labels", "by"])
def test_missing_values_are_named_and_dropped_in_every_column(name):
    data = {"predictions": [1, 0, 1], "labels": [1, 0, 0], "by": ["x", "y", "x"]}
    data[name] = [data[name][0], data[name][1], None]
    with pytest.raises(ValueError, match=f"{name} has a missing value.*row 2"):
        Counts.of(**data)
    counts = Counts.of(**data, missing="drop")
    assert (counts.n, counts.dropped, counts.accuracy()) == (2, 1, 1.0)
    with pytest.raises(ValueError, match="nothing is left"):
        accuracy([None], [1], missing="drop")
    with pytest.raises(ValueError, match='"raise" or "drop"'):
        accuracy([1], [1], missing="ignore")


def test_libraries_are_recognised_without_being_imported():
    """A look-alike is read by its protocol; the library is not imported."""
    present = {"pandas", "polars", "pyarrow", "torch"} & set(sys.modules)
    members = {"__module__": "polars.series", "__array__": lambda *_, **__: np.ones(1)}
    look_alike = type("Series", (), members)()
    if "polars" not in present:
        assert accuracy(look_alike, [1]) == 1.0
    assert {"pandas", "polars", "pyarrow", "torch"} & set(sys.modules) == present


class OnlyArrow:
    """An object with the Arrow C interface and nothing else."""

    def __init__(self, array):
        self._array = array

    def __arrow_c_array__(self, requested_schema=None):
        return self._array.__arrow_c_array__(requested_schema)


class OnlyDLPack:
    """An object with DLPack and nothing else."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


def test_protocols_are_enough():
    array = np.array(LABELS)
    assert accuracy(OnlyDLPack(array), LABELS) == 1.0
    pyarrow = pytest.importorskip("pyarrow")
    assert accuracy(OnlyArrow(pyarrow.array(LABELS)), LABELS) == 1.0
    assert accuracy(range(3), [0, 1, 2]) == 1.0


def test_views_are_not_copied():
    values = np.arange(10)
    assert read(values, "labels").values is values
    assert np.shares_memory(read(values.reshape(10, 1), "labels").values, values)


def test_masked_entries_are_missing():
    masked = np.ma.array([1, 0, 1], mask=[False, True, False])
    assert rows({"labels": masked}, missing="drop").dropped == 1


def test_numbers_with_gaps_in_a_list_are_numbers():
    column = read([1.5, None, 2], "scores")
    assert column.null.tolist() == [False, True, False]
    assert floats(column).dtype == np.float64
    with pytest.raises(TypeError, match="scores must be numbers"):
        floats(read(["a", "b"], "scores"))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((2, 2, 2)), "shape"),
        (np.array([1j]), "complex"),
        ([[1, 2], [3]], "different lengths"),
        ([["a"], {}], "no classes|different lengths|must"),
        (np.ones((3, 0)), r"\(n, k\), got shape \(3, 0\)"),
    ],
)
def test_what_is_no_column_is_refused(bad, message):
    with pytest.raises((ValueError, TypeError), match=message):
        accuracy(bad, bad)


def test_top_k_checks_its_columns():
    scores = [[0.5, 0.3, 0.2], [0.5, 0.4, 0.1]]
    assert top_k_accuracy(scores, ["a", "c"], k=2, classes=["a", "b", "c"]) == 0.5
    assert top_k_accuracy(scores, [0, 2], k=3) == 1.0
    assert top_k_accuracy([[1, 1, 1]], [0], k=1) == 0.0  # a tie counts against it
    assert top_k_accuracy(scores, [0, 2], k=2, weights=[1, 3]) == 0.25
    with pytest.raises(ValueError, match="row 1"):
        top_k_accuracy(scores, [0, 7])
    with pytest.raises(ValueError, match="k must be an integer"):
        top_k_accuracy(scores, [0, 1], k=4)
    with pytest.raises(ValueError, match="2 classes for 3 columns"):
        top_k_accuracy(scores, [0, 1], classes=["a", "b"])
    with pytest.raises(ValueError, match="use accuracy"):
        top_k_accuracy([0.5, 0.4], [0, 1])


def _frame(library, columns):
    return pytest.importorskip(library).DataFrame(columns)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_data_frames_are_paired_by_name(library):
    cats = _frame(library, {"cat": [1, 0], "dog": [0, 1]})
    swapped = cats[["dog", "cat"]]
    assert accuracy(cats, swapped) == accuracy(swapped, cats) == 1.0
    assert f1_score(cats, swapped, average="macro") == 1.0
    assert accuracy(cats, np.array([[1, 0], [0, 1]])) == 1.0  # no names: by position
    assert roc_auc(cats, swapped) == 1.0
    with pytest.raises(ValueError, match="cannot be paired"):
        accuracy(cats, _frame(library, {"cat": [1, 0], "cow": [0, 1]}))
    single = _frame(library, {"guess": [1, 0]}), _frame(library, {"truth": [1, 0]})
    assert accuracy(*single) == 1.0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_scores_are_paired_with_the_labels_by_name(library):
    shares = {"c": [0.1, 0.1, 0.8], "a": [0.8, 0.2, 0.1], "b": [0.1, 0.7, 0.1]}
    scores, labels = _frame(library, shares), ["a", "b", "c"]
    assert roc_auc(scores, labels) == 1.0
    assert roc_auc(scores, labels, classes=labels) == 1.0
    assert top_k_accuracy(scores, labels, k=1) == 1.0
    expected = -np.log([0.8, 0.7, 0.8]).mean()
    assert log_loss(scores, labels) == pytest.approx(expected)
    assert average_precision(scores, labels, average=None) == dict.fromkeys("abc", 1.0)
    # A class that occurs in no label is known from its name all the same.
    expected = -np.log([0.8, 0.7]).mean()
    assert log_loss(scores[:2], ["a", "b"]) == pytest.approx(expected)
    renamed = _frame(library, {f"p_{name}": shares[name] for name in "abc"})
    with pytest.raises(ValueError, match="paired with the labels by name"):
        roc_auc(renamed, labels)
    assert roc_auc(renamed, labels, classes=["a", "b", "c"]) == 1.0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_without_names_of_their_own_are_paired_by_position(library):
    frame = pytest.importorskip(library).DataFrame
    scores = frame(np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]]))
    assert roc_auc(scores, ["a", "b", "c"]) == 1.0
    named = _frame(library, {"x": [1, 0], "y": [0, 1]})
    assert accuracy(frame(np.array([[1, 0], [0, 1]])), named) == 1.0


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize <= 8, reason="it is float64 here")
def test_long_doubles_are_refused_instead_of_rounded():
    wide = np.array([2**63 + 1, 2**63 + 3], np.longdouble)
    for data in (wide, list(wide), wide.reshape(2, 1)):
        with pytest.raises(TypeError, match=r"predictions has dtype .*cast"):
            accuracy(data, [0, 1])
    with pytest.raises(TypeError, match=r"scores has dtype .*cast"):
        roc_auc(wide, [0, 1])
    with pytest.raises(TypeError, match=r"weights has dtype .*cast"):
        accuracy([0, 1], [0, 1], weights=wide)
    with pytest.raises(TypeError, match=r"labels has dtype .*cast"):
        mean_absolute_error([0, 1], wide)


class Animal(enum.Enum):
    CAT = "cat"
    DOG = "dog"


class Named(str, enum.Enum):
    CAT = "cat"
    DOG = "dog"


def test_members_of_enumerations_are_classes_where_they_have_an_order():
    assert accuracy([Named.CAT, Named.DOG], ["cat", "cat"]) == 0.5
    number = enum.IntEnum("number", ["ONE", "TWO"])
    assert accuracy([number.ONE, number.TWO], [1, 1]) == 0.5
    with pytest.raises(TypeError, match="Animal have no order; pass strings"):
        accuracy([Animal.CAT, Animal.DOG], [Animal.CAT, Animal.DOG])


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32, np.float64, np.bool_])
def test_a_numpy_scalar_beside_text_is_not_turned_into_text(kind):
    mixed = [kind(1), "a"]
    for values in (mixed, mixed[::-1]):
        with pytest.raises(TypeError, match=r"predictions holds .* and str but"):
            accuracy(values, list(map(str, values)))
    assert accuracy([kind(1), 0, np.float64(1)], [1, np.int8(0), 0]) == 2 / 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([Decimal("1.5"), Decimal(2)], "Decimal; convert them to float"),
        (np.array([Decimal("1.5"), Decimal(2)]), "Decimal; convert them to float"),
        ([10**400, 1], "beyond 64 bits; convert them to float"),
        (["a", "b"], "values of type str"),
        ([Animal.CAT, Animal.DOG], "values of type Animal"),
    ],
)
def test_what_is_no_number_is_named(values, message):
    for metric in (mean_absolute_error, roc_auc):
        with pytest.raises(TypeError, match=f"must be numbers, got .*{message}"):
            metric(values, [0, 1])


def test_decimals_of_polars_are_read_as_those_of_a_list():
    polars = pytest.importorskip("polars")
    decimals = polars.Series([Decimal(1), Decimal(2)])
    with pytest.raises(TypeError, match="Decimal; convert them to float"):
        mean_absolute_error(decimals, [1, 2])
    assert accuracy(decimals, decimals) == 1.0


def test_an_infinite_class_is_called_infinite():
    for data in ([[1, np.inf], [1, 0]], [[1, 0], [1, -np.inf]]):
        with pytest.raises(ValueError, match="inf at row 1: an infinite number"):
            accuracy(*data)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("successes", lambda: wilson_interval("1", 3)),
        ("n", lambda: wilson_interval(1, None)),
        ("level", lambda: wilson_interval(1, 3, level="x")),
        ("level", lambda: wilson_interval(1, 3, level=[0.9])),
        ("beta", lambda: fbeta_score([1, 0], [1, 1], beta="1")),
        ("beta", lambda: Counts.of([1, 0], [1, 1]).fbeta_score(beta=None)),
        ("eps", lambda: log_loss([0.5, 0.1], [1, 0], eps="1")),
        ("quantile", lambda: pinball_loss([1], [1], quantile="0.5")),
    ],
)
def test_an_option_that_is_no_number_is_named(name, call):
    with pytest.raises(TypeError, match=f"{name} must be a number, got"):
        call()


@pytest.mark.parametrize("values", [["a", "b", "c", "a"], [0, 1, 2, 0], [0.0, 1, 2, 0]])
def test_a_table_of_one_column_is_that_column(values):
    """Text too, which NumPy holds as objects."""
    predictions, labels = values, [*values[:3], values[1]]
    tables = [np.array([[value] for value in predictions], object)]
    for library, make in (
        ("pandas", lambda m: m.DataFrame({"x": predictions})),
        ("polars", lambda m: m.DataFrame({"x": predictions})),
        ("pyarrow", lambda m: m.table({"x": predictions})),
        ("pyarrow", lambda m: m.RecordBatch.from_pydict({"x": predictions})),
    ):
        if library in sys.modules or importlib.util.find_spec(library):
            tables.append(make(importlib.import_module(library)))
    for table in tables:
        assert accuracy(table, labels) == accuracy(labels, table) == 0.75
        counts = Counts.of(predictions, labels, by=table)
        assert set(counts.keys()) == set(values)


def test_what_of_arrow_is_no_column_is_refused_by_name():
    arrow = pytest.importorskip("pyarrow")
    for bad in (arrow.table({"a": [1, 0], "b": [1, 0]}), arrow.scalar(1)):
        with pytest.raises(TypeError, match=r"predictions is a pyarrow .* one of its"):
            accuracy(bad, [1, 0])
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match="by is a polars LazyFrame; collect it first"):
        Counts.of([1, 0], [1, 0], by=polars.LazyFrame({"a": [1, 0]}))
    with pytest.raises(TypeError, match="predictions holds values that are no classes"):
        accuracy(polars.Series([{"a": 1}, {"a": 0}]), [1, 0])


def test_a_decimal_nan_is_missing():
    values = [Decimal(1), Decimal("NaN"), Decimal(0)]
    with pytest.raises(ValueError, match=r"labels has a missing value .* at row 1"):
        accuracy([1, 1, 0], values)
    assert accuracy(values, [Decimal(1)] * 3, missing="drop") == 0.5


def test_categories_of_numbers_are_no_scores():
    pandas = pytest.importorskip("pandas")
    scores = pandas.Series([3, 1, 2], dtype="category")
    with pytest.raises(TypeError, match="got values of type int; convert them to fl"):
        roc_auc(scores, [1, 0, 1])


SCORES = [0.9, 0.2, 0.4]
COUNTS = Counts.of(PREDICTIONS, LABELS, by=[0, 0, 1])
PAIRED = Paired.of(PREDICTIONS, [1, 1, 1], LABELS)
SETTINGS = {
    "beta": [
        lambda beta: fbeta_score(PREDICTIONS, LABELS, beta=beta),
        lambda beta: fbeta_score(np.array(PREDICTIONS), LABELS, beta=beta),
        lambda beta: COUNTS.fbeta_score("macro", beta=beta),
        lambda beta: COUNTS.interval("fbeta_score", beta=beta),
        lambda beta: COUNTS.slices("fbeta_score", beta=beta),
        lambda beta: COUNTS.worst("fbeta_score", beta=beta),
        lambda beta: PAIRED.difference("fbeta_score", beta=beta),
    ],
    "level": [
        lambda level: COUNTS.interval("accuracy", level=level),
        lambda level: COUNTS.slices("accuracy", level=level),
        lambda level: PAIRED.difference("accuracy", level=level),
        lambda level: assert_not_worse(PAIRED, level=level),
        lambda level: roc_auc_interval(SCORES, LABELS, level=level),
        lambda level: average_precision_interval(SCORES, LABELS, level=level),
        lambda level: calibration_curve(SCORES, LABELS, level=level),
        lambda level: Scores.of(SCORES, LABELS).interval(level=level),
        lambda level: wilson_interval(1, 2, level=level),
    ],
    "margin": [lambda margin: assert_not_worse(PAIRED, margin=margin)],
    "min_support": [
        lambda rows: COUNTS.slices("accuracy", min_support=rows),
        lambda rows: COUNTS.worst("accuracy", min_support=rows),
    ],
    "threshold": [
        lambda cut: Paired.of(SCORES, SCORES, LABELS, threshold=cut),
    ],
    "quantile": [
        lambda share: pinball_loss(SCORES, SCORES, quantile=share),
        lambda share: RegressionStats.of(SCORES, SCORES).pinball_loss(quantile=share),
    ],
    "eps": [
        lambda eps: log_loss(SCORES, LABELS, eps=eps),
        lambda eps: Scores.of(SCORES, LABELS).log_loss(eps=eps),
    ],
    "successes": [lambda hits: wilson_interval(hits, 5)],
    "n": [lambda n: wilson_interval(0, n)],
    "bins": [
        lambda bins: calibration_curve(SCORES, LABELS, bins=bins),
        lambda bins: expected_calibration_error(SCORES, LABELS, bins=bins),
    ],
    "k": [lambda k: top_k_accuracy([[0.1, 0.9], [0.8, 0.2]], [0, 1], k=k)],
}


@pytest.mark.parametrize(
    "value",
    [10**400, -(10**400), Fraction(10**400), float("nan"), "x", 1j, np.ones(2)],
    ids=["huge", "-huge", "fraction", "nan", "text", "complex", "array"],
)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_no_usable_number_is_refused_by_name(name, value):
    for call in SETTINGS[name]:
        with pytest.raises(
            (TypeError, ValueError), match=rf"\b{name}\b.* must |must .*\b{name}\b"
        ) as caught:
            call(value)
        assert type(caught.value) in (TypeError, ValueError)


def test_the_refusal_of_a_huge_number_is_readable():
    with pytest.raises(ValueError, match=r"within ±1\.8e\+308.*got about 10\*\*5000$"):
        wilson_interval(1, 10**5000)
    with pytest.raises(ValueError, match=r"\[0, 1e\+100\], got 1e\+200; for recall"):
        fbeta_score(PREDICTIONS, LABELS, beta=1e200)


def test_large_and_fractional_settings_that_mean_something_are_taken():
    for beta in (2**63, 1e100):
        assert fbeta_score(PREDICTIONS, LABELS, beta=beta) == pytest.approx(0.5)
        assert COUNTS.fbeta_score(beta=beta) == pytest.approx(0.5)
    fifth = Fraction(1, 5)
    assert fbeta_score(PREDICTIONS, LABELS, beta=fifth) == pytest.approx(
        fbeta_score(PREDICTIONS, LABELS, beta=0.2)
    )
    assert log_loss(SCORES, LABELS, eps=fifth) == log_loss(SCORES, LABELS, eps=0.2)
    assert (
        wilson_interval(1, 2, level=fifth * 4).low
        == wilson_interval(1, 2, level=0.8).low
    )

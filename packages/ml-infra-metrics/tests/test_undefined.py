"""Every metric that may have no value says so, and why, in its own name."""

import inspect

import pytest

from ml_infra import metrics
from ml_infra.metrics import Counts, RegressionStats, Scores, UndefinedMetricError

#: Two columns for which the metric has no value.
ROWS = {
    "precision": ([0, 0], [0, 1]),
    "recall": ([0, 1], [0, 0]),
    "specificity": ([1, 0], [1, 1]),
    "f1_score": ([0, 0], [0, 0]),
    "fbeta_score": ([0, 0], [0, 0]),
    "jaccard": ([0, 0], [0, 0]),
    "matthews_corrcoef": ([1, 1], [0, 1]),
    "cohen_kappa": ([1, 1], [1, 1]),
    "roc_auc": ([0.1, 0.2], [1, 1]),
    "average_precision": ([0.1, 0.2], [0, 0]),
    "roc_curve": ([0.1, 0.2], [0, 0]),
    "precision_recall_curve": ([0.1, 0.2], [0, 0]),
    "r2_score": ([1.0, 2.0], [3.0, 3.0]),
    "mean_absolute_percentage_error": ([1.0, 2.0], [0.0, 3.0]),
}
#: A mean over classes is undefined only as its classes are; see `classification`.
AVERAGED = {"balanced_accuracy", "classification_report"}


def test_every_metric_that_may_be_undefined_is_checked_here():
    functions = [getattr(metrics, name) for name in metrics.__all__]
    names = {
        one.__name__
        for one in functions
        if inspect.isfunction(one) and "undefined" in inspect.signature(one).parameters
    }
    assert names == {*ROWS} | AVERAGED


@pytest.mark.parametrize("name", ROWS)
def test_functions_and_states_give_the_same_reason(name):
    options = {"beta": 2.0} if name == "fbeta_score" else {}
    function = getattr(metrics, name)
    with pytest.raises(UndefinedMetricError) as by_function:
        function(*ROWS[name], undefined="raise", **options)
    (cause,) = by_function.value.causes
    assert cause.metric == name
    assert cause.reason
    state = next(one for one in (Counts, Scores, RegressionStats) if hasattr(one, name))
    with pytest.raises(UndefinedMetricError) as by_state:
        getattr(state.of(*ROWS[name]), name)(undefined="raise", **options)
    assert by_state.value.causes == by_function.value.causes

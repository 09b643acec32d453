"""
Evaluation metrics that are right or refused, from one pass.

Every name below is loaded when it is first asked for, so that the import itself
costs neither NumPy nor time.
"""

# A map for those who change the code; each module says in its first line what it is.
#
# In:       _readers (one per library) -> _inputs (pairing, missing values), _weights,
#           _numbers
# Classes:  _codes (labels as small integers), _label_sets (indicators) -> _counting
#           (blocked passes; _tiny and _batches for few rows, _device on a GPU)
#           -> _tables for functions; for states _count_rows -> _count_table (dense,
#           or a _sparse_table; with _table_sums), saved by _count_json;
#           both ask _formulas and _averaging, states through _estimands in
#           _count_metrics and _count_intervals (_delta, _bootstrap)
# Scores:   _targets (which rows are positive) -> _problems -> _score_keys, _score_table
#           (counts per distinct score; _device_scores); _probabilities,
#           _calibration_bins; _score_intervals; states: _cells (exact up to a cap),
#           _score_metrics, _error_bounds (how far they can be off)
# Numbers:  _residuals, _device_residuals (losses), _regression_moments (sums)
# For all:  _state (merge, JSON), _undefined (no value, and why), _report, _drawing;
#           _influence (what one row adds) for the comparison of two models; _overloads
#           (what type checkers see of functions with `average`), _arrays (types)

TYPE_CHECKING = False  # type checkers take it for True; saves importing typing
if TYPE_CHECKING:
    from ._calibration_bins import CalibrationCurve
    from ._error_bounds import Bounded
    from ._report import Report
    from ._undefined import Undefined, UndefinedMetricError
    from .agreement import cohen_kappa, hamming_loss, matthews_corrcoef
    from .calibration import (
        brier_score,
        calibration_curve,
        expected_calibration_error,
        log_loss,
    )
    from .classification import (
        accuracy,
        balanced_accuracy,
        f1_score,
        fbeta_score,
        jaccard,
        precision,
        recall,
        specificity,
    )
    from .comparison import Paired
    from .confusion import classification_report, confusion_matrix, top_k_accuracy
    from .counts import Counts
    from .curves import (
        PrecisionRecallCurve,
        RocCurve,
        precision_recall_curve,
        roc_curve,
    )
    from .gate import NotShownError, assert_not_worse
    from .intervals import Interval, wilson_interval
    from .mcnemar import McNemar
    from .plots import (
        plot_calibration,
        plot_confusion_matrix,
        plot_precision_recall,
        plot_roc,
        plot_slices,
    )
    from .ranking import (
        average_precision,
        average_precision_interval,
        roc_auc,
        roc_auc_interval,
    )
    from .regression import (
        mean_absolute_error,
        mean_absolute_percentage_error,
        mean_squared_error,
        median_absolute_error,
        pinball_loss,
        r2_score,
        root_mean_squared_error,
    )
    from .regression_stats import RegressionStats
    from .slices import Slice, SliceTable, WorstSlice
    from .streaming import Scores

    __version__: str

#: Where each public name lives.
_MODULES = {
    "_calibration_bins": ("CalibrationCurve",),
    "_error_bounds": ("Bounded",),
    "_report": ("Report",),
    "_undefined": ("Undefined", "UndefinedMetricError"),
    "agreement": ("cohen_kappa", "hamming_loss", "matthews_corrcoef"),
    "calibration": (
        "brier_score",
        "calibration_curve",
        "expected_calibration_error",
        "log_loss",
    ),
    "classification": (
        "accuracy",
        "balanced_accuracy",
        "f1_score",
        "fbeta_score",
        "jaccard",
        "precision",
        "recall",
        "specificity",
    ),
    "comparison": ("Paired",),
    "confusion": ("classification_report", "confusion_matrix", "top_k_accuracy"),
    "counts": ("Counts",),
    "curves": (
        "PrecisionRecallCurve",
        "RocCurve",
        "precision_recall_curve",
        "roc_curve",
    ),
    "gate": ("NotShownError", "assert_not_worse"),
    "intervals": ("Interval", "wilson_interval"),
    "mcnemar": ("McNemar",),
    "plots": (
        "plot_calibration",
        "plot_confusion_matrix",
        "plot_precision_recall",
        "plot_roc",
        "plot_slices",
    ),
    "ranking": (
        "average_precision",
        "average_precision_interval",
        "roc_auc",
        "roc_auc_interval",
    ),
    "regression": (
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_error",
        "median_absolute_error",
        "pinball_loss",
        "r2_score",
        "root_mean_squared_error",
    ),
    "regression_stats": ("RegressionStats",),
    "slices": ("Slice", "SliceTable", "WorstSlice"),
    "streaming": ("Scores",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

# Spelled out once more, because type checkers read only a literal list.
__all__ = [
    "Bounded",
    "CalibrationCurve",
    "Counts",
    "Interval",
    "McNemar",
    "NotShownError",
    "Paired",
    "PrecisionRecallCurve",
    "RegressionStats",
    "Report",
    "RocCurve",
    "Scores",
    "Slice",
    "SliceTable",
    "Undefined",
    "UndefinedMetricError",
    "WorstSlice",
    "accuracy",
    "assert_not_worse",
    "average_precision",
    "average_precision_interval",
    "balanced_accuracy",
    "brier_score",
    "calibration_curve",
    "classification_report",
    "cohen_kappa",
    "confusion_matrix",
    "expected_calibration_error",
    "f1_score",
    "fbeta_score",
    "hamming_loss",
    "jaccard",
    "log_loss",
    "matthews_corrcoef",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "median_absolute_error",
    "pinball_loss",
    "plot_calibration",
    "plot_confusion_matrix",
    "plot_precision_recall",
    "plot_roc",
    "plot_slices",
    "precision",
    "precision_recall_curve",
    "r2_score",
    "recall",
    "roc_auc",
    "roc_auc_interval",
    "roc_curve",
    "root_mean_squared_error",
    "specificity",
    "top_k_accuracy",
    "wilson_interval",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("ml-infra-metrics")
    elif name in _HOME:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})

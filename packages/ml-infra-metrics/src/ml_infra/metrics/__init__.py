"""
Evaluation metrics that are right or refused, from one pass.

Every name below is loaded when it is first asked for, so that the import itself
costs neither NumPy nor time.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._bounds import Bounded as Bounded
    from ._probabilities import CalibrationCurve as CalibrationCurve
    from ._report import Report as Report
    from ._undefined import Undefined as Undefined
    from ._undefined import UndefinedMetricError as UndefinedMetricError
    from .agreement import cohen_kappa as cohen_kappa
    from .agreement import hamming_loss as hamming_loss
    from .agreement import matthews_corrcoef as matthews_corrcoef
    from .calibration import brier_score as brier_score
    from .calibration import calibration_curve as calibration_curve
    from .calibration import expected_calibration_error as expected_calibration_error
    from .calibration import log_loss as log_loss
    from .classification import accuracy as accuracy
    from .classification import balanced_accuracy as balanced_accuracy
    from .classification import f1_score as f1_score
    from .classification import fbeta_score as fbeta_score
    from .classification import jaccard as jaccard
    from .classification import precision as precision
    from .classification import recall as recall
    from .classification import specificity as specificity
    from .comparison import Paired as Paired
    from .confusion import classification_report as classification_report
    from .confusion import confusion_matrix as confusion_matrix
    from .confusion import top_k_accuracy as top_k_accuracy
    from .counts import Counts as Counts
    from .curves import PrecisionRecallCurve as PrecisionRecallCurve
    from .curves import RocCurve as RocCurve
    from .curves import precision_recall_curve as precision_recall_curve
    from .curves import roc_curve as roc_curve
    from .gate import NotShownError as NotShownError
    from .gate import assert_not_worse as assert_not_worse
    from .intervals import Interval as Interval
    from .intervals import wilson_interval as wilson_interval
    from .mcnemar import McNemar as McNemar
    from .plots import plot_calibration as plot_calibration
    from .plots import plot_confusion_matrix as plot_confusion_matrix
    from .plots import plot_precision_recall as plot_precision_recall
    from .plots import plot_roc as plot_roc
    from .plots import plot_slices as plot_slices
    from .ranking import average_precision as average_precision
    from .ranking import average_precision_interval as average_precision_interval
    from .ranking import roc_auc as roc_auc
    from .ranking import roc_auc_interval as roc_auc_interval
    from .regression import mean_absolute_error as mean_absolute_error
    from .regression import (
        mean_absolute_percentage_error as mean_absolute_percentage_error,
    )
    from .regression import mean_squared_error as mean_squared_error
    from .regression import median_absolute_error as median_absolute_error
    from .regression import pinball_loss as pinball_loss
    from .regression import r2_score as r2_score
    from .regression import root_mean_squared_error as root_mean_squared_error
    from .regression_stats import RegressionStats as RegressionStats
    from .slices import Slice as Slice
    from .slices import SliceTable as SliceTable
    from .slices import WorstSlice as WorstSlice
    from .streaming import Scores as Scores

    __version__: str

# One line per public name: where it lives.
_MODULES = {
    "Bounded": "_bounds",
    "CalibrationCurve": "_probabilities",
    "Counts": "counts",
    "Interval": "intervals",
    "McNemar": "mcnemar",
    "NotShownError": "gate",
    "Paired": "comparison",
    "PrecisionRecallCurve": "curves",
    "RegressionStats": "regression_stats",
    "Report": "_report",
    "RocCurve": "curves",
    "Scores": "streaming",
    "Slice": "slices",
    "SliceTable": "slices",
    "Undefined": "_undefined",
    "UndefinedMetricError": "_undefined",
    "WorstSlice": "slices",
    "accuracy": "classification",
    "assert_not_worse": "gate",
    "average_precision": "ranking",
    "average_precision_interval": "ranking",
    "balanced_accuracy": "classification",
    "brier_score": "calibration",
    "calibration_curve": "calibration",
    "classification_report": "confusion",
    "cohen_kappa": "agreement",
    "confusion_matrix": "confusion",
    "expected_calibration_error": "calibration",
    "f1_score": "classification",
    "fbeta_score": "classification",
    "hamming_loss": "agreement",
    "jaccard": "classification",
    "log_loss": "calibration",
    "matthews_corrcoef": "agreement",
    "mean_absolute_error": "regression",
    "mean_absolute_percentage_error": "regression",
    "mean_squared_error": "regression",
    "median_absolute_error": "regression",
    "pinball_loss": "regression",
    "plot_calibration": "plots",
    "plot_confusion_matrix": "plots",
    "plot_precision_recall": "plots",
    "plot_roc": "plots",
    "plot_slices": "plots",
    "precision": "classification",
    "precision_recall_curve": "curves",
    "r2_score": "regression",
    "recall": "classification",
    "roc_auc": "ranking",
    "roc_auc_interval": "ranking",
    "roc_curve": "curves",
    "root_mean_squared_error": "regression",
    "specificity": "classification",
    "top_k_accuracy": "confusion",
    "wilson_interval": "intervals",
}

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
    elif name in _MODULES:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})

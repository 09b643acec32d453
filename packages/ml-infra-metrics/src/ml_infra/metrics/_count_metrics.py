"""What can be asked of counts: every confusion-based metric, intervals and slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import numpy as np

from . import _pairs
from ._averaging import (
    ClassTable,
    check_average,
    listed,
    select,
)
from ._formulas import RATIO_NAMES, causes, kappa, matthews, ratio, reason
from ._report import build_report
from ._state import NOTHING_COUNTED
from ._tables import summarise
from ._undefined import check_policy, settle
from .confusion import reorder

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from ._count_table import CountTable
    from ._formulas import Average
    from ._report import Report
    from ._undefined import Undefined, UndefinedPolicy

WHOLE = ("accuracy", "hamming_loss", "matthews_corrcoef", "cohen_kappa")
METRICS = (*WHOLE, "balanced_accuracy", *RATIO_NAMES)


class MetricOptions(TypedDict, total=False):
    """Options of the ratio metrics, as in the functions of the same names."""

    positive: Any
    classes: Any
    undefined: UndefinedPolicy
    beta: float


class View(NamedTuple):
    """What the questions need to know of a state."""

    table: CountTable
    #: Whether the classes were declared rather than found.
    declared: bool
    replicates: int
    dropped: int


class CountMetrics:
    """The questions; `Counts` holds the state they are asked of."""

    def _view(self) -> View:
        raise NotImplementedError

    def accuracy(self) -> float:
        """Return the share of rows whose prediction equals the label."""
        return float(self.metric("accuracy"))

    def hamming_loss(self) -> float:
        """Return the share of rows whose prediction differs from the label."""
        return float(self.metric("hamming_loss"))

    def balanced_accuracy(self, *, undefined: UndefinedPolicy = "nan") -> float:
        """Return the mean recall of the classes."""
        return float(self.metric("balanced_accuracy", undefined=undefined))

    def precision(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return hits / predicted, with the options of the function `precision`."""
        return self.metric("precision", average, **options)

    def recall(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return hits / actual, with the options of the function `recall`."""
        return self.metric("recall", average, **options)

    def specificity(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return the true negative rate, with the options of `specificity`."""
        return self.metric("specificity", average, **options)

    def f1_score(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return F1, with the options of the function `f1_score`."""
        return self.metric("f1_score", average, **options)

    def fbeta_score(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return F-beta, with the options of `fbeta_score`; `beta` is required."""
        return self.metric("fbeta_score", average, **options)

    def jaccard(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return intersection over union, with the options of `jaccard`."""
        return self.metric("jaccard", average, **options)

    def matthews_corrcoef(self, *, undefined: UndefinedPolicy = "nan") -> float:
        """Return the Matthews correlation, in exact integers."""
        return float(self.metric("matthews_corrcoef", undefined=undefined))

    def cohen_kappa(self, *, undefined: UndefinedPolicy = "nan") -> float:
        """Return Cohen's kappa."""
        return float(self.metric("cohen_kappa", undefined=undefined))

    def metric(
        self,
        name: str,
        average: Average | None = "binary",
        **options: Unpack[MetricOptions],
    ) -> Any:
        """
        Return any metric by its name, as the function of that name would.

        Raises:
            ValueError: If there is no such metric, nothing has been counted, or the
                options do not fit the classes.
        """
        undefined = options.get("undefined", "nan")
        check_policy(undefined)
        table = self._marginals()
        if name in ("accuracy", "hamming_loss"):
            refuse_options(name, options)
            hits, total = table.marginals.hits.sum(), table.marginals.total
            return float((hits if name == "accuracy" else total - hits) / total)
        if name in ("matthews_corrcoef", "cohen_kappa"):
            refuse_options(name, options, "undefined")
            formula = kappa if name == "cohen_kappa" else matthews
            return settle(
                float(formula(table.marginals)), undefined, name, reason(name)
            )
        name, average = plain_name(name, average)
        table, formula_of = self._chosen(name, average, options)
        return summarise(name, formula_of, table, average, undefined)

    def undefined(
        self,
        name: str,
        average: Average | None = None,
        **options: Unpack[MetricOptions],
    ) -> list[Undefined]:
        """
        Return why a metric has no value, class by class; empty if it has.

        >>> from ml_infra.metrics import Counts
        >>> print(Counts.of([0, 1], [0, 2]).undefined("recall")[0])
        recall of class 1 is undefined: the class is not among the labels
        """
        if name in WHOLE:
            if name in ("accuracy", "hamming_loss"):
                return []
            table = self._marginals()
            return causes(name, None, table.marginals, table.classes)
        name, average = plain_name(name, average)
        table, formula = self._chosen(name, average, options)
        return causes(name, formula, table.marginals, table.classes)

    def confusion_matrix(self, classes: Any = None) -> NDArray[Any]:
        """
        Return the table [label, prediction], shape (k, k).

        int64 counts, or float64 sums of weights; classes ascending, or as named.
        """
        view = self._filled()
        classes_found = view.table.classes
        pairs = _pairs.pooled(view.table.pairs)
        k = len(classes_found)
        table = np.zeros((k, k), pairs.totals().dtype)
        table[pairs.label, pairs.prediction] = pairs.totals()
        if classes is None:
            return table
        return reorder(table, classes_found, listed(classes))

    def report(self, *, undefined: UndefinedPolicy = "nan") -> Report:
        """Return precision, recall, F1 and support; see `classification_report`."""
        view = self._filled()
        table = self._marginals()
        if view.declared:
            table = table._replace(listed=True)
        return build_report(
            table,
            self.accuracy(),
            undefined,
            int(view.table.pairs.rows.sum()),
            view.dropped,
        )

    def _filled(self) -> View:
        view = self._view()
        if not len(view.table.pairs.rows):
            raise ValueError(NOTHING_COUNTED)
        return view

    def _marginals(self) -> ClassTable:
        view = self._filled()
        pairs = _pairs.pooled(view.table.pairs)
        m = _pairs.marginals(pairs, 1, len(view.table.classes))
        return ClassTable(type(m)(*(part[0] for part in m)), view.table.classes)

    def _chosen(
        self, name: str, average: Any, options: MetricOptions
    ) -> tuple[ClassTable, Any]:
        check_average(average)
        check_beta(name, options)
        formula = ratio(name, options.get("beta", 1.0))
        view = self._view()
        classes = options.get("classes")
        wanted = None if classes is None else listed(classes)
        table = self._marginals()
        if view.declared and average != "binary":
            table = table._replace(listed=True)
        return select(table, average, options.get("positive", 1), wanted), formula


def plain_name(name: str, average: Any) -> tuple[str, Any]:
    """Return a ratio metric's own name and average; refuse unknown names."""
    if name == "balanced_accuracy":
        return "recall", "macro"
    if name not in METRICS:
        raise ValueError(f"no such metric: {name!r}; choose one of {sorted(METRICS)}")
    return name, average


def check_beta(name: str, options: MetricOptions) -> None:
    """Raise TypeError unless `beta` comes with F-beta and with nothing else."""
    if (name == "fbeta_score") != ("beta" in options):
        raise TypeError(f"{name}: beta belongs to fbeta_score, which needs it")


def refuse_options(name: str, options: MetricOptions, *allowed: str) -> None:
    """Raise TypeError for options that the metric does not have."""
    surplus = sorted(set(options) - set(allowed))
    if surplus:
        raise TypeError(f"{name} takes no {', '.join(surplus)}")

"""What can be asked of counts: every confusion-based metric, intervals and slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, overload

import numpy as np

from ._averaging import ClassTable, check_average, listed, select
from ._estimands import WHOLE, Estimand, estimand_of, plain_name
from ._formulas import causes, ratio
from ._label_sets import refuse_agreement, refuse_binary
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


class MetricOptions(TypedDict, total=False):
    """Options of the ratio metrics, as in the functions of the same names."""

    positive: Any
    classes: Any
    undefined: UndefinedPolicy
    beta: float


class View(NamedTuple):
    """What metrics need to know of a state."""

    table: CountTable
    #: Whether the classes were declared rather than found.
    declared: bool
    replicates: int
    dropped: int


class CountMetrics:
    """The metrics; `Counts` holds the state they are computed from."""

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

    @overload
    def precision(
        self, average: Average = "binary", **options: Unpack[MetricOptions]
    ) -> float: ...
    @overload
    def precision(
        self, average: None, **options: Unpack[MetricOptions]
    ) -> dict[Any, float]: ...
    def precision(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return hits / predicted, with the options of the function `precision`."""
        return self.metric("precision", average, **options)

    @overload
    def recall(
        self, average: Average = "binary", **options: Unpack[MetricOptions]
    ) -> float: ...
    @overload
    def recall(
        self, average: None, **options: Unpack[MetricOptions]
    ) -> dict[Any, float]: ...
    def recall(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return hits / actual, with the options of the function `recall`."""
        return self.metric("recall", average, **options)

    @overload
    def specificity(
        self, average: Average = "binary", **options: Unpack[MetricOptions]
    ) -> float: ...
    @overload
    def specificity(
        self, average: None, **options: Unpack[MetricOptions]
    ) -> dict[Any, float]: ...
    def specificity(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return the true negative rate, with the options of `specificity`."""
        return self.metric("specificity", average, **options)

    @overload
    def f1_score(
        self, average: Average = "binary", **options: Unpack[MetricOptions]
    ) -> float: ...
    @overload
    def f1_score(
        self, average: None, **options: Unpack[MetricOptions]
    ) -> dict[Any, float]: ...
    def f1_score(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return F1, with the options of the function `f1_score`."""
        return self.metric("f1_score", average, **options)

    @overload
    def fbeta_score(
        self, average: Average = "binary", **options: Unpack[MetricOptions]
    ) -> float: ...
    @overload
    def fbeta_score(
        self, average: None, **options: Unpack[MetricOptions]
    ) -> dict[Any, float]: ...
    def fbeta_score(
        self, average: Average | None = "binary", **options: Unpack[MetricOptions]
    ) -> Any:
        """Return F-beta, with the options of `fbeta_score`; `beta` is required."""
        return self.metric("fbeta_score", average, **options)

    @overload
    def jaccard(
        self, average: Average = "binary", **options: Unpack[MetricOptions]
    ) -> float: ...
    @overload
    def jaccard(
        self, average: None, **options: Unpack[MetricOptions]
    ) -> dict[Any, float]: ...
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
        if name in WHOLE:
            estimand = self._estimand(name, average, options)
            m = self._filled().table.pooled().for_metric(name).marginals()
            return settle(float(estimand.value(m)[0]), undefined, name)
        name, average = plain_name(name, average)
        table, formula = self._chosen(name, average, options)
        return summarise(name, formula, table, average, undefined)

    def undefined(
        self,
        metric: str,
        average: Average | None = None,
        **options: Unpack[MetricOptions],
    ) -> list[Undefined]:
        """
        Return why a metric has no value, class by class; empty if it has.

        >>> from ml_infra.metrics import Counts
        >>> print(Counts.of([0, 1], [0, 2]).undefined("recall")[0])
        recall of class 1 is undefined: the class is not among the labels
        """
        if metric in WHOLE:
            self._estimand(metric, average, options)
            if metric in ("accuracy", "hamming_loss"):
                return []
            table = self._marginals()
            return causes(metric, None, table.marginals, table.classes)
        metric, average = plain_name(metric, average)
        table, formula = self._chosen(metric, average, options)
        return causes(metric, formula, table.marginals, table.classes)

    def confusion_matrix(self, classes: Any = None) -> NDArray[Any]:
        """
        Return the table [label, prediction], shape (k, k).

        int64 counts, or float64 sums of weights; classes ascending, or as named.
        """
        table = self._filled().table.pooled()
        if table.columns is not None:
            refuse_agreement("confusion_matrix")
        if table.dense is not None:
            matrix = table.dense.copy()
        else:
            sparse, k = table.sparse, len(table.classes)
            matrix = np.zeros((k, k), sparse.totals().dtype)
            matrix[sparse.label, sparse.prediction] = sparse.totals()
        if classes is None:
            return np.asarray(matrix)
        return reorder(matrix, table.classes, listed(classes))

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
            view.table.rows,
            view.dropped,
        )

    def _filled(self) -> View:
        view = self._view()
        if not view.table.rows:
            raise ValueError(NOTHING_COUNTED)
        return view

    def _marginals(self) -> ClassTable:
        table = self._filled().table.pooled()
        m = table.marginals()
        return ClassTable(
            type(m)(*(part[0] for part in m)),
            table.names,
            listed=table.columns is not None,
        )

    def _estimand(self, name: str, average: Any, options: MetricOptions) -> Estimand:
        """Settle a metric and its options into one number per table."""
        view = self._view()
        if name in WHOLE:
            simple = name in ("accuracy", "hamming_loss")
            refuse_options(name, options, *(() if simple else ("undefined",)))
        else:
            check_beta(name, options)
        return estimand_of(
            name,
            view.table.names,
            average,
            positive=options.get("positive", 1),
            classes=options.get("classes"),
            beta=options.get("beta", 1.0),
            fill_value=check_policy(options.get("undefined", "nan")),
            declared=view.declared,
            multilabel=view.table.columns is not None,
        )

    def _chosen(
        self, name: str, average: Any, options: MetricOptions
    ) -> tuple[ClassTable, Any]:
        check_average(average)
        check_beta(name, options)
        formula = ratio(name, options.get("beta", 1.0))
        classes = options.get("classes")
        wanted = None if classes is None else listed(classes)
        view, table = self._view(), self._marginals()
        if view.table.columns is not None:
            refuse_binary(average)
        if view.declared and average != "binary":
            table = table._replace(listed=True)
        return select(table, average, options.get("positive", 1), wanted), formula


def check_beta(name: str, options: MetricOptions) -> None:
    """Raise TypeError unless `beta` comes with F-beta and with nothing else."""
    if (name == "fbeta_score") != ("beta" in options):
        raise TypeError(f"{name}: beta belongs to fbeta_score, which needs it")


def refuse_options(name: str, options: MetricOptions, *allowed: str) -> None:
    """Raise TypeError for options that the metric does not have."""
    surplus = sorted(set(options) - set(allowed))
    if surplus:
        raise TypeError(f"{name} takes no {', '.join(surplus)}")

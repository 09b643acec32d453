"""Code that type checkers must accept and understand; it is checked, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import assert_type

from ml_infra.metrics import (
    Bounded,
    Counts,
    Interval,
    Paired,
    RegressionStats,
    Report,
    Scores,
    SliceTable,
    accuracy,
    assert_not_worse,
    average_precision,
    classification_report,
    expected_calibration_error,
    f1_score,
    fbeta_score,
    mean_squared_error,
    precision,
    recall,
    roc_auc,
    roc_auc_interval,
    top_k_accuracy,
    wilson_interval,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Average = Literal["binary", "macro", "micro", "weighted"]


def functions(labels: list[int], scores: list[float], average: Average | None) -> None:
    assert_type(accuracy(labels, labels), float)
    assert_type(precision(labels, labels), float)
    assert_type(precision(y_true=labels, y_pred=labels, undefined=0), float)
    assert_type(recall(labels, labels, average="macro", classes=range(3)), float)
    assert_type(recall(labels, labels, average=None), dict[Any, float])
    assert_type(f1_score(labels, labels, average=average), float | dict[Any, float])
    assert_type(fbeta_score(labels, labels, beta=2), float)
    assert_type(fbeta_score(labels, labels, beta=2, average=None), dict[Any, float])
    assert_type(precision.__name__, str)
    assert_type(classification_report(labels, labels), Report)
    assert_type(top_k_accuracy(scores, labels, k=3), float)
    assert_type(roc_auc(scores, labels), float)
    assert_type(average_precision(scores, labels, average=None), dict[Any, float])
    assert_type(roc_auc_interval(scores, labels), Interval)
    assert_type(expected_calibration_error(scores, labels), float)
    assert_type(mean_squared_error(scores, scores), float)
    assert_type(wilson_interval(9, 10).low, float)

    by_name: dict[str, Callable[[Any, Any], float]] = {"recall": recall, "auc": roc_auc}
    assert_type(by_name["recall"](labels, labels), float)

    precision(labels, labels, average="mean")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # no such average
    fbeta_score(labels, labels)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue] # beta is needed
    recall(labels, labels, normalize=True)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue] # no such option


def states(labels: list[int], scores: list[float]) -> None:
    counts = Counts.of(labels, labels, by={"country": labels})
    assert_type(counts, Counts)
    assert_type(counts.update(labels, labels), Counts)
    assert_type(counts.merge(counts), Counts)
    assert_type(counts.f1_score("macro"), float)
    assert_type(counts.recall(average=None), dict[Any, float])
    assert_type(counts.slices("recall"), SliceTable)
    for row in counts.slices("accuracy"):
        assert_type(row.low, float)
    assert_type(Counts.from_json(counts.to_json()), Counts)

    state = Scores().update(scores, labels)
    assert_type(state.roc_auc(), Bounded)
    assert_type(state.interval("roc_auc").high, float)
    assert_type(RegressionStats.of(scores, scores).r2_score(), float)

    paired = Paired.of(labels, labels, labels)
    assert_type(paired.difference("f1_score"), Interval)
    assert_type(assert_not_worse(paired, margin=0.01), Interval)

"""The classification report: a dict with stable keys that prints as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._formulas import causes, ratio
from ._tables import summarise

if TYPE_CHECKING:
    from ._averaging import ClassTable

_SCORES = ("precision", "recall", "f1_score")


class Report(dict[str, Any]):
    """
    Precision, recall, F1 and support per class and averaged; a dict that prints well.

    Keys, whatever the data: "accuracy"; "micro", "macro" and "weighted", each with
    "precision", "recall", "f1_score" and "support"; "classes", the same per class;
    "n" rows counted, "dropped" rows left out, and "undefined", a list of `Undefined`.
    """

    def __str__(self) -> str:
        names = [*map(str, self["classes"]), "micro", "macro", "weighted"]
        width = max(map(len, [*names, "accuracy"]))
        lines = [f"{'':{width}}  precision  recall  f1_score  support"]
        rows = [*self["classes"].values(), *(self[name] for name in names[-3:])]
        for name, row in zip(names, rows, strict=True):
            lines.append(
                f"{name:>{width}}  {row['precision']:9.3f}  {row['recall']:6.3f}  "
                f"{row['f1_score']:8.3f}  {row['support']:7g}"
            )
        lines.append(f"{'accuracy':>{width}}  {self['accuracy']:9.3f}")
        lines += [str(cause) for cause in self["undefined"]]
        return "\n".join(lines)


def build_report(
    table: ClassTable, accuracy: float, undefined: Any, n: int, dropped: int
) -> Report:
    """Fill a report from one table of marginals."""
    formulas = {name: ratio(name) for name in _SCORES}
    support = table.marginals.actual.tolist()
    columns = [
        summarise(name, formula, table, None, undefined).values()
        for name, formula in formulas.items()
    ]
    classes = {
        label: {**dict(zip(_SCORES, scores, strict=True)), "support": rows}
        for label, rows, *scores in zip(table.classes, support, *columns, strict=True)
    }
    averages = {
        average: {
            **{
                name: summarise(name, formula, table, average, undefined)
                for name, formula in formulas.items()
            },
            "support": sum(support),
        }
        for average in ("micro", "macro", "weighted")
    }
    found = [
        cause
        for name, formula in formulas.items()
        for cause in causes(name, formula, table.marginals, table.classes)
    ]
    return Report(
        accuracy=accuracy,
        **averages,
        classes=classes,
        n=n,
        dropped=dropped,
        undefined=found,
    )

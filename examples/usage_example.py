"""
A tour through every distribution. It needs no arguments and leaves nothing behind.

python -m pip install ml-infra-utils
python usage_example.py
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from ml_infra.decorators import retry, timer
from ml_infra.logging import configure, get_logger
from ml_infra.metrics import Counts, accuracy, f1_score, precision, recall
from ml_infra.preprocessing import (
    Schema,
    StandardScaler,
    clip_outliers,
    normalize,
    standardize,
)


def preprocessing() -> None:
    """Scale and validate a column; what was learned travels as JSON."""
    ages = [22, 38, 26, 35, 54, 2, 27, 14, 4, 58]
    print("normalize    ", [round(value, 2) for value in normalize(ages)])
    print("standardize  ", [round(value, 2) for value in standardize(ages)])
    print("clip_outliers", clip_outliers([*ages, 900], 5, 90))

    state = StandardScaler().fit({"age": ages}).to_json()
    print("one row      ", StandardScaler.from_json(state).transform({"age": 39}))
    print(Schema.infer({"age": ages}).validate({"age": [31, None, 640]}))


def metrics() -> None:
    """Score a classifier, predictions first; each number has its interval."""
    predictions, labels = [1, 0, 1, 1, 0], [1, 0, 1, 0, 0]
    for metric in (accuracy, precision, recall, f1_score):
        print(f"{metric.__name__:<13}", round(metric(predictions, labels), 3))
    counts = Counts.of(predictions, labels)
    print("f1_score      ", counts.interval("f1_score"), " at 95 %", sep="")


def decorators() -> None:
    """Call a service that fails twice, and time the whole."""
    answers = iter([ConnectionError("down"), ConnectionError("still down"), "features"])

    @timer
    @retry(attempts=3, initial=0.01)
    def fetch() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    print("fetched      ", fetch())


def logging() -> None:
    """Write events as JSON lines, one record of one shape for everything."""
    log = get_logger("training")
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.jsonl")
        handle = configure(path=path, console=False)
        for epoch in range(3):
            log.info("epoch", epoch=epoch, loss=round(rng.random() / (epoch + 1), 3))
        handle.restore()
        print(path.read_text("utf-8"), end="")


def main() -> None:
    """Show each distribution in turn."""
    for part in (preprocessing, metrics, decorators, logging):
        print(f"\n== ml_infra.{part.__name__}: {part.__doc__}")
        part()


if __name__ == "__main__":
    main()

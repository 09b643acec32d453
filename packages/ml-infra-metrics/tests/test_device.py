"""Arrays on another device: counted there, or refused with advice."""

import numpy as np
import pytest

from ml_infra import metrics
from ml_infra.metrics import Counts, accuracy, confusion_matrix, f1_score

PREDICTIONS, LABELS = [0, 1, 2, 2, 5], [0, 2, 2, 2, 1]


@pytest.fixture
def far():
    """A function that puts a list on a device that is not the CPU."""
    strict = pytest.importorskip("array_api_strict")
    pytest.importorskip("array_api_compat")
    device = strict.Device("device1")
    return lambda values: strict.asarray(values, device=device)


def test_classes_are_counted_where_they_are(far):
    near = np.array(PREDICTIONS), np.array(LABELS)
    there = far(PREDICTIONS), far(LABELS)
    assert accuracy(*there) == accuracy(*near) == 3 / 5
    assert f1_score(*there, average="macro") == f1_score(*near, average="macro")
    table = confusion_matrix(*there)
    assert table.tolist() == confusion_matrix(*near).tolist()
    assert table.dtype == np.int64
    assert metrics.classification_report(*there)["n"] == 5


def test_counts_take_device_arrays_and_their_weights(far):
    weights = [1.0, 2.0, 0.5, 4.0, 1.0]
    assert Counts.of(far(PREDICTIONS), far(LABELS)) == Counts.of(PREDICTIONS, LABELS)
    there = Counts.of(far(PREDICTIONS), far(LABELS), weights=far(weights))
    near = Counts.of(PREDICTIONS, LABELS, weights=weights)
    for name in ("accuracy", "matthews_corrcoef"):
        assert there.metric(name) == pytest.approx(near.metric(name))
    wide, narrow = (c.interval("f1_score", "macro") for c in (there, near))
    assert (wide.low, wide.high) == pytest.approx((narrow.low, narrow.high))


def test_what_cannot_be_counted_there_says_so(far):
    with pytest.raises(TypeError, match="argmax"):
        accuracy(far([0.5]), far([1]))
    with pytest.raises(ValueError, match="same shape"):
        accuracy(far([1]), far([1, 0]))
    with pytest.raises(TypeError, match=r"move it with \.cpu\(\)"):
        accuracy(far([1]), [1])


def test_without_the_extra_device_arrays_are_refused(far, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(TypeError, match=r"ml-infra-metrics\[array-api\]"):
        accuracy(far([1]), far([1]))

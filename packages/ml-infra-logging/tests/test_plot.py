"""Metrics as a picture: values that no axis can hold."""

import math

import pytest

from ml_infra.logging import configure, get_logger, read_log


def test_an_integer_no_float_holds_is_a_gap_in_the_line(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "a.jsonl"
    with configure("t", path=path, console=False):
        for step, loss in enumerate((1, 10**400, 2)):
            get_logger("t").metric(step=step, loss=loss)
    (line,) = read_log(path).plot("loss").axes[0].lines
    assert list(line.get_xdata()) == [0, 1, 2]
    values = list(line.get_ydata())
    assert (values[0], values[2]) == (1, 2)
    assert not math.isfinite(values[1])

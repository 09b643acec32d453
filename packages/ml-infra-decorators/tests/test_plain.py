"""The behaviour that users already rely on."""

import importlib.metadata
import re
import subprocess
import sys

import ml_infra.decorators
import pytest
from ml_infra.decorators import retry, timer


def test_bare_retry_raises_the_last_exception_unchanged():
    raised = [OSError("first"), OSError("second"), OSError("third")]
    errors = iter(raised)

    @retry
    def fails():
        raise next(errors)

    with pytest.raises(OSError, match="third") as caught:
        fails()
    assert caught.value is raised[2]


def test_bare_retry_returns_the_result_after_failures():
    outcomes = iter([OSError(), OSError(), "data"])

    @retry
    def load():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert load() == "data"


def test_bare_timer_prints_the_time_and_returns_the_result(capsys):
    @timer
    def load():
        return 42

    assert load() == 42
    assert re.fullmatch(r"load took [0-9.]+ (ns|µs|ms|s)\n", capsys.readouterr().out)


def test_version_is_that_of_the_installed_distribution():
    expected = importlib.metadata.version("ml-infra-decorators")
    assert ml_infra.decorators.__version__ == expected


@pytest.mark.parametrize(
    "first",
    [
        "import ml_infra.decorators.retry",
        "from ml_infra.decorators.retry import retry",
        "import importlib; importlib.import_module('ml_infra.decorators.retry')",
    ],
)
def test_the_name_retry_is_always_the_decorator(first):
    """The submodule of the same name never takes the decorator's place."""
    program = (
        f"{first}\n"
        "from ml_infra.decorators import retry\n"
        "import ml_infra.decorators.retry\n"
        "assert retry is ml_infra.decorators.retry\n"
        "assert retry(len)('abc') == 3\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

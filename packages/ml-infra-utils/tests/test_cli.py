"""The command ``ml-utils``, as the installed program."""

import doctest
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ml_infra_utils import cli

PROGRAM = Path(sys.executable).with_name("ml-utils")


def ml_utils(*arguments):
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, check=False
    )


def test_normalize_prints_the_list():
    done = ml_utils("--normalize", "1", "2", "3", "4", "5")
    assert (done.returncode, done.stdout) == (0, "[0.0, 0.25, 0.5, 0.75, 1.0]\n")


def test_standardize_prints_mean_zero_and_deviation_one():
    done = ml_utils("--standardize", "1", "2", "3")
    assert (done.returncode, done.stdout) == (0, "[-1.0, 0.0, 1.0]\n")


def test_clip_outliers_clips_at_the_documented_index():
    # 20 values: the bounds stand at index int(20 * .05) = 1 and int(20 * .95) = 19.
    done = ml_utils("--clip-outliers", *map(str, range(20)))
    assert eval(done.stdout) == [1, 1, *range(2, 20)]  # noqa: S307 - our own output


def test_the_package_runs_as_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "ml_infra_utils", "--normalize", "1", "3"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[0.0, 1.0]\n"


def test_version():
    assert ml_utils("--version").stdout.strip() == version("ml-infra-utils")


@pytest.mark.parametrize("number", ["-1e5", "-2", "-.5", "1e-3"])
def test_numbers_that_look_like_options_are_numbers(number):
    done = ml_utils("--normalize", number, "7")
    assert (done.returncode, done.stdout) == (0, "[0.0, 1.0]\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required"),
        (("--normalize",), "--normalize"),
        (("--normalize", "one"), "'one'"),
        (("--normalize", "3", "3"), "--normalize"),
        (("--normalize", "nan", "1"), "argument --normalize: 'nan' is no number"),
        (("--normalize", "inf", "1"), "--normalize"),
        (("--normalize", "-inf", "1"), "--normalize"),
        (("--standardize", "1"), "--standardize"),
        (
            ("--normalize", "inf", "1"),
            "--normalize: 1 of 2 values is infinite",
        ),
        (("--normalise", "1", "2"), "arguments: --normalise 1 2 (see"),
        (("--nope",), "--nope"),
        (("--normalize", "1", "2", "--standardize", "1", "2"), "not allowed"),
    ],
)
def test_bad_input_exits_2_with_one_clear_line(arguments, said):
    done = ml_utils(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "--normalize", "1", "2"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ml-utils: error: cannot write the result")


def test_the_doctests_of_the_command_pass():
    result = doctest.testmod(cli)
    assert result.attempted
    assert not result.failed

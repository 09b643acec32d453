"""Running a tool: what it printed, or one error that says why it matters."""

from __future__ import annotations

import subprocess
import sys

import pytest

from release.command import tool
from release.projects import ReleaseError


def python(source, **options):
    return tool([sys.executable, "-c", source], why="it failed", **options)


def test_the_output_is_returned_with_that_of_standard_error():
    both = "import sys; print('one', flush=True); print('two', file=sys.stderr)"
    assert python(both) == "one\ntwo\n"
    assert python(both, stderr=subprocess.PIPE) == "one\n"


def test_nobody_is_waited_for():
    assert python("import sys; print(repr(sys.stdin.read()))") == "''\n"


def test_what_is_no_text_is_printed_all_the_same():
    assert python("import os; os.write(1, b'\\xff')") == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("raise SystemExit('no')", {}, "it failed: no"),
        ("raise SystemExit('no\\n\\n')", {}, "it failed: no"),
        ("raise SystemExit(2)", {}, "it failed: no output"),
        ("print('a\\nb'); raise SystemExit(1)", {}, "it failed:\na\nb"),
        ("print('a\\nb'); raise SystemExit(1)", {"tail": 1}, "it failed: b"),
        (
            "print('a'); raise SystemExit('no')",
            {"stderr": subprocess.PIPE},
            "it failed: no",
        ),
        # git says of some failures on standard output alone
        (
            "print('a'); raise SystemExit(1)",
            {"stderr": subprocess.PIPE},
            "it failed: a",
        ),
    ],
)
def test_a_failure_is_one_error_that_ends_as_the_output_did(source, options, said):
    with pytest.raises(ReleaseError) as caught:
        python(source, **options)
    assert str(caught.value) == said


def test_of_a_long_output_the_end_is_told():
    with pytest.raises(ReleaseError) as caught:
        python("print(*range(1000), sep='\\n'); raise SystemExit(1)")
    told = str(caught.value).splitlines()
    assert told[0] == "it failed:"
    assert told[1:] == [str(n) for n in range(1000 - len(told[1:]), 1000)]
    assert 10 < len(told) < 100

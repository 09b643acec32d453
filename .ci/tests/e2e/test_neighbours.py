"""What a release must work beside, and that a failure there stops it in time."""

from __future__ import annotations

import sys

import pytest

from release.index import STABLE, STAGING

LEAF, META, METRICS = "ml-infra-decorators", "ml-infra-utils", "ml-infra-metrics"
OLD = "0.1.0"
NEEDS_NEW_LEAF = """\
from importlib.metadata import version


def test_needs_the_new_leaf():
    assert version("{leaf}") == "{new}"
"""


@pytest.fixture
def index(clone):
    """Serve the clone's index while the test runs."""
    with clone.serving() as index:
        yield index


def write_suite(clone, name, text):
    path = clone.root / f"packages/{name}/tests/test_smoke.py"
    path.write_text(text, "utf-8")
    clone.commit(f"Another suite of {name}")


def refused(clone, index, *names):
    """Release; expect a refusal after staging and before stable; return the output."""
    done = clone.nox("release", "--", "--only", *names)
    assert done.returncode == 1, done.stdout
    assert "> push" not in done.stdout
    for name in names:
        assert clone.version(name) in index.files(STAGING, name)
        assert list(index.files(STABLE, name)) == [OLD]
        assert f"{name}-v{clone.version(name)}" not in clone.tags()
    return done.stdout


def passed(output):
    """Return the labels of the cells whose tests passed."""
    lines = [x.strip() for x in output.splitlines() if x.startswith("  [")]
    return [line.partition("] ")[2].rpartition(": ")[0] for line in lines]


def test_a_candidate_leaf_that_breaks_the_released_meta_is_not_promoted(clone, index):
    """Its own tests pass, but who upgrades it keeps a meta that needs `timer`."""
    init = clone.root / f"packages/{LEAF}/src/ml_infra/decorators/__init__.py"
    with init.open("a", encoding="utf-8") as file:
        file.write('\n__all__.remove("timer")\ndel timer\n')
    new = clone.raise_version(LEAF)
    output = refused(clone, index, LEAF)
    assert f"error: {META}=={OLD} beside {LEAF}=={new}: its tests fail" in output
    assert "has no attribute 'timer'" in output
    assert f"{LEAF} {new} from its wheel" in passed(output)


def test_a_candidate_meta_that_breaks_beside_the_released_leaf_is_not_promoted(
    clone, index
):
    """Its metadata still admits the old leaf, which its tests cannot do without."""
    leaf, meta = clone.raise_version(LEAF), clone.raise_version(META)
    write_suite(clone, META, NEEDS_NEW_LEAF.format(leaf=LEAF, new=leaf))
    output = refused(clone, index, LEAF, META)
    said = output[output.index("error: ") :]
    assert said.startswith(
        (
            f"error: {META}=={meta} beside {LEAF}=={OLD}: its tests fail",
            # Whichever of the two cells comes first: it is the lowest version, too.
            f"error: {META} {meta} with {LEAF}=={OLD}, ",
        )
    )
    assert f"assert '{OLD}' == '{leaf}'" in said


def test_every_pair_that_the_ranges_allow_is_tested(clone, index):
    leaf, meta = clone.raise_version(LEAF), clone.raise_version(META)
    done = clone.nox("release", "--", "--only", LEAF, META)
    assert done.returncode == 0, done.stdout
    assert {
        f"{META}=={OLD} beside {LEAF}=={leaf}",
        f"{META}=={meta} beside {LEAF}=={OLD}",
    } == {label for label in passed(done.stdout) if " beside " in label}


def test_a_lower_bound_that_is_too_low_is_not_promoted(clone, index):
    """The newest NumPy passes, the oldest that the metadata admits does not."""
    new = clone.raise_version(METRICS)
    write_suite(
        clone,
        METRICS,
        "import numpy\n\n\ndef test_recent():\n"
        '    assert numpy.__version__.split(".")[:2] != ["1", "26"]\n'
        '    assert numpy.__version__.split(".")[:2] != ["2", "1"]\n',
    )
    output = refused(clone, index, METRICS)
    lowest = "numpy==1.26" if sys.version_info < (3, 13) else "numpy==2.1"
    assert f"error: {METRICS} {new} with {lowest}: its tests fail" in output
    assert "test_recent" in output
    assert f"{METRICS} {new} from its wheel" in passed(output)


def test_the_lowest_sibling_that_the_range_admits_is_tested(clone, index):
    leaf = clone.raise_version(LEAF)
    done = clone.nox("release", "--", "--only", LEAF)
    assert done.returncode == 0, done.stdout
    meta = clone.raise_version(META)
    write_suite(clone, META, NEEDS_NEW_LEAF.format(leaf=LEAF, new=leaf))
    output = refused(clone, index, META)
    leaves = ("decorators", "logging", "metrics", "preprocessing")
    pins = ", ".join(f"ml-infra-{name}=={OLD}" for name in leaves)
    assert f"error: {META} {meta} with {pins}: its tests fail" in output
    assert f"{META} {meta} from its wheel" in passed(output)

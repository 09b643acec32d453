"""Ranges between the distributions, and what a plan may not leave behind."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from release.projects import load
from release.ranges import check, written


def projects(repository, *, leaf, requirement):
    repository.add("ml-infra-metrics", "", leaf)
    repository.add("ml-infra-utils", "", "0.1.0", (requirement,))
    return [
        load(repository.root / "packages" / n)
        for n in ("ml-infra-metrics", "ml-infra-utils")
    ]


@pytest.mark.parametrize(
    ("version", "inside", "outside"),
    [
        ("0.2.1", ["0.2.0", "0.2.9"], ["0.1.9", "0.3.0", "1.0.0"]),
        ("1.4.0", ["1.4.0", "1.9.0"], ["1.3.9", "2.0.0"]),
    ],
)
def test_the_range_around_a_version(version, inside, outside):
    found = SpecifierSet(written(Version(version)))
    assert all(v in found for v in inside)
    assert not any(v in found for v in outside)


@pytest.mark.parametrize(
    ("leaf", "requirement"),
    [
        ("0.1.0", "ml-infra-metrics>=0.1,<0.2"),
        ("0.1.7", "ml-infra-metrics<0.2,>=0.1"),
        ("1.3.0", "ml-infra-metrics>=1.2,<2"),
    ],
)
def test_what_fits_is_no_violation(repository, leaf, requirement):
    assert check(projects(repository, leaf=leaf, requirement=requirement)) == []


@pytest.mark.parametrize(
    ("leaf", "requirement", "said"),
    [
        (
            "0.2.0",
            "ml-infra-metrics>=0.1,<0.2",
            (
                "ml-infra-utils requires ml-infra-metrics<0.2,>=0.1: ml-infra-metrics "
                "0.2.0 is outside; nox -s bump -- ml-infra-metrics raises the range"
            ),
        ),
        ("0.1.0", "ml-infra-metrics", "write >=X.Y,<X+1 (<0.Y+1 below 1.0)"),
        ("0.1.0", "ml-infra-metrics==0.1.0", "write >=X.Y,<X+1"),
        ("0.1.0", "ml-infra-metrics>=0.1,<1", "write >=0.1,<0.2"),
        ("1.1.0", "ml-infra-metrics>=1.1,<1.2", "write >=1.1,<2"),
    ],
)
def test_what_does_not_fit_is_named_with_the_way_out(
    repository, leaf, requirement, said
):
    (violation,) = check(projects(repository, leaf=leaf, requirement=requirement))
    assert said in str(violation)


def test_a_leaf_outside_the_released_dependents_range_forces_it_into_the_plan(
    repository,
):
    both = projects(repository, leaf="0.2.0", requirement="ml-infra-metrics>=0.2,<0.3")
    served = {"ml-infra-utils": ["ml-infra-metrics<0.2,>=0.1", "numpy>=1.26"]}

    assert check(both, {"ml-infra-metrics", "ml-infra-utils"}, served) == []
    (violation,) = check(both, {"ml-infra-metrics"}, served)

    assert str(violation) == (
        "ml-infra-utils requires ml-infra-metrics<0.2,>=0.1: ml-infra-metrics 0.2.0 is "
        "outside, so ml-infra-utils must be released with it"
    )


def test_an_unplanned_dependent_whose_released_range_admits_the_leaf_may_stay(
    repository,
):
    both = projects(repository, leaf="0.1.1", requirement="ml-infra-metrics>=0.1,<0.2")
    served = {"ml-infra-utils": ["ml-infra-metrics>=0.1,<0.2"]}
    assert check(both, {"ml-infra-metrics"}, served) == []
    assert check(both, {"ml-infra-metrics"}) == []  # nothing released yet

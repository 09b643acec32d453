"""The lint that asks for a fragment wherever something shipped has changed."""

from __future__ import annotations

import pytest

from release.fragments import insert, render

LEAF = "packages/ml-infra-metrics"
SOURCE = f"{LEAF}/src/ml_infra/metrics/core.py"
SECTION = "\n## [0.1.0] - 2026-11-23\n\n### Added\n- All.\n"


@pytest.fixture
def described(two):
    """Return the repository with a changelog section for each first version."""
    for name in ("ml-infra-metrics", "ml-infra-utils"):
        two.write(f"packages/{name}/CHANGELOG.md", f"# Changelog\n{SECTION}")
    two.commit()
    return two


@pytest.fixture
def released(described):
    for name in ("ml-infra-metrics", "ml-infra-utils"):
        described.git("tag", "-a", "-m", "released", f"{name}-v0.1.0")
    return described


def faults(repository):
    answer = repository.run("fragments")
    assert answer.returncode in (0, 1)
    assert (answer.returncode == 0) == (answer.stderr == "")
    return answer.stderr.splitlines()[1:]


def test_a_first_version_needs_its_section(two):
    first, second = faults(two)
    assert first == (
        "  ml-infra-metrics lacks a fragment: CHANGELOG.md has no section [0.1.0]; "
        "write packages/ml-infra-metrics/changes/"
        "<slug>.<added|changed|deprecated|removed|fixed|security>.md"
    )
    assert second.startswith("  ml-infra-utils lacks a fragment")


def test_a_first_version_with_its_section_is_fine(described):
    assert faults(described) == []


def test_an_unchanged_distribution_needs_none(released):
    assert faults(released) == []


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        (SOURCE, "changed = 1\n"),
        (f"{LEAF}/src/ml_infra/metrics/new.py", ""),
    ],
)
def test_a_changed_distribution_needs_one(released, path, text, committed):
    released.write(path, text)
    if committed:
        released.commit()
    (fault,) = faults(released)
    assert f"lacks a fragment: {path} changed since ml-infra-metrics-v0.1.0" in fault
    released.write(f"{LEAF}/changes/new.added.md", "New.")
    assert faults(released) == []


@pytest.mark.parametrize("path", ["tests/test_core.py", "README.md", "docs.md"])
def test_tests_and_texts_need_none(released, path):
    released.write(f"{LEAF}/{path}", "x")
    assert faults(released) == []


def test_several_changed_files_are_counted(released):
    for name in ("one", "two", "three"):
        released.write(f"{LEAF}/src/ml_infra/metrics/{name}.py", "")
    (fault,) = faults(released)
    assert "one.py and 2 more changed since" in fault


def test_a_bumped_version_that_waits_for_its_release_is_fine(released):
    released.write(SOURCE, "changed = 1\n")
    released.write(f"{LEAF}/changes/c.fixed.md", "A fix.")
    released.commit()
    assert released.run("bump", "ml-infra-metrics").returncode == 0
    assert faults(released) == []


def test_misnamed_and_empty_fragments_are_named_together(released):
    released.write(f"{LEAF}/changes/new.feature.md", "New.")
    released.write("packages/ml-infra-utils/changes/new.added.md", "")
    first, second = faults(released)
    assert first.startswith(f"  {LEAF}/changes/new.feature.md: name it <slug>.<added|")
    assert second.startswith("  packages/ml-infra-utils/changes/new.added.md is empty")


def test_an_export_without_git_is_checked_as_far_as_it_can_be(tmp_path, described):
    (described.root / ".git").rename(tmp_path / "hidden")
    assert faults(described) == []


def test_sections_come_in_the_order_of_keep_a_changelog():
    kinds = ("security", "fixed", "removed", "deprecated", "changed", "added")
    section = render({f"a.{k}.md": k for k in kinds}, "1.0.0", "2026-11-23")
    assert section.splitlines()[0] == "## [1.0.0] - 2026-11-23"
    assert [x for x in section.splitlines() if x.startswith("#")][1:] == [
        f"### {kind.capitalize()}" for kind in reversed(kinds)
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# C\n", "# C\n\n## [2] - d\n"),
        ("# C\n\n## [1] - d\n", "# C\n\n## [2] - d\n\n## [1] - d\n"),
        (
            "# C\n\n## [Unreleased]\n\n## [1] - d\n",
            "# C\n\n## [Unreleased]\n\n## [2] - d\n\n## [1] - d\n",
        ),
    ],
)
def test_a_section_goes_above_the_newest_version(before, after):
    assert insert(before, "## [2] - d\n") == after

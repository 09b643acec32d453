"""Bumps in real git repositories, from fragments and from what the sources say."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from release.projects import load

LEAF = "packages/ml-infra-metrics"
META = "packages/ml-infra-utils"
SOURCE = f"{LEAF}/src/ml_infra/metrics/core.py"
TODAY = datetime.now(timezone.utc).date().isoformat()
BREAKING = 'def accurate(a, b):\n    """Score."""\n'
ADDED = 'def accuracy(a, b):\n    """Score."""\n\ndef recall(a, b): ...\n'
FIXED = 'def accuracy(a, b):\n    """Score."""\n    return 1\n'


@pytest.fixture
def released(two):
    """Return the repository with both distributions released and tagged."""
    for name in ("ml-infra-metrics", "ml-infra-utils"):
        two.git("tag", "-a", "-m", "released", f"{name}-v0.1.0")
    return two


def change(repository, source=None, **fragments):
    if source is not None:
        repository.write(SOURCE, source)
    for kind, text in fragments.items():
        repository.write(f"{LEAF}/changes/a-change.{kind}.md", text)
    repository.commit("A change")


def versions(repository):
    return [str(load(repository.root / p).version) for p in (LEAF, META)]


def state(repository):
    head, changed = ("rev-parse", "HEAD"), ("status", "--porcelain")
    return repository.git(*head), repository.git(*changed), versions(repository)


def refused(repository, *arguments, said, **environment):
    before = state(repository)
    answer = repository.run("bump", *arguments, **environment)
    assert answer.returncode == 1
    assert said in answer.stderr
    assert state(repository) == before
    return answer.stderr


@pytest.mark.parametrize(
    ("source", "fragments", "expected"),
    [
        (FIXED, {"fixed": "A fix."}, "0.1.1"),
        (FIXED, {"security": "A fix."}, "0.1.1"),
        (FIXED, {}, "0.1.1"),
        (None, {"fixed": "Only text."}, "0.1.1"),
        (FIXED, {"added": "An option."}, "0.2.0"),
        (ADDED, {"fixed": "A fix."}, "0.2.0"),  # the sources know better
        (BREAKING, {"fixed": "A fix."}, "0.2.0"),  # below 1.0: the minor
        (FIXED, {"removed": "A behaviour."}, "0.2.0"),
        (ADDED, {}, "0.2.0"),
    ],
)
def test_the_level_is_the_maximum_of_fragments_and_sources(
    released, source, fragments, expected
):
    change(released, source, **fragments)
    answer = released.run("bump", "ml-infra-metrics")
    assert answer.returncode == 0, answer.stderr
    assert versions(released)[0] == expected
    assert released.git("status", "--porcelain") == ""
    assert (
        f"## [{expected}] - {TODAY}\n"
        in (released.root / LEAF / "CHANGELOG.md").read_text()
    )


@pytest.mark.parametrize(
    ("source", "expected"), [(FIXED, "1.2.4"), (ADDED, "1.3.0"), (BREAKING, "2.0.0")]
)
def test_from_one_on_a_breaking_change_is_major(repository, source, expected):
    repository.add("ml-infra-metrics", 'def accuracy(a, b):\n    """S."""\n', "1.2.3")
    repository.commit()
    repository.git("tag", "-a", "-m", "released", "ml-infra-metrics-v1.2.3")
    change(repository, source)
    answer = repository.run("bump", "ml-infra-metrics")
    assert answer.returncode == 0, answer.stderr
    assert str(load(repository.root / LEAF).version) == expected


def test_a_bump_writes_the_version_both_changelogs_and_commits(released):
    change(released, FIXED, fixed="`accuracy` answers.\nAlways.")
    released.write(
        "CHANGELOG.md", "# Changelog\n\nIntro.\n\n## [x 0.1.0] - 2020-01-01\n"
    )
    released.commit()
    tags = released.git("tag")

    answer = released.run("bump", "ml-infra-metrics")

    assert answer.returncode == 0, answer.stderr
    assert (released.root / LEAF / "CHANGELOG.md").read_text() == (
        "# Changelog\n\nOf this distribution.\n\n"
        f"## [0.1.1] - {TODAY}\n\n### Fixed\n- `accuracy` answers.\n  Always.\n"
    )
    assert (released.root / "CHANGELOG.md").read_text() == (
        "# Changelog\n\nIntro.\n\n"
        f"## [ml-infra-metrics 0.1.1] - {TODAY}\n\n"
        "### Fixed\n- `accuracy` answers.\n  Always.\n\n"
        "## [x 0.1.0] - 2020-01-01\n"
    )
    assert released.git("log", "-1", "--format=%s") == "Bump ml-infra-metrics to 0.1.1"
    assert released.git("show", "--name-status", "--format=", "HEAD").splitlines() == [
        "M\tCHANGELOG.md",
        f"M\t{LEAF}/CHANGELOG.md",
        f"D\t{LEAF}/changes/a-change.fixed.md",
        f"M\t{LEAF}/pyproject.toml",
    ]
    assert (
        released.git("diff", "HEAD~1", "--", f"{LEAF}/pyproject.toml").count("\n+") == 2
    )
    assert released.git("tag") == tags


def test_a_second_bump_stands_above_the_first(released):
    change(released, FIXED, fixed="One.")
    assert released.run("bump", "ml-infra-metrics").returncode == 0
    released.git("tag", "-a", "-m", "released", "ml-infra-metrics-v0.1.1")
    change(released, None, fixed="Two.")
    assert released.run("bump", "ml-infra-metrics").returncode == 0
    text = (released.root / LEAF / "CHANGELOG.md").read_text()
    assert text.index("## [0.1.2]") < text.index("Two.") < text.index("## [0.1.1]")
    log = (released.root / "CHANGELOG.md").read_text()
    assert log.index("metrics 0.1.2]") < log.index("metrics 0.1.1]")


def test_an_explicit_level_may_be_higher(released):
    change(released, FIXED, fixed="A fix.")
    assert released.run("bump", "ml-infra-metrics", "major").returncode == 0
    assert versions(released)[0] == "1.0.0"


def test_a_lower_level_is_refused_naming_symbol_file_and_line(released):
    change(released, BREAKING, fixed="A fix.", removed="A name.")
    text = refused(
        released, "ml-infra-metrics", "patch",
        said="patch is too low for ml-infra-metrics 0.1.0, minor is demanded by:",
    )  # fmt: skip
    assert text.splitlines()[1:] == [
        f"  {LEAF}/changes/a-change.removed.md: removed",
        f"  ml_infra.metrics.core.accuracy was removed ({SOURCE}:1)",
        f"  ml_infra.metrics.core.accurate is new ({SOURCE}:1)",
    ]


def test_a_dry_run_tells_all_and_writes_nothing(released):
    change(released, ADDED, added="`recall`.")
    head = released.git("rev-parse", "HEAD")
    answer = released.run("bump", "ml-infra-metrics", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert "ml-infra-metrics 0.1.0 -> 0.2.0 (minor)" in answer.stdout
    assert f"ml_infra.metrics.core.recall is new ({SOURCE}:4)" in answer.stdout
    assert f"## [0.2.0] - {TODAY}\n\n### Added\n- `recall`." in answer.stdout
    assert f"would write {LEAF}/pyproject.toml" in answer.stdout
    assert f"would remove {LEAF}/changes/a-change.added.md" in answer.stdout
    assert released.git("rev-parse", "HEAD") == head
    assert released.git("status", "--porcelain", "--ignored", "--", "packages") == ""


def test_a_dirty_tree_is_refused(released):
    change(released, FIXED, fixed="A fix.")
    released.write("stray.txt", "x")
    refused(released, "ml-infra-metrics", said="commit or remove these changes first")


def test_a_fragment_can_be_previewed_before_it_is_committed(released):
    released.write(f"{LEAF}/changes/new.added.md", "`recall`.\n")
    answer = released.run("bump", "ml-infra-metrics", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert "### Added\n- `recall`." in answer.stdout
    assert released.git("status", "--porcelain").startswith(f"?? {LEAF}/changes/")


def test_an_unknown_distribution_is_refused(released):
    refused(released, "ml-infra-metric", said="no distribution ml-infra-metric here")


def test_nothing_to_bump_is_refused(released):
    refused(
        released, "ml-infra-metrics", said="nothing to bump: ml-infra-metrics 0.1.0"
    )
    refused(released, "ml-infra-metrics", "minor", said="nothing to bump")


def test_an_unreleased_version_without_fragments_is_nothing_to_bump(two):
    refused(two, "ml-infra-metrics", said="nothing to bump")


def test_a_level_that_is_none_is_a_usage_error(released):
    answer = released.run("bump", "ml-infra-metrics", "huge")
    assert answer.returncode == 2
    assert "invalid choice: 'huge'" in answer.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.feature.md", "x", "a.feature.md: name it <slug>.<added|changed|"),
        ("A b.fixed.md", "x", "A b.fixed.md: name it"),
        ("a.fixed.txt", "x", "a.fixed.txt: name it"),
        ("a.fixed.md", " \n", "a.fixed.md is empty: write one sentence"),
    ],
)
def test_a_fragment_that_would_be_lost_is_refused(released, name, text, said):
    released.write(f"{LEAF}/changes/{name}", text)
    released.commit()
    refused(released, "ml-infra-metrics", said=said)


def test_a_leaf_that_leaves_the_metas_range_takes_the_meta_along(released):
    change(released, ADDED, added="`recall`.")
    answer = released.run("bump", "ml-infra-metrics")
    assert answer.returncode == 0, answer.stderr
    assert versions(released) == ["0.2.0", "0.2.0"]
    (requirement,) = load(released.root / META).requires
    assert str(requirement.specifier) == "<0.3,>=0.2"
    assert (
        '    "ml-infra-metrics>=0.2,<0.3",\n'
        in (released.root / META / "pyproject.toml").read_text()
    )
    assert (
        "### Changed\n- Requires ml-infra-metrics>=0.2,<0.3.\n"
        in (released.root / META / "CHANGELOG.md").read_text()
    )
    log = (released.root / "CHANGELOG.md").read_text()
    assert log.index("[ml-infra-metrics 0.2.0]") < log.index("[ml-infra-utils 0.2.0]")
    assert released.git("log", "-1", "--format=%s") == (
        "Bump ml-infra-metrics to 0.2.0 and ml-infra-utils to 0.2.0"
    )


def test_the_metas_own_fragments_go_with_a_forced_bump(released):
    released.write(f"{META}/changes/more.fixed.md", "A fix of the facade.")
    change(released, ADDED, added="`recall`.")
    assert released.run("bump", "ml-infra-metrics").returncode == 0
    text = (released.root / META / "CHANGELOG.md").read_text()
    assert "- Requires ml-infra-metrics" in text
    assert "### Fixed\n- A fix of the facade." in text
    assert [p.name for p in (released.root / META / "changes").iterdir()] == [
        ".gitkeep"
    ]


@pytest.mark.parametrize(("used", "bound"), [("recall", "1.3"), ("accuracy", "1.2")])
def test_in_range_the_lower_bound_rises_only_when_the_meta_uses_what_is_new(
    repository, used, bound
):
    repository.add("ml-infra-metrics", 'def accuracy(a, b):\n    """S."""\n', "1.2.0")
    repository.add("ml-infra-utils", "", "1.0.0", ("ml-infra-metrics>=1.2,<2",))
    repository.commit()
    for tag in ("ml-infra-metrics-v1.2.0", "ml-infra-utils-v1.0.0"):
        repository.git("tag", "-a", "-m", "released", tag)
    repository.write(
        f"{META}/src/ml_infra_utils/facade.py",
        f"from ml_infra.metrics.core import {used} as {used}\n",
    )
    change(repository, ADDED, added="`recall`.")
    answer = repository.run("bump", "ml-infra-metrics")
    assert answer.returncode == 0, answer.stderr
    assert versions(repository) == ["1.3.0", "1.0.0"]
    (requirement,) = load(repository.root / META).requires
    assert str(requirement.specifier) == f"<2,>={bound}"


def test_without_a_release_the_fragments_decide(two):
    change(two, ADDED, fixed="A fix.")
    assert two.run("bump", "ml-infra-metrics").returncode == 0
    assert versions(two) == ["0.1.1", "0.1.0"]


def test_where_no_tag_is_known_the_index_tells_the_last_release(served):
    """A shallow clone has no tags."""
    served.git("tag", "--delete", "ml-infra-metrics-v0.1.0")
    change(served, BREAKING, fixed="A fix.")
    refused(
        served, "ml-infra-metrics", "patch",
        said=f"ml_infra.metrics.core.accuracy was removed ({SOURCE}:1)",
    )  # fmt: skip


def test_a_commit_that_fails_leaves_everything_as_it_was(released):
    change(released, FIXED, fixed="A fix.")
    hook = released.write(".git/hooks/pre-commit", "#!/bin/sh\necho no >&2; exit 1\n")
    hook.chmod(0o755)
    refused(released, "ml-infra-metrics", said="git commit failed: no")
    assert versions(released)[0] == "0.1.0"


def test_without_a_git_identity_the_maintainers_commit(released, tmp_path):
    change(released, FIXED, fixed="A fix.")
    released.git("config", "--unset", "user.name")
    released.git("config", "--unset", "user.email")
    released.git("config", "user.useConfigOnly", "true")
    answer = released.run("bump", "ml-infra-metrics", HOME=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    assert released.git("log", "-1", "--format=%an <%ae> %cn") == (
        "The Maintainers <them@example.com> The Maintainers"
    )


def test_the_newest_tag_counts_not_the_last_in_the_alphabet(released):
    change(released, ADDED, added="`recall`.")
    released.git("tag", "-a", "-m", "released", "ml-infra-metrics-v0.10.0")
    released.git("tag", "-a", "-m", "older", "ml-infra-metrics-v0.9.0", "HEAD~1")
    released.git("tag", "-a", "-m", "no version", "ml-infra-metrics-vNext")
    answer = released.run("bump", "ml-infra-metrics", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert "is new" not in answer.stdout

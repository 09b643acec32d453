#!/usr/bin/env -S python3 -m nox -f
# /// script
# requires-python = ">=3.10"
# dependencies = ["nox>=2026.8.10"]
# ///
"""
Every verb of this repository is a session; ``nox -l`` is its manual.

What follows ``--`` names distributions (``nox -s test -- ml-infra-metrics``); without
any name a session covers all of them. Logic with tests of its own stands in
``.ci/release/``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "test"]
# What the machine has is tested, under CI too; nothing fetches an interpreter.
nox.options.error_on_missing_interpreters = False
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
# These run side by side; every other session reports live and alone.
SIDE_BY_SIDE = {"lint", "types", "test", "selftest"}
NAMING = {"-s", "--session", "--sessions", "-e"}
if not NAMING & {*sys.argv} or SIDE_BY_SIDE & {*sys.argv}:
    nox.options.parallel = min(os.cpu_count() or 1, 4)

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
BESIDE_NOX = Path(sys.executable).parent
PROJECTS = {
    path.parent.name: nox.project.load_toml(path)
    for path in sorted(ROOT.glob("packages/*/pyproject.toml"))
}
# The development tools of the whole repository stand in the meta-distribution.
META = PROJECTS["ml-infra-utils"]
PYTHONS = nox.project.python_versions(META)
# The libraries to compare with weigh hundreds of megabytes: one Python has them.
RUNNING = "{}.{}".format(*sys.version_info)
PRIMARY = RUNNING if RUNNING in PYTHONS else PYTHONS[-1]
END = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
ARGUMENTS = sys.argv[END + 1 :]
SELECTED = [name for name in PROJECTS if name in ARGUMENTS] or list(PROJECTS)
SELFTESTS = {
    "release": [".ci/tests/e2e"],
    "tools": [".ci/tests", "--ignore=.ci/tests/e2e"],
}
# The programs that time us beside the peers. What else is in benchmarks/ are their
# parts, simulations, and a mutation run of an hour.
BENCHMARKS = {
    "ml-infra-decorators": ["overhead"],
    "ml-infra-logging": ["compare"],
    "ml-infra-metrics": ["classification", "ranking"],
    "ml-infra-preprocessing": ["scaling", "validation"],
}
BENCHED = [name for name in SELECTED if name in BENCHMARKS]
QUICK = "not slow and not torch"
# Interpreters that a test starts find compiled what the first one imported.
WITH_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
WITH_TORCH = {"ml-infra-metrics", "ml-infra-preprocessing"}
TORCHED = [name for name in SELECTED if name in WITH_TORCH]
# Every other session takes names of distributions alone.
OWN_WORDS = {"release", "audit", "bump", "static-index", "docs", "selftest"}
LENIENT = bool(OWN_WORDS & {word.partition("(")[0] for word in sys.argv[:END]})
NAMES = [a for a in ARGUMENTS if a.startswith("ml-") or not LENIENT]
if UNKNOWN := [name for name in NAMES if name not in PROJECTS]:
    sys.exit(f"no distribution {', '.join(UNKNOWN)}; there are: {', '.join(PROJECTS)}")


def siblings(dist: str) -> list[str]:
    """Return the distributions of this repository that ``dist`` depends on."""
    needed = map(Requirement, PROJECTS[dist]["project"]["dependencies"])
    return [requirement.name for requirement in needed if requirement.name in PROJECTS]


NEEDED = sorted({*SELECTED, *(s for dist in SELECTED for s in siblings(dist))})


def wheels(*dists: str) -> list[str]:
    """Return the built wheels of the distributions."""
    names = (
        f"{d.replace('-', '_')}-{PROJECTS[d]['project']['version']}" for d in dists
    )
    return [str(DIST / f"{name}-py3-none-any.whl") for name in names]


def requirements(dist: str, *groups: str) -> list[str]:
    """Return what the first of these groups that the distribution has asks for."""
    declared = PROJECTS[dist]["dependency-groups"]
    group = next(group for group in groups if group in declared)
    return nox.project.dependency_groups(PROJECTS[dist], group)


def tools(session: nox.Session, group: str) -> None:
    """Install a group of development tools, once for the same requirements."""
    needed = requirements("ml-infra-utils", group)
    stamp = Path(session.virtualenv.location, "installed.txt")
    wanted = "\n".join(needed)
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        session.install(*needed)
        stamp.write_text(wanted, "utf-8")


def release_tool(session: nox.Session, noun: str, *arguments: str) -> None:
    """Run one module of ``.ci/release`` with the tools of its group."""
    tools(session, "release")
    # The programs beside nox, as uv may be one, are the release's to use as well.
    programs = os.pathsep.join(
        [*session.bin_paths, os.environ["PATH"], str(BESIDE_NOX)]
    )
    env = {"PYTHONPATH": str(ROOT / ".ci"), "PATH": programs}
    session.run("python", "-m", f"release.{noun}", *arguments, env=env)


@nox.session(allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check style, format, changelog fragments and the publish workflow."""
    tools(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    env = {"PYTHONPATH": str(ROOT / ".ci")}
    session.run("python", "-m", "release.fragments", env=env)
    workflows = sorted(map(str, ROOT.glob(".github/workflows/*.yml")))
    schema = "vendor.github-workflows"
    session.run("check-jsonschema", "--builtin-schema", schema, *workflows)
    session.run("zizmor", "--offline", "--quiet", *workflows)


@nox.session(allow_parallel=True, requires=["build"], reuse_venv=False)
def types(session: nox.Session) -> None:
    """Type-check the installed distributions, and samples that use them."""
    session.install(*requirements("ml-infra-utils", "types"), *wheels(*NEEDED))
    for dist in SELECTED:
        package = dist.replace("-", "_").replace("ml_infra_", "ml_infra.")
        package = "ml_infra_utils" if dist == "ml-infra-utils" else package
        session.run("mypy", "-p", package)
        session.run("pyright", "--verifytypes", package, "--ignoreexternal")
    folders = [ROOT / "packages" / dist for dist in SELECTED]
    samples = [path for one in folders for path in one.glob("tests/typing/*.py")]
    for sample in samples:  # one by one, as they share a name
        session.run("mypy", sample)
    session.run("pyright", *(one / "src" for one in folders), *samples)


@nox.session(python=PYTHONS, allow_parallel=True, requires=["build"], reuse_venv=False)
@nox.parametrize("dist", SELECTED, ids=SELECTED)
def test(session: nox.Session, dist: str) -> None:
    """Test each built wheel, alone with what it declares, on every Python."""
    groups = ["peers", "test"] if session.python == PRIMARY else ["test"]
    session.install(*wheels(dist, *siblings(dist)), *requirements(dist, *groups))
    session.run("pytest", "-m", QUICK, f"packages/{dist}/tests", env=WITH_BYTECODE)


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build sdist and wheel into dist/, isolated and reproducible."""
    release_tool(session, "build", *NEEDED)


@nox.session(default=False, requires=["build"])
def check(session: nox.Session) -> None:
    """Check what build made: metadata, wheel contents, the namespace contract."""
    release_tool(session, "contract", *SELECTED)


@nox.session(default=False)
def reproduce(session: nox.Session) -> None:
    """Build twice in different surroundings; name the first member that differs."""
    release_tool(session, "reproduce", *SELECTED)


@nox.session(default=False, requires=["check"])
def upload(session: nox.Session) -> None:
    """Upload what build made to the development index, ml/dev."""
    release_tool(session, "upload", *SELECTED)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Plan, build, check, test, stage, verify, promote and tag; leaves first."""
    release_tool(session, "train", *session.posargs)


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Compare what stable serves now with the receipts of the releases."""
    release_tool(session, "audit", *session.posargs)


@nox.session(default=False)
def bump(session: nox.Session) -> None:
    """Raise a version by its fragments and API diff: -- DIST [LEVEL] [--dry-run]."""
    release_tool(session, "bump", *session.posargs)


@nox.session(default=False, name="static-index")
def static_index(session: nox.Session) -> None:
    """Write what is on stable as a static index that any web server can serve."""
    release_tool(session, "static_index", *session.posargs)


@nox.session(default=False)
def serve(session: nox.Session) -> None:
    """Run the embedded index until Ctrl-C and print the pip line to use."""
    release_tool(session, "server")


@nox.session(default=False, requires=["build"], reuse_venv=False)
def docs(session: nox.Session) -> None:
    """Write docs/api.md from the docstrings; -- --check only compares."""
    session.install(*requirements("ml-infra-utils", "docs"), *wheels(*PROJECTS))
    env = {"PYTHONPATH": str(ROOT / ".ci")}
    session.run("python", "-m", "release.reference", *session.posargs, env=env)


@nox.session(default=False, allow_parallel=True)
@nox.parametrize("paths", list(SELFTESTS.values()), ids=list(SELFTESTS))
def selftest(session: nox.Session, paths: list[str]) -> None:
    """Test the release machinery against a real index, faults included."""
    tools(session, "selftest")
    session.run("pytest", *paths, *session.posargs)


@nox.session(default=False, requires=["build"], reuse_venv=False)
@nox.parametrize("dist", SELECTED, ids=SELECTED)
def stress(session: nox.Session, dist: str) -> None:
    """Run the stress tests at full size; `test` has each of them smaller."""
    needed = requirements(dist, "peers", "test")
    session.install(*wheels(dist, *siblings(dist)), *needed)
    codes = [0, 5]  # 5: this distribution has none
    command = ["pytest", "-m", "slow and not torch", f"packages/{dist}/tests"]
    session.run(*command, env=WITH_BYTECODE, success_codes=codes)


@nox.session(default=False, requires=["build"], reuse_venv=False)
@nox.parametrize("dist", TORCHED, ids=TORCHED)
def torch(session: nox.Session, dist: str) -> None:
    """Test with a real torch: pip takes a CPU build where the machine offers one."""
    needed = requirements(dist, "peers")
    session.install("torch==2.13.0", *wheels(dist), *needed)
    session.run("pytest", "-m", "torch", f"packages/{dist}/tests")


@nox.session(default=False, requires=["build"])
@nox.parametrize("dist", BENCHED, ids=BENCHED)
def bench(session: nox.Session, dist: str) -> None:
    """Measure beside the installed peers; prints ratios of one run."""
    session.install(*wheels(dist), *requirements(dist, "bench", "peers", "test"))
    for noun in BENCHMARKS[dist]:
        session.run("python", f"packages/{dist}/benchmarks/{noun}.py")


if __name__ == "__main__":
    nox.main()

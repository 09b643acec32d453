"""Wheel and sdist of each distribution: isolated, reproducible, two at a time."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from release.archives import epoch, normalise
from release.command import run, tool
from release.projects import ROOT, Project, ReleaseError, select

if TYPE_CHECKING:
    from collections.abc import Sequence

# What earlier builds and tools leave behind in a source tree. setuptools would read
# file lists and stale modules out of it.
LEFTOVERS = shutil.ignore_patterns(
    "__pycache__", "*.py[cod]", "*.egg-info", "build", "dist", ".*"
)
SCRATCH = ".build-"


def build(project: Project, out_dir: Path) -> tuple[Path, Path]:
    """
    Build one distribution into a folder; return its wheel and its sdist.

    The wheel is built from the sdist, both from a clean copy of the sources, in an
    isolated environment. The two files appear in ``out_dir`` when both are complete
    and replace earlier ones of the same version.

    Args:
        project: What to build.
        out_dir: Where the files go; created when it is missing.
    """
    out_dir = out_dir.resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    seconds = epoch(project)
    with tempfile.TemporaryDirectory(dir=out_dir, prefix=SCRATCH) as folder:
        tree, made = Path(folder, project.stem), Path(folder, "made")
        _copy_sources(project.path, tree)
        command = [sys.executable, "-m", "build", "--outdir", str(made)]
        if _has_uv():
            command += ["--installer", "uv"]
        variables = {**os.environ, "SOURCE_DATE_EPOCH": str(seconds)}
        variables.pop("PYTHONPATH", None)  # an isolated build sees nothing of ours
        tool(
            [*command, str(tree)],
            why=f"{project.name} could not be built",
            cwd=folder,
            env=variables,
            umask=0o022,  # the modes in a wheel follow it
        )
        made_names = sorted(p.name for p in made.iterdir())
        if made_names != sorted(project.filenames):
            message = f"{project.name}: the build made {made_names}, not "
            raise ReleaseError(message + " and ".join(project.filenames))
        wheel, sdist = (made / name for name in project.filenames)
        normalise(sdist, seconds)
        for file in (wheel, sdist):
            file.chmod(0o644)
        return wheel.replace(out_dir / wheel.name), sdist.replace(out_dir / sdist.name)


def _copy_sources(source: Path, target: Path) -> None:
    """Copy a source tree with the modes of a umask of 022, without leftovers."""
    try:
        shutil.copytree(source, target, ignore=LEFTOVERS)
    except shutil.Error as error:  # one entry a file: a full disk fails for each
        raise ReleaseError(f"{error.args[0][0][-1]}") from None
    for path in (target, *target.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)


def _has_uv() -> bool:
    return shutil.which("uv") is not None or importlib.util.find_spec("uv") is not None


def build_all(projects: Sequence[Project], out_dir: Path) -> list[Path]:
    """
    Build several distributions, two at a time, saying how far it is.

    All are tried; if any fails, the error names each that did.
    """
    started = time.monotonic()
    for abandoned in out_dir.glob(f"{SCRATCH}*"):
        # A build that was killed could not tidy up; one that runs is minutes old.
        if time.time() - abandoned.stat().st_mtime > 3600:
            shutil.rmtree(abandoned, ignore_errors=True)
    made: list[Path] = []
    failures: list[str] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = {pool.submit(build, p, out_dir): p for p in projects}
        for done, future in enumerate(as_completed(running), start=1):
            project = running[future]
            label = f"[{done}/{len(projects)}] {project.name} {project.version}"
            try:
                made += future.result()
            except (ReleaseError, OSError) as error:
                failures.append(project.name)
                print(f"{label} failed: {error}", file=sys.stderr, flush=True)
            else:
                print(f"{label} built, {time.monotonic() - started:.1f} s", flush=True)
    if failures:
        names = " ".join(sorted(failures))
        raise ReleaseError(f"not built: {names}; repeat with: nox -s build -- {names}")
    return sorted(made)


def main(argv: Sequence[str]) -> int:
    """Build sdist and wheel of the named distributions, of all when none is named."""
    parser = argparse.ArgumentParser(
        prog="python -m release.build", description=main.__doc__
    )
    parser.add_argument("names", nargs="*", metavar="DIST")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    options = parser.parse_args(argv)
    projects = select(options.names)
    print(f"building {len(projects)} distributions into {options.out}", flush=True)
    build_all(projects, options.out)
    return 0


if __name__ == "__main__":
    run(main)

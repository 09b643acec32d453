"""A small repository of the same shape as this one, in real git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

RELEASE = Path(__file__).resolve().parents[1] / "release"
sys.path.insert(0, str(RELEASE.parent))  # so that bare pytest finds the package

PYPROJECT = """
[build-system]
requires = ["setuptools>=77.0.3"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
requires-python = ">=3.10"
maintainers = [{{ name = "The Maintainers", email = "them@example.com" }}]
dependencies = [
{dependencies}]

[tool.setuptools.packages.find]
where = ["src"]
"""


class Repository:
    """A git repository with ``.ci/release`` and distributions of the test's choice."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(root / ".ci"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.environment.pop("SOURCE_DATE_EPOCH", None)
        shutil.copytree(
            RELEASE, root / ".ci/release", ignore=shutil.ignore_patterns("__pycache__")
        )
        for file in RELEASE.parent.glob("towncrier.*"):
            shutil.copy(file, root / ".ci")
        self.write(".gitignore", "__pycache__/\n*.egg-info/\nbuild/\ndist/\n")
        self.write("CHANGELOG.md", "# Changelog\n\nThe train log.\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "A Tester")
        self.git("config", "user.email", "tester@example.com")

    def write(self, path: str, text: str) -> Path:
        """Write a dedented text file below the root."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), "utf-8")
        return file

    def git(self, *arguments: str) -> str:
        """Run git in the root; return what it says."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self, message: str = "A change") -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def add(
        self, name: str, source: str, version: str = "0.1.0", requires: tuple = ()
    ) -> Path:
        """Write one distribution; its package holds one module ``core.py``."""
        package = (
            name.replace("-", "_")
            if name == "ml-infra-utils"
            else "ml_infra/" + name.removeprefix("ml-infra-")
        )
        lines = "".join(f'    "{r}",\n' for r in requires)
        folder = f"packages/{name}"
        self.write(
            f"{folder}/pyproject.toml",
            PYPROJECT.format(name=name, version=version, dependencies=lines),
        )
        self.write(f"{folder}/src/{package}/__init__.py", '"""The package."""\n')
        self.write(f"{folder}/src/{package}/core.py", source)
        self.write(f"{folder}/CHANGELOG.md", "# Changelog\n\nOf this distribution.\n")
        self.write(f"{folder}/changes/.gitkeep", "")
        return self.root / folder

    def run(
        self, module: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess:
        """Run ``python -m release.<module>`` as a nox session does."""
        return subprocess.run(
            [sys.executable, "-m", f"release.{module}", *arguments],
            cwd=self.root,
            check=False,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return an empty repository of our shape."""
    (tmp_path / "repository").mkdir()
    return Repository(tmp_path / "repository")


@pytest.fixture
def two(repository: Repository) -> Repository:
    """Return a repository with one leaf and the meta-distribution, committed."""
    repository.add("ml-infra-metrics", 'def accuracy(a, b):\n    """Score."""\n')
    repository.add(
        "ml-infra-utils",
        'def main():\n    """Run."""\n',
        requires=("ml-infra-metrics>=0.1,<0.2",),
    )
    repository.commit("First")
    return repository

"""A small repository of the same shape as this one, in real git."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager as ContextManager

RELEASE = Path(__file__).resolve().parents[1] / "release"
# So that bare pytest finds the package, and what the tests share.
sys.path[:0] = [str(RELEASE.parent), str(Path(__file__).parent)]

from loopback import free_port  # noqa: E402 - after the path is set

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


# Programs are ended by Ctrl-C here, which a shell's background job has them ignore.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Repository:
    """A git repository with ``.ci/release`` and distributions of the test's choice."""

    def __init__(self, root: Path, port: str = "") -> None:
        self.root = root
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(root / ".ci"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "DEVPI_PORT": port or str(free_port()),
        }
        for name in ("SOURCE_DATE_EPOCH", "DEVPI_URL"):
            self.environment.pop(name, None)

    @classmethod
    def create(cls, root: Path) -> Repository:
        """Return a new one without distributions."""
        self = cls(root)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(RELEASE, root / ".ci/release", ignore=ignored)
        for file in RELEASE.parent.glob("towncrier.*"):
            shutil.copy(file, root / ".ci")
        self.write(
            ".gitignore", "__pycache__/\n*.egg-info/\nbuild/\ndist/\n.devpi/\n.nox\n"
        )
        self.write("CHANGELOG.md", "# Changelog\n\nThe train log.\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "A Tester")
        self.git("config", "user.email", "tester@example.com")
        return self

    def copy(self, root: Path, port: str = "") -> Repository:
        """Return a copy with the same history and index data, on a port of its own."""
        shutil.copytree(self.root, root, symlinks=True)
        return Repository(root, port)

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

    def script(self, source: str) -> str:
        """Run Python source with the package at hand; return what it printed."""
        return subprocess.run(
            [sys.executable, "-c", dedent(source)],
            cwd=self.root,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout


def with_two(repository: Repository) -> Repository:
    """Add one leaf and the meta-distribution, committed."""
    repository.add("ml-infra-metrics", 'def accuracy(a, b):\n    """Score."""\n')
    repository.add(
        "ml-infra-utils",
        'def main():\n    """Run."""\n',
        requires=("ml-infra-metrics>=0.1,<0.2",),
    )
    repository.commit("First")
    return repository


@pytest.fixture(scope="session")
def documented() -> Callable[..., list[str]]:
    """Return what reads the blocks of one section of docs/operations.md."""
    page = (RELEASE.parents[1] / "docs/operations.md").read_text("utf-8")

    def blocks(heading: str, language: str = "bash") -> list[str]:
        section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        block = rf"^```{language}\n(.*?)^```"
        return re.findall(block, section, re.MULTILINE | re.DOTALL)

    return blocks


@pytest.fixture
def nginx(tmp_path: Path) -> Callable[..., ContextManager[Callable[[], None]]]:
    """Return what runs nginx on a file of servers, and yields what reloads it."""
    places = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    program = shutil.which("nginx", path=places)
    if program is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path / "nginx"

    @contextlib.contextmanager
    def running(servers: Path) -> Iterator[Callable[[], None]]:
        folder.mkdir()
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        scratch = "".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; user root; pid {folder}/pid; events {{}}\n"
            f"http {{ access_log off; {scratch} include {servers}; }}\n"
        )
        command = [program, "-e", f"{folder}/error.log", "-c", str(config)]
        with subprocess.Popen(command) as process:
            try:
                yield lambda: subprocess.run([*command, "-s", "reload"], check=True)
            finally:
                process.terminate()

    return running


@pytest.fixture
def port() -> str:
    """Return a port of loopback that nobody listens on."""
    return str(free_port())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return an empty repository of our shape."""
    return Repository.create(tmp_path / "repository")


@pytest.fixture
def two(repository: Repository) -> Repository:
    """Return a repository with one leaf and the meta-distribution."""
    return with_two(repository)


@pytest.fixture(scope="session")
def released_once(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Release two distributions to a real embedded index, once for all tests."""
    root = tmp_path_factory.mktemp("released")
    repository = with_two(Repository.create(root / "repository"))
    tools = root / "tools"  # the server is installed once for all copies
    tools.mkdir()
    (repository.root / ".nox").symlink_to(tools)
    repository.script(
        """
        from release import plan, server, train
        from release.projects import load_all

        train.DIST.mkdir()
        with server.connect() as index:
            steps = plan.make(index, list(load_all().values()), train.DIST)
            for step in steps:
                train._stage(index, step.project)
                train._promote(index, step)
                train._record(index, step, index.serial)
        """
    )
    return repository


@pytest.fixture
def on_stable(released_once: Repository, tmp_path: Path) -> Repository:
    """Return a copy of a repository whose two distributions are on its own stable."""
    return released_once.copy(tmp_path / "on-stable")


@pytest.fixture(scope="session")
def served_once(
    released_once: Repository, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Repository]:
    """Serve such a copy; who only reads spares itself the start of a server."""
    copy = released_once.copy(tmp_path_factory.mktemp("served") / "repository")
    command = [sys.executable, "-u", "-m", "release.server"]
    with subprocess.Popen(
        command, cwd=copy.root, env=copy.environment, stdout=subprocess.PIPE
    ) as server:
        assert b"The index serves" in server.stdout.readline()
        yield copy
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


@pytest.fixture
def served(served_once: Repository, tmp_path: Path) -> Repository:
    """Return a copy that reads from the stable of ``served_once``."""
    return served_once.copy(tmp_path / "served", served_once.environment["DEVPI_PORT"])

"""
A clone of this repository in which the real sessions release to a real server.

The suites of the distributions, and what they need, are replaced by a few lines each:
what is tested here is the release, and every run installs and tests each distribution
several times.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loopback import free_port

from release import embedded, environments
from release.index import STABLE, Account, Index
from release.projects import ROOT, load, load_all

if TYPE_CHECKING:
    from collections.abc import Iterator

SMOKE = '''"""Stands for the suite of {name}."""
import importlib


def test_import():
    assert importlib.import_module("{package}").__version__
'''
FACADE = """

def test_the_facade_reaches_a_leaf():
    assert importlib.import_module("ml_infra_utils").timer
"""


class Clone:
    """One clone with an index of its own, on a port of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        home = root.with_name(root.name + "-home")
        home.mkdir(exist_ok=True)
        kept = ("PIP_", "UV_", "SSL_", "REQUESTS_", "LANG", "LC_")
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(kept) or name in {"PATH", "TMPDIR"}
        } | {
            # An empty home: no git identity, no pip, devpi or twine configuration.
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "DEVPI_PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", ""),
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", ""),
        }
        self.env = {name: value for name, value in self.env.items() if value}

    def copy(self, root: Path) -> Clone:
        """Return a copy with the same history, index data and artefacts."""
        shutil.copytree(
            self.root, root, symlinks=True, ignore=shutil.ignore_patterns(".nox")
        )
        tools = self.root / ".nox"
        tools.mkdir(exist_ok=True)
        (root / ".nox").symlink_to(tools.resolve())  # the environments of the tools
        return Clone(root)

    def clone(self, root: Path, **env: str) -> Clone:
        """Return a second clone of the same history, with nothing else in common."""
        subprocess.run(
            ["git", "clone", "--quiet", str(self.root), str(root)], check=True
        )
        (root / ".nox").symlink_to((self.root / ".nox").resolve())
        other = Clone(root)
        other.env |= env
        return other

    def git(self, *arguments: str) -> str:
        """Run git as somebody with an identity."""
        who = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com")
        return subprocess.run(
            ["git", *who, *arguments],
            cwd=self.root,
            env=self.env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self, message: str) -> None:
        self.git("commit", "--all", "--quiet", "--message", message)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the one occurrence of a text in a file."""
        file = self.root / path
        text = file.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new), "utf-8")

    def version(self, name: str) -> str:
        return load(self.root / "packages" / name).version.public

    def raise_version(self, name: str) -> str:
        """Raise one distribution's last number, as a commit; return the version."""
        old = self.version(name)
        head, _, last = old.rpartition(".")
        new = f"{head}.{int(last) + 1}"
        path = f"packages/{name}/pyproject.toml"
        self.edit(path, f'\nversion = "{old}"\n', f'\nversion = "{new}"\n')
        self.commit(f"{name} {new}")
        return new

    def nox(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a session to its end; its output in one string."""
        return subprocess.run(
            [sys.executable, "-m", "nox", "--no-color", "-s", *arguments],
            cwd=self.root,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start a session in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "nox", "--no-color", "-s", *arguments],
            cwd=self.root,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def start_until(self, text: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a session; return it when it has printed a line with ``text``."""
        process = self.start(*arguments)
        read_until(process, text)
        return process

    @contextlib.contextmanager
    def serving(self):
        """Run ``nox -s serve`` and yield a client of it; end it with Ctrl-C."""
        process = self.start("serve")
        try:
            read_until(process, "--index-url")
            yield self.index()
        finally:
            os.killpg(process.pid, signal.SIGINT)
            output = process.communicate(timeout=30)[0]
            assert "The index has stopped" in output, output
        assert self.processes() == []

    def index(self) -> Index:
        """Return a client with the generated accounts of this clone's index."""
        stored = json.loads((self.root / ".devpi/accounts.json").read_text("utf-8"))
        accounts = {user: Account(user, secret) for user, secret in stored.items()}
        url = f"http://127.0.0.1:{self.port}"
        return Index(url, accounts["uploader"], accounts["promoter"], embedded=True)

    def stable(self) -> dict[str, dict[str, dict[str, str]]]:
        """Return everything that stable serves: name, version, file, sha256."""
        with self.serving() as index:
            return {name: index.files(STABLE, name) for name in load_all()}

    def tags(self) -> set[str]:
        return set(self.git("tag", "--list").split())

    def processes(self) -> list[str]:
        """Return the command lines of all processes that have to do with this clone."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(self.root) + "/" in line:
                    found.append(f"{path.parent.name} {line}")
        return found

    def processes_after_a_while(self, seconds: float = 20) -> list[str]:
        """Return the processes that are still there when all had time to end."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Read a session's output up to a line with ``text``."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return "".join(seen)
    raise AssertionError(f"ended without {text!r}:\n{''.join(seen)}")


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a clone that was never released from, with small suites."""
    root = tmp_path_factory.mktemp("fresh") / "ml-infra"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root)], check=True)
    clone = Clone(root)
    for tag in clone.tags():
        clone.git("tag", "--delete", tag)
    for name, project in load_all().items():
        tests = root / f"packages/{name}/tests"
        shutil.rmtree(tests)
        tests.mkdir()
        text = SMOKE.format(name=name, package=project.import_name)
        text += FACADE if name == "ml-infra-utils" else ""
        (tests / "test_smoke.py").write_text(text, "utf-8")
        pyproject = root / f"packages/{name}/pyproject.toml"
        text = pyproject.read_text("utf-8").replace('    "hypothesis>=6.100",\n', "")
        pyproject.write_text(text, "utf-8")
    clone.git("add", "--all")
    clone.commit("Small suites")
    return clone


@pytest.fixture(scope="session")
def released(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a clone after its first release; tests work on copies of it."""
    clone = fresh.copy(tmp_path_factory.mktemp("released") / "ml-infra")
    done = clone.nox("release")
    assert done.returncode == 0, done.stdout
    clone.output = done.stdout
    assert clone.processes() == []
    return clone


@pytest.fixture(scope="session")
def served(released: Clone) -> Iterator[Index]:
    """Return the index of the released clone, served for tests that only read."""
    copy = released.copy(released.root.with_name("served"))
    with copy.serving() as index:
        yield index


@pytest.fixture
def clone(released: Clone, tmp_path: Path) -> Clone:
    """Return a copy of the released clone that the test may change."""
    return released.copy(tmp_path / "ml-infra")


@pytest.fixture(scope="module")
def team(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a devpi-server that is not ours; yield its URL. root has ``team-root``."""
    folder = tmp_path_factory.mktemp("team")
    place = fresh.root / ".nox/devpi-server"
    environment = environments.ensure(place, embedded.REQUIREMENTS)
    data = ["--serverdir", str(folder / "data")]
    config = folder / "init.yml"
    config.write_text("devpi-server:\n  root-passwd: team-root\n", "utf-8")
    init = [str(environment.executable("devpi-init")), "--configfile", str(config)]
    subprocess.run([*init, *data], check=True, capture_output=True)
    port = free_port()
    command = [str(environment.executable("devpi-server")), *data, *embedded.CHEAP_KEY]
    command += ["--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not embedded.listens(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()

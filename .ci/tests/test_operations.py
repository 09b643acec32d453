"""The commands of docs/operations.md, run as they stand there."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from release import environments

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"


def commands(heading):
    """Return the bash blocks of one section."""
    section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2]
    section = section.partition("\n## ")[0]
    return re.findall(r"^```bash\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(on_stable, port):
    """Return what runs the commands of the page in a repository with a stable."""

    class Shell:
        repository = on_stable
        environment = {  # noqa: RUF012 - of this test only
            **on_stable.environment,
            "BIN": ".nox/devpi-server/bin",
            "DEVPI": ".devpi",
            "PRIMARY": f"http://127.0.0.1:{on_stable.environment['DEVPI_PORT']}",
            "REPLICA_PORT": port,
            "PYTHON": sys.executable,
            "PYTHONWARNINGS": "ignore",
            # Stretching the secret costs each server four seconds on two cores.
            "DEVPISERVER_ARGON2_TIME_COST": "1",
        }

        def run(self, script):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=self.repository.root,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        @contextlib.contextmanager
        def server(self, script, url):
            """Run a script that ends in a server until it is no longer needed."""
            with (
                open(os.devnull, "w") as null,  # noqa: PTH123 - no path of ours
                subprocess.Popen(
                    ["bash", "-euo", "pipefail", "-c", script],
                    cwd=self.repository.root,
                    env=self.environment,
                    stdout=null,
                    stderr=null,
                    start_new_session=True,
                ) as process,
            ):
                try:
                    wait_for(f"{url}/+api", lambda _: True)
                    yield
                finally:
                    os.killpg(process.pid, signal.SIGTERM)

    return Shell()


def wait_for(url, condition, seconds=120):
    """Ask a URL for JSON until the answer is as wished."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        url, headers={"Accept": "application/json"}
    )
    deadline, seen = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
                seen = json.load(response)["result"]
        except OSError as error:
            seen = error
        else:
            if condition(seen):
                return
        time.sleep(0.5)
    raise AssertionError(f"{url} never answered as wished, but {seen}")


def test_a_backup_is_restored_and_passes_the_audit(shell):
    (backup,) = commands("Back up")
    (restore,) = commands("Restore")
    assert "nox -s audit\n" in restore

    shell.run(backup)
    shell.run(restore.replace("nox -s audit\n", '"$PYTHON" -m release.audit\n'))

    root = shell.repository.root
    assert (root / ".devpi.before").is_dir()
    for name in ("accounts.json", "secret"):
        assert (root / ".devpi" / name).stat().st_mode & 0o777 == 0o600
    answer = shell.repository.run("audit")
    assert answer.returncode == 0, answer.stderr
    assert "what the receipts of 2 releases say" in answer.stdout


def test_a_release_to_the_primary_installs_from_the_replica(shell, tmp_path):
    """The replication is devpi's own; both servers are started as the page says."""
    (primary,) = [c for c in commands("Replicas") if "--role primary" in c]
    (replica,) = [c for c in commands("Replicas") if "devpi-init --role replica" in c]
    (status,) = [c for c in commands("Replicas") if "curl" in c]
    url = f"http://127.0.0.1:{shell.environment['REPLICA_PORT']}"
    repository = shell.repository
    with shell.server(primary, shell.environment["PRIMARY"]):
        shell.run("cp -p .devpi/secret secret")
        with shell.server(replica, url):
            pyproject = repository.root / "packages/ml-infra-metrics/pyproject.toml"
            text = pyproject.read_text("utf-8").replace('"0.1.0"', '"0.1.1"')
            pyproject.write_text(text, "utf-8")
            repository.commit("0.1.1")
            repository.script(
                """
                from release import plan, server, train
                from release.projects import load_all

                with server.connect() as index:
                    steps = plan.make(index, list(load_all().values()), train.DIST)
                    for step in steps:
                        if step.action == plan.RELEASE:
                            train._stage(index, step.project)
                            train._promote(index, step)
                """
            )
            simple = f"{url}/ml/stable/+simple/"
            wait_for(f"{url}/ml/stable/ml-infra-metrics", lambda r: "0.1.1" in r)
            wait_for(f"{url}/+status", lambda r: r["replica-in-sync-at"])
            assert json.loads(shell.run(status))["result"]["role"] == "REPLICA"
            environment = environments.create(tmp_path / "site")
            environment.install("ml-infra-metrics==0.1.1", index_url=simple)
    (core,) = (tmp_path / "site").glob(
        "lib/python*/site-packages/ml_infra/metrics/core.py"
    )
    assert core.is_file()

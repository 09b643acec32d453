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
import urllib.error
import urllib.request

import pytest
from packaging.version import Version

from release import environments


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


AUDIT = "nox -s audit\n", '"$PYTHON" -m release.audit\n'  # the session's environment
PASSED = "what the receipts of 2 releases say"


def test_a_backup_is_restored_and_passes_the_audit(shell, documented):
    (backup,) = documented("Back up")
    (restore,) = documented("Restore")
    shell.run(backup)
    assert PASSED in shell.run(restore.replace(*AUDIT))
    root = shell.repository.root
    assert (root / ".devpi.before").is_dir()
    for name in ("accounts.json", "secret"):
        assert (root / ".devpi" / name).stat().st_mode & 0o777 == 0o600


@pytest.fixture
def older(shell, documented):
    """Have what is on stable served by an older devpi-server; return its version."""
    (backup,) = documented("Back up")
    shell.run(backup)
    root = shell.repository.root
    (root / ".nox").unlink()  # what all tests share
    (root / ".nox").mkdir()
    environment = environments.create(root / ".nox/devpi-server")
    environment.install("devpi-server==6.19.*")
    shell.run(
        """
        rm -r "$DEVPI/server"
        $BIN/devpi-import --serverdir "$DEVPI/server" backup
        rm -r backup
        """
    )
    return version_of(shell)


def version_of(shell):
    """Return the version of devpi-server that the page's $BIN has."""
    return shell.run("$BIN/devpi-server --version").strip()


def test_an_older_server_is_upgraded_within_its_major_version(shell, documented, older):
    upgrade, _ = documented("Upgrade")
    assert PASSED in shell.run(upgrade.replace(*AUDIT))
    assert Version(version_of(shell)) > Version(older)


def test_an_older_servers_export_is_imported_by_a_newer_one(shell, documented, older):
    """The way across major versions; there is no newer one to try it with."""
    (backup,) = documented("Back up")
    _, install = documented("Upgrade")
    (restore,) = documented("Restore")
    script = f"{backup}{install}{restore.replace(*AUDIT)}$BIN/devpi-server --version"
    *said, version = shell.run(script).splitlines()
    assert PASSED in said[-1]
    assert Version(version) > Version(older)


def release_next(repository):
    """Stage and promote another version of one distribution, to wherever told."""
    pyproject = repository.root / "packages/ml-infra-metrics/pyproject.toml"
    text = pyproject.read_text("utf-8").replace('"0.1.0"', '"0.1.1"')
    pyproject.write_text(text, "utf-8")
    repository.commit("0.1.1")
    repository.script(
        """
        import os
        from release import embedded, plan, server, train
        from release.index import Account, Index
        from release.projects import load_all

        with server.connect() as index:
            if url := os.environ.get("PROXY"):
                index = Index(url, index.uploader, index.promoter)
            steps = plan.make(index, list(load_all().values()), train.DIST)
            for step in steps:
                if step.action == plan.RELEASE:
                    train._stage(index, step.project)
                    train._promote(index, step)
        """
    )


def test_a_release_to_the_primary_installs_from_the_replica(
    shell, documented, tmp_path
):
    """The replication is devpi's own; both servers are started as the page says."""
    primary, replica, status = documented("Replicas")
    url = f"http://127.0.0.1:{shell.environment['REPLICA_PORT']}"
    repository = shell.repository
    with shell.server(primary, shell.environment["PRIMARY"]):
        shell.run("cp -p .devpi/secret secret")
        with shell.server(replica, url):
            release_next(repository)
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


def test_the_proxy_does_tls_and_keeps_the_replication_from_strangers(
    shell, documented, nginx, port, tmp_path, monkeypatch
):
    """The page's block in the file that devpi generates, and a release through it."""
    (generate,) = documented("A proxy in front")
    (block,) = documented("A proxy in front", "nginx")
    root, url = shell.repository.root, f"https://localhost:{port}"
    shell.run(generate)
    shell.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE "
        "-keyout key.pem -out fullchain.pem"
    )
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"):
        monkeypatch.setenv(name, str(root / "fullchain.pem"))
        shell.repository.environment[name] = str(root / "fullchain.pem")

    here = {
        "443": f"127.0.0.1:{port}",
        "/etc/ssl/devpi": str(root),
        "127.0.0.1:3141": f"127.0.0.1:{shell.repository.environment['DEVPI_PORT']}",
    }
    for there, replacement in here.items():
        assert there in block
        block = block.replace(there, replacement)
    server = root / "gen-config/nginx-devpi.conf"
    head, listen, tail = server.read_text().partition("    listen 80;\n")
    assert listen
    server.write_text(head + block + tail)
    unit = (root / "gen-config/devpi.service").read_text()
    start = re.search("^ExecStart=(.*)", unit, re.MULTILINE)[1]

    with (
        shell.server(start, shell.environment["PRIMARY"]),
        nginx(server) as reload,
    ):
        wait_for(f"{url}/+api", lambda _: True)
        for path in (
            "/+changelog/0",
            "/+changelog/0-",
            "/%2Bchangelog/0-",
            "//+changelog/0-",
        ):
            assert answer(url + path) == (403, "nginx")
        shell.repository.environment["PROXY"] = url
        release_next(shell.repository)
        environment = environments.create(tmp_path / "site")
        simple = f"{url}/ml/stable/+simple/"
        environment.install("ml-infra-metrics==0.1.1", index_url=simple)
        # A replica's address gets through to devpi.
        server.write_text(server.read_text().replace("192.0.2.10", "127.0.0.1"))
        reload()
        deadline = time.monotonic() + 30
        while answer(f"{url}/+changelog/0")[1] == "nginx":
            assert time.monotonic() < deadline
            time.sleep(0.1)


def answer(url):
    """Return the status of a page, and who made it."""
    try:
        with urllib.request.urlopen(url) as response:  # noqa: S310 - loopback
            return response.status, "devpi"
    except urllib.error.HTTPError as error:
        return error.code, "nginx" if b"nginx" in error.read() else "devpi"

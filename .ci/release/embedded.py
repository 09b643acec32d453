"""The process and the data of the embedded devpi-server, in ``.devpi/``."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from release import environments
from release.command import tool
from release.projects import ROOT, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = ROOT / ".devpi"
HOST = "127.0.0.1"
# 6.20.2 closed unauthorised reads by replicas.
REQUIREMENTS = ["devpi-server>=6.20.2,<7"]
START_TIMEOUT = 60  # seconds; a cold start on a busy machine takes about two
# The key that signs logins is stretched against guessing, four seconds of every start.
# Our secret is 256 random bits, which nobody guesses.
CHEAP_KEY = ("--argon2-time-cost", "1", "--argon2-memory-cost", "8192")


def port() -> int:
    """Return the port to serve on: ``DEVPI_PORT``, 3141 by default."""
    value = os.environ.get("DEVPI_PORT", "3141")
    if not value.isdigit() or not 0 < int(value) < 2**16:
        raise ReleaseError(f"DEVPI_PORT must be a port number, not {value!r}")
    return int(value)


def exists() -> bool:
    """Tell whether the server's data has been made."""
    return (HOME / "server").exists()


def passwords() -> dict[str, str]:
    """Return the generated password of each account."""
    stored: dict[str, str] = json.loads((HOME / "accounts.json").read_text("utf-8"))
    return stored


def answers(number: int) -> bool:
    """Tell whether our own server listens there; a stranger's is an error."""
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((HOST, number)):
            return False
    info = HOME / "server" / ".nodeinfo"
    with contextlib.suppress(OSError, ValueError):
        uuid = json.loads(info.read_text("utf-8"))["uuid"]
        with urllib.request.urlopen(
            f"http://{HOST}:{number}/+api", timeout=5
        ) as answer:
            if answer.headers.get("X-Devpi-Uuid") == uuid:
                return True
    raise ReleaseError(
        f"port {number} is taken by another program; stop it, or choose another port "
        "with DEVPI_PORT"
    )


@contextlib.contextmanager
def running(number: int) -> Iterator[None]:
    """Run devpi-server on our data; wait until it answers, stop it at the end."""
    environment = environments.ensure(ROOT / ".nox" / "devpi-server", REQUIREMENTS)
    _initialise(environment)
    log_path = HOME / "server.log"
    command = [
        sys.executable,
        str(Path(__file__).with_name("supervise.py")),
        str(environment.executable("devpi-server")),
        *("--serverdir", str(HOME / "server"), "--secretfile", str(HOME / "secret")),
        # Not even an owner may flip an index to volatile: only root may.
        *("--restrict-modify", "root"),
        *CHEAP_KEY,
        # What the registry of third parties may take; 5 is too little on a bad day.
        *("--request-timeout", "30"),
        *("--host", HOST, "--port", str(number)),
    ]
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # Ctrl-C must reach us, who stop the server, and not the server itself.
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not listens(number):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ReleaseError(f"devpi-server did not start; read {log_path}")
            time.sleep(0.1)
        yield
    finally:
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.close()
        process.wait()


def listens(number: int) -> bool:
    """Tell whether a devpi-server answers there."""
    with contextlib.suppress(OSError):
        url = f"http://{HOST}:{number}/+api"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    return False


def _initialise(environment: environments.Environment) -> None:
    """Make the server's data and passwords once; an interrupted try leaves nothing."""
    if exists():
        return
    old_umask = os.umask(0o077)
    try:
        HOME.mkdir(exist_ok=True)
        fresh = HOME / "server.new"
        shutil.rmtree(fresh, ignore_errors=True)
        accounts = {
            user: secrets.token_urlsafe(32) for user in ("root", "uploader", "promoter")
        }
        (HOME / "accounts.json").write_text(json.dumps(accounts, indent=2), "utf-8")
        (HOME / "secret").write_text(secrets.token_urlsafe(32), "utf-8")
        # By file and not by option: every user of the machine can read an argv.
        config = HOME / "init.yml"
        password = accounts["root"]
        config.write_text(f"devpi-server:\n  root-passwd: {password}\n", "utf-8")
        program = str(environment.executable("devpi-init"))
        command = [program, "--configfile", str(config), "--serverdir", str(fresh)]
        try:
            tool(command, why="devpi-init failed")
        finally:
            config.unlink()
        fresh.rename(HOME / "server")
    finally:
        os.umask(old_umask)

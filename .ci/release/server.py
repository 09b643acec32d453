"""The embedded index: a devpi-server of our own on loopback, data in ``.devpi/``."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release import environments
from release.command import run
from release.index import DEV, OWNER, STABLE, STAGING, Account, Index
from release.projects import ROOT, ReleaseError, load_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HOME = ROOT / ".devpi"
HOST = "127.0.0.1"
# 6.20.2 closed unauthorised reads by replicas.
REQUIREMENTS = ["devpi-server>=6.20.2,<7"]
START_TIMEOUT = 60  # seconds; a cold start on a busy machine takes about ten
MIRROR = "root/pypi"


@contextlib.contextmanager
def connect() -> Iterator[Index]:
    """
    Yield the team's index when ``DEVPI_URL`` is set, else the embedded one.

    An embedded server that another terminal already serves is used as it is; one
    that this call had to start is stopped on the way out, whatever happened.
    """
    if url := os.environ.get("DEVPI_URL"):
        yield _external(url)
        return
    with _embedded() as (index, root):
        bootstrap(index, root)
        yield index


@contextlib.contextmanager
def connect_to_read() -> Iterator[Index | None]:
    """Yield the same index without writing to it; None when there is none yet."""
    if os.environ.get("DEVPI_URL"):
        with connect() as index:
            yield index
    elif not (HOME / "server").exists():
        yield None
    else:
        with _embedded() as (index, _):
            yield index


@contextlib.contextmanager
def _embedded() -> Iterator[tuple[Index, Account]]:
    port = _port()
    with contextlib.ExitStack() as stack:
        if not _ours_answers(port):
            stack.enter_context(_running(port))
        stored = json.loads((HOME / "accounts.json").read_text("utf-8"))
        accounts = {user: Account(user, password) for user, password in stored.items()}
        url = f"http://{HOST}:{port}"
        index = Index(url, accounts["uploader"], accounts["promoter"], embedded=True)
        yield index, accounts["root"]


def bootstrap(index: Index, root: Account) -> None:
    """
    Create the users, the three indexes and our names on stable, as far as missing.

    Each step looks before it writes, so an interrupted bootstrap is completed by
    the next one.
    """
    answer = index.request("GET", "/?no_projects", account=root)
    users = answer["result"]
    for account in (index.uploader, index.promoter):
        if account.user not in users:
            users[account.user] = {}
            body = {"password": account.password}
            index.request("PUT", f"/{account.user}", body, account=root)
    if OWNER not in users:
        # Nobody logs in as the owner of the indexes: root alone changes them.
        body = {"password": secrets.token_urlsafe(32)}
        index.request("PUT", f"/{OWNER}", body, account=root)
    existing = users.get(OWNER, {}).get("indexes", {})
    uploader, promoter = [index.uploader.user], [index.promoter.user]
    wanted: dict[str, dict[str, Any]] = {
        STABLE: {"bases": [MIRROR], "volatile": False, "acl_upload": promoter},
        STAGING: {"bases": [STABLE], "volatile": True, "acl_upload": uploader},
        DEV: {"bases": [STABLE], "volatile": True, "acl_upload": uploader},
    }
    for name, settings in wanted.items():
        if name.rsplit("/", 1)[-1] not in existing:
            common = {"type": "stage", "acl_toxresult_upload": uploader}
            index.request("PUT", f"/{name}", {**common, **settings}, account=root)
    for project in load_all():
        # A name that stands on a stage is never looked up on the mirror below it,
        # so a stranger's package of our name cannot win before the first release.
        if not index.metadata(STABLE, project):
            form = {":action": "submit", "name": project, "version": "0.0.0"}
            index.submit_form(STABLE, form, index.promoter)


def serve(argv: Sequence[str]) -> int:  # noqa: ARG001 - as every command is called
    """Run the embedded index in the foreground until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), connect() as index:
        url = index.simple_url(STABLE)
        print(f"The index serves at {index.url}; stop it with Ctrl-C. Install with:\n")
        print(f"  python -m pip install --index-url {url} ml-infra-utils\n", flush=True)
        while True:
            time.sleep(3600)
    print("The index has stopped.")
    return 0


def _external(url: str) -> Index:
    user, password = os.environ.get("DEVPI_USER"), os.environ.get("DEVPI_PASSWORD")
    if not url.startswith(("http://", "https://")):
        raise ReleaseError(f"DEVPI_URL must start with http:// or https://, not {url}")
    if not user or password is None:
        raise ReleaseError("DEVPI_URL is set: set DEVPI_USER and DEVPI_PASSWORD too")
    account = Account(user, password)
    index = Index(url.rstrip("/"), account, account)
    if "features" not in index.request("GET", "/+api", account=account)["result"]:
        raise ReleaseError(f"DEVPI_URL {url} must be the root of a devpi server")
    existing = index.request("GET", "/?no_projects")["result"]
    indexes = existing.get(OWNER, {}).get("indexes", {})
    if missing := [i for i in (STABLE, STAGING, DEV) if i.split("/")[1] not in indexes]:
        if user != "root":
            names = ", ".join(missing)
            message = (
                f"{url} has no {names}; run once with DEVPI_USER=root to create them"
            )
            raise ReleaseError(message)
        bootstrap(index, account)
    return index


def _port() -> int:
    value = os.environ.get("DEVPI_PORT", "3141")
    if not value.isdigit() or not 0 < int(value) < 2**16:
        raise ReleaseError(f"DEVPI_PORT must be a port number, not {value!r}")
    return int(value)


def _ours_answers(port: int) -> bool:
    """Tell whether our own server listens there; a stranger's is an error."""
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((HOST, port)):
            return False
    info = HOME / "server" / ".nodeinfo"
    with contextlib.suppress(OSError, ValueError):
        uuid = json.loads(info.read_text("utf-8"))["uuid"]
        with urllib.request.urlopen(f"http://{HOST}:{port}/+api", timeout=5) as answer:
            if answer.headers.get("X-Devpi-Uuid") == uuid:
                return True
    raise ReleaseError(
        f"port {port} is taken by another program; stop it, or choose another port "
        "with DEVPI_PORT"
    )


@contextlib.contextmanager
def _running(port: int) -> Iterator[None]:
    """Run devpi-server on our data; wait until it answers, stop it at the end."""
    environment = environments.ensure(ROOT / ".nox" / "devpi-server", REQUIREMENTS)
    _initialise(environment)
    log_path = HOME / "server.log"
    command = [
        sys.executable,
        str(Path(__file__).with_name("supervise.py")),
        str(environment.executable("devpi-server")),
        *("--configfile", str(HOME / "config.yml")),
        *("--host", HOST, "--port", str(port)),
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
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ReleaseError(f"devpi-server did not start; see {log_path}")
            time.sleep(0.1)
        yield
    finally:
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.close()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        url = f"http://{HOST}:{port}/+api"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    return False


def _initialise(environment: environments.Environment) -> None:
    """Make the server's data and passwords once; an interrupted try leaves nothing."""
    if (HOME / "server").exists():
        return
    old_umask = os.umask(0o077)
    try:
        HOME.mkdir(exist_ok=True)
        fresh = HOME / "server.new"
        shutil.rmtree(fresh, ignore_errors=True)
        passwords = {
            user: secrets.token_urlsafe(32) for user in ("root", "uploader", "promoter")
        }
        (HOME / "accounts.json").write_text(json.dumps(passwords, indent=2), "utf-8")
        (HOME / "secret").write_text(secrets.token_urlsafe(32), "utf-8")
        init = HOME / "init.yml"
        secret = HOME / "secret"
        # By file and not by option: every user of the machine can read an argv.
        _write_config(
            init,
            {
                "serverdir": fresh,
                "secretfile": secret,
                "root-passwd": passwords["root"],
            },
        )
        program = str(environment.executable("devpi-init"))
        command = [program, "--configfile", str(init)]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ReleaseError(f"devpi-init failed:\n{done.stdout.strip()}")
        init.unlink()
        _write_config(
            HOME / "config.yml",
            {
                "serverdir": HOME / "server",
                "secretfile": secret,
                # Not even an owner may flip an index to volatile: only root may.
                "restrict-modify": "root",
            },
        )
        fresh.rename(HOME / "server")
    finally:
        os.umask(old_umask)


def _write_config(path: Path, settings: Mapping[str, object]) -> None:
    """Write a devpi configuration file, each value as a quoted YAML scalar."""
    lines = [
        f"  {k}: '{str(v).replace(chr(39), chr(39) * 2)}'" for k, v in settings.items()
    ]
    path.write_text("\n".join(["devpi-server:", *lines, ""]), "utf-8")


if __name__ == "__main__":
    run(serve)

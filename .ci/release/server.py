"""Which index a session talks to, and what must exist on it."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from typing import TYPE_CHECKING, Any

from release import embedded
from release.command import run
from release.index import DEV, LOCK, OWNER, STABLE, STAGING, Account, Index
from release.projects import ReleaseError, load_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MIRROR = "root/pypi"


@contextlib.contextmanager
def connect() -> Iterator[Index]:
    """
    Yield the team's index when ``DEVPI_URL`` is set, else the embedded one.

    An embedded server that another terminal already serves is used as it is; one
    that this call had to start is stopped on the way out, whatever happened.
    """
    if url := os.environ.get("DEVPI_URL"):
        index = _external(url)
        _require_indexes(index)
        yield index
        return
    with _embedded() as (index, root):
        bootstrap(index, root)
        yield index


@contextlib.contextmanager
def connect_to_read() -> Iterator[Index | None]:
    """Yield the same index without writing to it; None when there is none yet."""
    if url := os.environ.get("DEVPI_URL"):
        yield _external(url)
    elif not embedded.exists():
        yield None
    else:
        with _embedded() as (index, _):
            yield index


@contextlib.contextmanager
def _embedded() -> Iterator[tuple[Index, Account]]:
    port = embedded.port()
    with contextlib.ExitStack() as stack:
        if not embedded.answers(port):
            stack.enter_context(embedded.running(port))
        accounts = {u: Account(u, p) for u, p in embedded.passwords().items()}
        url = f"http://{embedded.HOST}:{port}"
        index = Index(url, accounts["uploader"], accounts["promoter"], embedded=True)
        yield index, accounts["root"]


def bootstrap(index: Index, root: Account) -> None:
    """
    Create the users, the four indexes and our names on stable, as far as missing.

    Each step looks before it writes, so an interrupted bootstrap is completed by
    the next one.
    """
    users = index.request("GET", "/?no_projects", account=root)["result"]
    if index.embedded:
        _set_up_mirror(index, root, users["root"]["indexes"]["pypi"])
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
        LOCK: {"bases": [], "volatile": False, "acl_upload": uploader},
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


def _set_up_mirror(index: Index, root: Account, settings: dict[str, Any]) -> None:
    """Point the mirror where this machine's pip looks, and keep it from listing all."""
    # Half a million names that nobody asks for take the server a long time to read.
    wanted: dict[str, Any] = {"mirror_no_project_list": True}
    upstream = os.environ.get("PIP_INDEX_URL", "")
    if upstream and "@" not in upstream:  # anyone may read the settings of an index
        wanted["mirror_url"] = upstream
    if changes := {k: v for k, v in wanted.items() if settings.get(k) != v}:
        index.request("PATCH", f"/{MIRROR}", {**settings, **changes}, account=root)


def serve(argv: Sequence[str]) -> int:  # noqa: ARG001 - as every command is called
    """Run the embedded index in the foreground until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    session = os.getppid()
    ours = not os.environ.get("DEVPI_URL") and not embedded.answers(embedded.port())
    with contextlib.suppress(KeyboardInterrupt), connect() as index:
        how = "stop it with Ctrl-C" if ours else "it was running already"
        found = [name for name in load_all() if index.files(STABLE, name)]
        url = index.simple_url(STABLE)
        print(f"The index serves at {index.url}; {how}. Install with:\n")
        name = (found or ["NAME"])[-1]  # the meta-distribution comes last
        print(f"  python -m pip install --index-url {url} {name}\n", flush=True)
        if not ours:
            return 0
        while os.getppid() == session:  # a killed nox leaves no server behind
            time.sleep(1)
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
    return index


def _require_indexes(index: Index) -> None:
    """Refuse a server without our indexes, unless this account may create them."""
    existing = index.request("GET", "/?no_projects")["result"]
    indexes = existing.get(OWNER, {}).get("indexes", {})
    wanted = (STABLE, STAGING, DEV, LOCK)
    if missing := [name for name in wanted if name.split("/")[1] not in indexes]:
        if index.uploader.user != "root":
            how = "run once with DEVPI_USER=root to create them"
            raise ReleaseError(f"{index.url} has no {', '.join(missing)}; {how}")
        bootstrap(index, index.uploader)


if __name__ == "__main__":
    run(serve)

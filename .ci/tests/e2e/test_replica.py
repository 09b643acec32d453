"""Scale-out as devpi means it: release to the primary, install from a replica."""

from __future__ import annotations

import secrets
import subprocess
import time
import urllib.request

import pytest

from release import environments
from release.index import STABLE, Account, Index

LEAF = "ml-infra-decorators"


@pytest.mark.timeout(300)
def test_what_is_released_to_the_primary_installs_from_a_replica(
    fresh, team_server, tmp_path
):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    secret = private / "secret"
    secret.write_text(secrets.token_urlsafe(32))
    secret.chmod(0o600)
    shared = ("--secretfile", str(secret))
    with team_server("primary", "--role=primary", *shared) as primary:
        clone = fresh.copy(tmp_path / "ml-infra")
        settings = {"DEVPI_USER": "root", "DEVPI_PASSWORD": "team-root"}
        only = ("release", "--", "--only", LEAF)
        done = clone.nox(*only, DEVPI_URL=primary, **settings)
        assert done.returncode == 0, done.stdout
        follow = (f"--primary-url={primary}", *shared)
        with team_server("replica", *follow) as replica:
            root = Account("root", "team-root")
            index = Index(replica, root, root)
            files = Index(primary, root, root).files(STABLE, LEAF)
            deadline = time.monotonic() + 60
            while index.files(STABLE, LEAF) != files:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            with urllib.request.urlopen(replica + "/+api", timeout=30) as page:  # noqa: S310 - loopback
                headers = page.headers
            assert headers["X-Devpi-Uuid"] != headers["X-Devpi-Primary-Uuid"]
            installed = environments.create(tmp_path / "env")
            installed.install(LEAF, index_url=index.simple_url(STABLE))
    code = "import ml_infra.decorators as d; print(d.__version__)"
    done = subprocess.run(
        [str(installed.python), "-c", code],
        env=environments.isolated(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == clone.version(LEAF)

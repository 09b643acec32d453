"""What can go wrong with an index ends in one clear line, soon, with nothing left."""

from __future__ import annotations

import socket
import time

import pytest

from release.index import DEV, STABLE, Account, Index

LEAF = "ml-infra-decorators"


def error_of(done):
    """Return the one line that says what went wrong."""
    assert done.returncode != 0
    (line,) = (x for x in done.stdout.splitlines() if x.startswith("error: "))
    assert "Traceback" not in done.stdout
    return line


def test_a_port_that_another_program_has(clone):
    with socket.socket() as other:
        other.bind(("127.0.0.1", clone.port))
        other.listen()
        done = clone.nox("serve")
    assert f"port {clone.port} is taken by another program" in error_of(done)
    assert "DEVPI_PORT" in done.stdout
    assert clone.processes() == []


def test_a_port_that_is_none(clone):
    assert "DEVPI_PORT must be a port" in error_of(clone.nox("serve", DEVPI_PORT="x"))


def test_a_server_that_dies_at_its_start(clone):
    (clone.root / ".devpi/server/.sqlite").write_bytes(b"no database at all" * 100)
    started = time.monotonic()
    done = clone.nox("release")
    assert "devpi-server did not start" in error_of(done)
    assert "server.log" in error_of(done)
    assert time.monotonic() - started < 45
    assert clone.processes_after_a_while() == []


def test_an_unreachable_server(clone, port):
    url = f"http://127.0.0.1:{port}"
    started = time.monotonic()
    done = clone.nox("release", DEVPI_URL=url, DEVPI_USER="u", DEVPI_PASSWORD="p")
    assert f"no index answers at {url}" in error_of(done)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DEVPI_URL": "devpi.example.com"}, "must start with http"),
        ({"DEVPI_URL": "http://127.0.0.1:9"}, "set DEVPI_USER and DEVPI_PASSWORD"),
    ],
)
def test_settings_that_cannot_work(clone, settings, said):
    assert said in error_of(clone.nox("release", **settings))


def test_serve_stops_at_ctrl_c_and_leaves_nothing(clone):
    with clone.serving():  # asserts both on its way out
        assert any("devpi-server" in line for line in clone.processes())


def test_a_second_serve_says_that_one_runs_and_ends(clone):
    with clone.serving():
        done = clone.nox("serve")
        assert done.returncode == 0, done.stdout
        assert f"127.0.0.1:{clone.port}; it was running already" in done.stdout
        assert "has stopped" not in done.stdout


def test_serve_ends_with_the_session_that_started_it(clone):
    """Who ends only nox, as an IDE may, leaves no server behind."""
    process = clone.start_until("--index-url", "serve")
    process.kill()
    process.communicate(timeout=30)
    assert clone.processes_after_a_while() == []


def test_a_release_uses_the_server_of_another_terminal(clone):
    version = clone.raise_version(LEAF)
    with clone.serving() as index:
        done = clone.nox("release")
        assert done.returncode == 0, done.stdout
        assert version in index.files(STABLE, LEAF)


def test_upload_fills_the_development_index(clone):
    version = clone.raise_version(LEAF)
    done = clone.nox("upload", "--", LEAF)
    assert done.returncode == 0, done.stdout
    again = clone.nox("upload", "--", LEAF)
    assert again.returncode == 0, again.stdout
    with clone.serving() as index:
        assert version in index.files(DEV, LEAF)
        assert version not in index.files(STABLE, LEAF)


def test_a_release_to_the_teams_own_server(fresh, team, tmp_path):
    clone = fresh.copy(tmp_path / "ml-infra")
    only = ("release", "--", "--only", LEAF)
    url = {"DEVPI_URL": team}
    wrong = clone.nox(*only, **url, DEVPI_USER="root", DEVPI_PASSWORD="wrong")
    assert "refused the password of user 'root'" in error_of(wrong)
    done = clone.nox(*only, **url, DEVPI_USER="root", DEVPI_PASSWORD="team-root")
    assert done.returncode == 0, done.stdout
    root = Account("root", "team-root")
    index = Index(team, root, root)
    assert list(index.files(STABLE, LEAF)) == [clone.version(LEAF)]
    assert not (clone.root / ".devpi/server").exists()
    # Somebody without a say on this server learns it before anything is built.
    index.request("PUT", "/guest", {"password": "guest"}, account=root)
    version = clone.raise_version(LEAF)
    done = clone.nox(*only, **url, DEVPI_USER="guest", DEVPI_PASSWORD="guest")
    assert done.returncode != 0
    assert version not in index.files(STABLE, LEAF)

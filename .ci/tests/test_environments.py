"""Installing from an index that is a mirror of others."""

from __future__ import annotations

import functools
import http.server
import threading
import zipfile

import pytest

from release import environments
from release.projects import ReleaseError


class Forgetful(http.server.SimpleHTTPRequestHandler):
    """Denies a project to the first who ask for it, as devpi's mirror may once."""

    denials = 1
    asked = 0

    def send_head(self):
        if self.path == "/simple/thing/":
            type(self).asked += 1
            if self.asked <= self.denials:
                return self.send_error(404)
        return super().send_head()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def index(tmp_path):
    """Return such an index and its URL."""
    page = tmp_path / "index/simple/thing"
    page.mkdir(parents=True)
    name, info = "thing-1.0-py3-none-any.whl", "thing-1.0.dist-info"
    with zipfile.ZipFile(page / name, "w") as archive:
        text = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"
        archive.writestr(f"{info}/METADATA", text)
        text = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", text)
        archive.writestr(f"{info}/RECORD", "")
    (page / "index.html").write_text(f'<!DOCTYPE html><a href="{name}">{name}</a>')
    counting = type("Counting", (Forgetful,), {})  # a count of its own
    handler = functools.partial(counting, directory=str(tmp_path / "index"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield counting, f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


def test_a_project_that_is_denied_once_is_installed(index, tmp_path):
    environment = environments.create(tmp_path / "environment")
    environment.install("thing", index_url=index[1])
    assert [*environment.path.glob("lib/python*/site-packages/thing-1.0.dist-info")]


def test_a_project_that_is_always_denied_is_an_error(index, tmp_path):
    handler, url = index
    handler.denials = 99
    environment = environments.create(tmp_path / "environment")
    with pytest.raises(ReleaseError, match="cannot install thing:"):
        environment.install("thing", index_url=url)
    assert handler.asked == environments.TRIES


def test_an_environment_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file/environment"
    with pytest.raises(ReleaseError, match=f"cannot make an environment in {path}:"):
        environments.create(path)

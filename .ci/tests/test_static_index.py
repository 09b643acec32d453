"""The static index, installed from over real HTTP by a real pip."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.request
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest


class Negotiating(http.server.SimpleHTTPRequestHandler):
    """Serve a page's JSON to those who ask for it, as operations.md sets up nginx."""

    seen: list[str] = []  # noqa: RUF012 - emptied by the fixture

    def send_head(self):
        accept = self.headers.get("Accept", "")
        if self.path.startswith("/simple/") and "simple.v1+json" in accept:
            self.path += "index.json"
        self.seen.append(self.path)
        return super().send_head()

    def guess_type(self, path):
        if path.endswith("index.json"):
            return "application/vnd.pypi.simple.v1+json"
        return super().guess_type(path)

    def log_message(self, *_):
        pass


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Return a function that serves a folder on loopback and returns the URL."""
    servers = []

    def start(folder, handler):
        handler = partial(handler, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/simple/"

    Negotiating.seen.clear()
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def static(served_once):
    """Return a static index, written by the command from a real stable."""
    answer = served_once.run("static_index")
    assert answer.returncode == 0, answer.stderr
    return served_once.root / "dist/static-index"


@pytest.fixture(scope="session")
def pip(tmp_path_factory):
    """Return the Python of an environment with pip, which reads no configuration."""
    folder = tmp_path_factory.mktemp("pip")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder / "bin/python"


def install(pip, url, target, name):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    command = [pip, "-m", "pip", "install", "--no-cache-dir", "--index-url", url]
    command += ["--target", target, "--report", target / "report.json", name]
    return subprocess.run(
        command,
        env=environment | {"PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("handler", [Quiet, Negotiating], ids=["html", "json"])
def test_pip_installs_from_it(static, serve, pip, tmp_path, handler):
    url = serve(static, handler)
    done = install(pip, url, tmp_path, "ml-infra-utils")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ml_infra/metrics/core.py").is_file()
    report = json.loads((tmp_path / "report.json").read_text())
    base = url.removesuffix("simple/")
    for item in report["install"]:
        info = item["download_info"]
        assert info["url"].startswith(f"{base}packages/")
        assert info["archive_info"]["hashes"]["sha256"]


def test_the_json_pages_are_what_pip_read(static, serve, pip, tmp_path):
    url = serve(static, Negotiating)
    assert install(pip, url, tmp_path, "ml-infra-metrics").returncode == 0
    assert Negotiating.seen[0] == "/simple/ml-infra-metrics/index.json"


def test_nginx_serves_each_installer_the_page_that_it_accepts(
    static, documented, nginx, port, pip, tmp_path
):
    """As operations.md sets it up."""
    (block,) = documented("Without devpi", "nginx")
    here = {"listen 80;": f"listen 127.0.0.1:{port};", "/srv/static-index": str(static)}
    for there, replacement in here.items():
        assert there in block
        block = block.replace(there, replacement)
    (tmp_path / "servers").write_text(block)
    url = f"http://127.0.0.1:{port}/simple/"
    kinds = ["application/vnd.pypi.simple.v1+json", "text/html"]
    with nginx(tmp_path / "servers"):
        done = install(pip, url, tmp_path, "ml-infra-metrics")
        assert done.returncode == 0, done.stderr
        for kind in kinds:
            page = f"{url}ml-infra-metrics/"
            request = urllib.request.Request(page, headers={"Accept": kind})  # noqa: S310 - loopback
            with urllib.request.urlopen(request) as response:  # noqa: S310 - the same
                assert response.headers["Content-Type"] == kind


def test_an_altered_file_is_refused_by_its_hash(static, serve, pip, tmp_path):
    name = "ml_infra_metrics-0.1.0-py3-none-any.whl"
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", static, copy], check=True)
    (copy / "packages" / name).write_bytes((copy / "packages" / name).read_bytes()[:-1])
    done = install(pip, serve(copy, Quiet), tmp_path / "target", "ml-infra-metrics")
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs))


def test_the_page_of_a_project_states_hash_python_and_metadata(static):
    parser = Links()
    parser.feed((static / "simple/ml-infra-metrics/index.html").read_text())
    names = ["ml_infra_metrics-0.1.0-py3-none-any.whl", "ml_infra_metrics-0.1.0.tar.gz"]
    links = {
        a["href"].partition("#")[0].rpartition("/")[2]: a
        for a in parser.found
        if "packages/" in a["href"]
    }
    assert sorted(links) == names
    for name in names:
        digest = hashlib.sha256((static / "packages" / name).read_bytes()).hexdigest()
        assert links[name]["href"] == f"../../packages/{name}#sha256={digest}"
        assert links[name]["data-requires-python"] == ">=3.10"
    metadata = (static / "packages" / f"{names[0]}.metadata").read_bytes()
    assert links[names[0]]["data-core-metadata"] == (
        f"sha256={hashlib.sha256(metadata).hexdigest()}"
    )
    assert b"\nName: ml-infra-metrics\n" in metadata


def test_the_json_page_of_a_project(static):
    page = json.loads((static / "simple/ml-infra-metrics/index.json").read_text())
    assert page["meta"] == {"api-version": "1.1"}
    assert page["name"] == "ml-infra-metrics"
    assert page["versions"] == ["0.1.0"]
    for file in page["files"]:
        content = (static / "simple/ml-infra-metrics" / file["url"]).read_bytes()
        assert file["hashes"] == {"sha256": hashlib.sha256(content).hexdigest()}
        assert file["size"] == len(content)
        assert file["requires-python"] == ">=3.10"


def test_the_bytes_are_those_of_the_release(static, released_once):
    made = {
        p.name: p.read_bytes()
        for pattern in ("*.whl", "*.tar.gz")
        for p in (released_once.root / "dist").glob(pattern)
    }
    served = {
        p.name: p.read_bytes()
        for p in (static / "packages").iterdir()
        if p.suffix != ".metadata"
    }
    assert served == made
    assert len(made) == 4


def test_without_an_index_it_says_so_and_writes_nothing(two):
    answer = two.run("static_index", "out")
    assert answer.returncode == 1
    assert answer.stderr == "error: there is no index yet; nox -s release makes it\n"
    assert not (two.root / "out").exists()
    assert not (two.root / ".devpi").exists()


def test_a_folder_of_somebody_else_is_not_replaced(two):
    file = two.write("out/thesis.txt", "years of work")
    answer = two.run("static_index", "out")
    assert answer.returncode == 1
    assert "holds something else than a static index" in answer.stderr
    assert Path(file).read_text() == "years of work"


def test_it_is_replaced_as_a_whole(served):
    assert served.run("static_index", "out").returncode == 0
    stale = served.write("out/packages/stale.whl", "")
    answer = served.run("static_index", "out")
    assert answer.returncode == 0, answer.stderr
    assert not stale.exists()
    assert [p.name for p in served.root.iterdir() if "partial" in p.name] == []

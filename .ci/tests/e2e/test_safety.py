"""The index refuses whatever it should, and no secret gets out."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import stat
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from release import environments
from release.index import DEV, LOCK, STABLE, STAGING, HttpError
from release.projects import ReleaseError, load_all
from release.transfers import upload

LEAF = "ml-infra-decorators"
ANONYMOUS = None


def refused(call, *arguments, **options):
    """Return the status with which the server refuses a call."""
    with pytest.raises(HttpError) as caught:
        call(*arguments, **options)
    return caught.value.status


def post(index, path, body=b"{}", kind="application/json"):
    """Post as nobody; return the status."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        index.url + path, data=body, headers={"Content-Type": kind}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def form(**fields):
    """Return an upload form as a package tool posts it."""
    lines = []
    for name, value in {":action": "file_upload", **fields}.items():
        extra = f'; filename="{value[0]}"' if isinstance(value, tuple) else ""
        text = value[1] if isinstance(value, tuple) else value
        lines += ["--x", f'Content-Disposition: form-data; name="{name}"{extra}', ""]
        lines += [text]
    return "\r\n".join([*lines, "--x--", ""]).encode()


@pytest.mark.parametrize("index_name", [STABLE, STAGING, DEV, LOCK])
def test_nobody_uploads_anonymously(served, index_name):
    body = form(
        name=LEAF, version="9.0", content=("ml_infra_decorators-9.0.tar.gz", "x")
    )
    status = post(served, f"/{index_name}/", body, "multipart/form-data; boundary=x")
    assert status in (401, 403)
    assert "9.0" not in served.files(index_name, LEAF)


def test_nobody_creates_a_user_anonymously(served):
    status = refused(served.request, "PUT", "/stranger", {"password": "x"}, ANONYMOUS)
    assert status == 403


def test_nobody_posts_test_results_anonymously(served, released):
    link = served.metadata(STABLE, LEAF)[released.version(LEAF)]["+links"][0]
    path = link["href"].removeprefix(served.url)
    assert post(served, path) in (401, 403)


def test_root_has_a_password(served):
    root = {"user": "root", "password": ""}
    assert refused(served.request, "POST", "/+login", root) == 401


def test_the_uploader_cannot_write_to_stable(served, tmp_path):
    fake = tmp_path / "ml_infra_decorators-9.0.tar.gz"
    fake.write_bytes(b"x")
    with pytest.raises(ReleaseError, match=fake.name):
        upload(served, STABLE, [fake])
    pushed = {"name": LEAF, "version": "9.0", "targetindex": STABLE}
    status = refused(
        served.request, "POST", f"/{STAGING}", pushed, account=served.uploader
    )
    assert status in (400, 401, 403, 404)
    assert "9.0" not in served.files(STABLE, LEAF)


def test_the_uploader_cannot_push_what_stands_on_staging(clone):
    with clone.serving() as index:
        body = {
            "name": LEAF,
            "version": clone.version(LEAF),
            "targetindex": STABLE,
        }
        status = refused(
            index.request, "POST", f"/{STAGING}", body, account=index.uploader
        )
    assert status == 401


@pytest.mark.parametrize("who", ["uploader", "promoter"])
def test_only_root_changes_an_index(served, who):
    account = getattr(served, who)
    settings = served.request("GET", f"/{STABLE}?no_projects")["result"]
    body = {**settings, "volatile": True}
    assert refused(served.request, "PATCH", f"/{STABLE}", body, account) == 403
    assert refused(served.request, "DELETE", f"/{STABLE}", None, account) == 403
    body = {"type": "stage", "bases": [], "volatile": True}
    assert refused(served.request, "PUT", f"/{who}/own", body, account) == 403
    assert served.request("GET", f"/{STABLE}?no_projects")["result"] == settings


def test_the_uploader_cannot_delete_from_stable_even_with_force(served, released):
    path = f"/{STABLE}/{LEAF}/{released.version(LEAF)}"
    for query in ("", "?force"):
        status = refused(served.request, "DELETE", path + query, None, served.uploader)
        assert status == 403
    assert served.files(STABLE, LEAF)


def test_stable_keeps_its_bytes_against_the_promoter_too(served, released, tmp_path):
    version = released.version(LEAF)
    before = served.files(STABLE, LEAF)
    fake = tmp_path / f"ml_infra_decorators-{version}.tar.gz"
    fake.write_bytes(b"other bytes")
    impostor = type(served)(served.url, served.promoter, served.promoter)
    with pytest.raises(ReleaseError, match=fake.name):
        upload(impostor, STABLE, [fake])
    assert served.files(STABLE, LEAF) == before


class Decoy(http.server.SimpleHTTPRequestHandler):
    """A mirror that offers version 99 of each of our names."""

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def decoy_mirror(folder):
    for project in load_all().values():
        page = folder / "simple" / project.name
        page.mkdir(parents=True)
        wheel = page / f"{project.stem}-99.0-py3-none-any.whl"
        make_wheel(wheel, project.stem)
        link = f'<a href="{wheel.name}">{wheel.name}</a>'
        (page / "index.html").write_text(f"<!DOCTYPE html><body>{link}</body>")
    handler = functools.partial(Decoy, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


def make_wheel(path, stem):
    info, name = f"{stem}-99.0.dist-info", stem.replace("_", "-")
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 99.0\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(f"{info}/{file}", text)


def offered(index, index_name, name):
    """Return the links an installer is offered for one name."""
    url = f"{index.simple_url(index_name)}{name}/"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - loopback
            return answer.read().decode()
    except urllib.error.HTTPError:
        return ""


def test_a_stranger_with_our_names_never_wins(fresh, released, tmp_path):
    """Dependency confusion, before the first release, on every index."""
    with decoy_mirror(tmp_path) as mirror:
        clone = fresh.copy(tmp_path / "ml-infra")
        clone.env["PIP_INDEX_URL"] = clone.env["UV_DEFAULT_INDEX"] = mirror
        with clone.serving() as index:
            # The decoy is really there: the mirror itself offers it.
            assert "99.0" in offered(index, "root/pypi", LEAF)
            for index_name in (STABLE, STAGING, DEV):
                for name in load_all():
                    page = offered(index, index_name, name)
                    assert "99.0" not in page, (index_name, name)
            environment = environments.create(tmp_path / "empty")
            with pytest.raises(ReleaseError):
                environment.install(LEAF, index_url=index.simple_url(STABLE))


def test_no_secret_appears_in_an_argument_list_a_log_or_the_output(clone):
    secrets = json.loads((clone.root / ".devpi/accounts.json").read_text("utf-8"))
    secrets["server"] = (clone.root / ".devpi/secret").read_text("utf-8")
    clone.raise_version(LEAF)
    seen, stop = set(), threading.Event()

    def watch():
        while not stop.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.add(path.read_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        done = clone.nox("release")
    finally:
        stop.set()
        watcher.join()
    assert done.returncode == 0, done.stdout
    assert any(b"twine" in line for line in seen)
    assert any(b"devpi" in line and b"push" in line for line in seen)
    logs = [done.stdout, (clone.root / ".devpi/server.log").read_text("utf-8")]
    logs += [p.read_text("utf-8") for p in (clone.root / "dist").glob("*.json")]
    logs.append(clone.git("log", "--all", "--patch", "-1"))
    for secret in secrets.values():
        assert not [line for line in seen if secret.encode() in line]
        assert not [text for text in logs if secret in text]


def test_the_secrets_are_for_the_owner_alone(released):
    home = released.root / ".devpi"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in ("accounts.json", "secret"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert not (home / "init.yml").exists()
    assert released.git("check-ignore", ".devpi") == ".devpi"

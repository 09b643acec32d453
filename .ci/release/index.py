"""A devpi server as the release sees it: its indexes, files with hashes, a push."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from uuid import uuid4

from release.projects import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

OWNER = "ml"
STABLE, STAGING, DEV = f"{OWNER}/stable", f"{OWNER}/staging", f"{OWNER}/dev"
LOCK = f"{OWNER}/lock"  # holds no packages: who releases to this server
CONNECT_TIMEOUT = 5  # seconds; a server that is there accepts at once
ANSWER_TIMEOUT = 120  # seconds; on a busy machine it may still have to think

Files = dict[str, str]  # file name -> sha256


class HttpError(ReleaseError):
    """The server answered, and refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Account:
    """A user of the index; the password stays out of every repr and log."""

    user: str
    password: str = field(repr=False)


@dataclass
class Index:
    """
    One devpi server, with the account that uploads and the one that promotes.

    ``serial`` is the server's transaction number after the last request: two
    equal serials mean that nothing was written in between. ``time`` is what the
    server's clock said then, in Unix seconds.
    """

    url: str
    uploader: Account
    promoter: Account
    embedded: bool = False
    serial: int = -1
    time: float = 0
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def simple_url(self, index: str) -> str:
        """Return the one URL an installer needs."""
        return f"{self.url}/{index}/+simple/"

    def files(self, index: str, name: str) -> dict[str, Files]:
        """Return ``{version: {file name: sha256}}`` of what this index itself holds."""
        found = {}
        for version, data in self.metadata(index, name).items():
            files = {
                _filename(link): _sha256(link)
                for link in data.get("+links", [])
                if link["rel"] == "releasefile"
            }
            if files:  # a reserved name has a version and no file
                found[version] = files
        return found

    def metadata(self, index: str, name: str) -> dict[str, Any]:
        """Return ``{version: core metadata and links}`` as the server describes it."""
        try:
            answer = self.request("GET", f"/{index}/{name}?ignore_bases=1")
        except HttpError as error:
            if error.status == 404:
                return {}
            raise
        result: dict[str, Any] = answer["result"]
        return result

    def download(
        self, index: str, name: str, version: str, filename: str, folder: Path
    ) -> Path:
        """Fetch one file into a folder."""
        for link in self.metadata(index, name)[version]["+links"]:
            if _filename(link) == filename:
                path = folder / filename
                path.write_bytes(self.content(link))
                return path
        raise ReleaseError(f"{index} has no {filename}")

    def content(self, link: dict[str, Any]) -> bytes:
        """Fetch what a link of the metadata points to; compare it with its hash."""
        path = urllib.parse.urlsplit(link["href"]).path
        path = path.removeprefix(urllib.parse.urlsplit(self.url).path)
        content = self._fetch("GET", path, None, {})
        if hashlib.sha256(content).hexdigest() != _sha256(link):
            raise ReleaseError(f"{self.url} serves damaged bytes for {_filename(link)}")
        return content

    def remove(
        self, index: str, name: str, version: str, *, force: bool = False
    ) -> None:
        """Delete one version; from an index that is not volatile only with force."""
        path = f"/{index}/{name}/{version}" + ("?force" if force else "")
        self.request("DELETE", path, account=self.uploader)

    def request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        account: Account | None = None,
    ) -> dict[str, Any]:
        """Call the server's JSON interface and return its answer."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if account:
            headers["X-Devpi-Auth"] = self._credentials(account)
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, headers)

    def submit_form(
        self,
        index: str,
        form: dict[str, str],
        account: Account,
        file: tuple[str, bytes] | None = None,
    ) -> None:
        """Post a form as an uploading tool would, with a file (name, bytes) or none."""
        edge = uuid4().hex
        parts = [(f'name="{name}"', text.encode()) for name, text in form.items()]
        if file:
            parts.append((f'name="content"; filename="{file[0]}"', file[1]))
        body = b"".join(
            f"--{edge}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
            + content
            + b"\r\n"
            for head, content in parts
        )
        headers = {
            "X-Devpi-Auth": self._credentials(account),
            "Content-Type": f"multipart/form-data; boundary={edge}",
        }
        self._fetch("POST", f"/{index}/", body + f"--{edge}--\r\n".encode(), headers)

    def _credentials(self, account: Account) -> str:
        if account.user not in self._tokens:
            body = {"user": account.user, "password": account.password}
            try:
                answer = self.request("POST", "/+login", body)
            except HttpError as error:
                message = f"{self.url} refused the password of user {account.user!r}"
                raise HttpError(error.status, message) from error
            self._tokens[account.user] = answer["result"]["password"]
        token = f"{account.user}:{self._tokens[account.user]}"
        return base64.b64encode(token.encode()).decode()

    def _send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> dict[str, Any]:
        text = self._fetch(method, path, data, headers)
        try:
            return dict(json.loads(text)) if text.strip() else {}
        except ValueError as error:
            message = f"{self.url} is no devpi server: {path} gave no JSON"
            raise ReleaseError(message) from error

    def _fetch(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked on entry
            self.url + path, data=data, headers=headers, method=method
        )
        place = urllib.parse.urlsplit(self.url)
        port = place.port or (443 if place.scheme == "https" else 80)
        try:
            address = (place.hostname, port)
            socket.create_connection(address, CONNECT_TIMEOUT).close()
            with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT) as response:  # noqa: S310 - the same
                self.serial = int(response.headers.get("X-Devpi-Serial", -1))
                self.time = parsedate_to_datetime(response.headers["Date"]).timestamp()
                return bytes(response.read())
        except HTTPError as error:
            reason = _reason(error.read()) or error.reason
            message = f"{method} {self.url}{path}: {error.code} {reason}"
            raise HttpError(error.code, message) from error
        except OSError as error:  # URLError is one
            why = error.reason if isinstance(error, URLError) else error
            message = f"no index answers at {self.url}: {why}"
            raise ReleaseError(message) from error


def _filename(link: dict[str, Any]) -> str:
    return urllib.parse.unquote(link["href"].rsplit("/", 1)[-1])


def _sha256(link: dict[str, Any]) -> str:
    hashes = link.get("hashes") or dict([link["hash_spec"].split("=", 1)])
    return str(hashes["sha256"])


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body).get("message", ""))
    except (ValueError, AttributeError):
        return ""

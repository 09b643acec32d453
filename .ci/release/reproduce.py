"""Proof that wheel and sdist do not depend on who builds them, where and when."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from release.archives import epoch, sha256
from release.build import LEFTOVERS, build_all
from release.command import run
from release.projects import ROOT, Project, ReleaseError, select

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY = 65534


def reproduce(projects: Sequence[Project], folder: Path) -> list[str]:
    """
    Build everything twice below a folder; return one line per file that differs.

    The second build runs from another folder, under another umask, time zone, hash
    seed, locale and user, from sources with other file times and modes, without git.
    """
    build_all(projects, folder / "one")
    elsewhere = Path(folder, "another place", "deeper").resolve()
    user = _other_user()
    who = "a user of another name" if user is None else f"user {user}"
    print(f"building again as {who} in {elsewhere}", flush=True)
    differences = []
    for project in projects:
        _build_elsewhere(project, elsewhere / project.stem, folder / "two", user)
        for name in project.filenames:
            one, two = folder / "one" / name, folder / "two" / name
            if sha256(one) == sha256(two):
                print(sha256(one), name, flush=True)
            else:
                differences.append(f"{name} differs in {first_difference(one, two)}")
    return differences


def _other_user() -> int | None:
    """Return a real other user to build as, where this one may become another."""
    if os.geteuid() != 0:
        return None
    try:  # root's own Python may stand where nobody else may look
        subprocess.run(
            [sys.executable, "-c", "import build"],
            user=NOBODY,
            check=True,
            capture_output=True,
        )
    except (PermissionError, subprocess.CalledProcessError):
        return None
    return NOBODY


def _build_elsewhere(
    project: Project, root: Path, out_dir: Path, user: int | None
) -> None:
    """Build one distribution in a copy of what it needs, with all else changed."""
    packages = root / "packages"
    shutil.copytree(project.path, packages / project.name, ignore=LEFTOVERS)
    shutil.copytree(Path(__file__).parent, root / ".ci/release", ignore=LEFTOVERS)
    home = root / "home"
    home.mkdir()
    for path in (root, *root.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (86400, 86400))
        if user is not None:
            os.chown(path, user, user)
    result = subprocess.run(
        [sys.executable, "-m", "release.build", "--out", str(root / "out")],
        cwd=root,
        env={
            **_index_settings(),
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(root / ".ci"),
            "PYTHONHASHSEED": "4321",
            "TZ": "Pacific/Kiritimati",
            "LC_ALL": "C",
            "HOME": str(home),
            **dict.fromkeys(("USER", "LOGNAME", "USERNAME"), "somebody"),
            "SOURCE_DATE_EPOCH": str(epoch(project)),
        },
        umask=0o077,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise ReleaseError(f"{result.stderr}{project.name}: the second build failed")
    shutil.copytree(root / "out", out_dir, dirs_exist_ok=True)


def _index_settings() -> dict[str, str]:
    """Return what tells the installers where packages come from, and nothing else."""
    kept = {
        k: v for k, v in os.environ.items() if k.startswith(("PIP_", "UV_", "SSL_"))
    }
    kept.pop("UV_CACHE_DIR", None)  # belongs to the first user
    kept.pop("PIP_CACHE_DIR", None)
    kept.setdefault("XDG_CONFIG_HOME", str(Path.home() / ".config"))
    return kept


def first_difference(one: Path, two: Path) -> str:
    """Name the first member in which two archives differ, and how."""
    before, after = _members(one), _members(two)
    for left, right in zip(before, after, strict=False):
        for (what, old), new in zip(left.items(), right.values(), strict=True):
            if old != new:
                member = left["member"]
                return f"{member}: {what} {old} and {new}"
    if len(before) != len(after):
        longer = max(before, after, key=len)
        return f"{longer[min(len(before), len(after))]['member']}: only in one of them"
    return "the container only: compression or header"


def _members(archive: Path) -> list[dict[str, object]]:
    """List what an archive says of each member, in its order."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return [
                {
                    "member": i.filename,
                    "time": i.date_time,
                    "mode": oct(i.external_attr >> 16),
                    "SHA-256": hashlib.sha256(wheel.read(i)).hexdigest(),
                    "flags": (i.create_system, i.compress_type, i.extra),
                }
                for i in wheel.infolist()
            ]
    with tarfile.open(archive) as sdist:
        listed: list[dict[str, object]] = []
        for member in sdist:
            content = sdist.extractfile(member) if member.isreg() else None
            data = content.read() if content else b""
            listed.append(
                {
                    "member": member.name,
                    "time": member.mtime,
                    "mode": oct(member.mode),
                    "owner": (member.uid, member.gid, member.uname, member.gname),
                    "SHA-256": hashlib.sha256(data).hexdigest(),
                }
            )
        return listed


def main(argv: Sequence[str]) -> int:
    """Build the named distributions twice, differently; demand identical bytes."""
    parser = argparse.ArgumentParser(
        prog="python -m release.reproduce", description=main.__doc__
    )
    parser.add_argument("names", nargs="*", metavar="DIST")
    projects = select(parser.parse_args(argv).names, ROOT)
    with tempfile.TemporaryDirectory(prefix="reproduce-") as folder:
        Path(folder).chmod(0o755)
        differences = reproduce(projects, Path(folder))
    if differences:
        raise ReleaseError("not reproducible: " + "; ".join(differences))
    print(f"{2 * len(projects)} files are identical in both builds")
    return 0


if __name__ == "__main__":
    run(main)

"""The git repository: what stands in the tree, and the tags that record releases."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from release.command import tool
from release.projects import ROOT, Project, ReleaseError, maintainer

if TYPE_CHECKING:
    from pathlib import Path


def git(*arguments: str, root: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run git and return what it printed; a failure is an error with git's words."""
    try:
        said = tool(
            ["git", *arguments],
            why=f"git {arguments[0]} failed",
            cwd=root,
            env={**os.environ, **(env or {})},
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise ReleaseError("git is not installed, and a release ends in tags") from None
    return said.strip()


def require_clean(root: Path = ROOT) -> None:
    """Refuse to go on when the tags would not describe what is released."""
    changed = git("status", "--porcelain", "--", "packages", root=root)
    if changed:
        files = "\n  ".join(changed.splitlines()[:10])
        raise ReleaseError(f"commit the changes in packages/ first:\n  {files}")


def tree(project: Project, revision: str = "HEAD", root: Path = ROOT) -> str:
    """Return git's hash of the distribution's folder in a revision, "" without one."""
    path = project.path.relative_to(root).as_posix()
    try:
        return git("rev-parse", "--verify", f"{revision}:{path}", root=root)
    except ReleaseError:
        return ""


def tag_message(tag: str, root: Path = ROOT) -> str | None:
    """Return the message of an annotated tag, None when there is no such tag."""
    if not git("tag", "--list", tag, root=root):
        return None
    return git("tag", "--list", "--format=%(contents)", tag, root=root)


def create_tag(tag: str, message: str, root: Path = ROOT) -> None:
    """
    Create an annotated tag on HEAD, never pushed from here.

    Without a git identity the tagger is the maintainer of the metadata.
    """
    arguments = ["--annotate", "--cleanup=verbatim", "-m", message, tag]
    git("tag", *arguments, root=root, env=identity(root))


def identity(root: Path = ROOT) -> dict[str, str]:
    """Return who commits and tags where git does not know: the maintainers."""
    try:
        git("var", "GIT_COMMITTER_IDENT", root=root)
        git("var", "GIT_AUTHOR_IDENT", root=root)
    except ReleaseError:
        name, email = maintainer(root)
        roles = ("AUTHOR", "COMMITTER")
        names = {f"GIT_{role}_NAME": name for role in roles}
        return names | {f"GIT_{role}_EMAIL": email for role in roles}
    return {}

"""``docs/api.md``: every public name with the first sentence of its docstring."""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
from typing import TYPE_CHECKING, Any

from release.command import run
from release.projects import ROOT, ReleaseError, load_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE = ROOT / "docs/api.md"
HEAD = """\
# API

Every public name of every distribution, as its docstring begins; `help(name)` has the
rest: shapes, dtypes, errors, the source of the formula, an example. Names are imported
from the package (`from ml_infra.metrics import accuracy`) or, equally, from the module
that the table names. This page is written by `nox -s docs`.
"""


def page() -> str:
    """Return the text of the page, from the installed distributions."""
    parts = [HEAD]
    for project in load_all().values():
        package = importlib.import_module(project.import_name)
        parts.append(f"\n## {project.name}: `{package.__name__}`\n\n")
        parts.append("| name | in | |\n|---|---|---|\n")
        parts += _rows(package)
    return "".join(parts)


def _rows(package: Any) -> Iterator[str]:
    for name in package.__all__:
        if name == "__version__":
            continue
        value = getattr(package, name)
        home = value.__name__ if inspect.ismodule(value) else _home(value, package)
        yield f"| `{name}` | `{home}` | {_summary(value, name)} |\n"


def _home(value: Any, package: Any) -> str:
    """Return the public module of a name; private ones are nobody's import path."""
    parts = str(getattr(value, "__module__", package.__name__)).split(".")
    public = [part for part in parts if not part.startswith("_")]
    return ".".join(public)


def _summary(value: Any, name: str) -> str:
    document = inspect.getdoc(value)
    if not document:
        raise ReleaseError(f"{name} has no docstring")
    first = re.split(r"\n\s*\n|(?<=\.)\s", document.strip(), maxsplit=1)[0]
    return " ".join(first.replace("``", "`").replace("|", "\\\\|").split())


def main(argv: Sequence[str]) -> int:
    """Write the API page, or with --check say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="nox -s docs --", description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(argv)
    text = page()
    if options.check:
        if not PAGE.is_file() or PAGE.read_text("utf-8") != text:
            raise ReleaseError("docs/api.md is out of date; write it: nox -s docs")
    else:
        PAGE.write_text(text, "utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    run(main)

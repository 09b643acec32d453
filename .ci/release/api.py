"""
What changed in a distribution's public interface between two of its source trees.

Public is what ``__all__`` lists and, in modules without it, every name without a
leading underscore that is defined there; modules are public by their names. griffe
reads the sources without importing them, so lazy re-exports are seen through the
imports that stand under ``TYPE_CHECKING``. Changes of behaviour are not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import griffe

from release.versions import Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Node = griffe.Object | griffe.Alias

ADDED, REMOVED = "is new", "was removed"
# How griffe's findings read here; those it calls otherwise are no matter of a caller.
BREAKING = {
    griffe.BreakageKind.PARAMETER_MOVED: "parameter {old} moved",
    griffe.BreakageKind.PARAMETER_REMOVED: "parameter {old} was removed",
    griffe.BreakageKind.PARAMETER_CHANGED_KIND: "parameter {old} changed kind",
    griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT: "default of parameter {old} changed",
    griffe.BreakageKind.PARAMETER_CHANGED_REQUIRED: "parameter {old} became required",
    griffe.BreakageKind.PARAMETER_ADDED_REQUIRED: "required parameter {new} was added",
    griffe.BreakageKind.OBJECT_REMOVED: REMOVED,
    griffe.BreakageKind.OBJECT_CHANGED_KIND: "became another kind of object",
}


@dataclass(frozen=True)
class Change:
    """One change of a public name: where it stands and what it demands."""

    symbol: str
    what: str
    file: str
    line: int
    level: Level

    def __str__(self) -> str:
        return f"{self.symbol} {self.what} ({self.file}:{self.line})"


def compare(old: Path, new: Path, package: str) -> list[Change]:
    """
    Return the changes of a package's interface, breaking ones first.

    Args:
        old: The folder that holds the old top-level package.
        new: The same of the new one.
        package: Its dotted name, in a namespace or not.

    Files are given relative to the two folders; a name that is gone has its old place.
    """
    before, after = _load(old, package), _load(new, package)
    old_names, new_names = _surface(before), _surface(after)
    # What lives in private modules is called by the name that users know.
    shortest_last = sorted(new_names.items(), key=lambda item: -len(item[0]))
    public = {_target(node).path: name for name, node in shortest_last}
    found: dict[tuple[str, str], Change] = {}

    def add(symbol: str, what: str, node: Node, root: Path, level: Level) -> None:
        parts = symbol.split(".")
        parents = (".".join(parts[:n]) for n in range(1, len(parts)))
        if not any((p, what) in found for p in parents):  # a whole module counts once
            found[symbol, what] = Change(symbol, what, *_place(node, root), level)

    for name, node in old_names.items():
        if name not in new_names:
            add(name, REMOVED, node, old, Level.MAJOR)
    for breakage in griffe.find_breaking_changes(before, after):
        if (
            breakage.kind not in BREAKING
            or breakage.obj.path in old_names.keys() - new_names
        ):
            continue
        removed = breakage.kind is griffe.BreakageKind.OBJECT_REMOVED
        what = BREAKING[breakage.kind].format(
            old=getattr(breakage.old_value, "name", ""),
            new=getattr(breakage.new_value, "name", ""),
        )
        symbol = _known_as(breakage.obj.path, public)
        add(symbol, what, breakage.obj, old if removed else new, Level.MAJOR)
    for name, node in new_names.items():
        if name not in old_names:
            add(name, ADDED, node, new, Level.MINOR)
            continue
        target = _target(node)
        for what, level in _finer(_target(old_names[name]), target):
            add(_known_as(target.path, public), what, target, new, level)
    return sorted(found.values(), key=lambda c: (-c.level, c.symbol, c.what))


def imports(root: Path, package: str) -> set[str]:
    """Return the full names of all that a package imports, in any of its modules."""
    modules, found = [_load(root, package)], set()
    while modules:
        for member in modules.pop().members.values():
            if isinstance(member, griffe.Alias):
                found.add(member.target_path)
            elif isinstance(member, griffe.Module):
                modules.append(member)
    return found


def _load(root: Path, package: str) -> griffe.Module:
    loader = griffe.GriffeLoader(search_paths=[root], allow_inspection=False)
    loader.load(package, try_relative_path=False)
    # What comes from siblings or third parties stays a name.
    loader.resolve_aliases(implicit=True, external=False)
    module = loader.modules_collection[package]
    if not isinstance(module, griffe.Module):
        raise TypeError(f"{package} is no package in {root}")
    return module


def _surface(module: griffe.Module) -> dict[str, Node]:
    """Return every public name, parents before what they hold."""
    own = f"{module.path}."
    names: dict[str, Node] = {}
    for name, node in _walk(module, module.path):
        target = _target(node)
        if isinstance(target, griffe.Alias) and target.target_path.startswith(own):
            continue  # imported from where this package defines nothing any more
        names[name] = node
    for name, node in list(names.items()):
        target = _target(node)
        # A class of a private module is public with all it holds where it is exported.
        if isinstance(target, griffe.Class) and target.path not in names:
            names.update(_walk(target, name))
    return names


def _walk(
    parent: griffe.Module | griffe.Class, path: str
) -> Iterator[tuple[str, Node]]:
    listed = [str(name) for name in parent.exports or ()] if parent.is_module else []
    for name in listed:
        # A name that only the module's __getattr__ knows stands where the module does.
        yield f"{path}.{name}", parent.members.get(name, parent)
    for name, member in parent.members.items():
        if not member.is_public:
            continue
        yield f"{path}.{name}", member
        if isinstance(member, griffe.Module | griffe.Class):
            yield from _walk(member, f"{path}.{name}")


def _target(node: Node) -> Node:
    """Return what an alias stands for, itself when that lies elsewhere."""
    try:
        return node.final_target if isinstance(node, griffe.Alias) else node
    except (griffe.AliasResolutionError, griffe.CyclicAliasError):
        return node


def _finer(old: Node, new: Node) -> Iterator[tuple[str, Level]]:
    """Yield what griffe does not look at: exchanged bases and optional parameters."""
    if isinstance(old, griffe.Class) and isinstance(new, griffe.Class):
        kept = {str(base) for base in new.bases}
        for base in map(str, old.bases):
            if base not in kept:
                yield f"lost its base {base}", Level.MAJOR
    if isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
        known = {p.name for p in old.parameters}
        for parameter in new.parameters:
            if parameter.name not in known and not parameter.required:
                yield f"has a new optional parameter {parameter.name}", Level.MINOR


def _known_as(path: str, public: dict[str, str]) -> str:
    """Return the public name of an object, by its nearest parent that has one."""
    head, tail = path, ""
    while head:
        if head in public:
            return public[head] + tail
        head, _, last = head.rpartition(".")
        tail = f".{last}{tail}"
    return path


def _place(node: Node, root: Path) -> tuple[str, int]:
    holder: Node = node
    line = node.lineno
    if isinstance(node, griffe.Alias) and node.parent and node.alias_lineno:
        holder, line = node.parent, node.alias_lineno
    file = holder.filepath
    path = file[0] if isinstance(file, list) else file
    return path.resolve().relative_to(root.resolve()).as_posix(), line or 1

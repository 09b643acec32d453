"""
Who writes: run, attempt and rank, from whichever launcher started the process.

Everything is read from the environment when it is asked for, never at import. Garbage
in it is reported in the ``run.start`` record and otherwise ignored.
"""

# ruff: noqa: PTH123 - pathlib takes as long to import as all of this

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# The first launcher with a usable rank speaks for all of rank, local rank and size.
_LAUNCHERS = (
    ("torchrun", "RANK", "LOCAL_RANK", "WORLD_SIZE"),
    ("slurm", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS"),
    (
        *("openmpi", "OMPI_COMM_WORLD_RANK"),
        *("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_SIZE"),
    ),
    (
        "mvapich",
        "MV2_COMM_WORLD_RANK",
        "MV2_COMM_WORLD_LOCAL_RANK",
        "MV2_COMM_WORLD_SIZE",
    ),
    ("pmix", "PMIX_RANK", "PMIX_LOCAL_RANK", "PMIX_SIZE"),
    ("mpich", "PMI_RANK", "MPI_LOCALRANKID", "PMI_SIZE"),
    (
        *("jsm", "JSM_NAMESPACE_RANK"),
        *("JSM_NAMESPACE_LOCAL_RANK", "JSM_NAMESPACE_SIZE"),
    ),
)
RUN_VARIABLE = "ML_INFRA_RUN"
_ATTEMPTS = ("ML_INFRA_ATTEMPT", "TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT")
_RUNS = (RUN_VARIABLE, "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID")
_MAX_NUMBER = 10_000_000
_MAX_RUN = 128


class Identity:
    """The run, attempt and rank of this process, and where they come from."""

    __slots__ = (
        *("attempt", "ignored", "local_rank", "rank", "rank_source"),
        *("run", "run_source", "world_size"),
    )

    attempt: int
    local_rank: int
    rank: int
    rank_source: str
    run: str
    run_source: str
    world_size: int

    def __init__(
        self, run: str | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        environ = os.environ if environ is None else environ
        self.ignored: dict[str, str] = {}
        self.rank, self.local_rank, self.world_size = 0, 0, 1
        self.rank_source = "default"
        self._find_rank(environ)
        self.attempt = 0
        for name in _ATTEMPTS:
            number = self._number(environ, name)
            if number is not None:
                self.attempt = number
                break
        self.run, self.run_source = (
            (run, "argument") if run else self._find_run(environ)
        )

    def _find_rank(self, environ: Mapping[str, str]) -> None:
        for source, rank_name, local_name, size_name in _LAUNCHERS:
            rank = self._number(environ, rank_name)
            if rank is None:
                continue
            size = self._number(environ, size_name)
            local = self._number(environ, local_name)
            self.rank, self.rank_source = rank, source
            self.world_size = max(rank + 1, size or 1)
            # A launcher that tells no local rank starts one process per node, or we
            # cannot know; 0 only for the one that certainly is the first.
            self.local_rank = rank if local is None else local
            return

    def _number(self, environ: Mapping[str, str], name: str) -> int | None:
        text = environ.get(name)
        if text is None or not text.strip():
            return None
        text = text.strip()
        if text.isascii() and text.isdigit() and len(text) < 9:
            number = int(text)
            if number <= _MAX_NUMBER:
                return number
        self.ignored[name] = text[:80]
        return None

    def _find_run(self, environ: Mapping[str, str]) -> tuple[str, str]:
        for name in _RUNS:
            text = environ.get(name, "").strip()
            # torchrun says "none" when it was given no id of its own.
            if text and text.lower() != "none":
                if name == "SLURM_JOB_ID" and self._array_task(environ):
                    text = f"{text}_{self._array_task(environ)}"
                return text[:_MAX_RUN], name
        if self.rank_source == "torchrun" and "MASTER_PORT" in environ:
            return _run_of_the_agent(environ), "torchrun agent"
        return _generated(), "generated"

    @staticmethod
    def _array_task(environ: Mapping[str, str]) -> str:
        return environ.get("SLURM_ARRAY_TASK_ID", "").strip()[:20]

    def quiet(self, policy: str) -> bool:
        """Return whether this rank leaves INFO and below to another one."""
        if policy == "job":
            return self.rank != 0
        return policy == "node" and self.local_rank != 0


def host() -> str:
    """Return the name of this machine, "" when it has none."""
    return (
        os.uname().nodename if hasattr(os, "uname") else os.getenv("COMPUTERNAME", "")
    )


def _generated() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.urandom(3).hex()}"


def _run_of_the_agent(environ: Mapping[str, str]) -> str:
    """
    Return an id that the workers of one torchrun share without talking to each other.

    On one node the launching agent is the parent of all; over several nodes they have
    only the address of the first in common, so the day is added to tell runs apart.
    """
    from hashlib import sha256

    one_node = environ.get("LOCAL_WORLD_SIZE") == environ.get("WORLD_SIZE")
    shared = [environ.get("MASTER_ADDR", ""), environ.get("MASTER_PORT", "")]
    shared.append(_started(os.getppid()) if one_node else time.strftime("%Y%m%d"))
    digest = sha256("\n".join(shared).encode("utf-8", "replace")).hexdigest()
    return f"torchrun-{digest[:10]}"


def _started(pid: int) -> str:
    """Return the process id with its start time, which makes it unique."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            start = file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        start = ""
    return f"{pid}-{start}"


def describe_start(
    identity: Identity, config: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the fields of the ``run.start`` record."""
    import sys

    from ._provenance import config_hash, git_state, loaded_versions

    commit, dirty = git_state(ask_git=identity.local_rank == 0)
    return {
        "schema": 1,
        "host": host(),
        "local_rank": identity.local_rank,
        "world_size": identity.world_size,
        "rank_source": identity.rank_source,
        "run_source": identity.run_source,
        "git_commit": commit,
        "git_dirty": dirty,
        "config_hash": None if config is None else config_hash(config),
        "versions": {
            "python": sys.version.split()[0],
            **loaded_versions(sys.modules),
        },
        **({"ignored": identity.ignored} if identity.ignored else {}),
    }

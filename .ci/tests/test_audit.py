"""The audit against a real devpi that somebody has tampered with."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from release.audit import Served, compare
from release.receipt import Receipt

KEY = ("ml-infra-metrics", "0.1.0")
MADE = Receipt(
    *KEY,
    source_tree="",
    files={"a.whl": "11", "a.tar.gz": "22"},
    description={"summary": "33"},
    tools={},
    index="",
    serial_before=0,
    serial_after=1,
)
NOW = Served(dict(MADE.files), dict(MADE.description))


def test_what_is_as_it_was_has_no_fault():
    assert compare({KEY: NOW}, [MADE, MADE]) == []
    assert compare({}, []) == []


@pytest.mark.parametrize(
    ("now", "recorded", "said"),
    [
        ({}, [MADE], "deleted"),
        ({KEY: Served({"a.whl": "11"}, NOW.description)}, [MADE], "a.tar.gz deleted"),
        (
            {KEY: Served({**MADE.files, "a.whl": "99"}, NOW.description)},
            [MADE],
            "a.whl replaced, sha256 99 instead of 11",
        ),
        (
            {KEY: Served({**MADE.files, "b.whl": "99"}, NOW.description)},
            [MADE],
            "b.whl added after the release",
        ),
        (
            {KEY: Served(NOW.files, {"summary": "44"})},
            [MADE],
            "re-described, summary changed",
        ),
        (
            {KEY: Served(NOW.files, {**NOW.description, "requires_python": "1"})},
            [MADE],
            "re-described, requires_python changed",
        ),
        ({KEY: NOW}, [], "no receipt"),
        (
            {KEY: NOW},
            [MADE, replace(MADE, files={})],
            "dist/ and the tag hold different receipts",
        ),
    ],
)
def test_each_fault_has_its_line(now, recorded, said):
    assert compare(now, recorded) == [f"ml-infra-metrics 0.1.0: {said}"]


def test_a_fresh_release_passes(served):
    answer = served.run("audit")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == (
        "stable serves what the receipts of 2 releases say"
    )


def test_trap_12_and_13_what_root_did_to_stable_is_found(on_stable):
    """
    Traps 12 and 13: non-volatile protects the bytes of a file and nothing else.

    Metadata can be submitted anew, and a forced deletion succeeds.
    """
    on_stable.script(
        """
        from release import embedded, server
        from release.index import Account

        with server.connect() as index:
            root = Account("root", embedded.passwords()["root"])
            path = "/ml/stable/ml-infra-utils/0.1.0?force"
            index.request("DELETE", path, account=root)
            form = {":action": "submit", "name": "ml-infra-metrics",
                    "version": "0.1.0", "requires_python": ">=2.7"}
            index.submit_form("ml/stable", form, index.promoter)
        """
    )
    answer = on_stable.run("audit")
    assert answer.returncode == 1
    assert "ml-infra-utils 0.1.0: deleted" in answer.stderr
    assert "ml-infra-metrics 0.1.0: re-described, requires_python changed" in (
        answer.stderr
    )


def test_the_tags_are_enough_when_dist_is_gone(served):
    shutil.rmtree(served.root / "dist")
    assert served.run("audit").returncode == 0
    served.git("tag", "--delete", "ml-infra-utils-v0.1.0")
    answer = served.run("audit")
    assert answer.returncode == 1
    assert "ml-infra-utils 0.1.0: no receipt" in answer.stderr


def test_without_an_index_it_says_so(two):
    answer = two.run("audit")
    assert answer.returncode == 1
    assert answer.stderr == "error: there is no index yet; nox -s release makes it\n"

"""Receipts: written, read, carried by a tag."""

from __future__ import annotations

import shutil
import zipfile

import pytest

from release.projects import ReleaseError
from release.receipt import (
    Receipt,
    describe,
    from_json,
    from_message,
    read,
    tool_versions,
)

RECEIPT = Receipt(
    distribution="ml-infra-metrics",
    version="0.1.0",
    source_tree="3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
    files={"ml_infra_metrics-0.1.0.tar.gz": "ab" * 32},
    description={"summary": "0123456789abcdef"},
    tools={"build": "1.6.1"},
    index="http://127.0.0.1:3141/ml/stable",
    serial_before=7,
    serial_after=9,
)


def test_it_comes_back_from_its_file(tmp_path):
    path = RECEIPT.write(tmp_path / "dist")
    assert path.name == "ml_infra_metrics-0.1.0.receipt.json"
    assert read(path) == RECEIPT
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_it_comes_back_from_the_message_of_a_real_tag(two):
    two.git(
        "tag", "--annotate", "--cleanup=verbatim", "-m", RECEIPT.to_message(), "a-tag"
    )  # fmt: skip
    message = two.git("tag", "--list", "--format=%(contents)", "a-tag")
    assert message.startswith("ml-infra-metrics 0.1.0\n\n{")
    assert from_message(message) == RECEIPT


@pytest.mark.parametrize("message", ["", "Release", "x {no json", 'y {"format": 1}'])
def test_a_message_without_a_receipt_gives_none(message):
    assert from_message(message) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '"text"', "{broken"])
def test_a_damaged_file_is_refused_by_name(tmp_path, text):
    path = tmp_path / "x.receipt.json"
    path.write_text(text)
    with pytest.raises(ReleaseError, match=r"x\.receipt\.json: not a release receipt"):
        read(path)


def test_a_later_format_is_refused():
    with pytest.raises(ReleaseError, match="format 2, this tool knows format 1"):
        from_json(RECEIPT.to_json().replace('"format": 1', '"format": 2'))


def test_the_description_is_the_metadata_and_nothing_of_the_index():
    served = {"summary": "A", "classifiers": ["b", "a"], "author": "", "+links": [1]}
    same = {"summary": "A", "classifiers": ["a", "b"]}
    other = {**same, "summary": "B"}
    assert describe(served) == describe(same)
    assert describe(other).keys() == {"summary", "classifiers"}
    assert describe(other)["summary"] != describe(same)["summary"]
    assert describe(other)["classifiers"] == describe(same)["classifiers"]


def test_the_tools_include_the_backend_that_wrote_the_wheel(tmp_path):
    wheel = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a-1.dist-info/WHEEL", "Generator: s (8)\n")
    tools = tool_versions(wheel)
    assert tools["backend"] == "s (8)"
    assert {"python", "zlib", "build"} <= tools.keys()


def test_the_bytes_of_a_tag_are_taken_out_of_dist(released_once, tmp_path):
    """As the publish workflow does, after it has built the tag anew."""
    copy = released_once.copy(tmp_path / "clone")
    shutil.rmtree(copy.root / "dist")
    assert copy.run("build", "ml-infra-metrics").returncode == 0
    tag = "ml-infra-metrics-v0.1.0"
    answer = copy.run("receipt", "--tag", tag, "--out", "publish")
    assert answer.returncode == 0, answer.stderr
    assert sorted(p.name for p in (copy.root / "publish").iterdir()) == [
        "ml_infra_metrics-0.1.0-py3-none-any.whl",
        "ml_infra_metrics-0.1.0.tar.gz",
    ]


@pytest.mark.parametrize(
    ("tag", "content", "said"),
    [
        ("ml-infra-metrics-v0.1.0", b"altered", ".whl: "),
        ("ml-infra-metrics-v0.1.0", None, ".whl: not built, the receipt says "),
        ("ml-infra-metrics-v9", b"", "there is no tag ml-infra-metrics-v9 with a"),
    ],
)
def test_other_bytes_than_those_of_the_tag_are_not_published(
    released_once, tmp_path, tag, content, said
):
    copy = released_once.copy(tmp_path / "clone")
    wheel = copy.root / "dist/ml_infra_metrics-0.1.0-py3-none-any.whl"
    wheel.write_bytes(content or b"")
    if content is None:
        wheel.unlink()
    answer = copy.run("receipt", "--tag", tag, "--out", "publish")
    assert answer.returncode == 1
    assert said in answer.stderr
    assert not list(copy.root.glob("publish/*"))

"""The interface of two source trees, compared without importing either."""

from __future__ import annotations

from textwrap import dedent

import pytest

from release.api import compare
from release.versions import Level

# The shape of every leaf here: lazy names that a type checker sees.
LAZY = """
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._scores import Score as Score
    from .classification import accuracy as accuracy

_MODULES = {"accuracy": "classification", "Score": "_scores"}
__all__ = ["Score", "accuracy"]

def __getattr__(name): ...
"""
CLASSIFICATION = '''
from collections.abc import Iterable

def accuracy(predictions, labels, *, weights=None, eps=1e-9):
    """Score."""

def _hidden(a): ...

class Report(Base):
    size: int = 3
    def rows(self, limit=10): ...
    def _inner(self): ...
'''
SCORES = """
class Base:
    def shared(self): ...

class Score(Base):
    def update(self, labels): ...
"""


@pytest.fixture
def trees(tmp_path):
    """Return a function that compares the sources above with changed ones."""

    def write(root, files):
        for name, text in files.items():
            if text is not None:
                path = root / "ml_infra/metrics" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(dedent(text))

    def changes(**changed):
        files = {
            "__init__.py": LAZY,
            "classification.py": CLASSIFICATION,
            "_scores.py": SCORES,
        }
        write(tmp_path / "old", files)
        new = {f"{name}.py": text for name, text in changed.items()}
        write(tmp_path / "new", files | new)
        return compare(tmp_path / "old", tmp_path / "new", "ml_infra.metrics")

    return changes


def said(changes, level):
    return [f"{c.symbol} {c.what}" for c in changes if c.level is level]


def test_equal_trees_have_no_changes(trees):
    assert trees() == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("def accuracy(", "def accurate(", "classification.accuracy was removed"),
        ("labels, *", "targets, *", "accuracy parameter labels was removed"),
        (
            "labels, *",
            "labels, c, *",
            "accuracy required parameter c was added",
        ),
        ("weights=None", "weights", "accuracy parameter weights became required"),
        ("eps=1e-9", "eps=1e-6", "accuracy default of parameter eps changed"),
        (
            "predictions, labels",
            "labels, predictions",
            "accuracy parameter labels moved",
        ),
        ("labels, *,", "*, labels,", "accuracy parameter labels changed kind"),
        ("Report(Base)", "Report(Other)", "classification.Report lost its base Base"),
        ("Report(Base)", "Report", "classification.Report lost its base Base"),
        ("def rows", "def lines", "classification.Report.rows was removed"),
        (
            "limit=10",
            "limit=20",
            "classification.Report.rows default of parameter limit changed",
        ),
        ("size: int = 3", "pass", "classification.Report.size was removed"),
        (
            "class Report(Base):",
            "def Report():",
            "classification.Report became another kind of object",
        ),
    ],
)
def test_what_callers_would_notice_is_breaking_and_named(trees, old, new, expected):
    assert old in CLASSIFICATION
    found = trees(classification=CLASSIFICATION.replace(old, new))
    assert f"ml_infra.metrics.{expected}" in said(found, Level.MAJOR)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_hidden(a)", "_hidden(b)"),
        ("def _inner(self)", "def _other(self)"),
        ('"""Score."""', '"""Another text."""'),
        ("from collections.abc import Iterable", "from typing import Iterable, Any"),
    ],
)
def test_what_no_caller_sees_is_no_change(trees, old, new):
    assert old in CLASSIFICATION
    assert trees(classification=CLASSIFICATION.replace(old, new)) == []


def test_a_class_of_a_private_module_is_public_where_it_is_exported(trees):
    found = trees(_scores=SCORES.replace("update(self, labels)", "update(self)"))
    assert said(found, Level.MAJOR) == [
        "ml_infra.metrics.Score.update parameter labels was removed"
    ]
    found = trees(_scores=SCORES + "    def merge(self, other): ...\n")
    assert said(found, Level.MINOR) == ["ml_infra.metrics.Score.merge is new"]


def test_a_method_that_a_base_class_loses_is_lost_to_its_heirs(trees):
    found = trees(_scores=SCORES.replace("def shared", "def other"))
    assert "ml_infra.metrics.Score.shared was removed" in said(found, Level.MAJOR)


def test_a_name_that_leaves_dunder_all_is_removed(trees):
    found = trees(__init__=LAZY.replace('["Score", "accuracy"]', '["Score"]'))
    assert said(found, Level.MAJOR) == ["ml_infra.metrics.accuracy was removed"]


def test_a_name_whose_definition_is_gone_is_removed_wherever_it_was_exported(trees):
    found = trees(classification=CLASSIFICATION.replace("def accuracy", "def other"))
    assert said(found, Level.MAJOR) == [
        "ml_infra.metrics.accuracy was removed",
        "ml_infra.metrics.classification.accuracy was removed",
    ]


def test_a_lazy_name_without_an_import_is_seen_through_dunder_all(trees):
    """Only the module's __getattr__ knows it; ``__all__`` still makes it public."""
    found = trees(__init__=LAZY.replace('["Score",', '["Score", "recall",'))
    assert said(found, Level.MINOR) == ["ml_infra.metrics.recall is new"]
    assert (found[0].file, found[0].line) == ("ml_infra/metrics/__init__.py", 1)


def test_new_names_and_optional_parameters_are_minor(trees):
    text = CLASSIFICATION.replace("eps=1e-9", "eps=1e-9, axis=None")
    found = trees(classification=text + "\ndef recall(a, b): ...\n")
    assert said(found, Level.MAJOR) == []
    assert said(found, Level.MINOR) == [
        "ml_infra.metrics.accuracy has a new optional parameter axis",
        "ml_infra.metrics.classification.recall is new",
    ]


def test_a_whole_module_counts_once(trees):
    found = trees(ranking="def ndcg(): ...\nclass Curve:\n    def area(self): ...\n")
    assert said(found, Level.MINOR) == ["ml_infra.metrics.ranking is new"]


def test_each_change_has_its_file_and_line(trees):
    found = trees(
        classification=CLASSIFICATION.replace("eps=1e-9", "eps=1e-6").replace(
            "class Report", "\n\nclass Other"
        )
    )
    assert [str(change) for change in found] == [
        (
            "ml_infra.metrics.accuracy default of parameter eps changed "
            "(ml_infra/metrics/classification.py:4)"
        ),
        # what is gone stands where it stood
        (
            "ml_infra.metrics.classification.Report was removed "
            "(ml_infra/metrics/classification.py:9)"
        ),
        (
            "ml_infra.metrics.classification.Other is new "
            "(ml_infra/metrics/classification.py:11)"
        ),
    ]


def test_the_facade_is_compared_by_names_without_its_siblings(tmp_path):
    source = "from ml_infra.metrics import accuracy as f1\n__all__ = ['f1']\n"
    more = source.replace("['f1']", "['f1', 'main']") + "def main(): ...\n"
    for root, text in (("old", source), ("new", more)):
        package = tmp_path / root / "ml_infra_utils"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(text)
    (change,) = compare(tmp_path / "old", tmp_path / "new", "ml_infra_utils")
    assert str(change) == "ml_infra_utils.main is new (ml_infra_utils/__init__.py:3)"


def test_nothing_is_imported(trees):
    assert trees(classification="raise SystemExit(1)\n" + CLASSIFICATION) == []

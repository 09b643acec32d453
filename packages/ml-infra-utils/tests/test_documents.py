"""What the repository's documents promise: examples run, links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

# Where pages of an index, which stand alone, find the repository.
FORGE = "https://github.com/yourorg/ml-infra-utils/blob/main/"
HERE = Path(__file__).resolve()
ROOT = next((p for p in HERE.parents if (p / "noxfile.py").is_file()), None)
pytestmark = pytest.mark.skipif(ROOT is None, reason="not in the repository")

DOCUMENTS = (
    sorted(
        path
        for pattern in ("*.md", "docs/*.md", "packages/*/*.md")
        for path in ROOT.glob(pattern)
    )
    if ROOT
    else []
)
EXAMPLES = sorted(ROOT.glob("examples/*.py")) if ROOT else []


def blocks(path, language):
    """Return the code blocks of a document that are in one language."""
    text = path.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(code, folder):
    flags = ["-P"] if sys.version_info >= (3, 11) else []
    return subprocess.run(
        [sys.executable, *flags, "-W", "error::DeprecationWarning", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["README.md", "packages/ml-infra-utils/README.md"])
def test_the_python_of_the_readme_runs_from_top_to_bottom(name, tmp_path):
    code = "\n".join(blocks(ROOT / name, "python"))
    assert "ml_infra" in code
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_command_in_the_readme_prints_what_the_readme_says(tmp_path):
    (sample,) = (
        b for b in blocks(ROOT / "README.md", "console") if "ml-utils" in b and "[" in b
    )
    command, expected = sample.strip().splitlines()
    program, *arguments = command.removeprefix("$ ").split()
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs_without_arguments_and_leaves_nothing(example, tmp_path):
    done = subprocess.run(
        [sys.executable, str(example)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert list(tmp_path.iterdir()) == []


def anchors(document):
    """Return what the headings of a document are called in links to it."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_into_the_repository_leads_to_a_file_and_a_heading(document):
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        path, _, anchor = link.removeprefix(FORGE).partition("#")
        if not path.startswith(("http:", "https:", "mailto:")):
            folder = ROOT if link.startswith(FORGE) else document.parent
            target = folder / path if path else document
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_the_readme_names_every_session():
    source = (ROOT / "noxfile.py").read_text("utf-8")
    found = re.findall(
        r"^@nox\.session(.*?)^def (\w+)", source, re.MULTILINE | re.DOTALL
    )
    readme = (ROOT / "README.md").read_text("utf-8")
    for decorator, function in found:
        named = re.search(r'name="([\w-]+)"', decorator)
        name = named[1] if named else function
        assert f"`{name}`" in readme, name


def test_the_two_commands_of_the_first_screen():
    first_screen = (ROOT / "README.md").read_text("utf-8").splitlines()[:25]
    commands = [line.split("#")[0].strip() for line in first_screen]
    assert "python -m pip install nox && nox -s release" in commands
    assert "python -m pip install nox && nox -s test" in commands


@pytest.mark.parametrize("leaf", ["decorators", "logging", "metrics", "preprocessing"])
def test_the_api_page_names_every_public_name(leaf):
    module = __import__(f"ml_infra.{leaf}", fromlist=["__all__"])
    page = (ROOT / "docs/api.md").read_text("utf-8")
    missing = [n for n in module.__all__ if n != "__version__" and f"`{n}`" not in page]
    assert missing == []

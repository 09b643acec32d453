"""The namespace contract, on real artefacts and on broken ones."""

from __future__ import annotations

import shutil
import subprocess
import zipfile

import pytest

from release import contract, environments, verify
from release.build import build_all
from release.projects import ROOT, ReleaseError, load_all


@pytest.fixture(scope="module")
def projects():
    return load_all()


@pytest.fixture(scope="module")
def built(tmp_path_factory, projects):
    """Return a folder with the wheel and the sdist of all five."""
    folder = tmp_path_factory.mktemp("dist")
    build_all([*projects.values()], folder)
    return folder


@pytest.fixture
def dist(built, tmp_path):
    """Return a copy of the artefacts that the test may damage."""
    return shutil.copytree(built, tmp_path / "dist")


def rewrite(wheel, change):
    """Write the wheel anew with ``change`` applied to its ``{name: content}``."""
    with zipfile.ZipFile(wheel) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with zipfile.ZipFile(wheel, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


def add(wheel, name, text=""):
    rewrite(wheel, lambda members: members.update({name: text.encode()}))


def test_what_we_build_keeps_the_contract(built, projects):
    contract.check([*projects.values()], built)


@pytest.mark.parametrize(
    "planted", ["ml_infra/__init__.py", "ml_infra/py.typed", "ml_infra/stray.py"]
)
def test_a_file_directly_in_the_namespace_is_found(dist, projects, planted):
    project = projects["ml-infra-metrics"]
    add(dist / project.filenames[0], planted)
    with pytest.raises(ReleaseError, match=rf"{planted} hides the siblings"):
        contract.check([project], dist)


def test_a_planted_init_in_the_sources_turns_the_session_red(clone):
    init = clone.root / "packages/ml-infra-metrics/src/ml_infra/__init__.py"
    init.write_text("", "utf-8")
    done = clone.nox("check", "--", "ml-infra-metrics")
    assert done.returncode != 0
    assert "ml_infra/__init__.py hides the siblings" in done.stdout


@pytest.mark.parametrize("name", ["tests/test_x.py", "metrics/__init__.py"])
def test_a_foreign_file_is_found(dist, projects, name):
    project = projects["ml-infra-metrics"]
    add(dist / project.filenames[0], name)
    with pytest.raises(ReleaseError, match=f"{name} is foreign"):
        contract.check([project], dist)


def test_a_path_in_two_wheels_is_found(dist, projects):
    two = [projects["ml-infra-metrics"], projects["ml-infra-logging"]]
    wheels = [dist / p.filenames[0] for p in two]
    add(wheels[0], "ml_infra/logging/py.typed")
    assert list(contract.overlaps(wheels)) == [
        f"ml_infra/logging/py.typed is in {wheels[0].name} and in {wheels[1].name}"
    ]


def test_a_wheel_that_lacks_a_module_is_found(dist, projects):
    project = projects["ml-infra-decorators"]

    def lose(members):
        for name in [n for n in members if n.endswith(("retry.py", "py.typed"))]:
            del members[name]

    rewrite(dist / project.filenames[0], lose)
    with pytest.raises(ReleaseError) as caught:
        contract.check([project], dist)
    assert "ml_infra/decorators/retry.py" in str(caught.value)
    assert "lacks ml_infra/decorators/py.typed" in str(caught.value)


def test_a_leaf_that_needs_an_undeclared_sibling_is_found(dist, projects):
    project = projects["ml-infra-decorators"]
    add(
        dist / project.filenames[0],
        "ml_infra/decorators/__init__.py",
        "import ml_infra.metrics",
    )
    found = [*contract.broken_subsets([*projects.values()], dist)]
    assert len(found) == 4  # alone and with each subset of the leaves but metrics
    assert all("No module named 'ml_infra.metrics'" in line for line in found)


def test_artefacts_that_were_never_built_name_the_command(tmp_path, projects):
    with pytest.raises(ReleaseError, match="nox -s build"):
        contract.check([projects["ml-infra-metrics"]], tmp_path)


def test_editable_and_wheel_installs_mix(built, projects, tmp_path):
    environment = environments.create(tmp_path / "mixed")
    editable = ["ml-infra-metrics", "ml-infra-decorators"]
    requirements = [
        str(built / p.filenames[0]) for n, p in projects.items() if n not in editable
    ]
    for name in editable:
        source = shutil.copytree(projects[name].path, tmp_path / name)
        requirements += ["--editable", str(source)]
    environment.install(*requirements)
    packages = next(environment.path.glob("lib/python*/site-packages"))
    # A finder would be invisible to type checkers; a path is not.
    assert not [*packages.glob("__editable__*finder*")]
    code = (
        "import ml_infra_utils as u; print(u.accuracy([1], [1]), u.normalize([1, 2]))"
    )
    code += "\nimport ml_infra.decorators, ml_infra.logging"
    done = run(environment, "-c", code, cwd=tmp_path)
    assert done.stdout == "1.0 [0.0, 1.0]\n", done.stderr


def test_logging_stays_the_standard_library_from_the_distributions_folder(
    built, projects, tmp_path
):
    project = projects["ml-infra-logging"]
    environment = environments.create(tmp_path / "env")
    wheel = str(built / project.filenames[0])
    environment.install(wheel, *verify.test_requirements(project))
    done = run(environment, "-m", "pytest", "-q", "-m", "not slow", cwd=project.path)
    assert done.returncode == 0, done.stdout
    for folder in (ROOT, project.path, project.path / "tests"):
        code = "import logging, ml_infra.logging as ours; print(logging is ours)"
        code += "\nlogging.getLogger('x')"
        done = run(environment, "-c", code, cwd=folder)
        assert done.stdout == "False\n", done.stderr


def run(environment, *arguments, cwd):
    return subprocess.run(
        [str(environment.python), *arguments],
        cwd=cwd,
        env=environments.isolated(),
        capture_output=True,
        text=True,
        check=False,
    )

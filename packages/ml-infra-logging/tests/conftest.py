"""Every test starts unconfigured, and every line it leaves behind obeys the schema."""

import faulthandler
import gzip
import json
import os

import pytest

from ml_infra.logging import _configuration, _gates
from ml_infra.logging.schema import validate_record

_PATIENCE_S = 600  # far more than any test takes, the slow ones on a busy machine too


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "handwritten: the log files of this test are not our own lines"
    )
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        config._real_stderr = os.dup(2)


@pytest.fixture(autouse=True)
def _no_test_hangs(pytestconfig):
    """End the session with the stacks of all threads where a test does not end."""
    faulthandler.dump_traceback_later(
        _PATIENCE_S, exit=True, file=pytestconfig._real_stderr
    )
    yield
    faulthandler.cancel_dump_traceback_later()


def strict_json(line):
    """Parse as RFC 8259 says: no NaN, no duplicate keys, valid UTF-8, one value."""

    def refuse(token):
        raise ValueError(f"{token} is not JSON")

    def pairs(items):
        found = dict(items)
        if len(found) != len(items):
            raise ValueError(f"duplicate keys in {[key for key, _ in items]}")
        return found

    return json.loads(
        line.decode("utf-8"), parse_constant=refuse, object_pairs_hook=pairs
    )


@pytest.fixture(name="strict_json")
def strict_json_fixture():
    return strict_json


@pytest.fixture(autouse=True)
def _unconfigured():
    """Undo `configure`, so that no test sees the outputs of the one before."""
    yield
    if _configuration._active is not None:
        _configuration._active.restore()
    _gates.install(None)


@pytest.fixture(autouse=True)
def _every_line_obeys_the_schema(request):
    """Judge all lines of all log files that the test has written."""
    folder = None
    if "tmp_path" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path")
    yield
    if folder is None or request.node.get_closest_marker("handwritten"):
        return
    for file in sorted(folder.rglob("*.jsonl*")):
        data = file.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        assert data.endswith(b"\n") or not data, f"{file} ends inside a line"
        for line in data.splitlines():
            wrong = validate_record(strict_json(line))
            assert not wrong, f"{wrong} in {line[:500]!r}"

"""`get_logger` and `configure`: what users call."""

import asyncio
import copy
import functools
import json
import math
import pickle
import signal
import subprocess
import sys

import pytest

import ml_infra.logging
from ml_infra.logging import capture_logs, configure, get_logger, read_log


@pytest.fixture
def logs():
    with capture_logs() as found:
        yield found


def test_an_event_is_one_json_line_with_its_fields(tmp_path):
    path = tmp_path / "run.jsonl"
    configure("demo", path=path, console=False)
    get_logger("data").info("dataset ready", rows=3, split="train")
    line = path.read_text().splitlines()[-1]
    record = json.loads(line)
    assert list(record)[:9] == [
        *("ts", "level", "event", "logger", "run", "attempt", "rank", "pid", "seq")
    ]
    assert (record["event"], record["level"]) == ("dataset ready", "info")
    assert (record["logger"], record["run"]) == ("data", "demo")
    assert (record["rows"], record["split"]) == (3, "train")


def test_each_method_writes_at_its_level(logs):
    log = get_logger("levels")
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(log, level)("x")
        log.log(level, "x")
    assert [record["level"] for record in logs] == [
        level
        for level in ("debug", "info", "warning", "error", "critical")
        for _ in range(2)
    ]
    log.log("no such level", "x")
    assert logs[-1]["level"] == "info"


def test_levels_per_logger_and_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("ML_INFRA_LOG_LEVELS", "team.data=debug,team=error")
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False, levels="warning,team.data=critical")
    for name in ("other", "team", "team.data", "team.data.io"):
        get_logger(name).debug("debug")
        get_logger(name).warning("warning")
    found = [json.loads(line) for line in path.read_text().splitlines()][1:]
    assert [(r["logger"], r["event"]) for r in found] == [
        ("other", "warning"),
        *(("team.data", "debug"), ("team.data", "warning")),
        *(("team.data.io", "debug"), ("team.data.io", "warning")),
    ]
    assert get_logger("team.data").is_enabled_for("debug")
    assert not get_logger("team").is_enabled_for("warning")


def test_bind_unbind_and_new(logs):
    log = get_logger("b", fold=1).bind(stage="fit")
    log.info("x")
    log.unbind("stage", "absent").info("x")
    log.new(other=2).info("x")
    log.info("x", stage="call wins")
    found = [{k: r[k] for k in ("fold", "stage", "other") if k in r} for r in logs]
    assert found == [
        {"fold": 1, "stage": "fit"},
        {"fold": 1},
        {"other": 2},
        {"fold": 1, "stage": "call wins"},
    ]


def test_a_logger_without_a_name_has_that_of_its_module(logs):
    get_logger().info("x")
    assert logs[0]["logger"] == __name__


def test_exceptions_are_attached_by_exception_or_exc_info(logs):
    log = get_logger("e")
    try:
        raise ValueError("boom")  # noqa: TRY301 - the log of it is the test
    except ValueError as error:
        log.exception("a")
        log.warning("b", exc_info=True)
        kept = error
    log.info("c", exc_info=kept)
    log.info("d", error=kept)
    log.exception("none is being handled")  # noqa: LOG004 - meant
    log.info("e", exc_info="text")  # noqa: LOG014 - a text is a field
    assert [r["exception"]["type"] for r in list(logs)[:3]] == ["ValueError"] * 3
    assert logs[3]["error"]["message"] == "boom"
    assert "exception" not in logs[4]
    assert logs[5]["exc_info"] == "text"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *[("levels", value) for value in ("loud", "x=loud", "=info")],
        *[("console", "yes"), ("ranks", "some"), ("mode", "async")],
        *[("capture_stdlib", "all"), ("redact", "some"), ("overflow", "explode")],
        *[("max_line", 10), ("queue_bytes", 0), ("path", "{nonsense}/x")],
    ],
)
def test_a_wrong_argument_is_refused_by_name_and_changes_nothing(
    tmp_path, argument, value
):
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    with pytest.raises(ValueError, match=argument.removesuffix("s")):
        configure(**{argument: value})
    get_logger("t").info("still here")
    assert "still here" in path.read_text()


def test_path_may_be_a_folder_and_hold_placeholders(tmp_path):
    handle = configure("my run/1", path=f"{tmp_path}/logs/", console=False)
    assert handle.path == f"{tmp_path}/logs/my_run_1-a0-r0.jsonl"
    handle = configure("../up", path=f"{tmp_path}/{{run}}/{{pid}}.jsonl", console=False)
    assert handle.path.startswith(f"{tmp_path}/_up/")


def test_without_configure_records_go_to_stderr_as_json():
    program = """
from ml_infra.logging import get_logger
log = get_logger("plain")
log.debug("hidden")
log.info("shown", rows=3)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    (record,) = map(json.loads, done.stderr.splitlines())
    assert (record["event"], record["rows"], done.stdout) == ("shown", 3, "")


def test_a_replaced_or_missing_stderr_stops_nothing(monkeypatch, capsys):
    configure(console="auto", capture_stdlib=False)
    get_logger("t").info("to pytest")
    assert '"to pytest"' in capsys.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)
    handle = configure(console="auto", capture_stdlib=False)
    get_logger("t").info("nowhere")
    assert handle.stats()["lost"] >= 1


def test_trap_27_a_logger_goes_through_pickle_with_what_is_bound(logs):
    log = get_logger("p").bind(fold=1, bad=lambda: None, loss=math.nan)
    for other in (pickle.loads(pickle.dumps(log)), copy.deepcopy(log)):  # noqa: S301 - our own
        other.info("x", rows=3)
    for record in logs:
        assert (record["logger"], record["fold"], record["rows"]) == ("p", 1, 3)
        assert record["bad"]["_type"] == "function"


def test_trap_27_a_logger_goes_to_a_spawned_process(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """
import multiprocessing
from ml_infra.logging import get_logger

def work(log):
    log.info("in the child")

if __name__ == "__main__":
    log = get_logger("parent").bind(fold=1, odd=lambda: 0)
    child = multiprocessing.get_context("spawn").Process(target=work, args=(log,))
    child.start(); child.join()
    raise SystemExit(child.exitcode)
"""
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stderr.splitlines()[0])
    assert (record["event"], record["fold"]) == ("in the child", 1)


def test_stats_and_the_context_manager(tmp_path):
    path = tmp_path / "a.jsonl"
    with configure("s", path=path, console=False) as handle:
        get_logger("t").info("x", level=1, text="y" * 500_000, bad=object())
        stats = handle.stats()
    assert stats["written"] == 2
    assert (stats["renamed"], stats["truncated"], stats["salvaged"]) == (1, 1, 1)
    assert json.loads(path.read_text().splitlines()[-1])["event"] == "run.end"
    handle.restore()  # a second time does nothing


def test_all_names_are_there_sorted_and_documented():
    names = ml_infra.logging.__all__
    assert names == sorted(names)
    assert dir(ml_infra.logging) == sorted([*names, "__version__"])
    for name in names:
        assert getattr(ml_infra.logging, name).__doc__
    with pytest.raises(AttributeError, match="no_such"):
        ml_infra.logging.no_such  # noqa: B018 - the access is the test


def test_a_name_that_is_no_text_is_refused_and_leaves_nothing_behind(tmp_path):
    with pytest.raises(TypeError, match="name must be a str"):
        get_logger(3)
    configure(path=tmp_path / "a.jsonl", console=False)
    with capture_logs() as logs:
        get_logger("ok").info("fine")
    logs.assert_has("fine")


@pytest.mark.parametrize(
    ("arguments", "kind", "name"),
    [
        ({"run": 3}, TypeError, "run"),
        ({"run": "a\0b"}, ValueError, "run"),
        ({"run": "\ud800"}, ValueError, "run"),
        ({"levels": 3}, TypeError, "levels"),
        ({"path": b"x.jsonl"}, TypeError, "path"),
        ({"path": ""}, ValueError, "path"),
        ({"path": "a\0b"}, ValueError, "path"),
        ({"redact": None}, ValueError, "redact"),
        ({"max_line": 5}, ValueError, "max_line"),
    ],
)
def test_what_configure_refuses_leaves_the_old_configuration(
    tmp_path, arguments, kind, name
):
    path = tmp_path / "a.jsonl"
    configure("old", path=path, console=False)
    with pytest.raises(kind, match=name):
        configure(**{"run": "new", "console": False, **arguments})
    get_logger("t").info("still here")
    last = json.loads(path.read_text().splitlines()[-1])
    assert (last["event"], last["run"]) == ("still here", "old")


class Stubborn:
    """Ends whatever asks for its text."""

    def __init__(self, error):
        self.error = error

    def __str__(self):
        raise self.error

    __repr__ = __str__
    __fspath__ = __str__


@pytest.mark.parametrize(
    "error", [SystemExit(3), GeneratorExit(), asyncio.CancelledError()]
)
def test_a_value_whose_code_asks_to_stop_is_salvaged(error):
    with capture_logs() as logs:
        get_logger("t").info("odd", value=Stubborn(error), other=1)
        get_logger("t").log(Stubborn(error), "level")
    assert logs.assert_has("odd", other=1)["_salvaged"] == ["/value"]
    assert logs.assert_has("level")["level"] == "info"


def _exit(code, *_):
    sys.exit(code)


@pytest.mark.parametrize(
    "handler", [functools.partial(_exit, 3), lambda *_: sys.exit(3)]
)
def test_an_exit_asked_for_by_a_signal_passes(tmp_path, handler):
    class Slow:
        def __fspath__(self):
            signal.raise_signal(signal.SIGTERM)
            return "late"

    before = signal.signal(signal.SIGTERM, handler)
    try:
        configure(path=tmp_path / "a.jsonl", console=False)
        with pytest.raises(SystemExit):
            get_logger("t").info("odd", value=Slow())
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_interrupt_passes_and_is_counted(tmp_path):
    handle = configure(path=tmp_path / "a.jsonl", console=False)
    with pytest.raises(KeyboardInterrupt):
        get_logger("t").info("odd", value=Stubborn(KeyboardInterrupt()))
    assert handle.stats()["failed"] == 1


@pytest.mark.parametrize("limit", [float("inf"), float("nan"), "a", None, 10**400])
def test_a_limit_that_is_no_number_never_raises(limit):
    log = get_logger("limits")
    with capture_logs() as logs:
        log.every(limit).info(f"every {limit!r:.9}")
        log.every_seconds(limit).info(f"seconds {limit!r:.9}")
    assert len(logs) == 2


def test_seq_goes_on_when_the_modules_are_imported_anew(tmp_path):
    path = tmp_path / "a.jsonl"
    code = f"""
import sys
for _ in range(2):
    from ml_infra.logging import configure, get_logger
    configure("t", path={str(path)!r}, console=False)
    get_logger("x").info("x")
    for name in [n for n in sys.modules if n.startswith("ml_infra.logging")]:
        del sys.modules[name]
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    numbers = [json.loads(line)["seq"] for line in path.read_text().splitlines()]
    assert numbers == list(range(len(numbers)))


def test_what_configure_returns_shows_itself_at_a_prompt(tmp_path):
    path = str(tmp_path / "a.jsonl")
    # A run of its own: the process goes on counting the records of one it has had.
    handle = configure("shown", path=path, console=False)
    assert repr(handle) == f"<Handle of run 'shown', attempt 0, rank 0, path {path!r}>"
    handle.restore()
    report = read_log(path).report()
    assert repr(report) == str(report)
    assert "nothing missing" in repr(report)

"""The standard library's records, warnings and uncaught exceptions, and the way out."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from ml_infra.logging import configure, get_logger
from ml_infra.logging._vocabulary import TRACE


@pytest.fixture
def read(tmp_path):
    """Configure with a file, return a function that reads what is new in it."""
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False, levels="debug,quiet=error")
    skip = [1]

    def new():
        lines = path.read_text().splitlines()[skip[0] :]
        skip[0] += len(lines)
        return [json.loads(line) for line in lines]

    return new


def test_trap_18_a_stdlib_record_has_our_shape_its_name_and_its_call_site(read):
    logging.getLogger("urllib3.pool").warning("retry %s of %d", "a", 3, extra={"n": 1})
    (record,) = read()
    assert record["event"] == "retry a of 3"
    assert (record["logger"], record["level"]) == ("urllib3.pool", "warning")
    assert record["n"] == 1
    assert record["file"] == __file__
    assert record["function"].startswith("test_trap_18_a_stdlib_record")
    assert isinstance(record["line"], int)


def test_trap_18_extra_may_clash_with_everything(read):
    extra = {"level": 1, "event": 2, "file": 3, "seq": 4, "ok": object()}
    logging.getLogger("x").error("clash", extra=extra)
    (record,) = read()
    assert [record[f"{key}_"] for key in ("level", "event", "file", "seq")] == [
        1,
        2,
        3,
        4,
    ]
    assert record["event"] == "clash"


def test_trap_18_exc_info_and_stack_info(read):
    try:
        raise KeyError("label")  # noqa: TRY301 - the log of it is the test
    except KeyError:
        logging.getLogger("x").exception("failed", stack_info=True)
    (record,) = read()
    assert record["exception"]["type"] == "KeyError"
    assert record["exception"]["frames"][-1]["function"].endswith("stack_info")
    assert "test_bridge" in record["stack"]


@pytest.mark.parametrize(
    ("message", "args"),
    [("%s and %s", ("one",)), ("%d", ("text",)), ("100%", (1,)), ("plain", (1, 2))],
)
def test_trap_18_arguments_that_do_not_fit_lose_nothing(tmp_path, message, args):
    path = tmp_path / "a.jsonl"
    # pytest's own handler raises for these.
    configure(path=path, console=False, capture_stdlib="replace")
    logging.getLogger("x").warning(message, *args)
    record = json.loads(path.read_text().splitlines()[-1])
    assert (record["event"], record["args"]) == (message, list(args))


@pytest.mark.parametrize("message", [None, 3, {"a": 1}, ValueError("boom"), b"x"])
def test_trap_18_a_message_that_is_no_text(read, message):
    logging.getLogger("x").warning(message)
    assert read()[0]["event"] == str(message)


def test_trap_18_levels_of_ours_and_odd_levels(read):
    logging.getLogger("quiet.child").warning("hidden")
    logging.getLogger("quiet.child").error("shown")
    logging.getLogger("x").log(25, "between")
    logging.getLogger("x").log(3, "below")
    shown, between = read()
    assert shown["event"] == "shown"
    assert (between["level"], between["level_number"]) == ("info", 25)


def test_trap_18_warnings_are_records(read):
    done = _program(
        """
import sys, warnings
from ml_infra.logging import configure
configure(path=sys.argv[1], console=False)
warnings.warn("old way", DeprecationWarning, stacklevel=1)
warnings.warn("careful")
""",
        read,
    )
    told = [(record["category"], record["event"]) for record in done]
    assert told == [("DeprecationWarning", "old way"), ("UserWarning", "careful")]
    assert done[-1]["logger"] == "py.warnings"
    assert done[-1]["line"] == 6


def _program(text, read, expect=0):
    """Run a program that logs into a file of its own; return its own records."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.jsonl"
        done = subprocess.run(
            [sys.executable, "-c", text, path],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        records = [json.loads(line) for line in Path(path).read_text().splitlines()]
    assert records[-1]["event"] == "run.end"
    _program.stderr = done.stderr
    return records[1:-1]


def test_trap_18_an_uncaught_exception_is_a_record_and_still_a_traceback(read):
    program = """
import sys
from ml_infra.logging import configure
configure(path=sys.argv[1], console=False)
def fit(): raise RuntimeError("no data")
fit()
"""
    (record,) = _program(program, read, expect=1)
    assert (record["level"], record["event"]) == ("critical", "uncaught exception")
    assert record["exception"]["message"] == "no data"
    assert record["exception"]["frames"][-1]["function"] == "fit"
    assert "RuntimeError: no data" in _program.stderr


def test_trap_18_a_machine_stderr_gets_the_record_instead_of_the_traceback():
    program = """
from ml_infra.logging import configure
configure(console="auto")
raise RuntimeError("no data")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    records = [json.loads(line) for line in done.stderr.splitlines()]
    assert [r["event"] for r in records] == [
        "run.start",
        "uncaught exception",
        "run.end",
    ]
    assert done.returncode == 1


def test_trap_18_exceptions_of_threads_and_finalizers(read):
    program = """
import sys, threading
from ml_infra.logging import configure
configure(path=sys.argv[1], console=False)
def work(): raise RuntimeError("in thread")
thread = threading.Thread(target=work, name="loader"); thread.start(); thread.join()
class Bad:
    def __del__(self): raise ValueError("in finalizer")
Bad()
"""
    thread, finalizer = _program(program, read)
    assert thread["exception"]["message"] == "in thread"
    assert thread["thread"] == "loader"
    assert finalizer["exception"]["message"] == "in finalizer"


def test_trap_18_asyncio_reports_through_the_bridge(read):
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_exception_handler(
            {"message": "task failed", "exception": ValueError("lost")}
        )

    asyncio.run(main())
    found = [record for record in read() if record["logger"] == "asyncio"]
    told = [record for record in found if record["level"] == "error"]
    assert told[0]["exception"]["message"] == "lost"
    assert "task failed" in told[0]["event"]


def test_trap_18_a_handler_that_logs_while_it_handles_is_no_trap(tmp_path):
    """Python 3.13.4 and later drop records made inside a handler of the same logger."""

    class Chatty(logging.Handler):
        def emit(self, record):
            get_logger("inside").info("from a handler")
            if record.name != "inner":
                logging.getLogger("inner").info("inner")

    path = tmp_path / "a.jsonl"
    handler = Chatty()
    logging.getLogger().addHandler(handler)
    try:
        configure(path=path, console=False)
        logging.getLogger("outer").info("outer")
    finally:
        logging.getLogger().removeHandler(handler)
    names = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert names.count("outer") == 1
    assert names.count("from a handler") >= 1


def test_trap_17_configure_twice_gives_one_line_per_event(tmp_path):
    path = tmp_path / "a.jsonl"
    for _ in range(3):
        configure("same", path=path, console=False)
    get_logger("t").info("ours")
    logging.getLogger("third").info("theirs")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert [record["event"] for record in records] == ["run.start", "ours", "theirs"]
    assert [record["seq"] for record in records] == [0, 1, 2]


def test_trap_17_a_reloaded_module_does_not_double_lines(tmp_path):
    program = """
import importlib, logging, sys
import ml_infra.logging
path = sys.argv[1]
for _ in range(3):
    from ml_infra.logging import configure, get_logger
    configure("same", path=path, console=False)
    logging.getLogger("third").info("theirs")
    get_logger("t").info("ours")
    import ml_infra.logging.structured
    importlib.reload(ml_infra.logging.structured)
    importlib.reload(ml_infra.logging)
    for name in [name for name in sys.modules if name.startswith("ml_infra")]:
        del sys.modules[name]
    import ml_infra.logging
"""
    path = tmp_path / "a.jsonl"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=60)
    names = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert names.count("ours") == names.count("theirs") == 3


def test_trap_17_restore_undoes_everything(tmp_path):
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.getLogger("urllib3").level)
    hooks = (sys.excepthook, threading.excepthook, warnings.showwarning)
    hooks += (sys.unraisablehook, logging.Logger.callHandlers)
    handle = configure(
        *("r",), path=tmp_path / "a.jsonl", console=False, levels="debug,urllib3=error"
    )
    assert root.level == logging.DEBUG
    handle.restore()
    assert (
        list(root.handlers),
        root.level,
        logging.getLogger("urllib3").level,
    ) == before
    assert hooks == (
        *(sys.excepthook, threading.excepthook, warnings.showwarning),
        *(sys.unraisablehook, logging.Logger.callHandlers),
    )
    import os

    assert "ML_INFRA_RUN" not in os.environ


def test_trap_17_foreign_handlers_stay_unless_replaced(tmp_path):
    root = logging.getLogger()
    foreign = logging.NullHandler()
    root.addHandler(foreign)
    try:
        handle = configure(path=tmp_path / "a.jsonl", console=False)
        assert foreign in root.handlers
        handle.restore()
        handle = configure(
            path=tmp_path / "a.jsonl", console=False, capture_stdlib="replace"
        )
        assert foreign not in root.handlers
        handle.restore()
        assert foreign in root.handlers
    finally:
        root.removeHandler(foreign)


def test_our_events_go_to_handlers_of_the_standard_library_when_asked(tmp_path, caplog):
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False, to_stdlib=True)
    get_logger("train").info("dataset ready %s", rows=3, name="mine")
    try:
        raise ValueError("boom")  # noqa: TRY301 - the log of it is the test
    except ValueError:
        get_logger("train").exception("failed")
    ready, failed = [r for r in caplog.records if r.name == "train"]
    assert (ready.getMessage(), ready.rows) == ("dataset ready %s", 3)
    assert ready.pathname == __file__
    assert failed.exc_info[0] is ValueError
    names = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert names == ["run.start", "dataset ready %s", "failed"]


def test_trace_ids_are_there_when_opentelemetry_is(tmp_path):
    trace = pytest.importorskip("opentelemetry.trace")
    span_context = trace.SpanContext(
        trace_id=0x1234, span_id=0x56, is_remote=False, trace_flags=trace.TraceFlags(1)
    )
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    with trace.use_span(trace.NonRecordingSpan(span_context)):
        for _ in range(2):
            get_logger("t").info("inside", n=1)
        get_logger("t").info("clash", trace_id="mine")
    get_logger("t").info("outside", trace_id="mine")
    records = [json.loads(line) for line in path.read_text().splitlines()][1:]
    for record in records[:2]:
        assert record["trace_id"] == f"{0x1234:032x}"
        assert (record["span_id"], record["trace_flags"]) == (f"{0x56:016x}", "01")
        assert set(TRACE) == {
            key for key in record if key.startswith(("trace", "span"))
        }
    assert (records[2]["trace_id"], records[2]["trace_id_"]) == (
        f"{0x1234:032x}",
        "mine",
    )
    assert records[3]["trace_id"] == "mine"


class _Collecting(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def collecting():
    """Put a handler on the root logger that keeps what it gets."""
    handler = _Collecting()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_to_stdlib_hands_each_record_over_once(tmp_path, collecting):
    configure(path=tmp_path / "a.jsonl", console=False, to_stdlib=True)
    logging.getLogger("z").error("theirs")
    get_logger("z").error("ours")
    got = [r for r in collecting.records if r.name == "z"]
    assert [r.getMessage() for r in got] == ["theirs", "ours"]
    assert got[1].funcName == "test_to_stdlib_hands_each_record_over_once"


RECONFIGURED = {
    "dictConfig": """
logging.config.dictConfig({
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": []},
})""",
    "basicConfig": "logging.basicConfig(force=True, handlers=[logging.NullHandler()])",
    "cleared": "logging.getLogger().handlers.clear()",
    "replaced": "logging.getLogger().handlers = []",
    "not propagated": "logging.getLogger('third').propagate = False",
}


@pytest.mark.parametrize("how", RECONFIGURED)
def test_trap_17_whatever_is_done_to_the_handlers_no_record_is_missed(read, how):
    program = f"""
import logging, logging.config, sys
from ml_infra.logging import configure
configure(path=sys.argv[1], console=False)
logging.getLogger("third").info("before")
{RECONFIGURED[how]}
logging.getLogger("third").info("right after")
logging.getLogger("third.child").error("later")
"""
    told = [record["event"] for record in _program(program, read)]
    assert told == ["before", "right after", "later"]


HANDLERS = {
    "root's": "logging.getLogger().addHandler(logging.StreamHandler())",
    "its own": "log.addHandler(logging.StreamHandler()); log.propagate = False",
    "below its level": "handler = logging.StreamHandler(); handler.setLevel('ERROR')\n"
    "log.addHandler(handler)",
    "not of this branch": "log.propagate = False\n"
    "logging.getLogger().addHandler(logging.StreamHandler())",
    "of a file": "log.addHandler(logging.FileHandler('/dev/null'))",
    "none": "",
}


@pytest.mark.parametrize("handler", HANDLERS)
def test_trap_17_people_see_a_record_once_whoever_prints_it(handler):
    program = f"""
import logging
from ml_infra.logging import configure
configure(console=True)
log = logging.getLogger("third")
{HANDLERS[handler]}
log.warning("careful")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr.count("careful") == 1, done.stderr


def test_trap_17_restore_works_below_a_hook_of_somebody_else(tmp_path):
    """Sentry patches the same method; whoever came last may go first."""
    path = tmp_path / "a.jsonl"
    handle = configure(path=path, console=False)
    ours, seen = logging.Logger.callHandlers, []

    def theirs(logger, record):
        seen.append(record.getMessage())
        ours(logger, record)

    try:
        logging.Logger.callHandlers = theirs
        logging.getLogger("z").error("both")
        handle.restore()
        logging.getLogger("z").error("theirs alone")
    finally:
        logging.Logger.callHandlers = ours.__dict__["_ml_infra_logging"]
    assert seen == ["both", "theirs alone"]
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events == ["run.start", "both", "run.end"]

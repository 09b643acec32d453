"""The console: one record is one safe line, whatever it holds and wherever it goes."""

import io
import os
import struct
import subprocess
import sys
import threading
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.logging._console import Console, render, wants_colour

RECORD = {
    "ts": "2026-11-23T16:00:00.123456Z",
    "level": "info",
    "event": "epoch done",
    "logger": "train",
    "run": "r1",
    "attempt": 0,
    "rank": 0,
    "pid": 7,
    "seq": 3,
}


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_fields_are_aligned_key_value_pairs():
    first = render({**RECORD, "loss": 0.25, "split": "train"})
    second = render({**RECORD, "level": "warning", "event": "x", "loss": 1})
    assert first == (
        "16:00:00.123 info     epoch done                       "
        "loss=0.25 split=train  [train]"
    )
    assert first.index("loss=") == second.index("loss=")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *(
            (0.30000000000000004, "0.3"),
            (1e-07, "1e-07"),
            (1732623000.5, "1732623000.5"),
        ),
        *((True, "true"), (None, "null"), (3, "3"), ("", '""'), ("a b", '"a b"')),
        *(('say "x"', '"say \\"x\\""'), ("a=b", '"a=b"'), ([1, 2], "[1, 2]")),
        ({"_type": "m.C", "_reason": "TypeError: no"}, "<m.C: TypeError: no>"),
        ("x" * 300, "x" * 200 + "…(+100)"),
    ],
)
def test_values_are_short_and_unambiguous(value, shown):
    assert f" v={shown}  [train]" in render({**RECORD, "v": value})


def test_nonfinite_numbers_are_shown_as_what_they_were():
    record = {**RECORD, "loss": None, "_nonfinite": {"/loss": "nan"}}
    assert "loss=nan" in render(record)
    assert record["loss"] is None  # the record itself is left alone


def test_rank_and_suppressed_count_are_shown():
    line = render({**RECORD, "rank": 3, "suppressed": 12})
    assert "(and 12 like it, not shown)" in line
    assert line.endswith("[train rank 3]")


def test_user_fields_that_share_a_name_with_ours_are_shown():
    line = render({**RECORD, "exception": "none", "suppressed": "no", "parent": 3})
    assert "exception=none suppressed=no parent=3" in line


def test_an_exception_is_told_in_the_same_line():
    frames = [
        {"file": "main.py", "line": 10, "function": "main"},
        {"file": "fit.py", "line": 31, "function": "fit"},
    ]
    cause = {"type": "KeyError", "message": "'label'"}
    line = render(
        {
            **RECORD,
            "exception": {
                "type": "ValueError",
                "message": "bad\nbatch",
                "frames": frames,
                "cause": cause,
            },
        }
    )
    assert line.endswith(
        "ValueError: bad\\nbatch at fit.py:31 fit < main.py:10 main "
        "| caused by KeyError: 'label'"
    )


HOSTILE = [
    "\r",
    "\n",
    "\x1b[2J",
    "\x0b",
    "\b",
    "\u202e",
    "\u2066",
    "\u2028",
    "\x85",
    "\0",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("place", ["event", "level", "logger", "ts", "key", "value"])
def test_trap_08_nothing_from_outside_reaches_the_terminal_raw(hostile, place):
    text = f"a{hostile}b"
    record = dict(RECORD)
    if place == "key":
        record[text] = 1
    elif place == "value":
        record |= {"v": text, "deep": {"k": [text]}, "exception": {"type": text}}
    else:
        record[place] = text
    line = render(record)
    assert line.isprintable()
    assert line.encode()  # no surrogate is left


@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_trap_08_any_record_is_one_printable_line(count):
    text = st.text(max_size=8)

    @settings(deadline=None, derandomize=True, max_examples=count)
    @given(
        st.dictionaries(
            text,
            st.recursive(
                st.none() | st.booleans() | st.floats() | st.integers() | text,
                lambda inner: st.lists(inner) | st.dictionaries(text, inner),
                max_leaves=6,
            ),
            max_size=4,
        )
    )
    def judge(record):
        line = render(record)
        assert line.isprintable()
        assert len(line.splitlines()) <= 1

    judge()


def test_colour_adds_escapes_and_nothing_else():
    record = {**RECORD, "loss": 0.25}
    coloured = render(record, colour=True)
    assert "\x1b[32m" in coloured
    plain = "".join(
        part.partition("m")[2] if number else part
        for number, part in enumerate(coloured.split("\x1b["))
    )
    assert plain == render(record)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),  # the standard: only when not empty
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_follows_terminal_and_environment(monkeypatch, environment, expected):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Terminal()) is expected
    assert wants_colour(io.StringIO()) is False


def test_force_color_colours_a_pipe(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_colour(io.StringIO()) is True


def test_emit_writes_one_line_to_the_current_stderr(capsys):
    console = Console(colour=False)
    assert console.emit(RECORD) is True
    assert capsys.readouterr().err == render(RECORD) + "\n"


@pytest.mark.parametrize("failure", [OSError(28, "full"), ValueError("closed")])
def test_trap_16_a_broken_stream_is_reported_and_never_raised(failure):
    class Broken(io.StringIO):
        def write(self, text):
            raise failure

    assert Console(Broken(), colour=False).emit(RECORD) is False


def test_without_any_stderr_nothing_is_raised(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert Console().emit(RECORD) is False


def test_a_record_that_cannot_be_rendered_is_reported_and_never_raised():
    class Broken:
        def __str__(self):
            raise LookupError

    assert Console(io.StringIO()).emit({**RECORD, "event": Broken()}) is False


@pytest.mark.parametrize("errors", ["strict", "backslashreplace"])
def test_trap_07_output_is_encodable_under_an_ascii_locale(errors):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors=errors)
    assert Console(stream).emit({**RECORD, "v": "größe…"}) is True
    assert b"v=gr\\xf6\\xdfe\\u2026" in raw.getvalue()


def test_trap_07_a_process_in_the_c_locale_writes_its_line():
    program = (
        "from ml_infra.logging._console import Console\n"
        "assert Console().emit({'event': 'gr\\xf6\\xdfe', 'level': 'info'})\n"
    )
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    environment["PYTHONCOERCECLOCALE"] = "0"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        env=environment,
        check=True,
        timeout=60,
    )
    assert b"gr\\xf6\\xdfe" in done.stderr


# -- progress bars -------------------------------------------------------------------


def screen(data):
    """Show `data` as a terminal of endless height does: the lines, left to right."""
    lines, row, column = [""], 0, 0
    text = data.decode()
    while text:
        if text.startswith("\x1b["):
            end = next(i for i, c in enumerate(text[2:], 2) if c.isalpha())
            count, code = text[2:end], text[end]
            text = text[end + 1 :]
            if code == "A":
                row = max(0, row - int(count or 1))
            elif code == "K":
                lines[row] = "" if count == "2" else lines[row][:column]
            elif code == "J":
                lines[row] = lines[row][:column]
                del lines[row + 1 :]
            continue
        character, text = text[0], text[1:]
        if character == "\n":
            row += 1
            while len(lines) <= row:
                lines.append("")
        elif character == "\r":
            column = 0
        elif unicodedata.category(character) != "Cc":
            line = lines[row].ljust(column)
            lines[row] = line[:column] + character + line[column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def run_in_terminal(program):
    fcntl = pytest.importorskip("fcntl")
    pty = pytest.importorskip("pty")
    termios = pytest.importorskip("termios")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 50, 200, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "1"},
    )
    guard = threading.Timer(60, process.kill)
    guard.start()
    os.close(slave)
    data = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end has closed
            break
        if not chunk:
            break
        data += chunk
    os.close(master)
    assert process.wait(60) == 0
    guard.cancel()
    return data.replace(b"\r\n", b"\n\r")  # the line discipline turns \n into both


RECORDS = "[{'event': f'event {i}', 'level': 'info'} for i in range(8)]"


def test_a_running_tqdm_bar_stays_below_whole_lines():
    pytest.importorskip("tqdm")
    shown = screen(
        run_in_terminal(
            "from tqdm import tqdm\n"
            "from ml_infra.logging._console import Console\n"
            "console = Console()\n"
            f"for record in tqdm({RECORDS}, desc='outer', mininterval=0):\n"
            "    for _ in tqdm(range(2), desc='inner', leave=False, mininterval=0):\n"
            "        pass\n"
            "    assert console.emit(record)\n"
        )
    )
    lines = [line for line in shown if line]
    assert [line.split()[-1] for line in lines[:8]] == [str(i) for i in range(8)]
    assert all("info     event" in line for line in lines[:8])
    (bar,) = lines[8:]
    assert bar.startswith("outer: 100%")


def test_a_tqdm_bar_in_a_file_leaves_each_record_a_line_of_its_own(tmp_path):
    tqdm = pytest.importorskip("tqdm")
    path = tmp_path / "stderr.txt"
    with path.open("w") as stream:
        console = Console(stream)
        for number in tqdm.tqdm(range(3), file=stream, mininterval=0):
            assert console.emit({"event": f"event {number}", "level": "info"})
    lines = [line for line in path.read_text().split("\n") if "event" in line]
    assert len(lines) == 3
    assert all("%" not in line for line in lines)


def test_a_live_display_of_rich_stays_below_whole_lines():
    pytest.importorskip("rich")
    shown = screen(
        run_in_terminal(
            "from rich.progress import track\n"
            "from ml_infra.logging._console import Console\n"
            "console = Console()\n"
            f"for record in track({RECORDS}, description='working'):\n"
            "    assert console.emit(record)\n"
        )
    )
    lines = [line for line in shown if line]
    assert [line.split()[-1] for line in lines[:8]] == [str(i) for i in range(8)]
    assert lines[8].startswith("working")
    assert len(lines) == 9


def test_a_forked_child_does_not_wait_for_a_display_of_its_parent(monkeypatch):
    """The thread that would release the display's lock exists in the parent only."""

    class Proxy(io.StringIO):
        rich_proxied_file = None

    stream = Proxy()
    monkeypatch.setattr(sys, "stderr", stream)
    console = Console()
    assert console._current_stream() is stream
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert console._current_stream() is sys.__stderr__

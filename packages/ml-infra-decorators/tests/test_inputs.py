"""Trap 27: an argument that the failed attempt has used up."""

import io
import itertools
import sqlite3
import tempfile
import urllib.request

import pytest

from ml_infra.decorators import retry

pytestmark = pytest.mark.usefixtures("trial")


def reader(failures=1):
    """Make a retried function that reads its input and then fails at first."""
    seen = []

    @retry
    def read(source):
        seen.append(source.read() if hasattr(source, "read") else list(source))
        if len(seen) <= failures:
            raise ConnectionError
        return seen

    return read


def test_trap_27_a_seekable_file_is_rewound_to_where_it_stood():
    """Trap 27: the position at entry, not the beginning."""
    file = io.BytesIO(b"header body")
    file.seek(7)
    assert reader(2)(file) == [b"body", b"body", b"body"]
    text = io.StringIO("ab\ncd")
    text.readline()
    assert reader()(text) == ["cd", "cd"]


def test_trap_27_files_on_disk_and_in_keywords_are_rewound(tmp_path):
    """Trap 27: a file handed over by keyword, and with the full options."""
    path = tmp_path / "data.txt"
    path.write_text("line\n" * 3)
    seen = []

    @retry(deadline=60)
    def load(name, *, file):
        seen.append(file.read())
        if len(seen) < 2:
            raise ConnectionError
        return name

    with path.open() as file:
        assert load("n", file=file) == "n"
    assert seen == ["line\n" * 3] * 2


@pytest.mark.parametrize(
    "source",
    [
        lambda: iter([1, 2]),
        lambda: (n for n in range(3)),
        lambda: map(str, [1]),
        lambda: zip([1], [2], strict=True),
        lambda: itertools.chain([1], [2]),
    ],
)
def test_trap_27_an_iterator_is_refused_after_the_first_attempt(source):
    """Trap 27: the own error comes out, the note says what to do."""
    read = reader()
    with pytest.raises(ConnectionError) as caught:
        read(source())
    (note,) = caught.value.__notes__
    assert "1 attempt over" in note
    assert "stopped: input_consumed (argument source is a" in note
    assert "pass a list or a seekable file" in note


def test_trap_27_a_stream_that_cannot_seek_is_refused():
    """Trap 27: a pipe or a response body is gone once it is read."""

    class Pipe(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            return 0

    with pytest.raises(ConnectionError) as caught:
        reader()(Pipe())
    assert retry.history(caught.value)[-1]["reason"] == "input_consumed"


def test_trap_27_an_untouched_generator_is_no_obstacle():
    """Trap 27: an attempt that failed before it read anything lost nothing."""
    calls = []

    @retry
    def load(rows):
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError
        return list(rows)

    assert load(n for n in range(3)) == [0, 1, 2]


def test_trap_27_a_method_of_an_iterator_is_retried():
    """Trap 27: `self` is not an input."""

    class Loader:
        calls = 0

        def __iter__(self):
            return self

        @retry
        def __next__(self):
            self.calls += 1
            if self.calls == 1:
                raise ConnectionError
            return self.calls

    assert next(Loader()) == 2


def test_trap_27_writers_cursors_and_containers_are_no_obstacle():
    """Trap 27: what is not read from can be used again."""
    with sqlite3.connect(":memory:") as connection:
        for value in (
            connection.cursor(),
            [1],
            {"a": 1},
            range(3),
            urllib.request.Request("http://127.0.0.1"),
            object(),
            io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False))),
        ):
            calls = []

            @retry
            def load(value, calls=calls):
                calls.append(value)
                if len(calls) < 2:
                    raise ConnectionError
                return len(calls)

            assert load(value) == 2
    connection.close()


def test_trap_27_adjust_can_renew_the_input():
    """Trap 27: a fresh iterator is welcome, the used one is not."""
    seen = []

    def load(rows):
        seen.append(list(rows))
        if len(seen) < 2:
            raise ConnectionError
        return seen

    renewed = retry(load, adjust=lambda args, kwargs, failure: ((iter("ab"),), {}))
    assert renewed(iter("ab")) == [["a", "b"], ["a", "b"]]
    seen.clear()
    kept = retry(load, adjust=lambda args, kwargs, failure: (args, kwargs))
    with pytest.raises(ConnectionError) as caught:
        kept(iter("ab"))
    assert retry.history(caught.value)[-1]["reason"] == "input_consumed"


def test_trap_27_a_file_that_was_closed_cannot_be_rewound():
    """Trap 27: the own error comes out, not that of the seek."""

    @retry
    def load(file):
        file.close()
        raise ConnectionError

    with pytest.raises(ConnectionError) as caught:
        load(io.BytesIO(b"x"))
    assert "cannot be rewound" in caught.value.__notes__[0]


def test_trap_27_a_temporary_file_is_rewound():
    """Trap 27: the wrapper of tempfile hands everything on to its file."""
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("text")
        file.seek(0)
        assert reader()(file) == ["text", "text"]


def test_a_proxy_is_not_asked_for_its_attributes():
    """Those of a remote object would be calls over the network."""
    asked = []

    class Proxy:
        def __getattr__(self, name):
            asked.append(name)
            return lambda *args: asked.append(name)

    calls = []

    @retry
    def load(proxy):
        calls.append(1)
        if len(calls) < 2:
            raise ConnectionError
        return "done"

    assert load(Proxy()) == "done"
    assert asked == []


class Hostile:
    """A stream that raises what no stream should, from the methods it is told to."""

    def __init__(self, *broken):
        self.broken = broken

    def _do(self, method):
        if method in self.broken:
            raise AttributeError(method)
        return 0

    def read(self):
        return ""

    def seek(self, position):
        return self._do("seek")

    def tell(self):
        return self._do("tell")

    def seekable(self):
        return bool(self._do("seekable")) or True

    def readable(self):
        return bool(self._do("readable")) or True


class HostileIterator:
    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration

    @property
    def gi_frame(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "source",
    [
        Hostile("tell", "readable"),
        Hostile("seekable", "readable"),
        Hostile("seek"),
        HostileIterator(),
    ],
)
def test_trap_27_an_argument_that_cannot_be_judged_ends_the_call(source):
    """Trap 27: with the call's own error, never with the argument's."""
    with pytest.raises(ConnectionError) as caught:
        reader()(source)
    assert retry.history(caught.value)[-1]["reason"] == "input_consumed"

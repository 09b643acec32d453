"""Reading back: whatever a crash left, as a table, with a report of what is missing."""

import gzip
import json
import math
import random
import sys

import pytest

from ml_infra.logging import _columns, read_log
from ml_infra.logging._lines import _parser

pytestmark = pytest.mark.handwritten


def line(seq, *, rank=0, attempt=0, pid=None, second=None, **fields):
    record = {
        "ts": f"2026-11-23T16:00:{seq if second is None else second:02d}.000000Z",
        "level": "info",
        "event": fields.pop("event", "tick"),
        "logger": "train",
        "run": "r1",
        "attempt": attempt,
        "rank": rank,
        "pid": 100 + rank if pid is None else pid,
        "seq": seq,
        **fields,
    }
    return json.dumps(record, separators=(",", ":")) + "\n"


def metric(seq, step, *, attempt=0, rank=0, **fields):
    return line(
        seq,
        kind="metric",
        event="metric",
        step=step,
        attempt=attempt,
        rank=rank,
        **fields,
    )


@pytest.fixture
def write(tmp_path):
    def write(text, name="run.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


# -- what stands in files ------------------------------------------------------------


def test_records_come_back_in_the_order_of_the_file(write):
    log = read_log(write(line(0, loss=0.5) + line(1, split="é\u2028")))
    assert [record["seq"] for record in log] == [0, 1]
    assert log.records[1]["split"] == "é\u2028"
    assert len(log) == 2
    assert (log.torn, log.unreadable) == ([], [])


def test_trap_25_a_torn_last_line_is_named_and_the_rest_kept(write):
    path = write(line(0) + line(1) + line(2)[:40])
    log = read_log(path)
    assert len(log) == 2
    assert log.torn == [f"{path}:3"]


def test_trap_25_a_last_line_without_its_newline_is_whole(write):
    assert len(read_log(write(line(0) + line(1).rstrip("\n")))) == 2


def test_trap_25_a_line_torn_and_continued_by_another_process_keeps_the_second(write):
    path = write(line(0)[:30] + line(7, rank=1) + line(8, rank=1))
    log = read_log(path)
    assert [record["seq"] for record in log] == [7, 8]
    assert log.torn == [f"{path}:1"]


def test_trap_25_garbage_lines_are_named_and_passed_over(write):
    path = write(line(0) + "Traceback (most recent call last):\n3\n[1]\n" + line(1))
    log = read_log(path)
    assert len(log) == 2
    assert log.unreadable == [f"{path}:2", f"{path}:3", f"{path}:4"]


def test_two_halves_that_make_json_when_joined_stay_broken(write):
    path = write('{"a":[1\n2]}\n' + line(0))
    log = read_log(path)
    assert [record["seq"] for record in log] == [0]
    assert len(log.torn) + len(log.unreadable) == 2


def test_trap_25_empty_files_blank_lines_bom_and_crlf(write):
    assert len(read_log(write(b"", "empty.jsonl"))) == 0
    text = "\ufeff" + line(0).replace("\n", "\r\n") + "\r\n\n" + line(1)
    log = read_log(write(text))
    assert (len(log), log.unreadable) == (2, [])


def test_blocks_of_nul_after_a_crash_of_the_host(write):
    log = read_log(write(line(0).encode() + b"\0" * 4096 + b"\n" + line(1).encode()))
    assert (len(log), log.unreadable) == (2, [])


def test_trap_25_undecodable_bytes_are_kept_readable(write):
    bad = line(0, name="ab").encode().replace(b"ab", b"a\xffb")
    assert read_log(write(bad)).records[0]["name"] == "a\\xffb"


def test_lone_surrogates_of_foreign_writers_become_encodable_text(write):
    log = read_log(write('{"v":"a\\ud800b","pair":"\\ud83d\\ude00"}\n'))
    assert log.records == [{"v": "a\\ud800b", "pair": "😀"}]


@pytest.mark.parametrize("cut", [None, -20])
def test_trap_25_gzip_whole_and_broken_off(write, cut):
    text = "".join(line(i % 60, note=str(i) * 9) for i in range(3000))
    path = write(gzip.compress(text.encode())[:cut], "run.jsonl.gz")
    log = read_log(path)
    if cut is None:
        assert (len(log), log.torn, log.unreadable) == (3000, [], [])
    else:
        assert 0 < len(log) < 3000
        assert log.unreadable


def test_gzip_is_known_by_its_bytes_and_not_by_its_name(write):
    assert len(read_log(write(gzip.compress(line(0).encode()), "run.jsonl.1"))) == 1


def test_nonfinite_numbers_are_floats_again(write):
    log = read_log(
        write(
            line(
                0, loss=None, g=[1.0, None], _nonfinite={"/loss": "nan", "/g/1": "-inf"}
            )
            + line(
                1, loss=None, **{"_nonfinite": {"/a~1b/~0": "inf"}, "a/b": {"~": None}}
            )
            + line(
                2, loss=None, _nonfinite={"/gone/3": "nan", "": "inf", "/loss": "odd"}
            )
        )
    )
    first, second, third = log
    assert math.isnan(first["loss"])
    assert first["g"] == [1, -math.inf]
    assert second["a/b"] == {"~": math.inf}
    assert second["loss"] is None  # missing and NaN stay distinct
    assert third["loss"] is None
    assert all("_nonfinite" not in record for record in log)


def test_foreign_json_lines_with_nan_are_read(write):
    (record,) = read_log(write('{"loss": NaN, "lr": -Infinity}\n'))
    assert math.isnan(record["loss"])
    assert record["lr"] == -math.inf


@pytest.mark.parametrize("fast", [True, False])
def test_integers_beyond_64_bits_are_exact_with_and_without_orjson(
    write, fast, monkeypatch
):
    if fast:
        pytest.importorskip("orjson")
    else:
        monkeypatch.setitem(sys.modules, "orjson", None)
    values = [2**63, 2**64, -(2**64), 10**19, 99999999999999999999, 10**400]
    path = write("".join(line(0, n=value, deep=[value]) for value in values))
    assert [(r["n"], r["deep"]) for r in read_log(path)] == [(v, [v]) for v in values]


def test_both_parsers_read_the_same(monkeypatch):
    pytest.importorskip("orjson")
    fast = _parser()
    monkeypatch.setitem(sys.modules, "orjson", None)
    slow = _parser()
    generator = random.Random(1)
    for _ in range(2000):
        number = generator.choice(
            [
                generator.randrange(-(10**25), 10**25),
                generator.randrange(-(2**64), 2**64),
                generator.uniform(-1, 1) * 10 ** generator.randrange(-320, 300),
                generator.uniform(0.0001, 0.001),
            ]
        )
        data = json.dumps([number]).encode()
        assert repr(fast(data)) == repr(slow(data))


# -- several files -------------------------------------------------------------------


def test_a_folder_stands_for_the_log_files_below_it(write, tmp_path):
    write(line(0), "a/r0.jsonl")
    write(line(1), "a/r0.jsonl.1")
    write(gzip.compress(line(2).encode()), "b/r0.jsonl.2.gz")
    write("not a log", "notes.txt")
    write(line(3), ".hidden.jsonl")
    assert sorted(record["seq"] for record in read_log(tmp_path)) == [0, 1, 2]


def test_files_are_merged_by_time_and_every_process_keeps_its_order(write, tmp_path):
    """Rank 0's clock steps back by 9 s after its first record: its order stands."""
    write(line(0, second=10) + line(1, second=1) + line(2, second=12), "r0.jsonl")
    write(line(0, rank=1, second=5) + line(1, rank=1, second=11), "r1.jsonl")
    order = [(record["rank"], record["seq"]) for record in read_log(tmp_path)]
    assert order == [(1, 0), (0, 0), (0, 1), (1, 1), (0, 2)]


def test_several_paths_may_be_given(write):
    paths = [write(line(0), "a.jsonl"), str(write(line(1), "b.jsonl"))]
    assert len(read_log(paths)) == 2


def test_a_path_without_logs_is_refused(tmp_path):
    for bad in (5, [5], None):
        with pytest.raises(TypeError, match="must be a path or a list of paths"):
            read_log(bad)
    with pytest.raises(FileNotFoundError, match="must be a log file or a folder"):
        read_log(tmp_path / "none.jsonl")
    with pytest.raises(FileNotFoundError, match=r"files with \.jsonl in their name"):
        read_log(tmp_path)


# -- metrics and spans ---------------------------------------------------------------


def test_metrics_are_the_records_that_hold_one_of_the_names(write):
    log = read_log(
        write(metric(0, 1, loss=0.5) + metric(1, 1, acc=0.7) + line(2, loss=9.0))
    )
    assert [record["loss"] for record in log.metrics("loss")] == [0.5]
    assert len(log.metrics("loss", "acc")) == 2
    assert len(log.metrics()) == 2
    assert list(log.metrics("loss").records[0]) == [
        *("ts", "run", "attempt", "rank", "step", "loss")
    ]


def test_the_last_attempt_wins_per_step(write, tmp_path):
    """Attempt 0 reached step 3; attempt 1 resumed at 2 and has come to 2 so far."""
    write("".join(metric(i, i, loss=float(i)) for i in range(4)), "a0.jsonl")
    text = metric(0, 2, attempt=1, loss=20.0) + metric(1, 2, attempt=1, loss=21.0)
    write(text + metric(2, None, attempt=1, loss=7.0), "a1.jsonl")
    log = read_log(tmp_path)
    assert len(log.metrics("loss")) == 7
    last = {(r["step"], r["loss"]) for r in log.metrics("loss", attempts="last")}
    assert last == {(0, 0.0), (1, 1.0), (2, 21.0), (3, 3.0), (None, 7.0)}
    with pytest.raises(ValueError, match="attempts must be 'all' or 'last'"):
        log.metrics(attempts="first")


def test_spans_are_one_record_each(write):
    log = read_log(
        write(
            line(0, kind="span.start", event="epoch", span="a" * 16, epoch=3)
            + line(1, kind="span.start", event="val", span="b" * 16, parent="a" * 16)
            + line(
                *(2,),
                kind="span.end",
                event="epoch",
                span="a" * 16,
                duration_s=2.0,
                status="ok",
                epoch=3,
                samples=10,
            )
            + line(3, kind="span.end", event="lost", span="c" * 16, status="error")
        )
    )
    epoch, val, lost = log.spans()
    assert (epoch["name"], epoch["status"], epoch["duration_s"]) == ("epoch", "ok", 2.0)
    assert (epoch["epoch"], epoch["samples"]) == (3, 10)
    assert epoch["start"] == "2026-11-23T16:00:00.000000Z"
    assert epoch["end"] == "2026-11-23T16:00:02.000000Z"
    assert (val["status"], val["parent"], "end" in val) == ("open", "a" * 16, False)
    assert (lost["status"], lost["start"]) == ("error", None)


# -- report --------------------------------------------------------------------------


def test_a_whole_log_is_ok(write):
    path = write(line(0) + line(1) + line(2, kind="run.end", written=3, lost=0))
    report = read_log(path).report()
    assert report.ok
    (process,) = report.processes
    assert (process.records, process.ended) == (3, True)
    assert process.counts == {"written": 3, "lost": 0}
    assert "nothing missing" in str(report)


def test_gaps_and_duplicates_are_found_per_process(write):
    text = "".join(line(i) for i in (0, 1, 4, 4, 5)) + line(2, rank=1)
    report = read_log(write(text)).report()
    first, second = report.processes
    assert (first.missing, first.duplicates) == ([(2, 3)], 1)
    assert second.missing == [(0, 1)]
    assert (report.missing, report.duplicates, report.ok) == (4, 1, False)
    assert "missing seq 2-3; 1 duplicates" in str(report)


def test_a_forked_child_counts_on_its_own(write):
    text = line(0, kind="run.start") + line(1) + line(0, pid=999) + line(1, pid=999)
    report = read_log(write(text)).report()
    assert report.ok
    assert [process.started for process in report.processes] == [True, False]
    assert str(report).count("no end") == 1  # none is to be expected of the child


def test_torn_lines_make_the_log_not_ok(write):
    report = read_log(write(line(0) + line(1)[:30] + "\nnoise\n")).report()
    assert not report.ok
    assert "torn line: " in str(report)
    assert "unreadable: " in str(report)


def test_ranks_that_stopped_early_are_named(write, tmp_path):
    for rank in range(3):
        steps = 2 if rank == 1 else 4
        text = "".join(metric(i, i, rank=rank, loss=1.0) for i in range(steps))
        write(text, f"r{rank}.jsonl")
    report = read_log(tmp_path).report()
    assert report.stopped_early == [("r1", 0, 1)]
    assert "stopped early: run r1 attempt 0 rank 1" in str(report)


def test_a_rank_without_an_end_stopped_early_where_another_has_one(write, tmp_path):
    write(line(0) + line(1, kind="run.end"), "r0.jsonl")
    write(line(0, rank=1), "r1.jsonl")
    assert read_log(tmp_path).report().stopped_early == [("r1", 0, 1)]


def test_ranks_that_world_size_promises_are_missed(write):
    report = read_log(write(line(0, kind="run.start", world_size=3))).report()
    assert report.absent == [("r1", 0, 1), ("r1", 0, 2)]
    assert not report.ok


def test_foreign_records_are_no_error_for_any_view(write):
    log = read_log(
        write('{"a":1}\n{"ts":5,"run":[1],"seq":"x","kind":"metric","step":true}\n')
    )
    assert len(log.metrics()) == 1
    assert len(log.spans()) == 0
    assert str(log.report())


# -- tables and plots ----------------------------------------------------------------


def rows(count):
    """Late keys, missing cells, mixed types, nested values: a real log, in small."""
    for i in range(count):
        fields = {"step": i, "loss": i / 8, "mixed": [1, 2.5, "x"][i % 3]}
        if i % 2:
            fields |= {"epoch": i, "flag": True}
        if i == count - 1:
            fields |= {"late": 1.5, "deep": {"a": [1, None]}, "huge": 2**70}
        yield line(i % 60, **fields)


def test_trap_25_to_pandas_keeps_late_keys_and_types(write):
    pd = pytest.importorskip("pandas")
    log = read_log(write("".join(rows(3000))))
    frame = log.to_pandas()
    assert len(frame) == 3000
    assert list(frame)[:4] == ["ts", "level", "event", "logger"]
    assert frame["ts"][1] == pd.Timestamp("2026-11-23T16:00:01Z")
    assert frame["loss"].dtype == "float64"
    assert frame["step"].dtype == "int64"
    assert frame["epoch"].dtype == "Int64"
    assert frame["flag"].dtype == "boolean"
    assert frame["mixed"][:3].tolist() == [1, 2.5, "x"]
    assert frame["late"].dtype == "float64"
    assert (frame["late"].iloc[-1], frame["late"].count()) == (1.5, 1)
    assert frame["deep"].iloc[-1] == {"a": [1, None]}
    assert frame["huge"].iloc[-1] == 2**70
    assert pd.isna(frame["epoch"][0])
    assert frame["epoch"][1] == 1


@pytest.mark.slow
def test_trap_25_a_key_first_seen_in_the_millionth_record(write):
    pytest.importorskip("pandas")
    text = "".join(line(0, second=1, step=n, loss=0.5) for n in range(1000))
    frame = read_log(write(text * 1000 + line(1, late=1.5))).to_pandas()
    assert len(frame) == 1_000_001
    assert frame["late"].iloc[-1] == 1.5
    assert frame["late"].count() == 1
    assert frame["step"].dtype == "Int64"


def test_trap_25_to_polars_keeps_late_keys_and_types(write):
    pl = pytest.importorskip("polars")
    frame = read_log(write("".join(rows(3000)))).to_polars()
    assert frame.height == 3000
    assert frame["ts"].dtype == pl.Datetime("us", "UTC")
    assert frame["loss"].dtype == pl.Float64
    assert (frame["epoch"].dtype, frame["epoch"][0]) == (pl.Int64, None)
    assert frame["flag"].dtype == pl.Boolean
    assert frame["mixed"][:3].to_list() == ["1", "2.5", "x"]
    assert (frame["late"][-1], frame["late"].null_count()) == (1.5, 2999)
    assert frame["huge"][-1] == str(2**70)
    assert "a" in str(frame["deep"][-1])


def test_trap_02_nonfinite_columns_are_floats_in_both_tables(write):
    log = read_log(
        write(
            line(0, loss=0.5)
            + line(1, loss=None, _nonfinite={"/loss": "nan"})
            + line(2, loss=None)
        )
    )
    pytest.importorskip("pandas")
    assert log.to_pandas()["loss"].dtype == "float64"
    pytest.importorskip("polars")
    column = log.to_polars()["loss"]
    assert str(column.dtype) == "Float64"
    assert (column.is_nan()[1], column[2]) == (True, None)


def odd_rows(count):
    """Records with few keys in common, as no two events have the same fields."""
    generator = random.Random(2)
    cells = [None, 0, -3, 2**63, 0.5, -0.0, True, False, "x", "y", [None, {"a": 1}], {}]
    for i in range(count):
        keys = generator.sample("abcdefghijk", generator.randrange(11))
        yield {key: generator.choice(cells) for key in keys} | (
            {"i": i} if i % 5 else {}
        )


@pytest.mark.parametrize("rows", [1, 7, 8192])
def test_records_are_whatever_the_lines_hold_in_blocks_of_any_size(
    write, monkeypatch, rows
):
    monkeypatch.setattr(_columns, "_ROWS", rows)
    records = list(odd_rows(300))
    log = read_log(write("".join(json.dumps(record) + "\n" for record in records)))
    assert repr([sorted(r.items()) for r in log]) == repr(
        [sorted(record.items()) for record in records]
    )
    assert log.records == records
    assert log.records[0] is log.records[0]
    assert len(log) == 300


@pytest.mark.parametrize("rows", [7, 8192])
def test_frames_are_what_the_records_say_before_and_after_they_are_made(
    write, monkeypatch, rows
):
    pd = pytest.importorskip("pandas")
    monkeypatch.setattr(_columns, "_ROWS", rows)
    records = list(odd_rows(300))
    log = read_log(write("".join(json.dumps(record) + "\n" for record in records)))
    packed = log.to_pandas()
    for record, row in zip(records, packed.to_dict("records"), strict=True):
        for key, cell in row.items():
            expected = record.get(key)
            assert (expected is None and pd.isna(cell)) or cell == expected
    assert log.records  # from here on a list of dicts
    pd.testing.assert_frame_equal(log.to_pandas(), packed)


def test_numbers_keep_their_sign_their_size_and_their_gaps(write):
    pytest.importorskip("pandas")
    frame = read_log(
        write(
            '{"zero":null,"n":null,"big":1,"flag":null}\n'
            '{"zero":-0.0,"n":9223372036854775807,"big":9223372036854775808,"flag":true}\n'
        )
    ).to_pandas()
    assert math.copysign(1, frame["zero"][1]) == -1
    assert math.isnan(frame["zero"][0])
    assert frame["n"][1] == 2**63 - 1
    assert frame["big"].tolist() == [1, 2**63]
    assert frame["flag"].isna().tolist() == [True, False]


def test_tables_of_several_files_have_the_order_of_the_records(write, tmp_path):
    write(line(0, second=10) + line(1, second=1) + line(2, second=12), "r0.jsonl")
    write(line(0, rank=1, second=5) + line(1, rank=1, second=11, late=1), "r1.jsonl")
    log = read_log(tmp_path)
    pytest.importorskip("pandas")
    frame = log.to_pandas()
    assert frame["rank"].tolist() == [1, 0, 0, 1, 0]
    assert frame["seq"].tolist() == [0, 0, 1, 1, 2]
    assert frame["late"].notna().tolist() == [False, False, False, True, False]
    assert list(frame.index) == list(range(5))
    pytest.importorskip("polars")
    assert log.to_polars()["rank"].to_list() == [1, 0, 0, 1, 0]


def test_tables_of_an_empty_log(write):
    log = read_log(write(""))
    pytest.importorskip("pandas")
    assert log.to_pandas().shape == (0, 0)
    pytest.importorskip("polars")
    assert log.to_polars().shape == (0, 0)


def test_times_that_are_none_do_not_stop_a_table(write):
    log = read_log(
        write('{"ts":"yesterday"}\n{"ts":"2026-11-23T16:00:00Z"}\n{"ts":1}\n')
    )
    pytest.importorskip("pandas")
    assert len(log.to_pandas()) == 3
    pytest.importorskip("polars")
    assert log.to_polars().height == 3


def test_plot_draws_a_line_per_rank_and_saves_the_picture(write, tmp_path):
    pytest.importorskip("matplotlib")
    text = "".join(
        metric(i, i, rank=rank, loss=1 / (i + 1), acc=i / 9)
        for rank in (10, 9)
        for i in range(9)
    )
    target = tmp_path / "loss.png"
    figure = read_log(write(text)).plot("loss", path=target)
    assert target.read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    labels = [drawn.get_label() for drawn in axes.lines]
    assert labels == ["loss rank 9", "loss rank 10"]
    assert axes.lines[0].get_ydata()[1] == 0.5


def test_plot_with_all_attempts_has_a_line_for_each(write):
    pytest.importorskip("matplotlib")
    log = read_log(write(metric(0, 1, loss=1.0) + metric(0, 1, attempt=1, loss=2.0)))
    assert len(log.plot("loss", attempts="all").axes[0].lines) == 2
    assert len(log.plot("loss").axes[0].lines) == 1


def test_plot_of_something_that_is_not_there_is_refused(write):
    log = read_log(write(metric(0, 1, loss=0.5)))
    with pytest.raises(ValueError, match="names must be metrics with numbers"):
        log.plot("lost")


def test_plot_without_matplotlib_names_the_extra(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    log = read_log(write(metric(0, 1, loss=0.5)))
    with pytest.raises(ImportError, match=r"ml-infra-logging\[plot\]"):
        log.plot("loss")

"""Counts of a run, which outlive what wrote its records."""

from ml_infra.logging import configure, get_logger
from ml_infra.logging._counting import counters_of


def test_one_run_of_a_process_has_one_set_of_counts():
    assert counters_of("counted", 0) is counters_of("counted", 0)
    assert counters_of("counted", 1) is not counters_of("counted", 0)


def test_seq_goes_on_after_another_run(tmp_path):
    for run in ("counted-a", "counted-b", "counted-a"):
        with configure(run, path=tmp_path / f"{run}.jsonl", console=False):
            get_logger("t").info("x")
    assert counters_of("counted-a", 0).issued.value == 5  # start, x, end; x, end


def test_lost_lines_of_a_former_output_stay_counted(tmp_path):
    handle = configure("counted-c", path="/dev/full", console=False)
    get_logger("t").info("gone")
    lost = handle.stats()["lost"]
    again = configure("counted-c", path=tmp_path / "a.jsonl", console=False)
    assert lost >= 2
    assert again.stats()["lost"] == lost

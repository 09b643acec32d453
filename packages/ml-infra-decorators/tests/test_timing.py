import re

from ml_infra.decorators import timer


def test_bare_timer_prints_the_time_and_returns_the_result(capsys):
    @timer
    def load():
        return 42

    assert load() == 42
    assert re.fullmatch(r"load took [0-9.]+ (ns|µs|ms|s)\n", capsys.readouterr().out)

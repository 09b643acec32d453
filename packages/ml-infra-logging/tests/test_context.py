"""`context`: fields that follow the flow of the program and leak nowhere."""

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ml_infra.logging import capture_logs, carry_context, context, get_logger

log = get_logger("context")


@pytest.fixture
def logs():
    with capture_logs() as found:
        yield found


def fields(record, *names):
    return {name: record[name] for name in names if name in record}


def test_trap_26_fields_are_in_every_record_of_the_block_and_gone_after(logs):
    with context(stage="fit", epoch=3):
        log.info("inside")
        get_logger("other").info("inside")
    log.info("outside")
    assert fields(logs[0], "stage", "epoch") == {"stage": "fit", "epoch": 3}
    assert fields(logs[1], "stage", "epoch") == {"stage": "fit", "epoch": 3}
    assert fields(logs[2], "stage", "epoch") == {}


def test_trap_26_inner_fields_win_and_outer_ones_come_back(logs):
    with context(stage="fit", epoch=1):
        with context(epoch=2):
            log.info("inner")
            log.bind(epoch=3).info("bound")
            log.bind(epoch=3).info("call", epoch=4)
        log.info("outer")
    assert [record["epoch"] for record in logs] == [2, 3, 4, 1]
    assert {record["stage"] for record in logs} == {"fit"}


def test_trap_26_an_exception_restores_the_context(logs):
    with pytest.raises(ValueError, match="boom"), context(stage="fit"):
        raise ValueError("boom")
    log.info("after")
    assert "stage" not in logs[0]


def test_trap_26_a_thread_starts_without_and_may_be_handed_the_context(logs):
    with context(stage="fit"):
        plain = threading.Thread(target=log.info, args=("plain",))
        handed = threading.Thread(target=carry_context(log.info), args=("handed",))
        for thread in (plain, handed):
            thread.start()
            thread.join(60)
    assert "stage" not in logs.find("plain")[0]
    assert logs.find("handed")[0]["stage"] == "fit"


def test_trap_26_an_executor_keeps_nothing_of_the_context_it_was_handed(logs):
    with ThreadPoolExecutor(1) as pool:
        with context(stage="fit"):
            pool.submit(carry_context(log.info), "handed").result()
        pool.submit(log.info, "later").result()
    assert logs.find("handed")[0]["stage"] == "fit"
    assert "stage" not in logs.find("later")[0]


def test_trap_26_tasks_do_not_see_each_others_context(logs):
    async def work(n):
        with context(task=n):
            for _ in range(3):
                await asyncio.sleep(0)
                log.info("step", n=n)

    async def main():
        await asyncio.gather(*(work(n) for n in range(5)))
        log.info("after")

    asyncio.run(main())
    assert all(record["task"] == record["n"] for record in logs.find("step"))
    assert len(logs.find("step")) == 15
    assert "task" not in logs.find("after")[0]


def test_trap_26_a_generator_left_out_of_order_takes_only_its_own_fields(logs):
    def rows():
        with context(shard=1):
            yield 1
            yield 2

    source = rows()
    next(source)
    with context(epoch=1):
        source.close()
        log.info("inside")
    log.info("outside")
    assert fields(logs[0], "shard", "epoch") == {"epoch": 1}
    assert fields(logs[1], "shard", "epoch") == {}


def test_trap_26_an_async_generator_closed_elsewhere_raises_nothing(logs):
    async def rows():
        with context(shard=1):
            yield 1
            yield 2

    async def main():
        source = rows()
        await source.__anext__()
        await asyncio.get_running_loop().create_task(source.aclose())

    asyncio.run(main())
    log.info("after")
    assert "shard" not in logs[0]


def test_trap_26_a_thousand_contexts_deep(logs):
    def deeper(level):
        if level == 1000:
            log.info("bottom")
            return
        with context(**{f"k{level % 10}": level}):
            entered.append(level)

    entered = []
    open_blocks = [context(**{f"k{level % 10}": level}) for level in range(1000)]
    for block in open_blocks:
        block.__enter__()
    deeper(1000)
    for block in reversed(open_blocks):
        block.__exit__(None, None, None)
    log.info("out")
    assert fields(logs[0], "k0", "k9") == {"k0": 990, "k9": 999}
    assert fields(logs[1], "k0", "k9") == {}


def test_a_context_decorates_functions_and_coroutines(logs):
    @context(stage="fit")
    def work(x):
        log.info("sync")
        return x

    @context(stage="eval")
    async def work_async(x):
        log.info("async")
        return x

    assert work(1) == 1
    assert asyncio.run(work_async(2)) == 2
    assert [record["stage"] for record in logs] == ["fit", "eval"]
    assert work.__name__ == "work"


def test_generators_are_refused_with_the_way_out():
    def rows():
        yield 1

    async def rows_async():
        yield 1

    for generator in (rows, rows_async, functools.partial(rows)):
        with pytest.raises(TypeError, match=r"rows.*put `with context"):
            context(stage="fit")(generator)
        with pytest.raises(TypeError, match="carry what iterates"):
            carry_context(generator)


def test_a_coroutine_carries_the_context_through_its_awaits(logs):
    async def work():
        await asyncio.sleep(0)
        log.info("in")

    with context(stage="fit"):
        carried = carry_context(work)

    async def main():
        await carried()
        log.info("out")

    asyncio.run(main())
    assert fields(logs[0], "stage") == {"stage": "fit"}
    assert fields(logs[1], "stage") == {}


def test_one_context_object_may_be_used_by_several_tasks(logs):
    shared = context(stage="fit")

    async def work():
        with shared:
            await asyncio.sleep(0)
            log.info("in")
        log.info("out")

    async def main():
        await asyncio.gather(work(), work(), work())

    asyncio.run(main())
    assert [record["stage"] for record in logs.find("in")] == ["fit"] * 3
    assert not any("stage" in record for record in logs.find("out"))


def test_values_in_a_context_may_be_anything(logs):
    with context(bad=object(), loss=float("nan")):
        log.info("x")
        log.info("x")
    assert all("_type" in record["bad"] for record in logs)

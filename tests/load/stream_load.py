#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures `cruddur-stream`: how fast a burst converges, what it costs idle, whether it grows.

usage: stream_load.py [--burst N] [--groups N] [--idle-seconds N] [--records N]

It starts a private stack (tests/support/stack.py), prints one figure a line, and ends the stack
again. It is no part of the test suite: it takes minutes, and its figures depend on the machine.
Exit status 1: the table was not right in the end, or something did not come to its end in time.
"""
import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.dont_write_bytecode = True

# Imports wait for the path and the flag.
import stack as stack_module  # noqa: E402
import stream_process  # noqa: E402
from dynamo_proxy import DynamoProxy  # noqa: E402
from people import People  # noqa: E402
from processes import wait_until  # noqa: E402
from stream_world import World  # noqa: E402
from streams_stub import StreamsStub, record  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
CHUNK = 20_000


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(pid):
    """(RSS, PSS) as the kernel counts them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith("kB")}
    return sizes["Rss"], sizes["Pss"]


def figure(name, value, unit):
    print(f"{name}: {value} {unit}", flush=True)


def measure_burst(world, messages, groups):
    talks = world.talks(groups)
    world.once()
    daemon = world.start()
    daemon.wait_for(stream_process.ACTIVE)
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: talks[n % groups].say(), range(messages)))
    figure(f"burst of {messages} messages over {groups} groups, written in",
           round(time.monotonic() - started, 2), "s")
    figure("right after the last", round(world.wait_right(300), 2), "s")
    figure("CPU of the daemon for that", round(cpu_seconds(daemon.pid), 2), "s")
    return daemon


def measure_idle(daemon, seconds):
    """After the last record reading slows down; only then it counts as idle."""
    time.sleep(15)
    before, started = cpu_seconds(daemon.pid), time.monotonic()
    time.sleep(seconds)
    used, passed = cpu_seconds(daemon.pid) - before, time.monotonic() - started
    figure(f"CPU when idle over {passed:.0f} s", round(100 * used / passed, 3), "% of a core")


def feed(stub, shard, talk, count):
    """`count` records, most of rows that concern nobody, as a stream is: a message is one in a
    hundred, and the same one each time, so that DynamoDB Local's speed is not what is measured."""
    row = talk.messages[-1]
    other = {**row, "pk": f"GRP#{talk.left.uuid}"}
    while count > 0:
        size = min(CHUNK, count)
        stub.put_records(shard, [record(row if n % 100 == 0 else other) for n in range(size)])
        count -= size
        wait_until(lambda: stub.drained(shard), 600, "the records are read")
        stub.close_shard(shard)
        old, shard = shard, stub.add(shard)
        wait_until(lambda: stub.finished(old), 60, "its end was seen")
        stub.forget(old)
        stub.trace.clear()
    return shard


def measure_memory(world, records):
    stub = StreamsStub(world.name)
    table = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])

    def with_our_stream(answer):
        answer["Table"]["LatestStreamArn"] = stub.arn
        return answer

    table.edit("DescribeTable", with_our_stream)
    talk = world.talk()
    talk.say()
    shard = stub.add()
    daemon = world.start({"AWS_ENDPOINT_URL_DYNAMODB": table.endpoint,
                          "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": stub.endpoint})
    shard = feed(stub, shard, talk, CHUNK)
    before, started, cpu = memory_kb(daemon.pid), time.monotonic(), cpu_seconds(daemon.pid)
    feed(stub, shard, talk, records)
    passed, after = time.monotonic() - started, memory_kb(daemon.pid)
    figure(f"{records} records read in", round(passed, 1), "s")
    figure("CPU of the daemon for that", round(cpu_seconds(daemon.pid) - cpu, 1), "s")
    for name, old, new in zip(("RSS", "PSS"), before, after):
        figure(f"{name} before and after", f"{old} and {new}, {new - old:+}", "kB")
    figure("figures", daemon.figures(), "")
    daemon.stop()
    stub.close()
    table.close()


def main():
    parser = argparse.ArgumentParser(description="Figures of cruddur-stream.")
    parser.add_argument("--burst", type=int, default=1000)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--idle-seconds", type=int, default=60)
    parser.add_argument("--records", type=int, default=1_000_000)
    asked = parser.parse_args()
    lacking = stack_module.missing()
    if lacking:
        sys.exit(f"not installed: {lacking}")
    stack = stack_module.Stack()
    try:
        stack.up()
        settings = {name: value for name, value in stack.env.items()
                    if name not in ("BASE_URL", "DEV_PASSWORD", "DEV_USERS")}
        people = People(settings["CONNECTION_URL"])
        world = World(stack, settings, people)
        daemon = measure_burst(world, asked.burst, asked.groups)
        measure_idle(daemon, asked.idle_seconds)
        world.close()
        world = World(stack, settings, people)
        measure_memory(world, asked.records)
        world.close()
    finally:
        stack.down()


if __name__ == "__main__":
    main()

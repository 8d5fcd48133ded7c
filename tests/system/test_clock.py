# SPDX-License-Identifier: MIT
"""Clocks that stand still or disagree: no two messages and no two groups share an sk for it."""
import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import expect
from site_api import json_bytes, some_uuid

SOURCE = Path(__file__).resolve().parents[1] / "support" / "frozen_clock.c"
JSON = [("Content-Type", "application/json")]


@pytest.fixture(scope="module")
def preload(stack):
    """The preload library, built by the compiler that builds the workers."""
    target = stack.sockets / "frozen_clock.so"
    subprocess.run([shutil.which("gcc") or "cc", "-std=c17", "-D_GNU_SOURCE", "-shared", "-fPIC",
                    "-O1", "-Wall", "-Wextra", "-Werror", str(SOURCE), "-o", str(target)],
                   check=True)
    return target


@pytest.fixture
def frozen(make_worker, preload):
    """`frozen(ns)` is a worker whose wall clock stands at that instant."""
    def make(instant):
        options = os.environ.get("ASAN_OPTIONS", "")
        return make_worker({"LD_PRELOAD": str(preload), "FROZEN_CLOCK_NS": str(instant),
                            "ASAN_OPTIONS": (options + ":verify_asan_link_order=0").lstrip(":")})

    return make


def _post(worker, mint, who, data):
    headers = JSON + [("Authorization", "Bearer " + mint.token(who.sub))]
    return expect.private(worker.call("POST", "/api/messages", headers, json_bytes(data))).json()


def test_the_clock_of_these_workers_does_stand_still(frozen, mint, pair):
    """Without this the tests below would prove nothing."""
    instant = (int(time.time()) - 5) * 10**9 + 123456000
    first = _post(frozen(instant), mint, pair[0], {"message": "x", "handle": pair[1].handle})
    shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(instant // 10**9)) + ".123456+00:00"
    assert first["created_at"] == shown


def test_messages_of_one_instant_are_all_stored(frozen, mint, pair, site, table):
    """In the seed the second message of a microsecond overwrote the first."""
    worker = frozen(time.time_ns())
    group = _post(worker, mint, pair[0], {"message": "0", "handle": pair[1].handle})[
        "message_group_uuid"]
    sent = [_post(worker, mint, pair[index % 2], {"message": str(index),
                                                  "message_group_uuid": group})
            for index in range(1, 25)]
    rows = table.messages(group)
    assert sorted(int(row["message"]) for row in rows) == list(range(25))
    assert len({row["sk"] for row in rows}) == 25
    assert {item["created_at"] for item in sent} <= {row["sk"] for row in rows}
    assert all(expect.CREATED_AT.fullmatch(row["sk"]) for row in rows)
    assert len(site.messages(pair[0], group, "?limit=100")) == 25


def test_messages_of_one_instant_by_several_workers_at_once(frozen, mint, pair, table):
    instant = time.time_ns()
    workers = [frozen(instant) for _ in range(3)]
    group = _post(workers[0], mint, pair[0], {"message": "first", "handle": pair[1].handle})[
        "message_group_uuid"]
    with ThreadPoolExecutor(3) as pool:
        sent = list(pool.map(lambda index: _post(
            workers[index % 3], mint, pair[index % 2],
            {"message": str(index), "message_group_uuid": group}), range(30)))
    rows = {row["message_uuid"]: row for row in table.messages(group)}
    assert len(rows) == 31
    assert len({row["sk"] for row in rows.values()}) == 31
    for item in sent:
        assert (rows[item["uuid"]]["sk"], rows[item["uuid"]]["message"]) == (
            item["created_at"], item["message"])


def test_clock_that_was_set_back_overwrites_nothing(frozen, mint, pair, table):
    now = time.time_ns()
    ahead, behind = frozen(now), frozen(now - 20 * 10**9)
    group = _post(ahead, mint, pair[0], {"message": "0", "handle": pair[1].handle})[
        "message_group_uuid"]
    for index in range(1, 11):
        _post(behind if index % 2 else ahead, mint, pair[0],
              {"message": str(index), "message_group_uuid": group})
    assert sorted(int(row["message"]) for row in table.messages(group)) == list(range(11))


def test_groups_of_one_instant_all_stay(frozen, mint, people, site, table):
    """Two groups of one person that would share an sk: the later moves on by a microsecond."""
    worker = frozen(time.time_ns())
    me, *others = people.several(9)
    for index, other in enumerate(others):
        author, partner = (me, other) if index % 2 else (other, me)
        _post(worker, mint, author, {"message": f"m{index}", "handle": partner.handle})
    rows = table.groups(me)
    assert len(rows) == len(others) and len({row["sk"] for row in rows}) == len(others)
    assert {group["handle"] for group in site.groups(me)} == {other.handle for other in others}
    for other in others:
        assert len(table.groups(other)) == 1


def test_group_does_not_land_on_a_row_that_is_there(frozen, mint, people, table):
    """The sk of the new group is taken, by a row that no worker of ours wrote."""
    from rows import group_row
    instant = (time.time_ns() // 1000) * 1000
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(instant // 10**9))
    micros = instant // 1000 % 10**6
    me, other, *third = people.several(4)
    taken = [group_row(me, person, some_uuid(), f"{text}.{micros + step:06d}+00:00", "taken")
             for step, person in enumerate(third) if micros + step < 10**6]
    table.plant(*taken)
    _post(frozen(instant), mint, me, {"message": "new", "handle": other.handle})
    rows = table.groups(me)
    assert len(rows) == len(taken) + 1
    assert sorted(row["message"] for row in rows) == ["new"] + ["taken"] * len(taken)

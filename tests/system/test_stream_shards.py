# SPDX-License-Identifier: MIT
"""Shards that end, split and appear late; iterators that expire; refusals; how often is read.

The stream is a stand-in, see tests/support/stream_scene.py. What is lost for good is in
test_stream_missed.py.
"""
import time

import pytest

import processes
import stream_process
from stream_world import quoted


def test_records_of_all_shards_are_caught_up_parents_first(scene):
    """Three generations with a split, listed with the youngest first, ten records in each."""
    talks, stub = scene.world.talks(5), scene.stub
    root = stub.add()
    halves = [stub.add(root), stub.add(root)]
    leaves = [stub.add(halves[0]), stub.add(halves[0]), stub.add(halves[1])]
    shards = [root, *halves, *leaves]
    for shard in shards:
        for turn in range(10):
            scene.say(shard, talks[turn % 5])
        if shard not in leaves:
            stub.close_shard(shard)
    stub.shards = dict(reversed(stub.shards.items()))
    scene.start()
    for shard in leaves:
        scene.caught_up(shard)
    scene.world.wait_right(10)
    scene.parents_came_first(*shards)


def test_list_of_shards_comes_in_pages(scene):
    stub, talks = scene.stub, scene.world.talks(7)
    stub.page_shards = 2
    shards = [stub.add() for _ in talks]
    for shard, talk in zip(shards, talks):
        scene.say(shard, talk)
    scene.once()
    assert scene.world.problems() == []


def test_page_holds_a_part_of_the_records(scene):
    talk = scene.world.talk()
    shard = scene.stub.add()
    scene.stub.page_records = 7
    for _ in range(50):
        row = scene.say(shard, talk)
    scene.once()
    assert talk.shows(row["message"], row["sk"])
    assert scene.position(shard).split()[0] == shard.records[-1]["dynamodb"]["SequenceNumber"]


def test_shard_that_ends_is_followed_by_its_child_though_that_is_listed_late(scene):
    talk, stub = scene.world.talk(), scene.stub
    parent = stub.add()
    scene.say(parent, talk)
    scene.start()
    scene.caught_up(parent)
    stub.close_shard(parent)
    child = stub.add(parent, listed=False)
    lists = len(stub.answered("DescribeStream"))
    processes.wait_until(lambda: stub.finished(parent), 10, "its end was seen")
    processes.wait_until(lambda: len(stub.answered("DescribeStream")) >= lists + 2, 15,
                         "it looks for the child")
    row = scene.say(child, talk)
    child.listed = True
    talk.wait_shows(row, 8)
    scene.parents_came_first(child)


def test_many_rollovers_one_after_the_other(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    scene.start()
    for _ in range(5):
        talk.wait_shows(scene.say(shard, talk), 10)
        stub.close_shard(shard)
        shard = stub.add(shard)
    talk.wait_shows(scene.say(shard, talk), 10)
    scene.parents_came_first(*list(stub.shards.values()))


def test_finished_shard_that_is_listed_no_more_is_no_loss(scene):
    talk, stub = scene.world.talk(), scene.stub
    parent = stub.add()
    scene.say(parent, talk)
    stub.close_shard(parent)
    scene.once()
    child = stub.add(parent)
    stub.forget(parent)
    daemon = scene.start()
    talk.wait_shows(scene.say(child, talk), 10)
    assert not daemon.entries(stream_process.MISSED) and not scene.repairs_owed()


def test_child_of_a_parent_that_was_never_listed_is_read(scene):
    talk, stub = scene.world.talk(), scene.stub
    parent = stub.add()
    child = stub.add(parent)
    stub.forget(parent)
    talk.say()
    stub.put(child, talk.messages[-1])
    scene.once()
    assert talk.shows(talk.messages[-1]["message"])


def test_expired_iterator_is_replaced_by_one_behind_the_last_position(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    daemon = scene.start()
    talk.wait_shows(scene.say(shard, talk), 10)
    number = shard.records[-1]["dynamodb"]["SequenceNumber"]
    stub.expire_iterators()
    talk.wait_shows(scene.say(shard, talk), 10)
    asked = stub.answered("GetShardIterator", shard)[-1]
    assert asked == {"type": "AFTER_SEQUENCE_NUMBER", "number": number}
    assert not daemon.entries(stream_process.MISSED) and not scene.repairs_owed()


def test_iterator_that_expires_before_the_first_record_is_replaced(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    daemon = scene.start()
    processes.wait_until(lambda: len(stub.answered("GetRecords", shard)) >= 2, 10, "it reads")
    stub.expire_iterators()
    talk.wait_shows(scene.say(shard, talk), 10)
    assert not daemon.entries(stream_process.MISSED) and not scene.repairs_owed()


def test_empty_pages_in_the_middle_are_no_end(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    stub.pause_with_empty_pages(shard, 6)
    row = scene.say(shard, talk)
    scene.start()
    talk.wait_shows(row, 10)


def test_once_goes_on_over_an_empty_page_and_ends_at_the_last_record(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    stub.pause_with_empty_pages(shard, 2)
    scene.say(shard, talk)
    stub.pause_with_empty_pages(shard, 2)
    row = scene.say(shard, talk)
    scene.once()
    assert talk.shows(row["message"], row["sk"])


@pytest.mark.parametrize("action", ["throttle", "limit", "error", "drop_before", "html"])
@pytest.mark.parametrize("operation", ["DescribeStream", "GetShardIterator", "GetRecords"])
def test_refusals_for_a_while_lose_nothing(scene, operation, action):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    row = scene.say(shard, talk)
    stub.fail(action, [operation], times=5)
    daemon = scene.start()
    talk.wait_shows(row, 15)
    assert not daemon.entries(stream_process.MISSED)


def test_throttled_reader_does_not_hammer(scene):
    stub = scene.stub
    shard = stub.add()
    scene.start()
    processes.wait_until(lambda: stub.answered("GetRecords", shard), 10, "it reads")
    stub.fail("throttle", ["GetRecords"])
    before, started = stub.calls["GetRecords"], time.monotonic()
    processes.wait_until(lambda: stub.calls["GetRecords"] >= before + 8, 30, "it tries again")
    assert time.monotonic() - started > 0.5


def test_idle_shard_is_read_about_once_a_second(scene):
    stub = scene.stub
    shard = stub.add()
    scene.start()
    processes.wait_until(lambda: stub.answered("GetRecords", shard), 10, "it reads")
    before, started = len(stub.answered("GetRecords", shard)), time.monotonic()
    processes.wait_until(lambda: len(stub.answered("GetRecords", shard)) >= before + 5, 20,
                         "it reads on")
    assert 2.0 < time.monotonic() - started < processes.scaled(8.0)
    assert len(stub.answered("DescribeStream")) <= 3


def test_records_delivered_again_change_nothing(scene):
    """A checkpoint that was lost: everything that is still in the stream comes once more."""
    talks, stub = scene.world.talks(5), scene.stub
    shard = stub.add()
    for turn in range(20):
        scene.say(shard, talks[turn % 5])
    scene.once()
    before = sorted(map(repr, scene.world.table.scan()))
    scene.world.sql("DELETE FROM public.stream_checkpoints WHERE table_name = "
                    f"{quoted(scene.world.name)}")
    scene.table.reset()
    scene.once()
    assert len(stub.answered("GetShardIterator", shard)) == 2
    assert sorted(map(repr, scene.world.table.scan())) == before
    assert not any(scene.table.calls[name] for name in ("TransactWriteItems", "PutItem",
                                                        "UpdateItem", "DeleteItem"))


def test_checkpoint_comes_after_the_work(scene):
    """While the table refuses to be written, no position behind the record is remembered."""
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    scene.once()
    number = shard.records[-1]["dynamodb"]["SequenceNumber"]
    scene.table.fail("pause", ["TransactWriteItems"])
    daemon = scene.start()
    row = scene.say(shard, talk)
    assert scene.table.waiting.acquire(timeout=processes.scaled(15))
    assert scene.position(shard).split()[0] == number
    daemon.kill()
    assert scene.position(shard).split()[0] == number
    scene.table.reset()
    scene.start()
    talk.wait_shows(row, 15)
    scene.at(shard, shard.records[-1]["dynamodb"]["SequenceNumber"])


@pytest.mark.parametrize("broken", [
    {"eventName": None}, {"eventName": "RENAME"}, {"Keys": None},
    {"Keys": {"pk": {"N": "1"}, "sk": {"S": "x"}}}, {"NewImage": None}, {"NewImage": "x"},
    {"dynamodb": None}], ids=["no event", "unknown event", "no keys", "number as pk", "no image",
                              "image is a text", "nothing"])
def test_record_that_makes_no_sense_holds_nobody_up(scene, broken):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    record = shard.records[-1]
    for key, value in broken.items():
        place = record if key in ("eventName", "dynamodb") else record["dynamodb"]
        if value is None:
            del place[key]
        else:
            place[key] = value
    other = scene.world.talk()
    row = other.say()
    stub.put(shard, row)
    daemon = scene.start()
    other.wait_shows(row, 15)
    assert daemon.process.poll() is None

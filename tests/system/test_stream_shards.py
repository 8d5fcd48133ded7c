# SPDX-License-Identifier: MIT
"""Shards that end, split, appear late and go away; records and streams that are gone.

The stream is a stand-in (tests/support/streams_stub.py), as DynamoDB Local produces none of this on
demand; the table is a real one. A message that a test writes to the table reaches the daemon only
if the test puts it into a shard: what it does not put there is found by a repair or not at all.
"""
import time
from types import SimpleNamespace

import pytest

import processes
from dynamo_proxy import DynamoProxy
from rows import message_row
from stream_world import quoted, sk_at
from streams_stub import StreamsStub

NEVER = "it has no checkpoint"


@pytest.fixture
def scene(world):
    """A table, the stand-in for its stream, and daemons that take it for the real one."""
    stub = StreamsStub(world.name)
    table = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])

    def with_our_stream(answer):
        answer["Table"]["LatestStreamArn"] = stub.arn
        answer["Table"]["LatestStreamLabel"] = stub.arn.rpartition("/")[2]
        return answer

    table.edit("DescribeTable", with_our_stream)
    changes = {"AWS_ENDPOINT_URL_DYNAMODB": table.endpoint,
               "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": stub.endpoint}
    made = SimpleNamespace(world=world, stub=stub, table=table,
                           start=lambda *options: world.start(changes, *options),
                           once=lambda: world.once(changes))
    yield made
    table.reset()
    stub.reset()
    failures = world.stop()
    stub.close()
    table.close()
    assert "LATEST" not in {asked["type"] for asked in stub.answered("GetShardIterator")}
    if failures:
        raise failures[0]


def _say(scene, shard, talk, **more):
    """A message that reaches the table and this shard."""
    row = talk.say(**more)
    scene.stub.put(shard, row)
    return row


def _parents_came_first(scene, *shards):
    """Nobody asked for a shard before a reader had learnt that its parent ends."""
    for shard in shards:
        if shard.parent in scene.stub.shards:
            ended = scene.stub.finished(scene.stub.shards[shard.parent])
            assert ended is not None and ended < scene.stub.first_read(shard), shard.id


def _caught_up(scene, shard, seconds=10):
    processes.wait_until(lambda: scene.stub.drained(shard), seconds, f"{shard.id} is read")


def _position(scene, shard):
    found = scene.world.sql(
        "SELECT position || ' ' || finished FROM public.stream_checkpoints WHERE table_name = "
        f"{quoted(scene.world.name)} AND shard_id = {quoted(shard.id)}")
    return found or NEVER


def _at(scene, shard, number, seconds=10):
    """Waits until the checkpoint says that everything up to this record is done."""
    processes.wait_until(lambda: _position(scene, shard).split()[0] == number, seconds,
                         f"the checkpoint of {shard.id} is at {number}")


def _repairs_owed(scene):
    return scene.world.sql("SELECT reason FROM public.stream_repairs"
                           f" WHERE table_name = {quoted(scene.world.name)}")


def _missed_and_repaired(scene, daemon, talk, count=1):
    """Data was missed, loudly; the repair found the message that was in no shard."""
    entry = daemon.wait_for("stream_data_missed", 15, count)
    assert entry["level"] == "error"
    talk.wait_shows(talk.messages[-1], 15)
    processes.wait_until(lambda: not _repairs_owed(scene), 15, "no repair is owed")
    scene.world.wait_right(5)


def test_records_of_all_shards_are_caught_up_parents_first(scene):
    """Three generations with a split, listed with the youngest first, ten records in each."""
    talks, stub = scene.world.talks(5), scene.stub
    root = stub.add()
    halves = [stub.add(root), stub.add(root)]
    leaves = [stub.add(halves[0]), stub.add(halves[0]), stub.add(halves[1])]
    shards = [root, *halves, *leaves]
    for shard in shards:
        for turn in range(10):
            _say(scene, shard, talks[turn % 5])
        if shard not in leaves:
            stub.close_shard(shard)
    stub.shards = dict(reversed(stub.shards.items()))
    scene.start()
    for shard in leaves:
        _caught_up(scene, shard)
    scene.world.wait_right(10)
    _parents_came_first(scene, *shards)


def test_list_of_shards_comes_in_pages(scene):
    stub, talks = scene.stub, scene.world.talks(7)
    stub.page_shards = 2
    shards = [stub.add() for _ in talks]
    for shard, talk in zip(shards, talks):
        _say(scene, shard, talk)
    scene.once()
    assert scene.world.problems() == []


def test_page_holds_a_part_of_the_records(scene):
    talk = scene.world.talk()
    shard = scene.stub.add()
    scene.stub.page_records = 7
    for _ in range(50):
        row = _say(scene, shard, talk)
    scene.once()
    assert talk.shows(row["message"], row["sk"])
    assert _position(scene, shard).split()[0] == shard.records[-1]["dynamodb"]["SequenceNumber"]


def test_shard_that_ends_is_followed_by_its_child_though_that_is_listed_late(scene):
    talk, stub = scene.world.talk(), scene.stub
    parent = stub.add()
    _say(scene, parent, talk)
    scene.start()
    _caught_up(scene, parent)
    stub.close_shard(parent)
    child = stub.add(parent, listed=False)
    lists = len(stub.answered("DescribeStream"))
    processes.wait_until(lambda: stub.finished(parent), 10, "its end was seen")
    processes.wait_until(lambda: len(stub.answered("DescribeStream")) >= lists + 2, 15,
                         "it looks for the child")
    row = _say(scene, child, talk)
    child.listed = True
    talk.wait_shows(row, 8)
    _parents_came_first(scene, child)


def test_many_rollovers_one_after_the_other(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    scene.start()
    for _ in range(5):
        talk.wait_shows(_say(scene, shard, talk), 10)
        stub.close_shard(shard)
        shard = stub.add(shard)
    talk.wait_shows(_say(scene, shard, talk), 10)
    _parents_came_first(scene, *list(stub.shards.values()))


def test_finished_shard_that_is_listed_no_more_is_no_loss(scene):
    talk, stub = scene.world.talk(), scene.stub
    parent = stub.add()
    _say(scene, parent, talk)
    stub.close_shard(parent)
    scene.once()
    child = stub.add(parent)
    stub.forget(parent)
    daemon = scene.start()
    talk.wait_shows(_say(scene, child, talk), 10)
    assert not daemon.entries("stream_data_missed") and not _repairs_owed(scene)


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
    talk.wait_shows(_say(scene, shard, talk), 10)
    number = shard.records[-1]["dynamodb"]["SequenceNumber"]
    stub.expire_iterators()
    talk.wait_shows(_say(scene, shard, talk), 10)
    asked = stub.answered("GetShardIterator", shard)[-1]
    assert asked == {"type": "AFTER_SEQUENCE_NUMBER", "number": number}
    assert not daemon.entries("stream_data_missed") and not _repairs_owed(scene)


def test_iterator_that_expires_before_the_first_record_is_replaced(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    daemon = scene.start()
    processes.wait_until(lambda: len(stub.answered("GetRecords", shard)) >= 2, 10, "it reads")
    stub.expire_iterators()
    talk.wait_shows(_say(scene, shard, talk), 10)
    assert not daemon.entries("stream_data_missed") and not _repairs_owed(scene)


def test_records_trimmed_while_nobody_read_are_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    _say(scene, shard, talk)
    scene.once()
    _say(scene, shard, lost)
    stub.trim(shard)
    row = _say(scene, shard, talk)
    daemon = scene.start()
    _missed_and_repaired(scene, daemon, lost)
    talk.wait_shows(row, 10)
    assert stub.answered("GetShardIterator", shard)[-1]["type"] == "TRIM_HORIZON"
    daemon.finish()
    again = scene.start()
    talk.wait_shows(_say(scene, shard, talk), 10)
    assert not again.entries("stream_data_missed"), "said and repaired once"


def test_records_trimmed_while_it_read_are_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    daemon = scene.start()
    talk.wait_shows(_say(scene, shard, talk), 10)
    stub.fail("error", ["GetRecords"])
    _say(scene, shard, lost)
    stub.trim(shard)
    stub.reset()
    _missed_and_repaired(scene, daemon, lost)
    talk.wait_shows(_say(scene, shard, talk), 10)


def test_shard_that_went_away_unfinished_is_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    _say(scene, shard, talk)
    scene.once()
    _say(scene, shard, lost)
    stub.close_shard(shard)
    child = stub.add(shard)
    stub.forget(shard)
    daemon = scene.start()
    _missed_and_repaired(scene, daemon, lost)
    talk.wait_shows(_say(scene, child, talk), 10)


def test_position_that_the_shard_does_not_know_is_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    _say(scene, shard, talk)
    scene.once()
    lost.say()
    scene.world.sql("UPDATE public.stream_checkpoints SET position = '4711'"
                    f" WHERE table_name = {quoted(scene.world.name)}")
    daemon = scene.start()
    _missed_and_repaired(scene, daemon, lost)
    talk.wait_shows(_say(scene, shard, talk), 10)


def test_stream_made_anew_while_nobody_read_is_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    _say(scene, stub.add(), talk)
    scene.once()
    lost.say()
    stub.recreate()
    shard = stub.add()
    row = _say(scene, shard, talk)
    daemon = scene.start()
    _missed_and_repaired(scene, daemon, lost)
    talk.wait_shows(row, 10)
    assert scene.world.sql("SELECT DISTINCT stream_arn FROM public.stream_checkpoints WHERE"
                           f" table_name = {quoted(scene.world.name)}") == stub.arn


def test_stream_made_anew_while_it_read_is_found_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    daemon = scene.start()
    talk.wait_shows(_say(scene, shard, talk), 10)
    lost.say()
    stub.recreate()
    shard = stub.add()
    row = _say(scene, shard, talk)
    _missed_and_repaired(scene, daemon, lost)
    talk.wait_shows(row, 10)


def test_owed_repair_outlives_kill_9(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    _say(scene, shard, talk)
    scene.once()
    _say(scene, shard, lost)
    stub.trim(shard)
    scene.table.fail("pause", ["Scan"])
    daemon = scene.start()
    daemon.wait_for("stream_data_missed", 15)
    assert scene.table.waiting.acquire(timeout=processes.scaled(15)), "the repair has begun"
    assert _repairs_owed(scene)
    daemon.kill()
    scene.table.reset()
    again = scene.start()
    lost.wait_shows(lost.messages[-1], 15)
    processes.wait_until(lambda: not _repairs_owed(scene), 15, "no repair is owed")
    assert again.process.poll() is None


def test_live_records_go_on_while_an_owed_repair_runs(scene):
    stub, talk, lost = scene.stub, scene.world.talk(), scene.world.talk()
    others = scene.world.talks(20)
    shard = stub.add()
    _say(scene, shard, talk)
    scene.once()
    _say(scene, shard, lost)
    for other in others:
        for turn in range(4):
            row = message_row(other.group, other.left, sk_at(1_000_000_000_000_000 + turn))
            scene.world.table.plant({**row, "padding": "x" * 60_000})
    stub.trim(shard)
    daemon = scene.start()
    daemon.wait_for("stream_data_missed", 15)
    for _ in range(5):
        talk.wait_shows(_say(scene, shard, talk), 10)
    _missed_and_repaired(scene, daemon, lost)


def test_empty_pages_in_the_middle_are_no_end(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    _say(scene, shard, talk)
    stub.pause_with_empty_pages(shard, 6)
    row = _say(scene, shard, talk)
    scene.start()
    talk.wait_shows(row, 10)


def test_once_goes_on_over_an_empty_page_and_ends_at_the_last_record(scene):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    stub.pause_with_empty_pages(shard, 2)
    _say(scene, shard, talk)
    stub.pause_with_empty_pages(shard, 2)
    row = _say(scene, shard, talk)
    scene.once()
    assert talk.shows(row["message"], row["sk"])


@pytest.mark.parametrize("action", ["throttle", "limit", "error", "drop_before", "html"])
@pytest.mark.parametrize("operation", ["DescribeStream", "GetShardIterator", "GetRecords"])
def test_refusals_for_a_while_lose_nothing(scene, operation, action):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    row = _say(scene, shard, talk)
    stub.fail(action, [operation], times=5)
    daemon = scene.start()
    talk.wait_shows(row, 15)
    assert not daemon.entries("stream_data_missed")


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
        _say(scene, shard, talks[turn % 5])
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
    _say(scene, shard, talk)
    scene.once()
    number = shard.records[-1]["dynamodb"]["SequenceNumber"]
    scene.table.fail("pause", ["TransactWriteItems"])
    daemon = scene.start()
    row = _say(scene, shard, talk)
    assert scene.table.waiting.acquire(timeout=processes.scaled(15))
    assert _position(scene, shard).split()[0] == number
    daemon.kill()
    assert _position(scene, shard).split()[0] == number
    scene.table.reset()
    scene.start()
    talk.wait_shows(row, 15)
    _at(scene, shard, shard.records[-1]["dynamodb"]["SequenceNumber"])


@pytest.mark.parametrize("broken", [
    {"eventName": None}, {"eventName": "RENAME"}, {"Keys": None},
    {"Keys": {"pk": {"N": "1"}, "sk": {"S": "x"}}}, {"NewImage": None}, {"NewImage": "x"},
    {"dynamodb": None}], ids=["no event", "unknown event", "no keys", "number as pk", "no image",
                              "image is a text", "nothing"])
def test_record_that_makes_no_sense_holds_nobody_up(scene, broken):
    talk, stub = scene.world.talk(), scene.stub
    shard = stub.add()
    _say(scene, shard, talk)
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

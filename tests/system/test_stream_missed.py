# SPDX-License-Identifier: MIT
"""Records that were gone before anybody read them: said aloud, and what they were about repaired.

The stream is a stand-in, see tests/support/stream_scene.py: a message that is put into no shard, or
into one that is trimmed, can only be found by a repair.
"""
import processes
import stream_process
from rows import message_row
from stream_world import quoted, sk_at


def test_records_trimmed_while_nobody_read_are_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    scene.once()
    scene.say(shard, lost)
    stub.trim(shard)
    row = scene.say(shard, talk)
    daemon = scene.start()
    scene.missed_and_repaired(daemon, lost)
    talk.wait_shows(row, 10)
    assert stub.answered("GetShardIterator", shard)[-1]["type"] == "TRIM_HORIZON"
    daemon.finish()
    again = scene.start()
    talk.wait_shows(scene.say(shard, talk), 10)
    assert not again.entries(stream_process.MISSED), "said and repaired once"


def test_records_trimmed_while_it_read_are_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    daemon = scene.start()
    talk.wait_shows(scene.say(shard, talk), 10)
    stub.fail("error", ["GetRecords"])
    scene.say(shard, lost)
    stub.trim(shard)
    stub.reset()
    scene.missed_and_repaired(daemon, lost)
    talk.wait_shows(scene.say(shard, talk), 10)


def test_shard_that_went_away_unfinished_is_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    scene.once()
    scene.say(shard, lost)
    stub.close_shard(shard)
    child = stub.add(shard)
    stub.forget(shard)
    daemon = scene.start()
    scene.missed_and_repaired(daemon, lost)
    talk.wait_shows(scene.say(child, talk), 10)


def test_position_that_the_shard_does_not_know_is_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    scene.once()
    lost.say()
    scene.world.sql("UPDATE public.stream_checkpoints SET position = '4711'"
                    f" WHERE table_name = {quoted(scene.world.name)}")
    daemon = scene.start()
    scene.missed_and_repaired(daemon, lost)
    talk.wait_shows(scene.say(shard, talk), 10)


def test_stream_made_anew_while_nobody_read_is_said_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    scene.say(stub.add(), talk)
    scene.once()
    lost.say()
    stub.recreate()
    shard = stub.add()
    row = scene.say(shard, talk)
    daemon = scene.start()
    scene.missed_and_repaired(daemon, lost)
    talk.wait_shows(row, 10)
    assert scene.world.sql("SELECT DISTINCT stream_arn FROM public.stream_checkpoints WHERE"
                           f" table_name = {quoted(scene.world.name)}") == stub.arn


def test_stream_made_anew_while_it_read_is_found_and_repaired(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    daemon = scene.start()
    talk.wait_shows(scene.say(shard, talk), 10)
    lost.say()
    stub.recreate()
    shard = stub.add()
    row = scene.say(shard, talk)
    scene.missed_and_repaired(daemon, lost)
    talk.wait_shows(row, 10)


def test_owed_repair_outlives_kill_9(scene):
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    scene.once()
    scene.say(shard, lost)
    stub.trim(shard)
    scene.table.fail("pause", ["Scan"])
    daemon = scene.start()
    daemon.wait_for(stream_process.MISSED, 15)
    assert scene.table.waiting.acquire(timeout=processes.scaled(15)), "the repair has begun"
    assert scene.repairs_owed()
    daemon.kill()
    scene.table.reset()
    again = scene.start()
    lost.wait_shows(lost.messages[-1], 15)
    processes.wait_until(lambda: not scene.repairs_owed(), 15, "no repair is owed")
    assert again.process.poll() is None


def test_live_records_go_on_while_an_owed_repair_runs(scene):
    stub, talk, lost = scene.stub, scene.world.talk(), scene.world.talk()
    others = scene.world.talks(20)
    shard = stub.add()
    scene.say(shard, talk)
    scene.once()
    scene.say(shard, lost)
    for other in others:
        for turn in range(4):
            row = message_row(other.group, other.left, sk_at(1_000_000_000_000_000 + turn))
            scene.world.table.plant({**row, "padding": "x" * 60_000})
    stub.trim(shard)
    daemon = scene.start()
    daemon.wait_for(stream_process.MISSED, 15)
    for _ in range(5):
        talk.wait_shows(scene.say(shard, talk), 10)
    scene.missed_and_repaired(daemon, lost)

# SPDX-License-Identifier: MIT
"""What heals by itself after a fault that lasted, and what it leaves alone meanwhile."""
import threading
import time
from contextlib import contextmanager

import processes
import stream_process
from dynamo_proxy import DynamoProxy
from rows import message_row
from stream_world import now_sk, quoted

EX_TEMPFAIL = 75
WRITES = ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"]


def _letters(world, columns="pk"):
    return world.sql(f"SELECT {columns} FROM public.stream_dead_letters WHERE table_name ="
                     f" {quoted(world.name)} ORDER BY pk, sk").splitlines()


@contextmanager
def _trigger(world, table, body):
    """Runs `body` (plpgsql) before Postgres writes a row of this world's to `table`."""
    name = world.name.replace("-", "_")
    world.sql(f"CREATE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql AS"
              f" $$ BEGIN {body}; RETURN NEW; END $$;"
              f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON public.{table} FOR EACH ROW"
              f" WHEN (NEW.table_name = {quoted(world.name)}) EXECUTE FUNCTION public.{name}()")
    try:
        yield
    finally:
        world.sql(f"DROP FUNCTION public.{name} CASCADE")


@contextmanager
def _chatter(say, pause=0.1):
    """Calls `say` again and again from another thread."""
    ended = threading.Event()

    def run():
        while not ended.wait(pause):
            say()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


# --- Dead letters that time mends

def test_letters_of_writes_that_were_refused_for_long_heal_by_themselves(world):
    """Reads answer all the while, so DynamoDB as a whole looks well."""
    talks = world.talks(4)
    world.once()
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    proxy.fail("denied", WRITES)
    daemon = world.start({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    for talk in talks:
        talk.say()
    processes.wait_until(lambda: len(_letters(world)) == len(talks), 40, "all are set aside")
    assert world.problems()
    proxy.reset()
    processes.wait_until(lambda: not _letters(world), 30, "no letter is left")
    assert world.problems() == []
    daemon.stop()
    proxy.close()


def test_group_that_an_owed_repair_could_not_settle_heals_by_itself(scene):
    talk = scene.world.talk()
    talk.say()
    scene.stub.add()
    scene.table.fail("denied", ["Query", "TransactWriteItems"], containing=talk.group.encode())
    scene.world.sql("INSERT INTO public.stream_repairs (table_name, reason)"
                    f" VALUES ({quoted(scene.world.name)}, 'a test')")
    scene.start()
    processes.wait_until(lambda: not scene.repairs_owed(), 20, "the repair is over")
    assert _letters(scene.world, "sequence_number") == [f"repair:{talk.group}"]
    scene.table.reset()
    processes.wait_until(lambda: not _letters(scene.world), 40, "no letter is left")
    assert scene.world.problems() == []


def test_sick_shard_is_set_aside_though_another_shard_is_well(scene):
    stub, sick, well = scene.stub, scene.world.talk(), scene.world.talk()
    sick_shard, well_shard = stub.add(), stub.add()
    scene.table.fail("denied", ["Query", "TransactWriteItems"], containing=sick.group.encode())
    scene.start()
    with _chatter(lambda: scene.say(well_shard, well), 0.2):
        scene.say(sick_shard, sick)
        processes.wait_until(lambda: _letters(scene.world), 40, "it is set aside")
    assert _letters(scene.world) == [f"MSG#{sick.group}"]
    well.wait_shows(well.messages[-1], 10)
    scene.table.reset()
    scene.world.wait_right(40)


def test_good_groups_behind_many_sick_ones_are_not_held_up(scene):
    """More sick ones stand before them than a pass tries in a row."""
    world, shard = scene.world, scene.stub.add()
    sick, well = world.talks(4), world.talks(5)
    for talk in sick:
        scene.table.fail("denied", ["Query", "TransactWriteItems"],
                         containing=talk.group.encode())
    scene.stub.put(shard, *[talk.say() for talk in sick + well])
    scene.start()
    for talk in well:
        talk.wait_shows(talk.messages[-1], 10)
    scene.table.reset()
    world.wait_right(40)


def test_replay_during_an_outage_leaves_the_letters_as_they_are(world):
    talks = world.talks(2)
    for n, talk in enumerate(talks):
        world.sql("INSERT INTO public.stream_dead_letters (table_name, stream_arn, sequence_number,"
                  f" shard_id, pk, sk, reason) VALUES ({quoted(world.name)}, {quoted(world.name)},"
                  f" '{n}', '', {quoted('MSG#' + talk.group)}, '', 'reason {n}')")
    before = _letters(world, "pk || reason || tries || last_at || retry")
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    for fault in ("throttle", "drop_before"):
        proxy.fail(fault)
        done = world.run("--replay-dead-letters",
                         changes={"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
        assert done.returncode == 1 and b"given up" in done.stdout, done
        assert _letters(world, "pk || reason || tries || last_at || retry") == before
        proxy.reset()
    proxy.close()
    assert world.run("--replay-dead-letters").returncode == 0


def test_many_letters_do_not_hold_up_a_signal(scene):
    """A page of records that make no sense, and a Postgres that takes its time for each letter."""
    world, shard = scene.world, scene.stub.add()
    numbers = scene.stub.put(shard, *[message_row("no-uuid", world.people(), now_sk())
                                      for _ in range(200)])
    with _trigger(world, "stream_dead_letters", "PERFORM pg_sleep(0.1)"):
        daemon = scene.start()
        processes.wait_until(lambda: _letters(world), 10, "the first is set aside")
        daemon.finish(seconds=5)
    done = len(_letters(world))
    assert 0 < done < 200
    assert scene.position(shard).split()[0] == numbers[done - 1], "what was done is not done again"
    scene.once()
    assert len(_letters(world)) == 200


# --- Postgres that answers and does not write

def test_postgres_that_reads_but_does_not_write_is_one_outage(world):
    talk = world.talk()
    with _trigger(world, "stream_checkpoints", "RAISE EXCEPTION 'the disk is full'"):
        daemon = world.start()
        daemon.wait_for("stream_inactive", 20, count=5)
        assert len(daemon.entries(stream_process.BACKEND_DOWN)) == 1
        assert not daemon.entries(stream_process.BACKEND_BACK)
    daemon.wait_for(stream_process.BACKEND_BACK, 20)
    talk.wait_shows(talk.say(), 10)
    assert len(daemon.entries(stream_process.BACKEND_DOWN)) == 1


# --- What the stream does not say

def _age_h(world):
    return float(world.sql("SELECT extract(epoch FROM now() - max(updated_at)) / 3600 FROM"
                           " public.stream_checkpoints WHERE table_name = "
                           + quoted(world.name)))


def _grow_old(world, hours):
    world.sql(f"UPDATE public.stream_checkpoints SET updated_at = now() - interval '{hours} h'"
              f" WHERE table_name = {quoted(world.name)}")


def test_day_without_reading_shows_though_the_shard_had_ended(scene):
    """Its child came, took records, and went, while nobody read."""
    talk, lost, stub = scene.world.talk(), scene.world.talk(), scene.stub
    shard = stub.add()
    scene.say(shard, talk)
    stub.close_shard(shard)
    next_shard = stub.add(shard, listed=False)
    scene.once()
    assert scene.position(shard).endswith(" true")
    lost.say()
    _grow_old(scene.world, 40)
    daemon = scene.start()
    scene.missed_and_repaired(daemon, lost)
    stub.shards[next_shard.id].listed = True
    talk.wait_shows(scene.say(next_shard, talk), 10)
    daemon.finish()
    again = scene.start()
    talk.wait_shows(scene.say(next_shard, talk), 10)
    assert not again.entries(stream_process.MISSED), "said and repaired once"


def test_checkpoints_grow_old_while_the_stream_cannot_be_read(scene):
    scene.say(scene.stub.add(), scene.world.talk())
    scene.once()
    _grow_old(scene.world, 20)
    scene.stub.fail("error")
    daemon = scene.start()
    daemon.wait_for(stream_process.BACKEND_DOWN)
    # The lock is looked after every three seconds, which is when checkpoints are kept.
    processes.wait_until(lambda: daemon.figures()["lag_ms"] >= 7000, 20, "it could not read")
    assert _age_h(scene.world) >= 20
    scene.stub.reset()
    processes.wait_until(lambda: _age_h(scene.world) < 1, 15, "they are kept")
    processes.wait_until(lambda: daemon.figures()["lag_ms"] == 0, 10, "all is read")
    assert not daemon.entries(stream_process.MISSED)


# --- --once

def test_once_ends_though_traffic_never_does(scene):
    talk, shard = scene.world.talk(), scene.stub.add()
    with _chatter(lambda: scene.say(shard, talk), 0.05):
        first = scene.say(shard, talk)
        began = time.monotonic()
        done = scene.world.run("--once", changes=scene.changes, timeout=30)
        assert done.returncode == 0, done.stderr[-2000:]
        assert time.monotonic() - began < processes.scaled(20)
        assert all(row["sk"] >= first["sk"] for row in talk.rows(talk.left))
    scene.once()
    assert scene.world.problems() == []


def test_once_gives_up_on_a_shard_that_is_always_refused(scene):
    scene.say(scene.stub.add(), scene.world.talk())
    scene.stub.fail("validation", ["GetShardIterator"])
    done = scene.world.run("--once", changes=scene.changes, timeout=90)
    assert done.returncode == EX_TEMPFAIL, done.stderr[-2000:]
    assert stream_process.MISSED.encode() not in done.stderr, "nothing was read, so nothing was missed"

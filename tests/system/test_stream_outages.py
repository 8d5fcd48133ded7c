# SPDX-License-Identifier: MIT
"""`cruddur-stream` when something is down: another instance, Postgres, DynamoDB, the stream."""
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

import processes
import stream_process
from dynamo_proxy import DynamoProxy
from stream_world import quoted
from tcp_proxy import TcpProxy

TAKEOVER = 10


@pytest.fixture
def broken(world):
    """A daemon whose ways to the table, to the stream and to Postgres can be broken one by one."""
    endpoint, url = world.settings["AWS_ENDPOINT_URL_DYNAMODB"], urlsplit(
        world.settings["CONNECTION_URL"])
    made = SimpleNamespace(world=world, dynamo=DynamoProxy(endpoint),
                           streams=DynamoProxy(endpoint),
                           postgres=TcpProxy((url.hostname, url.port)))
    netloc = url.netloc.rpartition("@")[0] + f"@127.0.0.1:{made.postgres.port}"
    made.changes = {"AWS_ENDPOINT_URL_DYNAMODB": made.dynamo.endpoint,
                    "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": made.streams.endpoint,
                    "CONNECTION_URL": url._replace(netloc=netloc.lstrip("@")).geturl()}
    made.start = lambda: world.start(made.changes)
    yield made
    for proxy in (made.dynamo, made.streams, made.postgres):
        proxy.reset()
    failures = world.stop()
    for proxy in (made.dynamo, made.streams, made.postgres):
        proxy.close()
    if failures:
        raise failures[0]


def _letters(world):
    return int(world.sql("SELECT count(*) FROM public.stream_dead_letters"
                         f" WHERE table_name = {quoted(world.name)}"))


def _holders(world):
    """How many sessions hold a lock of this table."""
    return int(world.sql(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        f" AND objid = hashtext({quoted(world.name)})::oid"))


@pytest.mark.parametrize("how", ["kill", "finish"])
def test_standby_takes_over(world, how):
    talk, first = world.talk(), world.start()
    talk.wait_shows(talk.say(), 10)
    streams = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    second = world.start({"AWS_ENDPOINT_URL_DYNAMODB_STREAMS": streams.endpoint})
    second.wait_for(stream_process.STANDS_BY)
    talk.wait_shows(talk.say())
    assert streams.calls["GetRecords"] == 0, "it only stands by"
    assert _holders(world) == 1
    getattr(first, how)()
    talk.wait_shows(talk.say(), TAKEOVER)
    assert streams.calls["GetRecords"] > 0 and _holders(world) == 1
    second.stop()
    streams.close()


def test_standby_leaves_at_once(world):
    first, second = world.start(), None
    first.wait_for(stream_process.ACTIVE)
    second = world.start()
    second.wait_for(stream_process.STANDS_BY)
    assert second.finish() < processes.scaled(2)


def test_instances_of_two_tables_are_both_active(make_world):
    worlds = [make_world(), make_world()]
    for world in worlds:
        world.start()
    for world in worlds:
        talk = world.talk()
        talk.wait_shows(talk.say(), 10)


def test_active_instance_that_lost_its_session_writes_nothing_more_and_another_takes_over(broken):
    """Postgres ends the session, as at a failover: the lock belongs to it."""
    world = broken.world
    talk, first = world.talk(), broken.start()
    first.wait_for(stream_process.ACTIVE)
    talk.wait_shows(talk.say(), 10)
    second = world.start()
    second.wait_for(stream_process.STANDS_BY)
    broken.postgres.hang()
    world.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
              f" AND granted AND objid = hashtext({quoted(world.name)})::oid")
    second.wait_for(stream_process.ACTIVE, TAKEOVER)
    broken.postgres.reset()
    broken.postgres.cut()
    first.wait_for(stream_process.STANDS_BY, 20)
    talk.wait_shows(talk.say(), 5)
    assert _holders(world) == 1
    assert first.process.poll() is None


def test_backends_that_are_down_do_not_stop_a_start(broken):
    for proxy in (broken.dynamo, broken.streams, broken.postgres):
        proxy.refuse()
    talk, daemon = broken.world.talk(), broken.start()
    talk.say()
    processes.wait_until(lambda: daemon.log.lines(), 10, "it says so")
    for proxy in (broken.postgres, broken.dynamo, broken.streams):
        assert daemon.process.poll() is None
        proxy.reset()
    broken.world.wait_right(20)


@pytest.mark.parametrize("how", ["refuse", "hang"])
def test_postgres_down_and_up(broken, how):
    world = broken.world
    talk, daemon = world.talk(), broken.start()
    talk.wait_shows(talk.say(), 10)
    getattr(broken.postgres, how)()
    talk.say()
    processes.wait_until(
        lambda: [entry for entry in daemon.entries() if entry["level"] in ("warn", "error")], 20,
        "it says that Postgres is down")
    broken.postgres.reset()
    broken.postgres.cut()
    talk.wait_shows(talk.say(), 20)
    assert daemon.process.poll() is None
    assert _letters(world) == 0


@pytest.mark.parametrize("action", ["error", "throttle", "drop_before", "html", "truncated"])
def test_dynamodb_down_and_up_sets_nothing_aside(broken, action):
    world = broken.world
    talk, daemon = world.talk(), broken.start()
    talk.wait_shows(talk.say(), 10)
    broken.dynamo.fail(action)
    rows = [talk.say() for _ in range(3)]
    before = broken.dynamo.calls.total()
    processes.wait_until(lambda: broken.dynamo.calls.total() >= before + 5, 30, "it tries again")
    assert talk.shows(talk.messages[1]["message"], talk.messages[1]["sk"])
    broken.dynamo.reset()
    talk.wait_shows(rows[-1], 15)
    assert _letters(world) == 0
    assert daemon.process.poll() is None


def test_dynamodb_refusing_connections_sets_nothing_aside_and_is_said_once(broken):
    world = broken.world
    talk, daemon = world.talk(), broken.start()
    talk.wait_shows(talk.say(), 10)
    broken.dynamo.refuse()
    broken.streams.refuse()
    row = talk.say()
    processes.wait_until(lambda: daemon.entries(stream_process.BACKEND_DOWN), 20, "it says so")
    broken.dynamo.reset()
    broken.streams.reset()
    talk.wait_shows(row, 15)
    daemon.wait_for(stream_process.BACKEND_BACK, 10)
    assert len(daemon.entries(stream_process.BACKEND_DOWN)) == 1
    assert _letters(world) == 0


@pytest.mark.parametrize("action", ["error", "throttle", "limit", "drop_before", "drop_after",
                                    "nonsense", "html", "truncated", "denied"])
def test_stream_reads_that_fail_are_tried_again_and_nothing_is_lost(broken, action):
    world = broken.world
    talk, daemon = world.talk(), broken.start()
    talk.wait_shows(talk.say(), 10)
    broken.streams.fail(action, ["GetRecords"], times=4)
    row = talk.say()
    talk.wait_shows(row, 20)
    assert not daemon.entries(stream_process.MISSED)
    assert _letters(world) == 0


@pytest.mark.parametrize("action", ["drop_after", "throttle", "conflict", "in_progress"])
def test_transactions_whose_answer_is_lost_or_refused_end_right(broken, action):
    world = broken.world
    talks, daemon = world.talks(3), broken.start()
    for talk in talks:
        talk.wait_shows(talk.say(), 10)
    broken.dynamo.fail(action, ["TransactWriteItems"], times=3)
    broken.dynamo.fail(action if action != "conflict" else "drop_after", ["DeleteItem"], times=2)
    for talk in talks:
        talk.say()
    world.wait_right(30)
    assert _letters(world) == 0
    assert daemon.process.poll() is None


def test_table_that_is_not_there_yet_is_awaited(broken):
    """The table appears while the daemon runs: here, an answer that says so turns into one."""
    world = broken.world
    broken.dynamo.fail("no_table")
    talk, daemon = world.talk(), broken.start()
    entry = daemon.wait_for(stream_process.MISSING)
    assert entry["level"] == "error"
    broken.dynamo.reset()
    talk.wait_shows(talk.say(), 20)


def test_table_without_a_stream_is_awaited_and_said(broken):
    def switch_off(answer):
        answer["Table"].pop("LatestStreamArn", None)
        answer["Table"].pop("StreamSpecification", None)
        return answer

    broken.dynamo.edit("DescribeTable", switch_off)
    talk, daemon = broken.world.talk(), broken.start()
    assert daemon.wait_for(stream_process.MISSING)["level"] == "error"
    broken.dynamo.edit("DescribeTable", None)
    talk.wait_shows(talk.say(), 20)


def test_stream_without_the_new_image_is_said(broken):
    def keys_only(answer):
        answer["Table"]["StreamSpecification"]["StreamViewType"] = "KEYS_ONLY"
        return answer

    broken.dynamo.edit("DescribeTable", keys_only)
    talk, daemon = broken.world.talk(), broken.start()
    assert daemon.wait_for(stream_process.NO_IMAGE)["level"] == "error"
    broken.dynamo.edit("DescribeTable", None)
    talk.wait_shows(talk.say(), 20)

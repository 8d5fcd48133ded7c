# SPDX-License-Identifier: MIT
"""Two consumers at one group in just the moments that matter: one is held up at a call, the other
does its whole work meanwhile, and what the first then writes must not undo it.

The one that is held up is a daemon behind a proxy; the other is `cruddur-stream --repair`, which
settles the same group by the same code and needs no lock.
"""
import pytest

import processes
from dynamo_proxy import DynamoProxy


@pytest.fixture
def held(world):
    """hold(operation, containing) starts a daemon that stands at that call of the next message."""
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    changes = {"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint}

    def hold(operation, containing):
        proxy.fail("pause", [operation], times=1, containing=containing)
        daemon = world.start(changes)
        assert proxy.waiting.acquire(timeout=processes.scaled(15)), daemon.tail()
        return daemon

    hold.release = proxy.reset
    yield hold
    proxy.reset()
    failures = world.stop()
    proxy.close()
    if failures:
        raise failures[0]


def _repair(world):
    done = world.run("--repair")
    assert done.returncode == 0, done.stderr


def _let_go(world, held, daemon):
    """The daemon finishes what it was at, and its checkpoint, before it ends."""
    held.release()
    daemon.finish()
    assert world.problems() == []


# Calls of one settling, in which something else may be stale: what is read before stays read.
CALLS = {
    "the newest message is read": ("Query", b"MSG#"),
    "the member rows are read": ("Query", b"MBR#"),
    "the index is read": ("Query", b"message-group-sk-index"),
    "the first row is read": ("GetItem", b"GRP#"),
    "the rows are written": ("TransactWriteItems", b""),
    "the old row is removed": ("DeleteItem", b"GRP#"),
}


@pytest.mark.parametrize("call", CALLS)
def test_newer_message_that_another_consumer_handled_stays(world, held, call):
    talk = world.talk()
    world.once()
    talk.say()
    daemon = held(*CALLS[call])
    row = talk.say("newer")
    _repair(world)
    assert talk.shows(row["message"], row["sk"])
    _let_go(world, held, daemon)
    assert talk.shows(row["message"], row["sk"])


@pytest.mark.parametrize("call", CALLS)
def test_edit_of_a_moving_conversation_that_another_consumer_handled_stays(world, held, call):
    talk = world.talk()
    world.once()
    row = talk.say("first words")
    daemon = held(*CALLS[call])
    talk.edit(row, "last words")
    _repair(world)
    assert talk.shows("last words", row["sk"])
    _let_go(world, held, daemon)
    assert talk.shows("last words", row["sk"])


@pytest.mark.parametrize("call", [call for call in CALLS if call != "the old row is removed"])
def test_second_edit_that_another_consumer_handled_stays(world, held, call):
    """The rows are at the message's time already: only their text is brought up to date."""
    talk = world.talk()
    row = talk.say("first words")
    world.once()
    talk.edit(row, "second words")
    daemon = held(*CALLS[call])
    talk.edit(row, "last words")
    _repair(world)
    assert talk.shows("last words", row["sk"])
    _let_go(world, held, daemon)
    assert talk.shows("last words", row["sk"])


def test_repair_that_is_held_up_does_not_undo_a_daemons_work(world):
    talk = world.talk()
    row = talk.say("first words")
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    proxy.fail("pause", ["TransactWriteItems"], times=1)
    repair = world.start({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint}, "--repair")
    assert proxy.waiting.acquire(timeout=processes.scaled(15)), repair.tail()
    world.start()
    talk.edit(row, "last words")
    talk.wait_shows({**row, "message": "last words"}, 10)
    newer = talk.say("newer")
    talk.wait_shows(newer)
    proxy.reset()
    assert repair.process.wait(processes.scaled(15)) == 0
    proxy.close()
    assert talk.shows("newer", newer["sk"])
    assert world.problems() == []

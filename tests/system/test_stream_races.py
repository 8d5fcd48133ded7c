# SPDX-License-Identifier: MIT
"""Two consumers at one group in just the moments that matter: one is held up at a call, the other
does its whole work meanwhile, and what the first then writes must not undo it.

The one that is held up is a `cruddur-stream --repair` behind a proxy; the other is a daemon, which
has read everything by the time the first goes on, and so will not mend what that one does.
"""
import pytest

import processes
from dynamo_proxy import DynamoProxy

# Calls of one settling. What was read before is stale by the time the call goes on.
CALLS = {
    "the newest message is read": ("Query", b"MSG#"),
    "the member rows are read": ("Query", b"MBR#"),
    "the index is read": ("Query", b"message-group-sk-index"),
    "a row is read": ("GetItem", b"GRP#"),
    "the rows are written": ("TransactWriteItems", b""),
    "the old row is removed": ("DeleteItem", b"GRP#"),
}
CARRIES = {"an attribute is taken over": ("UpdateItem", b"GRP#")}


class Held:
    """A repair that stands at a call until it is let go."""

    def __init__(self, world):
        self.world, self.repair = world, None
        self.proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])

    def at(self, call):
        operation, containing = {**CALLS, **CARRIES}[call]
        self.proxy.fail("pause", [operation], times=1, containing=containing)
        self.repair = self.world.start({"AWS_ENDPOINT_URL_DYNAMODB": self.proxy.endpoint},
                                       "--repair")
        assert self.proxy.waiting.acquire(timeout=processes.scaled(15)), self.repair.tail()

    def let_go(self):
        self.proxy.reset()
        assert self.repair.process.wait(processes.scaled(15)) == 0, self.repair.tail()


@pytest.fixture
def held(world):
    made = Held(world)
    yield made
    made.proxy.reset()
    failures = world.stop()
    made.proxy.close()
    if failures:
        raise failures[0]


@pytest.mark.parametrize("call", CALLS)
def test_newer_message_that_the_daemon_handled_stays(world, held, call):
    talk = world.talk()
    world.once()
    talk.say()
    held.at(call)
    row = talk.say("newer")
    world.start()
    talk.wait_shows(row, 10)
    held.let_go()
    assert talk.shows(row["message"], row["sk"])
    assert world.problems() == []


@pytest.mark.parametrize("call", CALLS)
def test_edit_in_a_moving_conversation_that_the_daemon_handled_stays(world, held, call):
    talk = world.talk()
    world.once()
    row = talk.say("first words")
    held.at(call)
    talk.edit(row, "last words")
    world.start()
    talk.wait_shows({**row, "message": "last words"}, 10)
    held.let_go()
    assert talk.shows("last words", row["sk"])
    assert world.problems() == []


@pytest.mark.parametrize("call", [call for call in CALLS if call != "the old row is removed"])
def test_second_edit_that_the_daemon_handled_stays(world, held, call):
    """The rows are at the message's time already: only their text is brought up to date."""
    talk = world.talk()
    row = talk.say("first words")
    world.once()
    talk.edit(row, "second words")
    held.at(call)
    talk.edit(row, "last words")
    world.start()
    talk.wait_shows({**row, "message": "last words"}, 10)
    held.let_go()
    assert talk.shows("last words", row["sk"])
    assert world.problems() == []


@pytest.mark.parametrize("call", CALLS)
def test_conversations_that_go_behind_one_another_stay_apart(world, held, call):
    """Both move to one time of one person while the repair of the first is held up."""
    hub = world.people()
    talks = [world.talk(hub), world.talk(hub)]
    world.once()
    sk = talks[0].say()["sk"]
    held.at(call)
    talks[1].say(sk=sk)
    world.start()
    world.wait_right(10)
    held.let_go()
    assert world.problems() == []
    assert {row["message_group_uuid"] for row in world.table.groups(hub)} == {
        talk.group for talk in talks}


def test_attributes_that_another_program_changes_in_the_old_row_meanwhile_come_along(world, held):
    """It was read, copied and moved from already; what is written there now has to be made up for."""
    talk = world.talk()
    world.once()
    table, left = world.table, talk.left
    old = {**table.groups(left)[0], "gone": "soon", "kept": {"a", "b"}}
    table.plant(old)
    row = talk.say("newer")
    held.at("the old row is removed")
    key = {"pk": old["pk"], "sk": old["sk"]}
    table.table.update_item(Key=key, UpdateExpression="SET muted = :yes, deep = :deep REMOVE gone",
                            ConditionExpression="attribute_exists(pk)",
                            ExpressionAttributeValues={":yes": True, ":deep": {"l": [1, None]}})
    held.let_go()
    [now] = table.groups(left)
    assert now["sk"] == row["sk"] and now["message"] == "newer"
    assert now["muted"] is True and now["deep"] == {"l": [1, None]} and now["kept"] == {"a", "b"}
    assert "gone" not in now
    assert world.problems() == []


def test_attribute_of_a_left_over_row_stays_though_the_right_row_moves_meanwhile(world, held):
    """The program that moves it keeps no MBR# rows, as the former Lambda does."""
    talk = world.talk()
    world.once()
    table, left = world.table, talk.left
    [right] = table.groups(left)
    table.plant({**right, "sk": "2020-01-01T00:00:00", "pinned": True})
    held.at("an attribute is taken over")
    row = talk.say("newer")
    table.remove(right)
    table.plant({**right, "sk": row["sk"], "message": row["message"]})
    held.let_go()
    [now] = table.groups(left)
    assert now["sk"] == row["sk"] and now["pinned"] is True
    assert world.problems() == []

# SPDX-License-Identifier: MIT
"""Records that cannot be processed: set aside with a reason, in nobody's way, and tried again."""
import uuid

import pytest

import processes
from dynamo_proxy import DynamoProxy
from rows import group_row, message_row
from stream_world import now_sk, quoted


def _letters(world, pk):
    """(sk, reason, tries) of every record of this partition that was set aside."""
    lines = world.sql("SELECT sk || '|' || reason || '|' || tries FROM public.stream_dead_letters"
                      f" WHERE table_name = {quoted(world.name)} AND pk = {quoted(pk)} ORDER BY sk")
    return [tuple(line.split("|")) for line in lines.splitlines()]


def _count(world):
    return int(world.sql("SELECT count(*) FROM public.stream_dead_letters"
                         f" WHERE table_name = {quoted(world.name)}"))


def _no_uuid(world):
    return message_row("no-uuid-at-all", world.people(), now_sk())


def _no_members(world):
    return message_row(str(uuid.uuid4()), world.people(), now_sk())


POISON = {"a group that is no uuid": _no_uuid, "a group without members": _no_members}


@pytest.mark.parametrize("kind", POISON)
def test_poison_is_set_aside_with_a_reason_and_the_others_go_on(world, kind):
    talk, daemon = world.talk(), world.start()
    before = talk.say()
    poison = POISON[kind](world)
    world.table.plant(poison)
    talk.wait_shows(talk.say())
    letters = processes.wait_until(lambda: _letters(world, poison["pk"]), 10, "it is set aside")
    assert [letter[0] for letter in letters] == [poison["sk"]]
    assert letters[0][1], "no reason"
    assert before["message"] not in letters[0][1]
    assert _count(world) == 1
    assert daemon.figures()["set_aside"] == 1
    assert poison["message"].encode() + b'"' not in daemon.log.text()


@pytest.mark.parametrize("lost", ["message", "message_uuid"])
def test_message_that_no_list_can_show_is_not_shown_and_its_group_goes_on(world, lost):
    """The former Lambda stood at such a row until its record expired. It is set aside, by name."""
    talk, other = world.talk(), world.talk()
    world.start()
    shown = talk.say()
    talk.wait_shows(shown, 10)
    poison = message_row(talk.group, talk.left, now_sk())
    del poison[lost]
    world.table.plant(poison)
    other.wait_shows(other.say())
    assert talk.shows(shown["message"], shown["sk"])
    letters = processes.wait_until(lambda: _letters(world, poison["pk"]), 10, "it is set aside")
    assert [letter[0] for letter in letters] == [poison["sk"]]
    talk.wait_shows(talk.say())
    world.wait_right(5)


def test_poison_between_many_costs_the_others_nothing(world):
    talks = world.talks(10)
    world.start()
    poison = []
    for turn in range(10):
        poison += [_no_uuid(world), _no_members(world)]
        world.table.plant(*poison[-2:])
        talks[turn].say()
    world.wait_right(20, ignore={row["pk"][4:] for row in poison})
    processes.wait_until(lambda: _count(world) == len(poison), 20, "all poison is set aside")


def test_replay_after_mending_settles_the_group_and_keeps_what_is_still_broken(world):
    left, right = world.people(), world.people()
    mended, hopeless = _no_members(world), _no_uuid(world)
    group = mended["pk"][4:]
    world.table.plant(mended, hopeless)
    world.once()
    assert _count(world) == 2
    done = world.run("--replay-dead-letters")
    assert done.returncode == 1, done
    assert [int(letters[0][2]) for letters in (_letters(world, mended["pk"]),
                                               _letters(world, hopeless["pk"]))] == [2, 2]
    world.table.plant(group_row(left, right, group, "2001-01-01T00:00:00.000000+00:00", "old"))
    done = world.run("--replay-dead-letters")
    assert done.returncode == 1, done
    assert _letters(world, mended["pk"]) == [] and len(_letters(world, hopeless["pk"])) == 1
    assert world.problems() == []
    world.table.remove(hopeless)


def test_replay_with_nothing_set_aside_is_a_success(world):
    assert world.run("--replay-dead-letters").returncode == 0


def test_replay_beside_the_running_daemon(world):
    world.start()
    poison = [_no_members(world) for _ in range(5)]
    world.table.plant(*poison)
    processes.wait_until(lambda: _count(world) == 5, 20, "all are set aside")
    people = world.people.several(2)
    for n, row in enumerate(poison):
        world.table.plant(group_row(*people, row["pk"][4:], f"2001-01-01T00:00:0{n}", "old"))
    assert world.run("--replay-dead-letters").returncode == 0
    assert _count(world) == 0
    assert world.problems() == []


def test_record_that_fails_for_another_reason_is_retried_and_then_set_aside(world):
    """Whatever touches one group is refused while the table as a whole is well."""
    sick, well = world.talk(), world.talk()
    world.once()
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    proxy.fail("denied", ["Query", "TransactWriteItems"], containing=sick.group.encode())
    daemon = world.start({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    failed = sick.say()
    well.wait_shows(well.say(), 20)
    letters = processes.wait_until(lambda: _letters(world, failed["pk"]), 30, "it is set aside")
    assert [letter[0] for letter in letters] == [failed["sk"]] and letters[0][1]
    assert daemon.figures()["set_aside"] == 1
    proxy.reset()
    assert world.run("--replay-dead-letters").returncode == 0
    assert _count(world) == 0
    world.wait_right(5)
    daemon.stop()
    proxy.close()


def test_flood_of_one_groups_failing_records_does_not_hold_the_others_up(world):
    sick, well = world.talk(), world.talk()
    world.once()
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    proxy.fail("denied", ["Query", "TransactWriteItems"], containing=sick.group.encode())
    daemon = world.start({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    first = sick.say()
    processes.wait_until(lambda: _letters(world, first["pk"]), 30, "the first is set aside")
    for _ in range(30):
        sick.say()
        well.say()
    well.wait_shows(well.say(), 5)
    processes.wait_until(lambda: len(_letters(world, first["pk"])) == 31, 30, "each has a letter")
    proxy.reset()
    sick.wait_shows(sick.say())
    daemon.stop()
    proxy.close()

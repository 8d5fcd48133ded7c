# SPDX-License-Identifier: MIT
"""Marking as read in just the moments that matter: while the rows move, in two windows, with its
program killed between the two writes. Whatever wins, the end is a table that is right.

The one that is held up stands at a call behind a proxy; the other does its whole work meanwhile.
"""
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import processes
from dynamo_proxy import DynamoProxy
from stream_world import now_sk, quoted
from test_read import mark, marked, shown

# Calls of one mark, in their order.
MARK_CALLS = {
    "the message is looked for": ("Query", b"message_uuid IN"),
    "the position is written": ("UpdateItem", b"MBR#"),
    "the unread are counted": ("Query", b"ProjectionExpression"),
    "the row is written": ("UpdateItem", b"GRP#"),
}
# Calls of one settling by the mover.
MOVER_CALLS = {
    "the member rows are read": ("Query", b"MBR#"),
    "the index is read": ("Query", b"message-group-sk-index"),
    "a row is read": ("GetItem", b"GRP#"),
    "the newest message is read": ("Query", b'"Limit":2'),
    "the unread are counted": ("Query", b"ProjectionExpression"),
    "the rows are written": ("TransactWriteItems", b""),
    "the old row is removed": ("DeleteItem", b"GRP#"),
}


class Held:
    """A proxy that lets its program stand at a call."""

    def __init__(self, world):
        self.world = world
        self.proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
        self.changes = {"AWS_ENDPOINT_URL_DYNAMODB": self.proxy.endpoint,
                        "CRUDDUR_MESSAGES_TABLE": world.name}
        self.pool = ThreadPoolExecutor(2)

    def at(self, call, work, action="pause"):
        """`work` runs in the background until it stands there; returns its future."""
        operation, containing = call
        self.proxy.fail(action, [operation], times=1, containing=containing)
        future = self.pool.submit(work)
        assert self.proxy.waiting.acquire(timeout=processes.scaled(4)), future.result(10)
        return future

    def let_go(self, future):
        self.proxy.reset()
        return future.result(processes.scaled(15))


@pytest.fixture
def held(world):
    made = Held(world)
    yield made
    made.proxy.reset()
    made.pool.shutdown()
    made.proxy.close()


@pytest.fixture
def slow(held, make_site):
    """A site whose calls can be held up."""
    return make_site(held.changes)


@pytest.fixture
def quick(world, make_site):
    return make_site({"CRUDDUR_MESSAGES_TABLE": world.name})


def _talk(world, messages=6):
    """Settled, and read by nobody."""
    talk = world.talk()
    for _ in range(messages):
        talk.say()
    world.once()
    assert world.problems() == []
    return talk


def _is_right(world, talk, position):
    """The table is, with nobody's further help, and stays as it is when all is looked at again."""
    assert world.problems() == []
    member, = [row for row in world.table.query(f"MBR#{talk.group}")
               if row["sk"] == talk.right.uuid]
    assert (member["read_message_uuid"], member["read_sk"]) == (
        position["message_uuid"], position["sk"])
    before = sorted(map(repr, world.table.scan()))
    world.sql(f"DELETE FROM public.stream_checkpoints WHERE table_name = {quoted(world.name)}")
    world.once()
    assert sorted(map(repr, world.table.scan())) == before, "a replay changes nothing"


# --- while rows move --------------------------------------------------------------------------


@pytest.mark.parametrize("call", MARK_CALLS)
def test_row_that_moves_during_a_mark_counts_by_the_mark(world, held, slow, call):
    talk = _talk(world)
    at = talk.messages[3]
    future = held.at(MARK_CALLS[call], lambda: mark(slow, talk.right, talk.group,
                                                    at["message_uuid"]))
    newer = talk.say()
    world.once()
    talk.wait_shows(newer)
    answer = held.let_go(future)
    assert answer.status == 200 and answer.json()["last_read_message_uuid"] == at["message_uuid"]
    assert answer.json()["unread_count"] in (3, 4)
    assert shown(slow, talk.right, talk.group) == (4, False, at["message_uuid"])
    _is_right(world, talk, at)


@pytest.mark.parametrize("call", MARK_CALLS)
def test_late_message_that_is_counted_in_place_during_a_mark_stays_counted(world, held, slow, call):
    """It is older than the newest, so no row moves; its record is handled while the mark stands."""
    talk = world.talk()
    late = now_sk()
    talk.say()
    world.once()
    at = talk.messages[0]
    future = held.at(MARK_CALLS[call], lambda: mark(slow, talk.right, talk.group,
                                                    at["message_uuid"]))
    talk.say(sk=late)
    world.once()
    assert held.let_go(future).status == 200
    assert shown(slow, talk.right, talk.group) == (2, False, at["message_uuid"])
    _is_right(world, talk, at)


@pytest.mark.parametrize("marks", [1, 2])
@pytest.mark.parametrize("call", MOVER_CALLS)
def test_mark_during_a_move_is_not_undone(world, held, quick, call, marks):
    talk = _talk(world)
    talk.say()
    future = held.at(MOVER_CALLS[call],
                     lambda: world.run("--repair", changes=held.changes).returncode)
    for at in talk.messages[2:2 + marks]:
        marked(quick, talk.right, talk.group, at["message_uuid"])
    assert held.let_go(future) == 0
    assert shown(quick, talk.right, talk.group) == (6 - marks, False, at["message_uuid"])
    _is_right(world, talk, at)


@pytest.mark.parametrize("call", [name for name in MOVER_CALLS if name != "the old row is removed"])
def test_mark_while_a_row_is_counted_for_the_first_time_is_not_undone(world, held, quick, call):
    """A row of another program stays where it is and gets its count."""
    talk = world.talk(ours=False)
    talk.say(sk=talk.messages[0]["sk"] + "x")
    world.once()
    for person in (talk.left, talk.right):
        row = talk.row(person)
        world.table.plant({name: value for name, value in row.items() if name != "unread_count"})
    future = held.at(MOVER_CALLS[call],
                     lambda: world.run("--repair", changes=held.changes).returncode)
    at = talk.messages[0]
    marked(quick, talk.right, talk.group, at["message_uuid"])
    assert held.let_go(future) == 0
    assert shown(quick, talk.right, talk.group) == (1, False, at["message_uuid"])
    _is_right(world, talk, at)


@pytest.mark.parametrize("call", ["the unread are counted", "the rows are written"])
def test_consumer_that_was_held_up_does_not_undo_a_later_count(world, held, call):
    """A late message, which moves no row, is counted by another consumer meanwhile."""
    talk = world.talk()
    late = [now_sk(), now_sk()]
    talk.say()
    world.once()
    talk.say(sk=late[0])
    future = held.at(MOVER_CALLS[call],
                     lambda: world.run("--repair", changes=held.changes).returncode)
    talk.say(sk=late[1])
    world.once()
    assert held.let_go(future) == 0
    assert talk.row(talk.right)["unread_count"] == "4"
    assert world.problems() == []


# --- two windows ------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [1, 5], ids=["earlier", "later"])
@pytest.mark.parametrize("call", MARK_CALLS)
def test_two_windows_end_at_the_later_message(world, held, slow, quick, call, other):
    talk = _talk(world)
    one, two = talk.messages[3], talk.messages[other]
    future = held.at(MARK_CALLS[call], lambda: mark(slow, talk.right, talk.group,
                                                    one["message_uuid"]))
    marked(quick, talk.right, talk.group, two["message_uuid"])
    answer = held.let_go(future)
    assert answer.status == 200, answer
    position = max(one, two, key=lambda row: row["sk"])
    unread = 6 - max(3, other)
    assert shown(quick, talk.right, talk.group) == (unread, False, position["message_uuid"])
    assert answer.json()["unread_count"] in (unread, 3)
    _is_right(world, talk, position)


def test_many_windows_messages_and_moves_at_once(world, make_site):
    site = make_site({"CRUDDUR_MESSAGES_TABLE": world.name}, workers=4)
    talk = _talk(world, 20)
    daemon = world.start()
    marks, lock = [], threading.Lock()

    def window(seed):
        dice = random.Random(seed)
        for _ in range(15):
            row = dice.choice(talk.messages)
            answer = marked(site, talk.right, talk.group, row["message_uuid"])
            assert 0 <= answer["unread_count"] <= 99
            with lock:
                marks.append(row)
            if dice.random() < 0.4:
                talk.say(sender=dice.choice((talk.left, talk.right)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(window, range(6)))
    talk.wait_shows(talk.say())
    world.wait_right(10)
    assert daemon.process.poll() is None
    daemon.finish()
    _is_right(world, talk, max(marks, key=lambda row: row["sk"]))


# --- interrupted ------------------------------------------------------------------------------


def _killed_between_the_writes(world, held, make_worker, mint, talk, row):
    worker = make_worker(held.changes)
    headers = [("Authorization", f"Bearer {mint.token(talk.right.sub)}"),
               ("Content-Type", "application/json")]
    body = b'{"message_uuid":"%s"}' % row["message_uuid"].encode()

    def work():
        try:
            worker.call("POST", f"/api/message_groups/{talk.group}/read", headers, body)
        except OSError:
            pass
    future = held.at(MARK_CALLS["the row is written"], work, "hang")
    worker.process.kill()
    held.let_go(future)
    assert any("read up to None" in line for line in world.problems())


HEALERS = {
    "the same mark again": lambda world, talk, quick, row: marked(
        quick, talk.right, talk.group, row["message_uuid"]),
    "an earlier mark": lambda world, talk, quick, row: marked(
        quick, talk.right, talk.group, talk.messages[0]["message_uuid"]),
    "a repair": lambda world, talk, quick, row: world.run("--repair"),
    "the next message": lambda world, talk, quick, row: (talk.say(), world.once()),
    "a replay": lambda world, talk, quick, row: (
        world.sql(f"DELETE FROM public.stream_checkpoints WHERE table_name = {quoted(world.name)}"),
        world.once()),
}


@pytest.mark.parametrize("healer", HEALERS)
def test_killed_between_the_two_writes(world, held, quick, make_worker, mint, healer):
    talk = _talk(world)
    row = talk.messages[3]
    _killed_between_the_writes(world, held, make_worker, mint, talk, row)
    HEALERS[healer](world, talk, quick, row)
    assert shown(quick, talk.right, talk.group)[2] == row["message_uuid"]
    _is_right(world, talk, row)


def test_killed_between_the_two_writes_and_then_a_later_mark(world, held, quick, make_worker, mint):
    talk = _talk(world)
    _killed_between_the_writes(world, held, make_worker, mint, talk, talk.messages[3])
    later = talk.messages[5]
    assert marked(quick, talk.right, talk.group, later["message_uuid"])["unread_count"] == 1
    _is_right(world, talk, later)


@pytest.mark.parametrize("action", ["drop_after", "drop_before", "error", "throttle"])
@pytest.mark.parametrize("call", ["the position is written", "the row is written"])
def test_write_whose_answer_is_lost_is_made_once(world, held, slow, call, action):
    talk = _talk(world)
    row = talk.messages[3]
    operation, containing = MARK_CALLS[call]
    held.proxy.fail(action, [operation], times=1, containing=containing)
    assert marked(slow, talk.right, talk.group, row["message_uuid"])["unread_count"] == 3
    assert shown(slow, talk.right, talk.group) == (3, False, row["message_uuid"])
    _is_right(world, talk, row)


def test_member_row_that_went_away_is_made_anew(world, quick):
    """A worker remembers the membership; the row that proved it is gone."""
    talk = _talk(world)
    for row in talk.messages:
        for _ in range(4):
            quick.messages(talk.right, talk.group)
        world.table.remove({"pk": f"MBR#{talk.group}", "sk": talk.right.uuid})
        assert mark(quick, talk.right, talk.group, row["message_uuid"]).status == 200
    _is_right(world, talk, talk.messages[-1])


def test_row_that_another_program_moved_gets_its_count_with_the_next_settling(world, quick):
    """The MBR# row points at where it was: the mark counts, and stores the position."""
    talk = _talk(world)
    row = talk.row(talk.right)
    world.table.remove(row)
    world.table.plant({**row, "sk": row["sk"] + "x"})
    answer = marked(quick, talk.right, talk.group, talk.messages[4]["message_uuid"])
    assert answer["unread_count"] == 2
    talk.say(sk=row["sk"] + "y")
    world.once()
    assert shown(quick, talk.right, talk.group) == (3, False, talk.messages[4]["message_uuid"])
    _is_right(world, talk, talk.messages[4])

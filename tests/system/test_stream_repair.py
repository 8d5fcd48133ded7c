# SPDX-License-Identifier: MIT
"""`cruddur-stream --repair`: rows that the former service made, and its Lambda broke, are right.

Each defect is planted as that Lambda leaves it: no MBR# rows, times without a zone, and no record
in any stream that would lead somebody to it. What is lost for good (an erased attribute) stays so.
"""
import threading
import uuid

import pytest

import table_check
from dynamo_proxy import DynamoProxy
from rows import group_row, message_row
from stream_world import sk_at

TIMES = ["2023-04-15T10:11:12.123456", "2023-04-15T10:11:13", "2023-04-16T00:00:00.000001",
         "2023-05-01T00:00:00.000001"]


class Legacy:
    """A conversation of the former service, its rows still to be broken and planted."""

    def __init__(self, world, left=None, right=None, times=None):
        self.world, self.times = world, times or TIMES
        self.left, self.right = left or world.people(), right or world.people()
        self.group = str(uuid.uuid4())
        self.messages = [message_row(self.group, (self.left, self.right)[n % 2], sk, f"text {n}")
                         for n, sk in enumerate(self.times)]
        self.mine, self.theirs = (
            group_row(*pair, self.group, self.times[-1], self.messages[-1]["message"])
            for pair in ((self.left, self.right), (self.right, self.left)))

    def plant(self, *rows):
        self.world.table.plant(*self.messages, *rows)
        return self


def _dragged(row, talk, n):
    return {**row, "sk": talk.times[n], "message": talk.messages[n]["message"]}


DEFECTS = {
    "nothing is wrong": lambda t: [t.mine, t.theirs],
    "one member's row is missing": lambda t: [t.mine],
    "the other member's row is missing": lambda t: [t.theirs],
    "two rows of one member": lambda t: [t.mine, t.theirs, _dragged(t.mine, t, 0)],
    "many rows of both members": lambda t: [
        _dragged(row, t, n) for n in range(len(TIMES)) for row in (t.mine, t.theirs)],
    "more rows of one member than are usual": lambda t: [t.mine, t.theirs] + [
        {**t.mine, "sk": f"2023-03-{day:02}T00:00:00"} for day in range(1, 29)],
    "both rows dragged back to an old time": lambda t: [
        _dragged(t.mine, t, 0), _dragged(t.theirs, t, 0)],
    "one row dragged back": lambda t: [t.mine, _dragged(t.theirs, t, 1)],
    "an old text at the newest time": lambda t: [{**t.mine, "message": "text 0"}, t.theirs],
    "a row without a text": lambda t: [
        {name: value for name, value in t.mine.items() if name != "message"}, t.theirs],
    "one row missing, the other twice and old": lambda t: [
        _dragged(t.mine, t, 0), _dragged(t.mine, t, 1)],
    "unknown attributes": lambda t: [
        part for row in (t.mine, t.theirs) for part in table_check.marked(_dragged(row, t, 1))],
}


def _counted(row, unread="2"):
    """With what every row has after a repair: of four messages, two are the other's."""
    return {**row, "unread_count": unread}


def _repair(world, expect=0, **more):
    done = world.run("--repair", **more)
    assert done.returncode == expect, done.stderr.decode("utf-8", "replace")[-3000:]
    return done


@pytest.mark.parametrize("ours", [False, True], ids=["theirs", "ours"])
def test_each_defect_is_right_after_a_repair_and_a_second_one_writes_nothing(world, ours):
    """`ours`: with MBR# rows as well, which point where the rows were before they broke."""
    talks = [Legacy(world).plant() for _ in DEFECTS]
    for talk, defect in zip(talks, DEFECTS.values()):
        world.table.plant(*defect(talk))
        if ours:
            world.table.plant(*[{"pk": f"MBR#{talk.group}", "sk": me.uuid,
                                 "group_sk": talk.times[-1], "other_user_uuid": other.uuid}
                                for me, other in ((talk.left, talk.right),
                                                  (talk.right, talk.left))])
    assert world.problems()
    _repair(world)
    assert world.problems() == []
    for talk in talks:
        for me, other, row in ((talk.left, talk.right, talk.mine),
                               (talk.right, talk.left, talk.theirs)):
            stored = [{name: row[name] for name in row if not name.startswith("marker_")}
                      for row in world.table.groups(me)]
            assert stored == [_counted(row)], f"{me.uuid} and {other.uuid}"
    before = sorted(map(repr, world.table.scan()))
    _repair(world)
    assert sorted(map(repr, world.table.scan())) == before


def test_erased_attribute_stays_erased_and_the_others_stay(world):
    talk = Legacy(world)
    row, note = table_check.marked(_dragged(talk.mine, talk, 0))
    del row["marker_m"]
    talk.plant(row, talk.theirs)
    _repair(world)
    stored = world.table.groups(talk.left)
    assert len(stored) == 1 and "marker_m" not in stored[0]
    world.table.plant(note)
    assert [line.rpartition(": ")[2] for line in world.problems()] == [
        "attribute marker_m is lost"]


def test_what_only_a_left_over_row_knows_is_not_lost_with_it(world):
    """The former Lambda made the newer row, without attributes that it did not know."""
    talk = Legacy(world)
    older = {**_dragged(talk.mine, talk, 0), "muted": True, "both": "older"}
    talk.plant(older, {**talk.mine, "both": "newer"}, talk.theirs)
    _repair(world)
    assert world.table.groups(talk.left) == [
        _counted({**talk.mine, "muted": True, "both": "newer"})]


def test_many_rows_of_one_member_are_removed_though_the_index_lags(world):
    """The index goes on naming all of them, those that are gone already included."""
    talk = Legacy(world)
    talk.plant(talk.mine, talk.theirs, *[
        {**talk.mine, "sk": f"2023-03-{day:02}T00:00:00"} for day in range(1, 29)])
    proxy, first = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"]), {}

    def lag(answer):
        """Rows of two people are the index's: its first answer is its last."""
        owners = {item["pk"]["S"] for item in answer.get("Items", []) if "pk" in item}
        if len(owners) < 2 or not all(owner.startswith("GRP#") for owner in owners):
            return answer
        return first.setdefault("answer", answer)

    proxy.edit("Query", lag)
    try:
        _repair(world, changes={"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    finally:
        proxy.close()
    assert world.problems() == []
    assert world.table.groups(talk.left) == [_counted(talk.mine)]


def test_lost_row_is_made_with_the_names_that_are_stored_for_the_other(world):
    talk = Legacy(world)
    talk.plant(talk.theirs)
    _repair(world)
    assert world.table.groups(talk.left) == [_counted(talk.mine)]


def test_lost_row_of_a_member_who_never_wrote_names_people_from_postgres(world):
    """The right one never wrote, and the row that names the left one is all there is."""
    talk = Legacy(world)
    talk.messages = [message_row(talk.group, talk.left, sk, f"text {n}")
                     for n, sk in enumerate(talk.times)]
    talk.plant(talk.theirs)
    _repair(world)
    assert world.table.groups(talk.left) == [_counted(talk.mine, "0")]


def test_conversations_of_one_person_that_lost_rows_at_one_time_all_come_back(world):
    hub = world.people()
    talks = [Legacy(world, left=hub, times=TIMES) for _ in range(4)]
    for talk in talks:
        talk.plant(talk.theirs)
    _repair(world)
    assert world.problems() == []
    assert {row["message_group_uuid"] for row in world.table.groups(hub)} == {
        talk.group for talk in talks}


def test_group_that_cannot_be_repaired_is_said_and_keeps_nobody_from_it(world):
    """A message in a group that has no members: the former service let anybody write anywhere."""
    broken, whole = Legacy(world), Legacy(world)
    broken.plant()
    whole.plant(whole.mine)
    done = _repair(world, expect=1)
    assert broken.group.encode() in done.stderr
    assert world.problems(ignore=[broken.group]) == []


def test_live_traffic_during_a_repair_loses_nothing(world):
    """A daemon follows new messages in just those conversations that the repair puts right."""
    talks = [Legacy(world) for _ in range(36)]
    defects = list(DEFECTS.values())
    for n, talk in enumerate(talks):
        talk.plant(*defects[n % len(defects)](talk))
    world.start()
    ended, written = threading.Event(), []

    def write():
        turn = 0
        # Traffic, not a flood: each group has five seconds to be settled in, and the machine others' tests.
        while not ended.wait(0.05):
            talk = talks[turn % len(talks)]
            row = message_row(talk.group, talk.left, sk_at(1_800_000_000_000_000 + turn),
                              f"live {turn}")
            world.table.plant(row)
            written.append(row)
            turn += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        _repair(world)
    finally:
        ended.set()
        writer.join()
    assert len(written) > 10
    world.wait_right(30)
    stored = {(row["pk"], row["sk"]): row for row in world.table.scan()}
    for row in written:
        assert stored[(row["pk"], row["sk"])] == row


def test_repair_says_what_it_did_in_one_line_and_nobodys_text(world):
    talk = Legacy(world)
    talk.messages[-1]["message"] = "private words"
    talk.plant({**talk.mine, "message": "private words before"}, talk.theirs)
    done = _repair(world, changes={"CRUDDUR_LOG_LEVEL": "debug"})
    assert b"private words" not in done.stderr + done.stdout
    assert done.stdout.strip() or done.stderr.strip()


def test_scan_that_fails_for_a_while_is_tried_again_and_misses_nothing(world):
    talks = [Legacy(world) for _ in range(5)]
    for talk in talks:
        talk.plant(_dragged(talk.mine, talk, 0))
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    for action in ("error", "throttle", "truncated", "drop_before"):
        proxy.fail(action, ["Scan"], times=2)
    _repair(world, changes={"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    proxy.close()
    assert world.problems() == []


def test_repair_of_a_table_of_many_pages_reaches_every_group(world):
    """Large rows make a Scan stop at its megabyte again and again."""
    talks = [Legacy(world) for _ in range(30)]
    for talk in talks:
        for message in talk.messages:
            message["padding"] = "x" * 30_000
        talk.plant(_dragged(talk.mine, talk, 0), _dragged(talk.theirs, talk, 0))
    _repair(world)
    assert world.problems() == []

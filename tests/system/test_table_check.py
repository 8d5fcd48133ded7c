# SPDX-License-Identifier: MIT
"""The check of the whole table sees every fault that it is there for: each is planted once here.

The rows are lists in memory; what the check says of a real table is in test_stream.py.
"""
import os
import subprocess
import sys
import uuid
from types import SimpleNamespace

import pytest

import processes
import table_check
from rows import group_row, message_row
from stack import ROOT

TIMES = [f"2025-03-04T05:06:07.{n:06}+00:00" for n in range(5)]
PROGRAM = ROOT / "tests" / "support" / "table_check.py"


def _person():
    return SimpleNamespace(uuid=str(uuid.uuid4()), handle="h", display_name="H")


class Talk:
    """A conversation whose rows are right; `at` moves its rows behind the newest message."""

    def __init__(self, left=None, right=None, at=TIMES[2]):
        self.group, self.left, self.right = str(uuid.uuid4()), left or _person(), right or _person()
        self.messages = [message_row(self.group, self.left, sk, sk) for sk in TIMES[:3]]
        self.mine, self.note = table_check.marked(
            {**group_row(self.left, self.right, self.group, at, TIMES[2]), "unread_count": "0"})
        read = self.messages[0]["message_uuid"]
        self.theirs = {**group_row(self.right, self.left, self.group, at, TIMES[2]),
                       "unread_count": "2", "last_read": read}
        self.members = [{"pk": f"MBR#{self.group}", "sk": me.uuid, "group_sk": at,
                         "other_user_uuid": other.uuid}
                        for me, other in ((self.left, self.right), (self.right, self.left))]
        self.members[1].update(read_sk=TIMES[0], read_message_uuid=read)

    def rows(self):
        return [*self.messages, self.mine, self.theirs, self.note, *self.members]


def _without(rows, row):
    return [other for other in rows if other is not row]


FAULTS = {
    "a row is missing": (
        lambda t: _without(t.rows(), t.theirs), "0 rows of"),
    "all rows are missing": (
        lambda t: t.messages, "0 members"),
    "all but the members": (
        lambda t: t.messages + t.members, "0 rows of"),
    "two rows of one member": (
        lambda t: t.rows() + [{**t.mine, "sk": TIMES[0]}], "2 rows of"),
    "a row at an old time": (
        lambda t: _without(t.rows(), t.mine) + [{**t.mine, "sk": TIMES[1]}], "the newest message"),
    "a row at a later time": (
        lambda t: _without(t.rows(), t.mine) + [{**t.mine, "sk": TIMES[3]}], "the newest message"),
    "an old text": (
        lambda t: _without(t.rows(), t.mine) + [{**t.mine, "message": TIMES[1]}], "text"),
    "no text": (
        lambda t: _without(t.rows(), t.theirs) + [
            {name: value for name, value in t.theirs.items() if name != "message"}], "text"),
    "a third member": (
        lambda t: t.rows() + [group_row(_person(), t.left, t.group, TIMES[2], TIMES[2])],
        "3 members"),
    "a stranger is named": (
        lambda t: _without(t.rows(), t.theirs) + [{**t.theirs, "user_uuid": _person().uuid}],
        "names"),
    "an owner names himself": (
        lambda t: _without(t.rows(), t.theirs) + [{**t.theirs, "user_uuid": t.right.uuid}],
        "names"),
    "an unknown attribute is lost": (
        lambda t: _without(t.rows(), t.mine) + [
            {name: value for name, value in t.mine.items() if name != "marker_m"}], "is lost"),
    "an unknown attribute changed": (
        lambda t: _without(t.rows(), t.mine) + [{**t.mine, "marker_ss": {"other"}}], "was"),
    "a member row points elsewhere": (
        lambda t: _without(t.rows(), t.members[0]) + [{**t.members[0], "group_sk": TIMES[1]}],
        "points at"),
    "a member row is missing": (
        lambda t: _without(t.rows(), t.members[1]), "no MBR# row"),
    "a member row names another": (
        lambda t: _without(t.rows(), t.members[1]) + [
            {**t.members[1], "other_user_uuid": _person().uuid}], "MBR# row of"),
    "a row without a count": (
        lambda t: _without(t.rows(), t.mine) + [
            {name: value for name, value in t.mine.items() if name != "unread_count"}],
        "unread_count None"),
    "own messages are counted": (
        lambda t: _without(t.rows(), t.mine) + [{**t.mine, "unread_count": "3"}], "unread_count"),
    "read messages are counted": (
        lambda t: _without(t.rows(), t.theirs) + [{**t.theirs, "unread_count": "3"}],
        "unread_count"),
    "more than there are": (
        lambda t: _without(t.rows(), t.theirs) + [{**t.theirs, "unread_count": "100"}],
        "unread_count"),
    "a count that is a number": (
        lambda t: _without(t.rows(), t.theirs) + [{**t.theirs, "unread_count": 2}],
        "unread_count"),
    "a row that lags behind the read position": (
        lambda t: _without(t.rows(), t.theirs) + [
            {name: value for name, value in t.theirs.items() if name != "last_read"}],
        "read up to None"),
    "a newer message": (
        lambda t: t.rows() + [message_row(t.group, t.left, TIMES[4], "newer")],
        "the newest message"),
}


def test_right_rows_are_right():
    assert table_check.problems(Talk().rows() + Talk().rows()) == []


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found(name):
    change, said = FAULTS[name]
    talk = Talk()
    found = table_check.problems(Talk().rows() + change(talk))
    assert any(said in line and talk.group in line for line in found), found
    assert table_check.problems(Talk().rows() + change(talk), ignore=[talk.group]) == []


def test_later_microsecond_needs_another_conversation_at_that_very_time():
    alone = Talk(at=TIMES[3])
    assert table_check.problems(alone.rows())
    first = Talk()
    behind = Talk(left=first.left, right=first.right, at=TIMES[3])
    assert table_check.problems(first.rows() + behind.rows()) == []
    too_far = Talk(left=first.left, right=first.right, at=TIMES[4])
    assert table_check.problems(first.rows() + too_far.rows())
    of_others = Talk(at=TIMES[3])
    assert table_check.problems(first.rows() + of_others.rows())


def test_messages_that_no_list_shows_do_not_count():
    talk = Talk()
    broken = message_row(talk.group, talk.left, TIMES[4], "newer")
    del broken["message"]
    assert table_check.problems(talk.rows() + [broken]) == []


def test_table_that_cannot_be_read_is_no_right_table():
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
             "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
             "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{processes.free_port()}"})
    assert done.returncode == 2, done

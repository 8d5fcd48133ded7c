#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the whole messages table and says what is wrong with its message-group rows.

usage: table_check.py [--table NAME] [--ignore-group UUID]...

Right is a group with exactly one GRP# row for each of its two members, who name each other, each
at the time and with the text of the newest message, with its unknown attributes intact (what
`marked` planted), with a MBR# row whose group_sk points at it, and with the count of what that row's
read position leaves unread. It takes the settings of the
workers (AWS_ENDPOINT_URL_DYNAMODB, AWS_REGION, CRUDDUR_MESSAGES_TABLE, ...). Exit status 0: all is
right; 1: it is not, a line for each fault; 2: the table could not be read.

It shares no code with what it checks, and it only ever reads.
"""
import argparse
import datetime
import hashlib
import os
import re
import sys
from collections import defaultdict
from decimal import Decimal

MARK_PREFIX = "CHK#"
MARKER = "marker_"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# How far a row may stand behind its message's time to leave the place to another conversation.
STEPS_MAX = 100
STEP = datetime.timedelta(microseconds=1)


def markers(group, owner):
    """Attributes that no program knows, of every kind DynamoDB has, made from what they mark."""
    word = hashlib.sha256(f"{group} {owner}".encode()).hexdigest()
    return {MARKER + "s": word, MARKER + "n": Decimal(int(word[:12], 16)) / 1000,
            MARKER + "b": bytes.fromhex(word), MARKER + "bool": word < "8", MARKER + "null": None,
            MARKER + "ss": {word[:8], word[8:16]}, MARKER + "ns": {Decimal(int(word[:6], 16)), 1},
            MARKER + "bs": {b"\x00", bytes.fromhex(word[:8])},
            MARKER + "l": [word, 1, [True, {}]], MARKER + "unicode": "Zoë \U0001f600 \u0001",
            MARKER + "m": {"unread": 3, " ": word, "deep": [{}]}}


def marked(row):
    """A GRP# row with markers, and the row that lets the check know that they must be there."""
    owner = row["pk"][len("GRP#"):]
    note = {"pk": MARK_PREFIX + row["message_group_uuid"], "sk": owner}
    return [{**row, **markers(row["message_group_uuid"], owner)}, note]


def _plain(value):
    """Comparable whatever boto3 wraps it in (a Binary equals bytes, but does not hash as them)."""
    if isinstance(value, (set, frozenset)):
        return frozenset(map(_plain, value))
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, bytearray) or hasattr(value, "value"):
        return bytes(getattr(value, "value", value))
    return value


class _Table:
    """The rows, sorted into what they are."""

    def __init__(self, rows):
        self.messages, self.groups = defaultdict(dict), defaultdict(list)
        self.members, self.notes = defaultdict(dict), defaultdict(set)
        self.places = defaultdict(lambda: defaultdict(set))  # owner -> sk -> groups
        for row in rows:
            prefix, _, rest = row["pk"].partition("#")
            if prefix == "MSG" and all(isinstance(row.get(name), str)
                                       for name in ("message", "message_uuid")):
                self.messages[rest][row["sk"]] = row
            elif prefix == "GRP" and "message_group_uuid" in row:
                self.groups[row["message_group_uuid"]].append(row)
                self.places[rest][row["sk"]].add(row["message_group_uuid"])
            elif prefix == "MBR":
                self.members[rest][row["sk"]] = row
            elif prefix == "CHK":
                self.notes[rest].add(row["sk"])

    def newest(self, group):
        return max(self.messages[group].values(), key=lambda row: row["sk"].encode())

    def may_wait_behind(self, group, owner, sk, place):
        """Another conversation of this person had each place between the message and the row."""
        others = {other for groups in self.places[owner].values() for other in groups} - {group}
        for _ in range(STEPS_MAX):
            if sk == place:
                return True
            if not any(sk in self.messages[other] for other in others) and not (
                    self.places[owner][sk] - {group}):
                return False
            following = later(sk)
            if following is None:
                return place.encode() > sk.encode()
            sk = following
        return False


def later(sk):
    """The next microsecond in the same form, or None if it is not one this check can count in."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{6})(.*)", sk)
    if not found:
        return None
    moved = datetime.datetime.fromisoformat(found[1]) + STEP
    return moved.isoformat(sk[10], "microseconds") + found[2]


UNREAD_CAP, UNREAD_LOOK = 100, 200


def unread_counts(table, group, owner, read_sk):
    """The texts that a row may hold: the messages of others behind the position among the newest
    UNREAD_LOOK, at most UNREAD_CAP; which also stays, once it was reached, until more is read."""
    behind = sorted((row for sk, row in table.messages[group].items()
                     if not read_sk or sk.encode() > read_sk.encode()),
                    key=lambda row: row["sk"].encode())
    foreign = [str(row.get("user_uuid", "")).lower() != owner for row in behind]
    allowed = {str(min(UNREAD_CAP, sum(foreign[-UNREAD_LOOK:])))}
    return allowed | ({str(UNREAD_CAP)} if sum(foreign) >= UNREAD_CAP else set())


def _short(text):
    return repr(text if not isinstance(text, str) or len(text) < 60 else text[:57] + "...")


def _of_row(table, group, owner, row):
    newest = table.newest(group)
    place = f"group {group}, row of {owner} at {row['sk']}"
    if row["sk"] != newest["sk"] and not table.may_wait_behind(group, owner, newest["sk"],
                                                               row["sk"]):
        yield f"{place}: the newest message is at {newest['sk']}"
    if row.get("message") != newest["message"]:
        yield f"{place}: text {_short(row.get('message'))}, newest {_short(newest['message'])}"
    if owner in table.notes[group]:
        for name, value in markers(group, owner).items():
            if name not in row:
                yield f"{place}: attribute {name} is lost"
            elif _plain(row[name]) != _plain(value):
                yield f"{place}: attribute {name} is {row[name]!r}, was {value!r}"


def _of_member(table, group, owner, row):
    member = table.members[group].get(owner)
    if member is None:
        yield f"group {group}: {owner} has no MBR# row"
        return
    if member.get("group_sk") != row["sk"]:
        yield (f"group {group}: the MBR# row of {owner} points at {member.get('group_sk')}, "
               f"the row is at {row['sk']}")
    counts = unread_counts(table, group, owner, member.get("read_sk"))
    if row.get("unread_count") not in counts:
        yield (f"group {group}, row of {owner}: unread_count {row.get('unread_count')!r}, "
               f"{' or '.join(sorted(counts))} are unread behind {member.get('read_sk')}")
    if row.get("last_read") != member.get("read_message_uuid"):
        yield (f"group {group}, row of {owner}: read up to {row.get('last_read')}, "
               f"its MBR# row up to {member.get('read_message_uuid')}")
    if member.get("other_user_uuid", row.get("user_uuid")) != row.get("user_uuid"):
        yield f"group {group}: the MBR# row of {owner} names {member['other_user_uuid']}"


def _of_group(table, group):
    rows = defaultdict(list)
    for row in table.groups[group]:
        rows[row["pk"][len("GRP#"):]].append(row)
    expected = set(rows) | set(table.members[group]) | table.notes[group]
    expected |= {row["user_uuid"] for row in table.groups[group] if "user_uuid" in row}
    for owner in sorted(expected):
        if len(rows[owner]) != 1:
            found = ", ".join(row["sk"] for row in rows[owner]) or "none"
            yield f"group {group}: {len(rows[owner])} rows of {owner} ({found})"
    if len(expected) != 2:
        yield f"group {group}: {len(expected)} members ({', '.join(sorted(expected)) or 'none'})"
    for owner in sorted(expected):
        for row in rows[owner]:
            if row.get("user_uuid") not in expected - {owner}:
                yield f"group {group}: the row of {owner} names {row.get('user_uuid')}"
            yield from _of_row(table, group, owner, row)
        if len(rows[owner]) == 1:
            yield from _of_member(table, group, owner, rows[owner][0])


def problems(rows, ignore=()):
    """What is wrong, a line for each; empty if the table is right. `ignore`: groups left out."""
    table = _Table(rows)
    found = []
    for group in sorted(table.messages):
        if UUID.fullmatch(group) and group not in ignore:
            found += _of_group(table, group)
    return found


def summary(rows):
    table = _Table(rows)
    messages = sum(map(len, table.messages.values()))
    return f"{len(table.messages)} groups, {messages} messages, {len(rows)} rows"


def main():
    from botocore.exceptions import BotoCoreError, ClientError
    from rows import Table
    parser = argparse.ArgumentParser(description="Checks every message-group row of the table.")
    parser.add_argument("--table", help="default $CRUDDUR_MESSAGES_TABLE, else cruddur-messages")
    parser.add_argument("--ignore-group", action="append", default=[], metavar="UUID")
    asked = parser.parse_args()
    env = {**os.environ, **({"CRUDDUR_MESSAGES_TABLE": asked.table} if asked.table else {})}
    try:
        rows = Table(env).scan()
    except (KeyError, BotoCoreError, ClientError) as failure:
        print(f"table_check: cannot read the table: {failure!r}", file=sys.stderr)
        return 2
    found = problems(rows, asked.ignore_group)
    for line in found:
        print(line)
    print(f"{summary(rows)}: {f'{len(found)} faults' if found else 'all is right'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""A messages table for one test of the stream consumer, conversations in it, and its daemons.

The rows are written by boto3 as other programs would; what they must become is table_check's word.
"""
import datetime
import threading
import time
import uuid

import stream_process
import table_check
from people import psql, quoted
from processes import wait_until
from rows import Table, group_row, message_row

_clock = threading.Lock()
_last = [0]


def now_sk():
    """The time in the form of our own rows; never the same twice, always later."""
    with _clock:
        _last[0] = max(time.time_ns() // 1000, _last[0] + 1)
        return sk_at(_last[0])


def sk_at(micros):
    moment = datetime.datetime.fromtimestamp(micros // 1_000_000, datetime.timezone.utc)
    return moment.replace(microsecond=micros % 1_000_000).isoformat(timespec="microseconds")


def create_like(client, like, name):
    """An empty table with the keys, index and stream of another."""
    about = client.describe_table(TableName=like)["Table"]
    client.create_table(
        TableName=name, AttributeDefinitions=about["AttributeDefinitions"],
        KeySchema=about["KeySchema"], BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[{part: index[part] for part in ("IndexName", "KeySchema",
                                                                "Projection")}
                                for index in about["GlobalSecondaryIndexes"]],
        StreamSpecification=about["StreamSpecification"])
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


class Conversation:
    """Two people who talk. `ours`: with the MBR# rows that only this project's programs write."""

    def __init__(self, world, left, right, ours=True, marks=True, at=None, group=None):
        self.world, self.left, self.right = world, left, right
        self.group, first = group or str(uuid.uuid4()), at or now_sk()
        self.messages = [message_row(self.group, left, first, f"first of {self.group}")]
        rows = [group_row(*pair, self.group, first, self.messages[0]["message"])
                for pair in ((left, right), (right, left))]
        if ours:
            rows = [{**row, "unread_count": unread} for row, unread in zip(rows, "01")]
        self.planted = list(rows)
        if marks:
            rows = [part for row in rows for part in table_check.marked(row)]
        if ours:
            rows += [{"pk": f"MBR#{self.group}", "sk": me.uuid, "group_sk": first,
                      "other_user_uuid": other.uuid} for me, other in ((left, right),
                                                                       (right, left))]
        world.table.plant(*rows, *self.messages)

    def say(self, text=None, sk=None, sender=None):
        row = message_row(self.group, sender or self.left, sk or now_sk(),
                          text or f"text {uuid.uuid4()}")
        self.world.table.plant(row)
        self.messages.append(row)
        return row

    def edit(self, row, text):
        self.world.table.plant({**row, "message": text})

    def rows(self, person):
        """This person's rows of the conversation, oldest first."""
        return [row for row in self.world.table.groups(person)
                if row.get("message_group_uuid") == self.group]

    def row(self, person):
        rows = self.rows(person)
        assert len(rows) == 1, rows
        return rows[0]

    def shows(self, text, sk=None):
        """Both members have one row and it shows this."""
        return all(len(rows) == 1 and rows[0]["message"] == text
                   and (sk is None or rows[0]["sk"] == sk)
                   for rows in (self.rows(self.left), self.rows(self.right)))

    def wait_shows(self, row, seconds=5):
        wait_until(lambda: self.shows(row["message"], row["sk"]), seconds,
                   f"{self.group} shows the message of {row['sk']}")


class World:
    """A table by itself beside the stack's own, with everything that runs on it."""

    def __init__(self, stack, settings, people):
        self.stack, self.people = stack, people
        self.name = f"stream-{uuid.uuid4().hex[:12]}"
        self.settings = {**settings, "CRUDDUR_MESSAGES_TABLE": self.name}
        self.table = Table(self.settings)
        create_like(self.table.client, stack.env["CRUDDUR_MESSAGES_TABLE"], self.name)
        self.processes = []

    def start(self, changes=None, *options):
        made = stream_process.StreamProcess(self.stack, {**self.settings, **(changes or {})},
                                            *options)
        self.processes.append(made)
        return made

    def run(self, *options, changes=None, **more):
        return stream_process.run(self.stack, {**self.settings, **(changes or {})}, *options,
                                  **more)

    def once(self, changes=None):
        done = self.run("--once", changes=changes)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-3000:]
        return done

    def talk(self, left=None, right=None, **more):
        return Conversation(self, left or self.people(), right or self.people(), **more)

    def talks(self, count, **more):
        return [self.talk(**more) for _ in range(count)]

    def problems(self, ignore=()):
        return table_check.problems(self.table.scan(), ignore)

    def wait_right(self, seconds=20, ignore=()):
        """Waits until the check has nothing to say; returns how long that took."""
        started, found = time.monotonic(), []

        def right():
            found[:] = self.problems(ignore)
            return not found
        try:
            wait_until(right, seconds, "the table is right", pause=0.05)
        except AssertionError as failure:
            logs = "\n".join(process.tail()[-1500:] for process in self.processes)
            raise AssertionError(f"{failure}: {found[:10]} ({len(found)})\n{logs}") from None
        return time.monotonic() - started

    def sql(self, text):
        return psql(self.settings["CONNECTION_URL"], text).strip()

    def stop(self):
        failures = []
        for process in self.processes:
            try:
                process.stop()
            except AssertionError as failure:
                failures.append(failure)
        self.processes.clear()
        return failures

    def close(self):
        failures = self.stop()
        self.table.client.delete_table(TableName=self.name)
        if failures:
            raise failures[0]


__all__ = ["Conversation", "World", "now_sk", "quoted", "sk_at"]

# SPDX-License-Identifier: MIT
"""Plants and reads the rows of the messages table with boto3, a client independent of ours.

It writes the former service's exact shapes, and keeps account of what it planted so that a scan
can tell the product's rows from a test's.
"""
import re
import time
import uuid

import boto3
from boto3.dynamodb.conditions import Key as KeyIs
from botocore.config import Config

CREATED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
GROUP_NAMES = {"pk", "sk", "message_group_uuid", "message", "user_uuid", "user_display_name",
               "user_handle"}
MESSAGE_NAMES = {"pk", "sk", "message_uuid", "message", "user_uuid", "user_display_name",
                 "user_handle"}


def group_row(owner, other, group, sk, message="hello"):
    return {"pk": f"GRP#{owner.uuid}", "sk": sk, "message_group_uuid": group, "message": message,
            "user_uuid": other.uuid, "user_display_name": other.display_name,
            "user_handle": other.handle}


def message_row(group, sender, sk, message="hello", message_uuid=None):
    return {"pk": f"MSG#{group}", "sk": sk, "message_uuid": message_uuid or str(uuid.uuid4()),
            "message": message, "user_uuid": sender.uuid,
            "user_display_name": sender.display_name, "user_handle": sender.handle}


def stream_record(sequence, row, event="INSERT"):
    """What a DynamoDB stream says of a row of strings, as a Lambda function gets it."""
    typed = {name: {"S": value} for name, value in row.items()}
    change = {"ApproximateCreationDateTime": int(time.time()),
              "Keys": {"pk": typed["pk"], "sk": typed["sk"]},
              "SizeBytes": 100, "StreamViewType": "NEW_IMAGE"}
    if sequence:
        change["SequenceNumber"] = sequence
    if event != "REMOVE":
        change["NewImage"] = typed
    return {"eventID": uuid.uuid4().hex, "eventName": event, "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": change,
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:1:table/t/stream/2026-01-01T00:00:00"}


class Table:
    """The table behind one endpoint."""

    def __init__(self, env):
        endpoint = env.get("AWS_ENDPOINT_URL_DYNAMODB") or env["AWS_ENDPOINT_URL"]
        self.name = env.get("CRUDDUR_MESSAGES_TABLE", "cruddur-messages")
        resource = boto3.resource(
            "dynamodb", endpoint_url=endpoint,
            region_name=env.get("AWS_REGION") or env["AWS_DEFAULT_REGION"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 3}, connect_timeout=5, read_timeout=20))
        self.table, self.client = resource.Table(self.name), resource.meta.client
        self.planted, self.planted_groups = set(), set()

    def plant(self, *rows):
        self.planted.update((row["pk"], row["sk"]) for row in rows)
        self.planted_groups.update(row["message_group_uuid"] for row in rows
                                   if "message_group_uuid" in row)
        with self.table.batch_writer() as batch:
            for row in rows:
                batch.put_item(Item=row)

    def remove(self, *rows):
        with self.table.batch_writer() as batch:
            for row in rows:
                batch.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})

    def query(self, pk):
        """All rows of a partition in ascending order of sk."""
        condition, rows, more = KeyIs("pk").eq(pk), [], {}
        while True:
            page = self.table.query(KeyConditionExpression=condition, ConsistentRead=True, **more)
            rows += page["Items"]
            if "LastEvaluatedKey" not in page:
                return rows
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def shown_groups(self, person):
        """The newest row of each group, as lists have it: while one moves it has two for a moment."""
        newest = {row["message_group_uuid"]: row for row in self.groups(person)}
        return sorted(newest.values(), key=lambda row: row["sk"].encode())

    def groups(self, person):
        return self.query(f"GRP#{person.uuid}")

    def messages(self, group):
        return self.query(f"MSG#{group}")

    def move_group(self, row, sk):
        """Moves a group row to another sk the way the stream consumer does: in one transaction."""
        moved = {**row, "sk": sk}
        self.planted.add((moved["pk"], sk))
        self.client.transact_write_items(TransactItems=[
            {"Delete": {"TableName": self.name, "Key": {"pk": row["pk"], "sk": row["sk"]}}},
            {"Put": {"TableName": self.name, "Item": moved}}])
        return moved

    def written(self):
        """What the product wrote: all but planted rows, and group rows of planted groups."""
        return [row for row in self.scan() if (row["pk"], row["sk"]) not in self.planted
                and row.get("message_group_uuid") not in self.planted_groups]

    def scan(self, index=None):
        rows, more = [], {"IndexName": index} if index else {"ConsistentRead": True}
        while True:
            page = self.table.scan(**more)
            rows += page["Items"]
            if "LastEvaluatedKey" not in page:
                return rows
            more["ExclusiveStartKey"] = page["LastEvaluatedKey"]


class LegacyConversation:
    """A conversation of two people with only the rows, names and times of the former service."""

    def __init__(self, table, left, right, times, sides=2, text="legacy"):
        self.group, self.left, self.right, self.times = str(uuid.uuid4()), left, right, times
        people = (left, right)
        self.rows = [message_row(self.group, people[i % 2], sk, f"{text} {i}")
                     for i, sk in enumerate(times)]
        newest = max(self.rows, key=lambda row: row["sk"].encode())
        self.group_rows = [group_row(left, right, self.group, newest["sk"], newest["message"]),
                           group_row(right, left, self.group, newest["sk"], newest["message"])]
        table.plant(*self.rows, *self.group_rows[:sides])

    def expected(self, row):
        return {"uuid": row["message_uuid"], "user_uuid": row["user_uuid"],
                "display_name": row["user_display_name"], "handle": row["user_handle"],
                "message": row["message"], "created_at": row["sk"]}

    def expected_messages(self):
        ordered = sorted(self.rows, key=lambda row: row["sk"].encode())
        return [self.expected(row) for row in ordered]


class StaleConversation(LegacyConversation):
    """One whose rows stand at an old message while there is a newer one."""

    OLD, NEW = "2026-03-01T10:00:00.000001+00:00", "2026-03-01T10:00:01.000001+00:00"

    def __init__(self, table, left, right):
        super().__init__(table, left, right, [self.OLD])
        self.table = table
        self.newest = message_row(self.group, left, self.NEW, "the newest words")
        table.plant(self.newest)

    def change(self, sequence, event="INSERT"):
        """The stream's record of the newest message."""
        return stream_record(sequence, self.newest, event)

    def places(self):
        return [[(row["sk"], row["message"]) for row in self.table.groups(person)]
                for person in (self.left, self.right)]

    def moved(self):
        return self.places() == [[(self.NEW, "the newest words")]] * 2

    def unmoved(self):
        return self.places() == [[(self.OLD, "legacy 0")]] * 2

# SPDX-License-Identifier: MIT
"""A stand-in for the DynamoDB Streams API that has what DynamoDB Local does not produce on demand.

Shards with parents that end, split, appear late or go away; records that were trimmed; iterators
that expire; another stream under the same table; empty pages; refusals. It fails on cue in every
way that dynamo_proxy does. It knows nothing of the table: rows are put into its shards by the test.
"""
import itertools
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from boto3.dynamodb.types import TypeSerializer

from dynamo_proxy import DynamoProxy

PAGE = 1000
NAMES = "com.amazonaws.dynamodb.v20120810#"
_SERIALIZER = TypeSerializer()


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, name, text="", status=400):
        super().__init__(name)
        self.name, self.text, self.status = name, text, status


@dataclass
class Shard:
    """One shard; `first` is the index of the oldest record that is left of it."""

    id: str
    parent: str = None
    records: list = field(default_factory=list)
    first: int = 0
    closed: bool = False
    listed: bool = True
    empty_pages: dict = field(default_factory=dict)  # index -> pages still to be given empty there


def image(row):
    return {name: _SERIALIZER.serialize(value) for name, value in row.items()}


def record(row, event="INSERT", created=None):
    """A stream record of this row, without its sequence number."""
    keys = {name: row[name] for name in ("pk", "sk") if name in row}
    body = {"ApproximateCreationDateTime": float(int(created or time.time())),
            "Keys": image(keys), "SizeBytes": 100, "StreamViewType": "NEW_IMAGE"}
    if event != "REMOVE":
        body["NewImage"] = image(row)
    return {"eventID": f"{next(_IDS):032x}", "eventName": event, "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": body}


_IDS = itertools.count(1)


def number_of(item):
    """The sequence number of a record, None of one that a test robbed of it."""
    return item.get("dynamodb", {}).get("SequenceNumber")


class StreamsStub(DynamoProxy):
    """Listens on a port of its own. `trace` is what it answered, as (operation, shard, detail)."""

    def __init__(self, table, view="NEW_IMAGE"):
        super().__init__("http://127.0.0.1:9")
        self.table, self.view, self.shards, self.trace = table, view, {}, []
        self.page_shards, self.page_records = 100, PAGE
        self._numbers, self._iterators = itertools.count(1), {}
        self._tokens, self._guard = itertools.count(1), threading.RLock()
        self.arn = None
        self.recreate()

    # --- What a test does to the stream

    def recreate(self):
        """Another stream of the same table: a new ARN, no shards; the old one is unknown."""
        with self._guard:
            label = f"2026-01-01T00:00:00.{next(self._numbers):03}"
            self.arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{self.table}/stream/{label}"
            self.shards, self._iterators = {}, {}
        return self.arn

    def add(self, parent=None, listed=True):
        with self._guard:
            shard = Shard(f"shardId-{next(self._numbers):020}-{len(self.shards):08x}",
                          parent.id if parent else None, listed=listed)
            self.shards[shard.id] = shard
        return shard

    def put(self, shard, *rows, event="INSERT", created=None):
        return self.put_records(shard, [record(row, event, created) for row in rows])

    def put_records(self, shard, records):
        """Appends them; returns their sequence numbers."""
        with self._guard:
            assert not shard.closed, "a shard that has ended takes nothing more"
            for item in records:
                item["dynamodb"]["SequenceNumber"] = f"{next(self._numbers) * 100:021}"
                shard.records.append(item)
        return [item["dynamodb"]["SequenceNumber"] for item in records]

    def close_shard(self, shard):
        with self._guard:
            shard.closed = True

    def trim(self, shard, count=None):
        """The oldest `count` records (all there are) have passed their 24 hours."""
        with self._guard:
            shard.first = len(shard.records) if count is None else shard.first + count

    def forget(self, shard):
        """The shard has passed its 24 hours: it is listed no more and cannot be read."""
        with self._guard:
            del self.shards[shard.id]

    def pause_with_empty_pages(self, shard, pages):
        """Before the records that are put from now on, this many reads find nothing."""
        with self._guard:
            shard.empty_pages[len(shard.records)] = pages

    def expire_iterators(self):
        with self._guard:
            self._iterators = {token: None for token in self._iterators}

    # --- What a test asks of it

    def answered(self, operation, shard=None):
        with self._guard:
            return [detail for name, shard_id, detail in self.trace
                    if name == operation and (shard is None or shard_id == shard.id)]

    def first_read(self, shard):
        """When in `trace` the shard was asked for first; None: never."""
        with self._guard:
            return next((at for at, entry in enumerate(self.trace) if entry[1] == shard.id), None)

    def finished(self, shard):
        """When in `trace` a reader learnt that the shard ends; None: never."""
        with self._guard:
            return next((at for at, (name, shard_id, detail) in enumerate(self.trace)
                         if name == "GetRecords" and shard_id == shard.id
                         and detail["next"] is None), None)

    def drained(self, shard):
        """Somebody read an empty page behind the shard's last record, or its end."""
        with self._guard:
            last = len(shard.records)
            return any(name == "GetRecords" and shard_id == shard.id
                       and detail["from"] + detail["count"] == last
                       and (detail["count"] == 0 or detail["next"] is None)
                       for name, shard_id, detail in self.trace)

    # --- The API

    def _forward(self, handler, operation, body):
        try:
            asked = json.loads(body)
            call = {"DescribeStream": self._describe, "GetShardIterator": self._iterator,
                    "GetRecords": self._read}.get(operation)
            if call is None:
                raise Refusal("UnknownOperationException")
            with self._guard:
                status, answer = 200, call(asked)
        except Refusal as refusal:
            status = refusal.status
            answer = {"__type": NAMES + refusal.name, "message": refusal.text}
        return status, [("Content-Type", "application/x-amz-json-1.0")], json.dumps(answer).encode()

    def _note(self, operation, shard, **detail):
        self.trace.append((operation, shard, detail))

    def _known(self, asked):
        if asked.get("StreamArn") != self.arn:
            raise Refusal("ResourceNotFoundException",
                          f"Requested resource not found: Stream: {asked.get('StreamArn')}")

    def _describe(self, asked):
        self._known(asked)
        listed = [shard for shard in self.shards.values() if shard.listed]
        start = asked.get("ExclusiveStartShardId")
        if start:
            listed = listed[[shard.id for shard in listed].index(start) + 1:]
        page = listed[:min(self.page_shards, asked.get("Limit", 100))]
        about = {"StreamArn": self.arn, "StreamLabel": self.arn.rpartition("/")[2],
                 "StreamStatus": "ENABLED", "StreamViewType": self.view,
                 "CreationRequestDateTime": 1767225600.0, "TableName": self.table,
                 "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                               {"AttributeName": "sk", "KeyType": "RANGE"}],
                 "Shards": [self._about(shard) for shard in page]}
        if len(page) < len(listed):
            about["LastEvaluatedShardId"] = page[-1].id
        self._note("DescribeStream", None, shards=[shard.id for shard in page])
        return {"StreamDescription": about}

    @staticmethod
    def _about(shard):
        numbers = [number_of(item) for item in shard.records if number_of(item)] or [f"{100:021}"]
        about = {"ShardId": shard.id, "SequenceNumberRange": {"StartingSequenceNumber": numbers[0]}}
        if shard.closed:
            about["SequenceNumberRange"]["EndingSequenceNumber"] = numbers[-1]
        if shard.parent:
            about["ParentShardId"] = shard.parent
        return about

    def _shard(self, asked):
        shard = self.shards.get(asked.get("ShardId"))
        if shard is None:
            raise Refusal("ResourceNotFoundException",
                          f"Requested resource not found: Shard: {asked.get('ShardId')}")
        return shard

    def _iterator(self, asked):
        self._known(asked)
        shard, kind = self._shard(asked), asked.get("ShardIteratorType")
        number = asked.get("SequenceNumber")
        self._note("GetShardIterator", shard.id, type=kind, number=number)
        if kind == "TRIM_HORIZON":
            at = shard.first
        elif kind == "LATEST":
            at = len(shard.records)
        elif kind in ("AFTER_SEQUENCE_NUMBER", "AT_SEQUENCE_NUMBER"):
            numbers = [number_of(item) for item in shard.records]
            if number not in numbers:
                raise Refusal("ValidationException", "Invalid SequenceNumber")
            at = numbers.index(number) + (kind == "AFTER_SEQUENCE_NUMBER")
            if numbers.index(number) < shard.first:
                raise Refusal("TrimmedDataAccessException",
                              "The operation attempted to read past the oldest stream record")
        else:
            raise Refusal("ValidationException", f"no such type: {kind}")
        return {"ShardIterator": self._token(shard, at)}

    def _token(self, shard, at):
        token = f"{self.arn}|{next(self._tokens)}|" + "A" * 180
        self._iterators[token] = (shard, at)
        return token

    def _read(self, asked):
        token = asked.get("ShardIterator")
        if token not in self._iterators:
            raise Refusal("ValidationException", "Invalid ShardIterator")
        known = self._iterators[token]
        if known is None:
            raise Refusal("ExpiredIteratorException", "Iterator expired")
        shard, at = known
        if shard.id not in self.shards:
            raise Refusal("ResourceNotFoundException", "Requested resource not found")
        if at < shard.first:
            self._note("GetRecords", shard.id, **{"from": at, "count": 0, "next": "trimmed"})
            raise Refusal("TrimmedDataAccessException",
                          "The operation attempted to read past the oldest stream record")
        count = self._count(shard, at, min(asked.get("Limit", PAGE), self.page_records))
        page = shard.records[at:at + count]
        answer = {"Records": page}
        if not (shard.closed and at + count == len(shard.records)):
            answer["NextShardIterator"] = self._token(shard, at + count)
        self._note("GetRecords", shard.id, **{"from": at, "count": count,
                                              "next": answer.get("NextShardIterator")})
        return answer

    @staticmethod
    def _count(shard, at, limit):
        """How many records the next page holds: it ends where an empty one is to follow."""
        if shard.empty_pages.get(at, 0) > 0:
            shard.empty_pages[at] -= 1
            return 0
        stops = [stop - at for stop, pages in shard.empty_pages.items() if stop > at and pages > 0]
        return min([limit, len(shard.records) - at, *stops])

    def counts(self):
        return Counter(name for name, _, _ in self.trace)

# SPDX-License-Identifier: MIT
"""The stand-in for the Streams API answers as DynamoDB Local does: seen by boto3."""
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from streams_stub import StreamsStub

UNKNOWN = "arn:aws:dynamodb:us-east-1:000000000000:table/nowhere/stream/2020-01-01T00:00:00.000"


def _client(settings, endpoint):
    return boto3.client("dynamodbstreams", endpoint_url=endpoint,
                        region_name=settings["AWS_REGION"],
                        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
                        config=Config(retries={"max_attempts": 0}))


@pytest.fixture
def both(world):
    """The real stream and the stand-in, with the same message in each."""
    talk, stub = world.talk(marks=False), StreamsStub(world.name)
    shard = stub.add()
    stub.put(shard, *world.table.scan())
    endpoint = world.settings["AWS_ENDPOINT_URL_DYNAMODB"]
    real_arn = world.table.client.describe_table(TableName=world.name)["Table"]["LatestStreamArn"]
    yield [SimpleNamespace(client=_client(world.settings, address), arn=arn)
           for address, arn in ((endpoint, real_arn), (stub.endpoint, stub.arn))], stub, shard
    assert talk.messages
    stub.close()


def _names(value):
    """The names in an answer, without those that hold data of the test."""
    value.pop("ResponseMetadata", None)
    return sorted(value)


def _error(call, **asked):
    with pytest.raises(ClientError) as caught:
        call(**asked)
    return caught.value.response["Error"]["Code"]


def _read(side, kind="TRIM_HORIZON", **more):
    shards = side.client.describe_stream(StreamArn=side.arn)["StreamDescription"]["Shards"]
    iterator = side.client.get_shard_iterator(StreamArn=side.arn, ShardId=shards[0]["ShardId"],
                                              ShardIteratorType=kind, **more)["ShardIterator"]
    return side.client.get_records(ShardIterator=iterator)


def test_sound_answers_have_the_same_names(both):
    sides, _, _ = both
    seen = []
    for side in sides:
        about = side.client.describe_stream(StreamArn=side.arn)["StreamDescription"]
        shard = about["Shards"][0]
        page = _read(side)
        message = next(item for item in page["Records"]
                       if item["dynamodb"]["Keys"]["pk"]["S"].startswith("MSG#"))
        after = _read(side, "AFTER_SEQUENCE_NUMBER",
                      SequenceNumber=page["Records"][-1]["dynamodb"]["SequenceNumber"])
        seen.append([_names(about), _names(shard), _names(page), _names(message),
                     _names(message["dynamodb"]), message["dynamodb"]["NewImage"],
                     message["dynamodb"]["Keys"], message["eventName"], after["Records"],
                     about["StreamViewType"], about["StreamStatus"], len(page["Records"])])
    assert seen[0] == seen[1]


def test_refusals_have_the_same_names(both):
    sides, _, _ = both
    seen = []
    for side in sides:
        shard = side.client.describe_stream(
            StreamArn=side.arn)["StreamDescription"]["Shards"][0]["ShardId"]
        seen.append([
            _error(side.client.describe_stream, StreamArn=UNKNOWN),
            _error(side.client.get_shard_iterator, StreamArn=side.arn, ShardId=shard[:-4] + "9999",
                   ShardIteratorType="TRIM_HORIZON"),
            _error(side.client.get_records, ShardIterator="nonsense"),
        ])
    assert seen[0] == seen[1]


def test_stand_in_ends_splits_trims_expires_and_forgets(both):
    sides, stub, shard = both
    client, arn = sides[1].client, sides[1].arn
    iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard.id,
                                         ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    first = shard.records[0]["dynamodb"]["SequenceNumber"]
    stub.close_shard(shard)
    child = stub.add(shard)
    listed = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    assert [item.get("ParentShardId") for item in listed] == [None, shard.id]
    assert "EndingSequenceNumber" in listed[0]["SequenceNumberRange"]
    assert "EndingSequenceNumber" not in listed[1]["SequenceNumberRange"]
    assert "NextShardIterator" not in client.get_records(ShardIterator=iterator)
    stub.trim(shard, 2)
    assert _error(client.get_records, ShardIterator=iterator) == "TrimmedDataAccessException"
    assert _error(client.get_shard_iterator, StreamArn=arn, ShardId=shard.id, SequenceNumber=first,
                  ShardIteratorType="AFTER_SEQUENCE_NUMBER") == "TrimmedDataAccessException"
    stub.expire_iterators()
    assert _error(client.get_records, ShardIterator=iterator) == "ExpiredIteratorException"
    stub.forget(shard)
    assert _error(client.get_shard_iterator, StreamArn=arn, ShardId=shard.id,
                  ShardIteratorType="TRIM_HORIZON") == "ResourceNotFoundException"
    stub.recreate()
    assert child.id not in stub.shards
    assert _error(client.describe_stream, StreamArn=arn) == "ResourceNotFoundException"

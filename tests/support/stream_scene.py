# SPDX-License-Identifier: MIT
"""A table with a stand-in for its stream, and daemons that take that for the real one.

DynamoDB Local rolls, trims and expires nothing on demand (streams_stub.py does); the table is a
real one. A message reaches the daemon only if the test puts it into a shard.
"""
import stream_process
from dynamo_proxy import DynamoProxy
from processes import wait_until
from stream_world import quoted
from streams_stub import StreamsStub

NEVER = "it has no checkpoint"


class Scene:
    """`world` is the table, `stub` its stream, `table` the proxy in front of the table."""

    def __init__(self, world):
        self.world, self.stub = world, StreamsStub(world.name)
        self.table = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
        self.table.edit("DescribeTable", self._with_our_stream)
        self.changes = {"AWS_ENDPOINT_URL_DYNAMODB": self.table.endpoint,
                        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.stub.endpoint}

    def _with_our_stream(self, answer):
        answer["Table"]["LatestStreamArn"] = self.stub.arn
        answer["Table"]["LatestStreamLabel"] = self.stub.arn.rpartition("/")[2]
        return answer

    def start(self, changes=None):
        return self.world.start({**self.changes, **(changes or {})})

    def once(self):
        return self.world.once(self.changes)

    def say(self, shard, talk, **more):
        """A message that reaches the table and this shard."""
        row = talk.say(**more)
        self.stub.put(shard, row)
        return row

    def parents_came_first(self, *shards):
        """Nobody asked for a shard before a reader had learnt that its parent ends."""
        for shard in shards:
            if shard.parent in self.stub.shards:
                ended = self.stub.finished(self.stub.shards[shard.parent])
                assert ended is not None and ended < self.stub.first_read(shard), shard.id

    def caught_up(self, shard, seconds=30):
        wait_until(lambda: self.stub.drained(shard), seconds, f"{shard.id} is read")

    def position(self, shard):
        found = self.world.sql(
            "SELECT position || ' ' || finished FROM public.stream_checkpoints WHERE table_name ="
            f" {quoted(self.world.name)} AND shard_id = {quoted(shard.id)}")
        return found or NEVER

    def at(self, shard, number, seconds=10):
        """Waits until the checkpoint says that everything up to this record is done."""
        wait_until(lambda: self.position(shard).split()[0] == number, seconds,
                   f"the checkpoint of {shard.id} is at {number}")

    def repairs_owed(self):
        return self.world.sql("SELECT reason FROM public.stream_repairs"
                              f" WHERE table_name = {quoted(self.world.name)}")

    def missed_and_repaired(self, daemon, talk):
        """Data was missed, loudly; the repair found the message that was in no shard."""
        assert daemon.wait_for(stream_process.MISSED, 15)["level"] == "error"
        talk.wait_shows(talk.messages[-1], 15)
        wait_until(lambda: not self.repairs_owed(), 15, "no repair is owed")
        self.world.wait_right(5)

    def close(self):
        self.table.reset()
        self.stub.reset()
        failures = self.world.stop()
        self.stub.close()
        self.table.close()
        assert "LATEST" not in {asked["type"] for asked in self.stub.answered("GetShardIterator")}
        if failures:
            raise failures[0]

# SPDX-License-Identifier: MIT
"""kill -9 at twenty random moments of a burst, two consumers at once, every record twice and in a
shuffled order of the groups: the end is the same as if nothing had happened.

Three daemons work on one table. Two are as two machines of one installation: one is active, one
stands by. The third knows the table by another name (its proxy tells DynamoDB the true one), and so
has a lock and checkpoints of its own, as the former Lambda's successor would; and it is handed the messages of every other conversation by a stand-in for the stream, in another order and more
than once: so two are active at any time. All are killed at random and start again, sometimes
without their checkpoints. Conversations fall silent one after the other while that goes on, so that
no later message heals what a kill broke; and in the second half nothing is replayed to the two.

The seed of the dice is printed; CRUDDUR_TEST_SEED sets it.
"""
import os
import random
import threading
import time
from types import SimpleNamespace

import pytest

from processes import wait_until
from rows import message_row
from stream_world import now_sk, quoted
from streams_stub import record

KILLS = 20
GROUPS, WINDOW = 64, 8
WRITERS = 2
SLOWEST_KILL, QUICKEST_KILL = 2.2, 0.05
LEAST_WRITES = 600


@pytest.fixture
def seed(capsys):
    chosen = int(os.environ.get("CRUDDUR_TEST_SEED") or random.SystemRandom().randrange(10**9))
    with capsys.disabled():
        print(f"\nseed {chosen} ", end="", flush=True)
    return chosen


class Burst:
    """Writers that say and edit in the conversations of a window, which `slide` moves on, and say
    something in two conversations of one person at one time; `written` is what they wrote."""

    def __init__(self, world, talks, seed):
        self.world, self.talks, self.written, self.first = world, talks, [], 0
        self._ended, self._seed = threading.Event(), seed
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def _write(self, number):
        dice = random.Random(f"{self._seed} {number}")
        while not self._ended.is_set():
            window = self.talks[self.first + number:self.first + WINDOW:WRITERS]
            talk, kind, sk = dice.choice(window), dice.random(), now_sk()
            if kind < 0.2:
                for twin in [twin for twin in window if twin.left is self.talks[0].left][:2]:
                    self._say(twin, sk, dice)
            elif kind < 0.7:
                self._say(talk, sk, dice)
            else:
                at = -1 if kind < 0.9 else dice.randrange(len(talk.messages))
                talk.messages[at] = {**talk.messages[at], "message": f"edit {dice.random()}"}
                self._put(talk.messages[at])
            self._ended.wait(dice.random() * 0.02)

    def _say(self, talk, sk, dice):
        talk.messages.append(message_row(talk.group, dice.choice((talk.left, talk.right)), sk,
                                         f"burst {dice.random()}"))
        self._put(talk.messages[-1])

    def _put(self, row):
        self.world.table.table.put_item(Item=row)
        self.written.append(row)

    def slide(self, part):
        """To where the window is when this part of the time has passed."""
        self.first = round((GROUPS - WINDOW) * part) // WRITERS * WRITERS

    def end(self):
        self._ended.set()
        for thread in self._threads:
            thread.join()


class Replayer:
    """Hands what was written in some conversations to the third daemon's stream: in batches, the
    groups of each shuffled, and each batch twice."""

    def __init__(self, stub, burst, talks, seed):
        self.stub, self.burst, self.dice = stub, burst, random.Random(f"{seed} replayer")
        self.places = {f"MSG#{talk.group}" for talk in talks}
        self.shard, self.given = stub.add(), 0

    def hand_over(self):
        fresh = self.burst.written[self.given:]
        self.given += len(fresh)
        fresh = [row for row in fresh if row["pk"] in self.places]
        for _ in range(2):
            self.dice.shuffle(fresh)
            self.stub.put_records(self.shard, [record(row, "MODIFY") for row in fresh])
        if self.dice.random() < 0.3:
            self.stub.close_shard(self.shard)
            self.shard = self.stub.add(self.shard)


def _forget_checkpoints(world, changes):
    name = changes.get("CRUDDUR_MESSAGES_TABLE", world.name)
    world.sql(f"DELETE FROM public.stream_checkpoints WHERE table_name = {quoted(name)}")


def test_kills_replays_and_two_consumers_end_as_if_nothing_had_happened(
        scene, seed, capsys):
    world, dice, hub = scene.world, random.Random(seed), scene.world.people()
    talks = [world.talk(*((hub,) if n % 4 < 2 else ()), ours=n % 3 == 0) for n in range(GROUPS)]
    scene.table.alias = (f"{world.name}-alias".encode(), world.name.encode())
    replayed = {**scene.changes, "CRUDDUR_MESSAGES_TABLE": f"{world.name}-alias"}
    slots = [SimpleNamespace(changes=changes, daemon=world.start(changes), killed=0)
             for changes in ({}, {}, replayed)]
    started = time.monotonic()
    burst = Burst(world, talks, seed)
    replayer = Replayer(scene.stub, burst, talks[::2], seed)
    try:
        for turn in range(KILLS):
            # The moment is what is random here: nothing is waited for.
            threading.Event().wait(dice.uniform(QUICKEST_KILL, SLOWEST_KILL))
            replayer.hand_over()
            slot = dice.choice(slots)
            assert slot.daemon.process.poll() is None, slot.daemon.tail()
            slot.daemon.kill()
            slot.killed += 1
            if slot is slots[2] or turn < KILLS / 2:
                if dice.random() < 0.4:
                    _forget_checkpoints(world, slot.changes)
            burst.slide((turn + 1) / KILLS)
            world.processes.remove(slot.daemon)
            slot.daemon = world.start(slot.changes)
        wait_until(lambda: len(burst.written) >= LEAST_WRITES, 60, "the burst is one")
    finally:
        burst.end()
    written_in = time.monotonic() - started
    seconds = world.wait_right(45)
    with capsys.disabled():
        print(f"{len(burst.written)} writes in {written_in:.0f} s, kills "
              f"{[slot.killed for slot in slots]}, right {seconds:.1f} s after ", end="")
    for slot in slots:
        slot.daemon.finish()
    before = sorted(map(repr, world.table.scan()))
    for changes in ({}, replayed):
        _forget_checkpoints(world, changes)
        world.once(changes)
    assert sorted(map(repr, world.table.scan())) == before, "a replay of everything changes nothing"
    stored = {(row["pk"], row["sk"]): row for row in world.table.scan()}
    for talk in talks:
        for row in talk.messages:
            assert stored[(row["pk"], row["sk"])] == row, "a consumer touched a message"

# SPDX-License-Identifier: MIT
"""Several nginx behind one name: Redis carries the events from one to the other (doc/live.md)."""
import shutil

import pytest

import expect
import processes
from live_stream import left_of_span


@pytest.fixture
def redis(folder):
    from redis_server import Redis
    assert shutil.which("redis-server"), "scripts/dev installs it"
    made = Redis(folder)
    yield made
    made.stop()


@pytest.fixture
def two(make_site, redis):
    """Two hosts, each with its nginx and its workers."""
    return [make_site(workers=1, edits=redis.edits()) for _ in range(2)]


def _lives(sites, before):
    for site, pids in zip(sites, before):
        assert site.front.live_pids() == pids, site.front.error_log.text()[-2000:]


def test_what_is_sent_at_one_nginx_is_heard_at_the_other_once(two, pair, streams):
    left, right = pair
    before = [site.front.live_pids() for site in two]
    group = streams.start(two[0], left, right, heard_at=two)
    heard = [streams.open(site, right, room=8).ready() for site in two]
    sent = []
    for n in range(10):
        for site in two:
            sent.append(site.send(left, group, f"message {n}")["uuid"])
    for stream in heard:
        processes.wait_until(lambda: len(stream.events) >= len(sent), 5, "all of them")
        assert sorted(stream.uuids()) == sorted(sent)
    _lives(two, before)


def test_stranger_hears_nothing_at_either(two, people, streams):
    left, right, stranger = people.several(3)
    heard = [streams.open(site, stranger).ready() for site in two]
    two[0].start(left, right)
    mine = two[1].start(left, stranger)["uuid"]
    for stream in heard:
        stream.wait_message(mine)
        assert stream.uuids() == [mine]


def test_stream_of_the_span_before_is_ended_from_the_other_nginx(two, pair, streams):
    """Whoever publishes ends what is too old, wherever it is held."""
    left, right = pair
    group = two[0].start(left, right)["message_group_uuid"]
    processes.wait_until(lambda: 2 < left_of_span(right) < 4, 32, "a span is about to end")
    stream = streams.open(two[1], token=two[1].token(right)).ready()
    processes.wait_until(lambda: left_of_span(right) > 20, 6, "the next one has begun")
    sent = two[0].send(left, group)["uuid"]
    stream.wait_message(sent)
    stream.wait_end(2)


def test_redis_that_goes_and_comes_back_costs_events_and_nothing_else(two, redis, pair, streams):
    left, right = pair
    before = [site.front.live_pids() for site in two]
    group = two[0].start(left, right)["message_group_uuid"]
    streams.open(two[1], right).ready().wait_message(two[0].send(left, group)["uuid"])
    redis.stop()
    for site in two:
        answer = site.post(left, {"message": "meanwhile", "message_group_uuid": group})
        assert expect.ok(answer).seconds < processes.scaled(1)
    redis.start()

    def is_heard():
        stream = streams.open(two[1], right)
        if stream.status != 200:
            return False
        sent = two[0].send(left, group)["uuid"]
        try:
            stream.wait_message(sent, 1)
            return True
        except AssertionError:
            return False

    processes.wait_until(is_heard, 30, "events come again", pause=0.5)
    _lives(two, before)

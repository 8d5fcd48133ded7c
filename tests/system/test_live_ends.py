# SPDX-License-Identifier: MIT
"""How streams end: by time, by a reload, by nginx's or a worker's death; and that nothing is lost by it."""
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import expect
import processes
from conftest import FRONTEND
from front import live_socket
from live_stream import left_of_span

# A token's minute, and what the test itself needs.
END_SECONDS = 60
SLACK = 3


def _short(site, mint, person, seconds):
    return mint.token(person.sub, exp=int(time.time()) + seconds)


def _is_refused(site, token):
    answer = site.request("GET", "/api/live", token=token,
                          headers=[("Accept", "text/event-stream")])
    return answer.status == 401


def test_stream_of_an_expired_token_ends_within_a_minute_quiet_or_busy(site, mint, people, streams):
    """A message each second keeps nchan's own time-out from ever passing."""
    left, right, silent = people.several(3)
    group = streams.start(site, left, right)
    # Late in a span the first events would be its last.
    processes.wait_until(lambda: left_of_span(right) > 20, 22, "a span is young")
    tokens = [_short(site, mint, person, 3) for person in (right, silent)]
    busy, quiet = (streams.open(site, token=token).ready() for token in tokens)
    stop = threading.Event()

    def talk():
        sent = []
        while not stop.wait(0.5):
            sent.append(site.send(left, group)["uuid"])
        return sent

    with ThreadPoolExecutor(1) as pool:
        talking = pool.submit(talk)
        try:
            for stream in (busy, quiet):
                stream.wait_end(END_SECONDS + SLACK)
        finally:
            stop.set()
        sent = talking.result()
    assert all(_is_refused(site, token) for token in tokens)
    assert busy.life() < END_SECONDS and quiet.life() < END_SECONDS
    # It heard everything up to its end, and was not cut for being busy.
    heard = busy.uuids()
    assert len(heard) > 10 and sorted(heard) == sorted(sent[:len(heard)])
    # A comment every now and then kept the ways open.
    assert len([comment for comment in quiet.comments if comment.strip() == ":"]) >= 2


def test_first_event_of_the_next_span_ends_a_stream_that_has_it(site, pair, streams):
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    processes.wait_until(lambda: 1 < left_of_span(right) < 3, 32, "a span is about to end")
    stream = streams.open(site, token=site.token(right)).ready()
    processes.wait_until(lambda: left_of_span(right) > 20, 6, "the next one has begun")
    newer = streams.open(site, right).ready()
    sent = site.send(left, group)["uuid"]
    for each in (stream, newer):
        each.wait_message(sent)
    stream.wait_end(2)
    newer.wait_message(site.send(left, group)["uuid"])
    assert not newer.ended


def test_reload_loses_nothing(site, pair, streams):
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    token = site.token(right)
    heard, sent, stop = set(), [], threading.Event()

    def follow():
        """As a client does: open again, then catch up."""
        while not stop.is_set():
            stream = streams.open(site, token=token)
            if stream.status == 200:
                stream.ready()
            heard.update(message["uuid"] for message in site.messages(right, group, "?limit=100"))
            processes.wait_until(lambda: stream.ended or stop.is_set(), 120, "the stream ends")
            heard.update(stream.uuids())

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow)
        for n in range(60):
            if n % 20 == 10:
                before = site.front.live_pids()
                os.kill(site.front.process.pid, signal.SIGHUP)
                os.kill(site.front.live.pid, signal.SIGHUP)
                processes.wait_until(lambda: set(site.front.live_pids()).isdisjoint(before), 15,
                                     "the old process has gone, its streams with it")
            sent.append(site.send(left, group, f"message {n}")["uuid"])
        stop.set()
        following.result()
    heard.update(message["uuid"] for message in site.messages(right, group, "?limit=100"))
    assert set(sent) <= heard
    assert len(streams.made) >= 3, "a reload ends streams"
    for log in (site.front.error_log, site.front.live_log):
        assert b"exited on signal" not in log.text()


def test_reload_of_the_front_door_ends_no_stream(make_site, pair, streams):
    site = make_site(workers=1)
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    stream, before = streams.open(site, right, room=8).ready(), site.front.pids()
    os.kill(site.front.process.pid, signal.SIGHUP)
    processes.wait_until(lambda: not set(site.front.pids()) <= set(before), 5, "new processes")
    stream.wait_message(site.send(left, group)["uuid"])
    assert not stream.ended


def test_killed_process_of_the_streams_loses_nothing(make_site, pair, streams):
    site = make_site(workers=1)
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    stream, front = streams.open(site, right).ready(), site.front.pids()
    pid = site.front.live_pids()[0]
    os.kill(pid, signal.SIGKILL)
    sent = site.send(left, group)["uuid"]
    stream.wait_end(5)
    processes.wait_until(lambda: site.front.live_pids() not in ([], [pid]), 5, "another one is there")
    again = streams.open(site, right).ready()
    assert sent in {message["uuid"] for message in site.messages(right, group)}
    again.wait_message(site.send(left, group)["uuid"])
    assert site.front.pids() == front


def test_without_the_nginx_of_the_streams_everything_else_works(make_site, pair, streams):
    site = make_site(workers=1)
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    streams.open(site, right).ready().wait_message(site.send(left, group)["uuid"])
    site.front.stop_live()
    assert not live_socket(site.front.folder).exists()
    answer = site.get("/api/live", right, headers=[("Origin", FRONTEND)])
    expect.error(answer, 502, "service_unavailable")
    assert int(answer.header("Retry-After")) > 0
    assert answer.header("Access-Control-Allow-Origin") == FRONTEND
    site.send(left, group)
    # The worker's kept connection is dead when it is back.
    site.front.start_live()
    stream = streams.open(site, right).ready()
    stream.wait_message(site.send(left, group)["uuid"])


def test_without_workers_nobody_is_let_in(make_site, people):
    site = make_site(workers=1)
    person = people()
    processes.end(site.workers.process)
    answer = site.get("/api/live", person, headers=[("Origin", FRONTEND)])
    expect.error(answer, 503, "service_unavailable")
    assert int(answer.header("Retry-After")) > 0
    assert answer.header("Access-Control-Allow-Origin") == FRONTEND


def test_killed_worker_costs_a_hint_at_the_most(make_site, pair, streams):
    site = make_site(workers=2)
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    stream, sent = streams.open(site, right).ready(), []
    for n in range(30):
        if n % 10 == 5:
            pid = site.workers.pids()[0]
            os.kill(pid, signal.SIGKILL)
            processes.wait_until(lambda: pid not in site.workers.pids()
                                 and len(site.workers.pids()) == 2, 5, "another one is there")
        answer = site.post(left, {"message": f"message {n}", "message_group_uuid": group})
        if answer.status == 200:
            sent.append(answer.json()["uuid"])
    last = site.send(left, group, "the last")["uuid"]
    if not stream.ended:
        stream.wait_message(last)
    known = set(stream.uuids()) | {m["uuid"] for m in site.messages(right, group, "?limit=100")}
    assert set(sent) <= known
    assert site.front.live_pids(), "nginx lives"


def test_worker_that_cannot_publish_answers_all_the_same_and_says_so_once(make_site, pair):
    site = make_site({"CRUDDUR_LIVE_SOCKET": "/nonexistent/cruddur/s"}, workers=1)
    left, right = pair
    group = site.start(left, right, "never to be logged")["message_group_uuid"]
    for _ in range(20):
        answer = site.post(left, {"message": "never to be logged", "message_group_uuid": group})
        assert expect.ok(answer).seconds < processes.scaled(1)
    lines = [entry for entry in site.workers.log.entries()
             if entry["event"] == "live_not_published"]
    assert len(lines) == 1, lines
    assert lines[0]["level"] == "warn"
    assert b"never to be logged" not in site.workers.log.text()


def test_nginx_that_takes_no_events_holds_a_worker_but_briefly(make_site, pair, folder):
    """It accepts and never answers. The first event waits its quarter of a second, those of the next
    second not at all."""
    import socket
    path = folder / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(64)
        site = make_site({"CRUDDUR_LIVE_SOCKET": str(path)}, workers=1)
        left, right = pair
        group = site.start(left, right)["message_group_uuid"]
        started = time.monotonic()
        for _ in range(10):
            assert expect.ok(site.post(left, {"message": "x", "message_group_uuid": group}))
        assert time.monotonic() - started < processes.scaled(2)


def test_answer_does_not_wait_for_the_publisher(make_site, pair, folder):
    """The sender has the 200 while the worker still tries to publish."""
    import socket
    path = folder / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(64)
        listener.settimeout(processes.scaled(5))
        site = make_site({"CRUDDUR_LIVE_SOCKET": str(path)}, workers=1)
        sent = site.start(*pair)
        with listener.accept()[0] as connection:
            connection.settimeout(processes.scaled(5))
            asked = connection.recv(65536)
    assert b"POST /publish?to=" in asked and sent["message_group_uuid"]

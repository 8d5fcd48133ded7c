# SPDX-License-Identifier: MIT
"""SIGTERM and SIGUSR1: an idle worker leaves within a second, a busy one when it has answered."""
import os
import random
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import expect
import fastcgi
import processes

STOP = [signal.SIGTERM, signal.SIGUSR1]
IDLE_SECONDS = 1.0


def _leaves(worker, sent):
    status = worker.process.wait(processes.scaled(10))
    seconds = time.monotonic() - sent
    assert status == 0, worker.log.text()[-2000:]
    return seconds


@pytest.mark.parametrize("number", STOP)
def test_idle_worker_leaves_at_once(make_worker, number):
    worker = make_worker()
    sent = time.monotonic()
    worker.process.send_signal(number)
    assert _leaves(worker, sent) < processes.scaled(IDLE_SECONDS)


@pytest.mark.parametrize("number", STOP)
def test_worker_that_never_served_leaves_at_once(make_worker, number):
    worker = make_worker(ready=False)
    processes.wait_until(lambda: _waits_for_requests(worker), 5, "it waits for requests")
    sent = time.monotonic()
    worker.process.send_signal(number)
    assert _leaves(worker, sent) < processes.scaled(IDLE_SECONDS)


def _waits_for_requests(worker):
    """Signal handlers are there: SigCgt names SIGTERM and SIGUSR1, or they are blocked."""
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{worker.process.pid}/status",
                                                        encoding="ascii") if ":\t" in line)
    handled = int(status["SigCgt"], 16) | int(status["SigBlk"], 16)
    return all(handled >> (number - 1) & 1 for number in STOP)


@pytest.mark.parametrize("number", STOP)
def test_no_signal_is_lost_in_any_window(make_worker, number):
    """libfcgi asks for the flag and then accepts: a signal in between left a worker asleep."""
    dice = random.Random(int(number))
    for turn in range(100):
        worker = make_worker()
        pause = time.monotonic() + dice.random() * 0.0008
        answer = worker.call("GET", "/api/health-check")
        while time.monotonic() < pause:
            pass
        sent = time.monotonic()
        worker.process.send_signal(number)
        assert answer.status == 200
        assert _leaves(worker, sent) < processes.scaled(IDLE_SECONDS), f"turn {turn}"
        worker.stop()


@pytest.mark.parametrize("number", STOP)
def test_busy_worker_answers_first(chaos, make_worker, mint, people, number):
    worker, person = make_worker(chaos.settings), people()
    headers = [("Authorization", "Bearer " + mint.token(person.sub))]
    worker.call("GET", "/api/message_groups", headers)
    chaos.dynamo.fail("pause", times=1)
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(worker.call, "GET", "/api/message_groups", headers)
        assert chaos.dynamo.waiting.acquire(timeout=5)
        worker.process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            worker.process.wait(0.3)
        sent = time.monotonic()
        chaos.dynamo.reset()
        assert expect.private(busy.result()).json() == []
    assert _leaves(worker, sent) < processes.scaled(IDLE_SECONDS)


def test_signal_under_load_loses_no_request(make_worker):
    """Every request that a worker took is answered; those it did not take find nobody, cleanly."""
    for turn in range(10):
        worker = make_worker()
        params = fastcgi.environ("GET", "/api/health-check")
        with ThreadPoolExecutor(4) as pool:
            futures = [pool.submit(_try, worker, params) for _ in range(40)]
            if turn:
                futures[turn].result()
            worker.process.send_signal(signal.SIGTERM)
            assert worker.process.wait(processes.scaled(5)) == 0
            worker.listener.close()
            results = [future.result() for future in futures]
        assert set(results) <= {"answered", "nobody"}, results


def _try(worker, params):
    """What became of one request. Cut off in the middle of an answer is none of the good ends."""
    try:
        sock = fastcgi.connect(worker.socket, timeout=10)
    except OSError:
        return "nobody"
    with sock:
        try:
            sock.sendall(fastcgi.opening(params) + fastcgi.body_records(b""))
            first = sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return "nobody"
        if not first:
            return "nobody"
        return "answered" if fastcgi.read_answer(sock).status == 200 else "cut"


def test_signal_twice_is_no_worse_than_once(make_worker):
    worker = make_worker()
    sent = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    worker.process.send_signal(signal.SIGUSR1)
    assert _leaves(worker, sent) < processes.scaled(IDLE_SECONDS)


def test_broken_pipes_are_harmless(make_worker):
    worker = make_worker()
    for _ in range(5):
        worker.process.send_signal(signal.SIGPIPE)
        assert worker.call("GET", "/api/health-check").status == 200
    assert worker.process.poll() is None


def test_multiwatch_and_all_workers_leave_together(make_site):
    site = make_site(workers=3)
    pids = site.workers.pids()
    started = time.monotonic()
    site.workers.process.send_signal(signal.SIGTERM)
    site.workers.process.wait(processes.scaled(10))
    assert time.monotonic() - started < processes.scaled(2)
    assert not [pid for pid in pids if processes.alive(pid)]


def test_killed_worker_is_started_again(make_site):
    site = make_site(workers=2)
    before = site.workers.pids()
    os.kill(before[0], signal.SIGKILL)
    processes.wait_until(lambda: len(site.workers.pids()) == 2 and site.workers.pids() != before, 5,
                         "a new worker runs")
    for _ in range(6):
        expect.ok(site.get("/api/health-check"))


def test_worker_retires_after_its_requests(make_worker):
    """Not before multiwatch would take it for a crash, and never in the middle of a request."""
    worker, answered = make_worker({"CRUDDUR_MAX_REQUESTS": "20"}), 0
    deadline = time.monotonic() + processes.scaled(20)
    while worker.process.poll() is None:
        assert time.monotonic() < deadline, "it never retired"
        try:
            answer = worker.call("GET", "/api/health-check", timeout=5)
        except (ConnectionError, TimeoutError):
            break
        assert answer.status == 200
        answered += 1
    assert worker.process.wait(processes.scaled(5)) == 0
    assert answered >= 19

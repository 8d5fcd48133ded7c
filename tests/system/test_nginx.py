# SPDX-License-Identifier: MIT
"""What nginx answers in a worker's place, and how it shields the workers."""
import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import expect
import processes
from conftest import FRONTEND

ORIGIN = [("Origin", FRONTEND)]
JSON = [("Content-Type", "application/json")]


def _readable(answer, origin=FRONTEND):
    assert answer.header("Access-Control-Allow-Origin") == origin, answer
    assert {"Link", "X-Request-Id"} <= set(answer.list_header("Access-Control-Expose-Headers"))
    return answer


def test_body_that_even_a_worker_never_sees(site, people):
    for size in (65537, 70000, 1000000):
        answer = site.request("POST", "/api/messages", people(), body=b" " * size,
                              headers=JSON + ORIGIN)
        _readable(expect.error(answer, 413, "body_too_large"))
    stranger = site.request("POST", "/api/messages", people(), body=b" " * 70000,
                            headers=JSON + [("Origin", "https://evil.test")])
    assert stranger.header("Access-Control-Allow-Origin") is None


def test_two_authorization_headers_are_401(site, people):
    token = site.token(people())
    for pair in ((token, token), (token, "bad"), ("bad", token)):
        headers = [("Authorization", f"Bearer {value}") for value in pair]
        expect.unauthorized(site.get("/api/message_groups", headers=headers))


def test_rate_limit_answers_429(make_site, people):
    site = make_site(workers=1, limits={"rate": "1r/s"})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.get("/api/health-check", headers=ORIGIN), range(8)))
    limited = [answer for answer in answers if answer.status != 200]
    assert len(limited) >= 6
    for answer in limited:
        _readable(expect.error(answer, 429, "rate_limited"))
        assert int(answer.header("Retry-After")) > 0


def _hold_up(pool, site, person, dynamo):
    """A request that waits for DynamoDB. nginx may refuse the first tries, as long as it has not done
    with the connection before."""
    def held():
        busy = pool.submit(site.get, "/api/message_groups", person)
        while not busy.done():
            if dynamo.waiting.acquire(timeout=0.05):
                return busy
        return None

    return processes.wait_until(held, 10, "a request waits")


def test_too_many_connections_are_shed_in_the_same_shape(make_site, chaos, people):
    for status, codes in ((429, ["rate_limited"]), (503, ["service_unavailable"])):
        site = make_site({"AWS_ENDPOINT_URL_DYNAMODB": chaos.dynamo.endpoint}, workers=1,
                         limits={"conn": 1, "status": status})
        person = people()
        chaos.dynamo.fail("pause", times=1)
        with ThreadPoolExecutor(1) as pool:
            busy = _hold_up(pool, site, person, chaos.dynamo)
            answer = site.get("/api/health-check", headers=ORIGIN)
            chaos.dynamo.reset()
            assert busy.result().status == 200
        _readable(expect.error(answer, status, *codes))
        assert int(answer.header("Retry-After")) > 0


def test_no_worker_is_502_in_the_same_shape(make_site):
    site = make_site(workers=1)
    processes.end(site.workers.process)
    for method in ("GET", "POST"):
        answer = site.request(method, "/api/message_groups", headers=ORIGIN)
        _readable(expect.error(answer, 502, "service_unavailable"))
        assert int(answer.header("Retry-After")) > 0


def test_worker_that_stopped_for_good_is_504_in_the_same_shape(make_site):
    """SIGSTOP is not a fault that a worker can answer itself."""
    site = make_site(workers=1)
    pid = site.workers.pids()[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        answer = site.get("/api/health-check", headers=ORIGIN)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert answer.status in (503, 504), answer
    _readable(expect.error(answer, answer.status, "service_unavailable"))
    assert int(answer.header("Retry-After")) > 0
    assert answer.seconds < processes.scaled(10)
    processes.wait_until(lambda: site.get("/api/health-check").status == 200, 10, "it goes on")


def test_crowd_before_hanging_workers_is_answered_and_never_hangs(make_site, chaos, people):
    """5 s count from the moment a worker takes a request; the rest is shed."""
    site = make_site({"AWS_ENDPOINT_URL_DYNAMODB": chaos.dynamo.endpoint}, workers=2)
    person = people()
    site.groups(person)
    chaos.dynamo.fail("hang")
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: site.get("/api/message_groups", person), range(12)))
    chaos.dynamo.reset()
    for answer in answers:
        assert answer.status in (502, 503, 504), answer
        expect.error(answer, answer.status, "service_unavailable")
        assert int(answer.header("Retry-After")) > 0
        assert answer.seconds < processes.scaled(11), answer
    processes.wait_until(lambda: site.get("/api/message_groups", person).status == 200, 5, "back")


def test_slow_clients_never_hold_a_worker(site, people):
    """nginx takes the whole body before a worker hears of it: one client is not one process."""
    token = site.token(people())
    head = (f"POST /api/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"message\":")
    with ExitStack() as held:
        for _ in range(4 * site.workers.workers):
            sock = held.enter_context(socket.create_connection(("127.0.0.1", site.front.port)))
            sock.sendall(head.encode())
        for _ in range(2 * site.workers.workers):
            assert expect.ok(site.get("/api/health-check")).seconds < processes.scaled(1)


def test_clients_that_go_away_cost_no_worker(site, pair):
    """A broken connection is no SIGPIPE's business."""
    token = site.token(pair[0])
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", site.front.port)) as sock:
            sock.sendall(f"GET /api/message_groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                         f"{token}\r\n\r\n".encode())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert expect.private(site.get("/api/message_groups", pair[0])).json() == []


def test_request_id_is_in_the_logs_of_both(site, people):
    answer = expect.private(site.get("/api/message_groups", people()))
    request_id = answer.header("X-Request-Id").encode()
    processes.wait_until(lambda: request_id in site.workers.log.text(), 5, "in the worker's log")
    processes.wait_until(lambda: request_id in site.front.access_log.text(), 5, "in nginx's log")


def test_access_log_is_json_without_queries_and_tokens(site, people):
    person = people()
    site.get("/api/message_groups?limit=5&access_token=markerinquery", person)
    processes.wait_until(lambda: b"/api/message_groups" in site.front.access_log.text(), 5, "logged")
    text = site.front.access_log.text()
    assert b"markerinquery" not in text and site.token(person).encode() not in text
    for line in site.front.access_log.lines():
        assert isinstance(json.loads(line), dict)

# SPDX-License-Identifier: MIT
"""A worker behind any FastCGI client: parameters that are missing, twice, or lies."""
import json
import os
import time
import uuid

import pytest

import expect
import fastcgi
import processes
import rows
from site_api import json_bytes

JSON = [("Content-Type", "application/json")]


@pytest.fixture
def worker(make_worker):
    made = make_worker()
    yield made
    assert made.process.poll() is None, made.log.text()[-2000:]
    assert made.call("GET", "/api/health-check").status == 200


def _bearer(mint, person):
    return [("Authorization", "Bearer " + mint.token(person.sub))]


def _changed(params, **changes):
    """The parameters with some replaced; a change to None leaves one out."""
    kept = [(name, value) for name, value in params if name not in changes]
    return kept + [(name, value) for name, value in changes.items() if value is not None]


def test_two_authorization_parameters_are_401(worker, mint, people):
    sound = _bearer(mint, people())
    for headers in (sound + sound, sound + [("Authorization", "Bearer bad")],
                    [("Authorization", "Bearer bad")] + sound, sound + [("Authorization", "")]):
        expect.unauthorized(worker.call("GET", "/api/message_groups", headers))


def test_tokens_joined_by_a_comma_are_401(worker, mint, people):
    value = _bearer(mint, people())[0][1]
    for joined in (f"{value}, {value}", f"{value},{value}", f"{value}, Basic abc"):
        expect.unauthorized(worker.call("GET", "/api/message_groups", [("Authorization", joined)]))


@pytest.mark.parametrize("name", ["REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING",
                                  "SERVER_PROTOCOL", "CONTENT_TYPE", "CONTENT_LENGTH",
                                  "REMOTE_ADDR", "HTTP_X_REQUEST_ID", "SCRIPT_NAME"])
def test_missing_parameter_is_no_crash(worker, name):
    params = _changed(fastcgi.environ("GET", "/api/health-check"), **{name: None})
    answer = fastcgi.call(worker.socket, params)
    assert answer.status in (200, 400, 404, 405), answer


def test_no_parameters_at_all_is_no_crash(worker):
    assert fastcgi.call(worker.socket, []).status in (400, 404, 405)


def test_worker_makes_an_id_where_nobody_gave_one(worker):
    params = fastcgi.environ("GET", "/api/health-check", request_id=None)
    first, second = fastcgi.call(worker.socket, params), fastcgi.call(worker.socket, params)
    assert first.header("X-Request-Id") and second.header("X-Request-Id")
    assert first.header("X-Request-Id") != second.header("X-Request-Id")


@pytest.mark.parametrize("value", ["x\r\nSet-Cookie: a=b", "x\nEvil: 1", '","evil":"', "\x00", "",
                                   "a" * 9000, "\u00e9", "<b>"], ids=lambda value: ascii(value)[:20])
def test_odd_request_id_injects_nothing(worker, value):
    answer = fastcgi.call(worker.socket, fastcgi.environ("GET", "/api/health-check",
                                                         request_id=value))
    assert answer.status == 200 and answer.json()["success"] is True
    assert {name.lower() for name, _ in answer.headers} <= {
        "content-type", "content-length", "x-request-id", "vary", "x-content-type-options",
        "cache-control", "status"}, answer
    assert len(answer.header("X-Request-Id") or "x") < 200
    assert all(isinstance(entry, dict) for entry in worker.log.entries())


def test_odd_origin_injects_nothing(worker):
    for origin in ("https://x\r\nEvil: 1", "\x00", "a" * 9000):
        answer = worker.call("OPTIONS", "/api/messages", [("Origin", origin)])
        assert answer.status == 204 and not answer.all("Evil")
        assert not answer.all("Access-Control-Allow-Origin")


@pytest.mark.parametrize("uri", ["", "/", "api/health-check", "http://x/api/health-check",
                                 "/api/health-check#x", "/api/%", "/api/%zz", "/api/%0", "/api/%00",
                                 "/api/health-check%00", "\x00", "/api/\xff", "/" * 9000,
                                 "/api/users/@%00/short", "*", "/api/health-check\r\nx"],
                         ids=lambda value: ascii(value)[:24])
def test_odd_uri_is_no_route(worker, uri):
    answer = worker.call("GET", uri)
    assert answer.status in (400, 404) or uri.startswith(("http:", "/api/health-check#")), answer
    assert answer.status < 500


@pytest.mark.parametrize("value", ["999", "20000", "16384"])
def test_body_shorter_than_it_says_is_answered(worker, mint, people, value):
    person, other = people.several(2)
    body = json_bytes({"message": "x", "handle": other.handle})
    params = _changed(fastcgi.environ("POST", "/api/messages", JSON + _bearer(mint, person), body),
                      CONTENT_LENGTH=value)
    answer = fastcgi.call(worker.socket, params, body)
    assert answer.status in (400, 413), answer


def test_body_longer_than_it_says_is_cut_there(worker, mint, people):
    person, other = people.several(2)
    body = json_bytes({"message": "x", "handle": other.handle})
    params = fastcgi.environ("POST", "/api/messages", JSON + _bearer(mint, person), body)
    answer = fastcgi.call(worker.socket, params, body + b"trailing")
    assert answer.status in (200, 400), answer


@pytest.mark.parametrize("value", ["-1", "abc", "1e3", "0x10", " 5", "99999999999999999999999",
                                   "2147483648", "4294967297", "18446744073709551617", "1.5"])
def test_content_length_that_is_none(worker, mint, people, value):
    """No nginx sends these. The body may count or not; it is bounded and answered either way."""
    person, other = people.several(2)
    body = json_bytes({"message": "x", "handle": other.handle})
    params = _changed(fastcgi.environ("POST", "/api/messages", JSON + _bearer(mint, person), body),
                      CONTENT_LENGTH=value)
    answer = fastcgi.call(worker.socket, params, body)
    assert answer.status in (200, 400, 413), answer


def test_big_body_is_refused_by_the_worker_itself(worker, mint, people):
    body = b" " * 100000
    params = fastcgi.environ("POST", "/api/messages", JSON + _bearer(mint, people()), body)
    expect.error(fastcgi.call(worker.socket, params, body), 413, "body_too_large")


def test_body_that_comes_in_pieces(worker, mint, people):
    person, other = people.several(2)
    body = json_bytes({"message": "in pieces", "handle": other.handle})
    params = fastcgi.environ("POST", "/api/messages", JSON + _bearer(mint, person), body)
    with fastcgi.connect(worker.socket) as sock:
        sock.sendall(fastcgi.opening(params))
        for index in range(len(body)):
            sock.sendall(fastcgi.body_records(body[index:index + 1], close=False))
        sock.sendall(fastcgi.body_records(b""))
        assert fastcgi.read_answer(sock).json()["message"] == "in pieces"


def test_query_is_taken_from_what_the_client_sent(worker, mint, people):
    params = fastcgi.environ("GET", "/api/message_groups?limit=0", _bearer(mint, people()))
    expect.error(fastcgi.call(worker.socket, params), 400, "malformed_request")


@pytest.mark.parametrize("data", [b"", b"\0", b"GET / HTTP/1.0\r\n\r\n", b"\x01" * 8, b"\xff" * 64,
                                  b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x09" + b"\0" * 6,
                                  b"\x01\x04\x00\x01\xff\xff\x00\x00" + b"\xff" * 64],
                         ids=lambda data: data.hex()[:24])
def test_bytes_that_are_no_fastcgi_cost_no_worker(worker, data):
    with fastcgi.connect(worker.socket) as sock:
        sock.sendall(data)


def test_client_that_vanishes_in_the_body_costs_no_worker(worker, mint, people):
    body = b"x" * 5000
    params = fastcgi.environ("POST", "/api/messages", JSON + _bearer(mint, people()), body)
    for _ in range(5):
        with fastcgi.connect(worker.socket) as sock:
            sock.sendall(fastcgi.opening(params) + fastcgi.body_records(body[:100], close=False))


def test_client_that_vanishes_before_the_answer_costs_no_worker(worker, mint, people):
    params = fastcgi.environ("GET", "/api/message_groups", _bearer(mint, people()))
    for _ in range(20):
        with fastcgi.connect(worker.socket) as sock:
            sock.sendall(fastcgi.opening(params) + fastcgi.body_records(b""))


def test_worker_answers_alike_without_nginx(worker, mint, people, site):
    person = people()
    direct = worker.call("GET", "/api/message_groups", _bearer(mint, person))
    through = site.get("/api/message_groups", person)
    assert (direct.status, direct.body) == (through.status, through.body)
    expect.private(direct)
    assert direct.header("X-Request-Id") == "0123456789abcdef0123456789abcdef"


def _resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS:")).split()[1])


def _growth_allowed_kib(binary):
    """valgrind and AddressSanitizer hold back what was freed, and tell of leaks by themselves."""
    if os.environ.get("CRUDDUR_FCGI_WRAPPER"):
        return 32768
    return 4096 if b"__asan_init" in binary.read_bytes() else 512


def _small_quarantine():
    """A sanitizer keeps what was freed in a quarantine; a small one fills before the measuring."""
    options = (os.environ.get("ASAN_OPTIONS", "")
               + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
    return {"ASAN_OPTIONS": options.lstrip(":")}


def test_memory_stays_flat(stack, make_worker, mint, people):
    """Not the soak of 100,000 requests, but enough to see a leak of a few hundred bytes in each."""
    worker = make_worker(_small_quarantine())
    person, other = people.several(2)
    headers = _bearer(mint, person)
    send = json_bytes({"message": "x" * 500, "handle": other.handle})

    def round_trip():
        assert worker.call("GET", "/api/message_groups", headers).status == 200
        assert worker.call("POST", "/api/messages", JSON + headers, send).status == 200
        assert worker.call("POST", "/api/messages", JSON + headers, b'{"message":').status == 400
        assert worker.call("GET", "/api/message_groups").status == 401
        assert worker.call("GET", f"/api/users/@{other.handle}/short").status == 200

    for _ in range(60):
        round_trip()
    before = _resident_kib(worker.process.pid)
    for _ in range(250):
        round_trip()
    growth = _resident_kib(worker.process.pid) - before
    assert growth < _growth_allowed_kib(stack.binary), f"{growth} KiB more after 1,250 requests"


def test_request_that_waited_too_long_is_shed(worker, mint, people):
    """nginx says when it handed a request over; nobody waits for the answer to a stale one."""
    params = fastcgi.environ("GET", "/api/message_groups", _bearer(mint, people()))
    fresh = params + [("CRUDDUR_RECEIVED_MSEC", f"{time.time():.3f}")]
    stale = params + [("CRUDDUR_RECEIVED_MSEC", f"{time.time() - 60:.3f}")]
    assert fastcgi.call(worker.socket, fresh).status == 200
    expect.unavailable(fastcgi.call(worker.socket, stale))
    for value in ("", "abc", "-1", "1e400", f"{time.time() + 1e6:.3f}", "9" * 400):
        odd = params + [("CRUDDUR_RECEIVED_MSEC", value)]
        assert fastcgi.call(worker.socket, odd).status in (200, 503)


def test_files_stay_closed(worker, mint, people):
    """A worker's open files do not grow with the requests."""
    def count():
        return len(os.listdir(f"/proc/{worker.process.pid}/fd"))

    headers = _bearer(mint, people())
    for _ in range(3):
        worker.call("GET", "/api/message_groups", headers)
    # The last answer's connection may still be closing when its client has gone.
    before = count()
    for _ in range(100):
        worker.call("GET", "/api/message_groups", headers)
        worker.call("POST", "/api/messages", JSON + headers, b"{}")
    processes.wait_until(lambda: count() <= before, 5, f"no more than {before} open files")


def test_front_that_stops_in_the_middle_of_a_body_frees_the_worker(worker, mint, people):
    """Whoever promises a body and sends none must not hold the worker past the five seconds."""
    params = fastcgi.environ("POST", "/api/messages", _bearer(mint, people()) + JSON)
    params = _changed(params, CONTENT_LENGTH="100")
    with fastcgi.connect(worker.socket) as stalled:
        started = time.monotonic()
        stalled.sendall(fastcgi.opening(params))
        assert worker.call("GET", "/api/health-check").status == 200
        assert time.monotonic() - started < 6


def test_front_that_takes_no_answer_frees_the_worker(worker, mint, people, table):
    """A list longer than a socket holds, asked for by somebody who never reads it."""
    me, other = people.several(2)
    table.plant(*[rows.group_row(me, other, str(uuid.uuid4()), f"2024-01-01T00:00:00.{i:06d}",
                                 "\u00e9\n" * 3000) for i in range(100)])
    params = fastcgi.environ("GET", "/api/message_groups?limit=100", _bearer(mint, me))
    assert len(fastcgi.call(worker.socket, params).body) > 500000
    with fastcgi.connect(worker.socket) as stalled:
        started = time.monotonic()
        stalled.sendall(fastcgi.opening(params) + fastcgi.body_records(b""))
        assert worker.call("GET", "/api/health-check").status == 200
        assert time.monotonic() - started < 10


def test_front_that_wants_to_keep_its_connection_holds_no_worker(worker):
    """Each kept one would hold a worker for as long as the front likes."""
    params = fastcgi.environ("GET", "/api/health-check")
    with fastcgi.connect(worker.socket) as kept:
        kept.sendall(fastcgi.opening(params, keep=True) + fastcgi.body_records(b""))
        assert fastcgi.read_answer(kept).status == 200
        assert worker.call("GET", "/api/health-check").status == 200
        assert kept.recv(1) == b""


def test_front_that_stays_connected_after_the_answer_holds_no_worker(worker, mint, people):
    """Nothing is under way from it any more, so there is nothing to wait for."""
    me = people()
    sent = json_bytes({"message": "hello", "handle": people().handle})
    started = time.monotonic()
    for method, uri, headers, body in (("GET", "/api/health-check", [], b""), ("GET", "/api/none", [], b""),
                                       ("POST", "/api/messages", _bearer(mint, me) + JSON, sent)):
        with fastcgi.connect(worker.socket) as staying:
            staying.sendall(fastcgi.opening(fastcgi.environ(method, uri, headers, body))
                            + fastcgi.body_records(body))
            assert fastcgi.read_answer(staying).status in (200, 404)
            assert staying.recv(1) == b"", "the worker has closed, and not broken the connection"
            assert worker.call("GET", "/api/health-check").status == 200
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("method, uri, status", [
    ("GET", "/api/health-check", 200), ("POST", "/api/none", 404), ("POST", "/api/messages", 401)])
def test_answer_to_a_body_that_nobody_reads_arrives_whole(worker, method, uri, status):
    """A connection that is closed with bytes unread breaks, and takes the answer with it."""
    body = b"x" * 60000
    params = fastcgi.environ(method, uri, JSON, body)
    with fastcgi.connect(worker.socket) as front:
        front.sendall(fastcgi.opening(params) + fastcgi.body_records(body))
        assert fastcgi.read_answer(front).status == status
        assert front.recv(1) == b""


def test_answer_to_unannounced_bytes_arrives_whole(worker):
    params = fastcgi.environ("GET", "/api/health-check")
    with fastcgi.connect(worker.socket) as front:
        front.sendall(fastcgi.opening(params) + fastcgi.body_records(b"y" * 60000))
        assert fastcgi.read_answer(front).status == 200
        assert front.recv(1) == b""


def test_large_pages_leave_no_memory_behind(stack, make_worker, mint, people, table):
    """A hundred messages of which each character takes six bytes: once seen, not kept for good."""
    worker = make_worker(_small_quarantine())
    me, other = people.several(2)
    group = json.loads(worker.call("POST", "/api/messages", JSON + _bearer(mint, me), json_bytes(
        {"message": "hello", "handle": other.handle})).body)["message_group_uuid"]
    small, large = f"/api/messages/{group}?limit=1", f"/api/messages/{group}?limit=100"
    table.plant(*[rows.message_row(group, me, f"2024-01-01T00:00:00.{i:06d}+00:00", "\u0001" * 1024)
                  for i in range(110)])

    def ask(path, times):
        for _ in range(times):
            assert worker.call("GET", path, _bearer(mint, me)).status == 200

    ask(small, 20)
    before = _resident_kib(worker.process.pid)
    ask(large, 5)
    ask(small, 20)
    growth = _resident_kib(worker.process.pid) - before
    assert growth < 3 * _growth_allowed_kib(stack.binary), f"{growth} KiB more"

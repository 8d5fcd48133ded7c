# SPDX-License-Identifier: MIT
"""Live events: who gets what, and who gets nothing."""
import socket
import subprocess

import pytest

import expect
import fastcgi
import processes
from conftest import BACKEND, FRONTEND
from front import live_socket
from live_stream import left_of_span, LiveStream
from site_api import some_uuid


def test_message_comes_to_both_and_to_the_senders_other_window(site, pair, streams):
    left, right = pair
    group = streams.start(site, left, right)
    mine, also_mine, theirs = (streams.open(site, who).ready() for who in (left, left, right))
    answer = site.post(left, {"message": "hello, live", "message_group_uuid": group})
    sent = expect.ok(answer).json()
    for stream in (mine, also_mine, theirs):
        event = stream.wait_message(sent["uuid"])
        assert (event.name, event.raw.encode("utf-8")) == ("message", answer.body)
        assert event.data == sent
        assert len(stream.events) == 1


def test_event_is_the_message_as_the_history_shows_it_and_its_group(site, pair, streams):
    left, right = pair
    stream = streams.open(site, right).ready()
    text = 'line\none "two" \\ \u2028 <b>\u202e \U0001f600 \u0007'
    sent = site.start(left, right, text)
    data = stream.wait_message(sent["uuid"]).data
    assert data.pop("message_group_uuid") == sent["message_group_uuid"]
    assert data == site.messages(right, sent["message_group_uuid"])[0]
    assert data["message"] == text


def test_longest_message_comes_whole(site, pair, streams):
    left, right = pair
    stream = streams.open(site, right).ready()
    for text in ("\U0001f600" * 1024, "\x01" * 1023 + "x"):
        sent = site.start(left, right, text)
        assert stream.wait_message(sent["uuid"]).data["message"] == text


def test_each_of_many_comes_once(site, pair, streams):
    """Not in order: each worker publishes for itself. created_at tells the order."""
    left, right = pair
    group = streams.start(site, left, right)
    stream = streams.open(site, right).ready()
    sent = [site.send(left, group, f"message {n}")["uuid"] for n in range(30)]
    processes.wait_until(lambda: len(stream.events) >= len(sent), 5, "all of them")
    assert sorted(stream.uuids()) == sorted(sent)


def test_group_of_another_program_is_told_to_both(site, table, pair, streams):
    """Only the rows that other programs write; who the other member is stands in them."""
    from rows import group_row
    left, right, group = *pair, some_uuid()
    sk = "2024-01-02T03:04:05.678901+00:00"
    table.plant(group_row(left, right, group, sk), group_row(right, left, group, sk))
    theirs = streams.open(site, right).ready()
    for _ in range(2):  # found by searching, then remembered
        theirs.wait_message(site.send(left, group)["uuid"])


def test_stranger_hears_nothing(site, people, streams):
    left, right, stranger = people.several(3)
    strangers = streams.open(site, stranger).ready()
    theirs = streams.open(site, right).ready()
    theirs.wait_message(site.start(left, right)["uuid"])
    # Something for the stranger, sent after all that was none of the stranger's business.
    mine = site.start(stranger, left)
    strangers.wait_message(mine["uuid"])
    assert strangers.uuids() == [mine["uuid"]]
    assert mine["uuid"] not in theirs.uuids()


@pytest.mark.parametrize("query", ["?c={other}", "?to={other}", "?channel={other}", "/{other}"])
def test_nobody_chooses_a_channel(site, people, streams, query):
    left, right, stranger = people.several(3)
    path = "/api/live" + query.format(other=right.uuid)
    stream = streams.open(site, stranger, path=path,
                          headers=[("Cruddur-Live-Channel", right.uuid)])
    if stream.status == 200:
        streams.open(site, right).ready().wait_message(site.start(left, right)["uuid"])
        mine = site.start(left, stranger)["uuid"]
        stream.wait_message(mine)
        assert stream.uuids() == [mine]
    else:
        assert stream.status == 404, stream.status


def test_no_token_no_stream(site, people, mint):
    person = people()
    bad = [None, "bad", site.token(person) + "x", mint.token(person.sub, exp=1000000000)]
    for token in bad:
        expect.unauthorized(site.request("GET", "/api/live", token=token,
                                         headers=[("Accept", "text/event-stream")]))
    answer = site.request("GET", "/api/live", token="bad", headers=[
        ("Accept", "text/event-stream"), ("Origin", FRONTEND)])
    assert expect.unauthorized(answer).header("Access-Control-Allow-Origin") == FRONTEND


def test_valid_token_of_nobody_is_told_so(site, people):
    answer = site.get("/api/live", people.stranger(), headers=[("Accept", "text/event-stream")])
    expect.error(answer, 422, "cognito_user_id_not_found")


def test_other_methods_are_refused(site):
    for method in ("POST", "PUT", "DELETE", "PATCH", "HEAD"):
        answer = site.request(method, "/api/live")
        assert answer.status == 405 and set(answer.list_header("Allow")) == {"GET", "OPTIONS"}


@pytest.mark.parametrize("origin", [FRONTEND, BACKEND])
def test_allowed_origin_may_listen(site, people, streams, origin):
    preflight = site.request("OPTIONS", "/api/live", headers=[
        ("Origin", origin), ("Access-Control-Request-Method", "GET")])
    assert preflight.status == 204
    assert "GET" in preflight.list_header("Access-Control-Allow-Methods")
    stream = streams.open(site, people(), headers=[("Origin", origin)]).ready()
    assert stream.header("Access-Control-Allow-Origin") == origin
    assert "X-Request-Id" in stream.header("Access-Control-Expose-Headers")
    assert stream.header("Access-Control-Allow-Credentials") is None


@pytest.mark.parametrize("origin", ["https://evil.test", "null", FRONTEND + ".evil.test"])
def test_other_origins_learn_nothing(site, people, streams, origin):
    stream = streams.open(site, people(), headers=[("Origin", origin)]).ready()
    assert not [name for name, _ in stream.headers if name.startswith("access-control-")]


def test_stream_is_never_kept_by_anybody(site, people, streams):
    stream = streams.open(site, people()).ready()
    assert stream.header("Content-Type") == "text/event-stream; charset=utf-8"
    assert stream.header("Cache-Control") == "no-store"
    assert stream.header("Vary") == "Origin"
    assert expect.REQUEST_ID.fullmatch(stream.header("X-Request-Id"))
    assert stream.header("X-Accel-Buffering") == "no"


def test_only_a_200_is_told_and_only_once(site, pair, streams):
    left, right = pair
    group = streams.start(site, left, right)
    stream = streams.open(site, right).ready()
    for data in ({"message": "", "message_group_uuid": group},
                 {"message": "x" * 1025, "message_group_uuid": group},
                 {"message": "x", "message_group_uuid": some_uuid()}, {"message": "x"}):
        assert site.post(left, data).status in (404, 422)
    data = {"message": "once", "message_group_uuid": group}
    first = [expect.ok(site.post(left, data, key="the-same")).json() for _ in range(3)][0]
    last = site.send(left, group, "the last")["uuid"]
    stream.wait_message(last)
    assert sorted(stream.uuids()) == sorted([first["uuid"], last])


def test_publisher_and_admission_cannot_be_reached_from_outside(site, people):
    person = people()
    for path in ("/publish", "/publish?to=x", "/stream", "/stream?channel=x", "/api/publish",
                 "/cruddur-live/admission", "/cruddur-live/other", "/cruddur-live/no"):
        for method in ("GET", "POST", "DELETE"):
            answer = site.request(method, path, person, body=b"{}" if method == "POST" else None)
            assert answer.status in (404, 405), (method, path, answer)
    folder = live_socket(site.front.folder).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert processes.listening_ports(site.front.process.pid) == [site.front.port,
                                                                 site.front.metrics_port]
    assert processes.listening_ports(site.front.live.pid) == []


@pytest.mark.parametrize("path", ["/%63ruddur-live/admission", "/x/../cruddur-live/admission", "/cruddur-live/no?x",
                                  "/cruddur-live/../api/live", "/%2e%2e/api/live", "//api/live"])
def test_other_spellings_of_inner_paths_lead_nowhere(site, people, path):
    """nginx goes by the path as it is decoded and put right, a worker by what the client sent."""
    answer = site.request("GET", path, people())
    assert answer.status in (400, 404), answer
    assert answer.json() in (["not_found"], ["malformed_request"])


def test_stream_says_how_long_its_channel_is_in_use(site, people, streams):
    person = people()
    stream = streams.open(site, person, headers=[("Origin", FRONTEND)]).ready()
    left = int(stream.header("Cruddur-Live-Seconds"))
    assert 1 <= left <= 30
    assert abs(left - left_of_span(person)) <= 2 or {left, round(left_of_span(person))} <= {0, 1, 2, 28, 29, 30}
    assert "Cruddur-Live-Seconds" in stream.header("Access-Control-Expose-Headers")


@pytest.mark.parametrize("header", ["Cruddur-Internal", "CRUDDUR_INTERNAL", "Internal"])
def test_client_cannot_ask_as_nginx_does(site, people, make_worker, header):
    """A header is HTTP_CRUDDUR_INTERNAL to a worker: not the parameter that nginx sets."""
    person = people()
    worker = make_worker({"CRUDDUR_LIVE_SOCKET": "/nonexistent/s"})
    token = ("Authorization", f"Bearer {site.token(person)}")
    expect.error(worker.call("GET", "/api/live", [token, (header, "live")]), 404, "not_found")
    for value in ("", "Live", "live ", "1"):
        params = fastcgi.environ("GET", "/api/live", [token]) + [("CRUDDUR_INTERNAL", value)]
        expect.error(fastcgi.call(worker.socket, params), 404, "not_found")
    params = fastcgi.environ("GET", "/api/live", [token]) + [("CRUDDUR_INTERNAL", "live")]
    answer = fastcgi.call(worker.socket, params)
    assert answer.status == 204
    assert answer.header("Cruddur-Live-Channel").startswith(person.uuid + ".")
    assert 1 <= int(answer.header("Cruddur-Live-Seconds")) <= 30


def test_without_the_setting_there_is_no_live_channel_and_no_complaint(make_site, pair):
    site = make_site({"CRUDDUR_LIVE_SOCKET": None}, workers=1)
    left, right = pair
    site.start(left, right)
    answer = site.get("/api/live", left, headers=[("Accept", "text/event-stream")])
    expect.error(answer, 404, "not_found")
    levels = {entry["level"] for entry in site.workers.log.entries()}
    assert not levels & {"warn", "error"}, levels


def test_http2_client_hears_as_well(site, pair):
    """Browsers come over HTTP/2 in production; the site's own port speaks HTTP/1.1 only."""
    left, right = pair
    with LiveHttp2(site, right) as stream:
        sent = site.start(left, right)["uuid"]
        processes.wait_until(lambda: sent.encode() in stream.text(), 5, "the event")


class LiveHttp2:
    """curl on nginx's second listener (see front.py), without TLS: prior knowledge."""

    def __init__(self, site, who):
        self.path = site.front.folder / f"h2-{some_uuid()}"
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                ["curl", "-sN", "--http2-prior-knowledge", "-H", "Accept: text/event-stream",
                 "-H", f"Authorization: Bearer {site.token(who)}",
                 "--unix-socket", str(site.front.folder / "h2.sock"), "http://h2/api/live"],
                stdin=subprocess.DEVNULL, stdout=out)

    def text(self):
        return self.path.read_bytes()

    def __enter__(self):
        processes.wait_until(lambda: b":" in self.text(), 5, "the stream's first word")
        return self

    def __exit__(self, *_):
        processes.end(self.process)


def test_clients_that_go_away_at_any_moment_cost_nobody_anything(site, pair, streams):
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    stream = streams.open(site, right).ready()
    token, before = site.token(right), (site.front.pids(), site.front.live_pids())
    for n in range(100):
        if n % 3 == 0:
            LiveStream(site.base_url, token).close()
            continue
        with socket.create_connection(("127.0.0.1", site.front.port)) as sock:
            sock.sendall(f"GET /api/live HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                         f"Authorization: Bearer {token}\r\n\r\n".encode())
            if n % 3 == 1:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if n % 10 == 0:
            site.send(left, group)
    last = site.send(left, group, "still here")["uuid"]
    if not stream.ended:
        stream.wait_message(last)
    assert (site.front.pids(), site.front.live_pids()) == before

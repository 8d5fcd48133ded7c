# SPDX-License-Identifier: MIT
"""What a line says: one JSON object each, whoever asks for what; where a request's time went; which
trace it belongs to."""
import re

import pytest

import dynamo_proxy
import expect
import fastcgi
import log_lines
from site_api import some_uuid

JSON = [("Content-Type", "application/json")]
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SOUND = f"00-{TRACE}-{SPAN}-01"
SLOW_US = int(dynamo_proxy.SLOW_S * 1e6)


def _line(site, answer):
    return log_lines.of_request(site.workers.log, answer.header("X-Request-Id"))


def _hostile():
    """Parameters that no sound front sends, and texts that no log should repeat as they are."""
    evil = b'"}\r\n{"level":"error"}\x1b[2J\x00\xc3\x28\xff\xe2\x80\xa8\xc2\x9b\\'
    for name in ("REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH",
                 "HTTP_X_REQUEST_ID", "HTTP_AUTHORIZATION", "HTTP_ORIGIN", "HTTP_TRACEPARENT",
                 "HTTP_IDEMPOTENCY_KEY", "CRUDDUR_RECEIVED_MSEC"):
        for value in (evil, b"", b"x" * 9000, evil * 400):
            params = [pair for pair in fastcgi.environ("GET", "/api/message_groups")
                      if pair[0] != name]
            yield params + [(name, value)]
    for path in ("/api/%00%ff%22%0a", "/api/users/@%22%0d%0a%1b[31m%f0%9f%98%80/short", "/" + "%41" * 2000):
        yield fastcgi.environ("GET", path)
    yield fastcgi.environ("BREW" * 50, "/api/messages")
    yield []


def test_lines_of_a_worker_keep_their_promise_whatever_it_is_sent(make_worker):
    worker = make_worker()
    for params in _hostile():
        fastcgi.call(worker.socket, params)
    entries = log_lines.judge_all(worker.log, "cruddur-fcgi")
    requests = [entry for entry in entries if entry["event"] == "request"]
    assert len(requests) >= len(list(_hostile()))
    assert {entry["route"] for entry in requests} <= {
        "none", "/api/health-check", "/api/message_groups", "/api/users/@{handle}/short",
        "/api/messages"}


def test_lines_keep_their_promise_while_backends_fail(chaos, people):
    left, right = people.several(2)
    group = chaos.site.start(left, right)["message_group_uuid"]
    calls = (lambda: chaos.site.get("/api/message_groups", left),
             lambda: chaos.site.get(f"/api/messages/{group}", left),
             lambda: chaos.site.post(left, {"message": "x", "message_group_uuid": group}),
             lambda: chaos.site.get(f"/api/users/@{left.handle}/short"))
    for action in ("error", "denied", "html", "truncated", "drop_before"):
        chaos.dynamo.fail(action)
        answers = [call() for call in calls]
        assert [answer.status for answer in answers] == [503, 503, 503, 200], action
        for answer in answers[:3]:
            assert _line(chaos.site, answer)["status"] == 503
        chaos.dynamo.reset()
    chaos.postgres.refuse()
    answer = expect.unavailable(chaos.site.get(f"/api/users/@{left.handle}/short"))
    line = _line(chaos.site, answer)
    assert line["postgres_us"] <= line["duration_us"] and "dynamodb_us" not in line
    assert log_lines.judge_all(chaos.site.workers.log, "cruddur-fcgi")


def test_lines_of_the_stream_daemon_keep_the_promise(world):
    daemon = world.start({"CRUDDUR_LOG_LEVEL": "debug"})
    talk = world.talk()
    talk.wait_shows(talk.say('{"\x1b[31m\n'), 10)
    world.table.plant({**talk.say(), "pk": 'MSG#"}\r\n\x1b[2J\u2028nobody', "message": "poison"})
    daemon.wait_for("stream_record_set_aside")
    daemon.figures()
    entries = log_lines.judge_all(daemon.log, "cruddur-stream")
    assert {"stream_starts", "stream_figures", "stream_record_set_aside"} <= {
        entry["event"] for entry in entries}


def test_a_request_says_which_backends_it_asked_and_who_asked(chaos, people):
    left, right = people.several(2)
    site = chaos.site
    answer = site.post(left, {"message": "hello", "handle": right.handle})
    line = _line(site, answer)
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/messages", 200)
    assert line["user"] == left.uuid
    assert line["dynamodb_us"] > 0 and line["postgres_us"] > 0 and line["live_us"] > 0
    line = _line(site, site.get(f"/api/users/@{left.handle}/short"))
    assert line["route"] == "/api/users/@{handle}/short" and line["postgres_us"] > 0
    assert not {"user", "dynamodb_us", "live_us", "cognito_us"} & set(line)
    line = _line(site, site.get("/api/health-check"))
    assert not {"user", "postgres_us", "dynamodb_us", "live_us", "cognito_us"} & set(line)
    line = _line(site, site.get("/api/no/such/route"))
    assert (line["route"], line["status"]) == ("none", 404)
    line = _line(site, site.request("DELETE", "/api/messages"))
    assert (line["method"], line["route"], line["status"]) == ("DELETE", "/api/messages", 405)


def test_a_fetch_of_the_keys_is_time_of_cognito(make_site, people):
    site = make_site(workers=1)
    line = _line(site, expect.private(site.get("/api/message_groups", people())))
    assert line["cognito_us"] > 0


def test_time_of_a_slow_backend_is_told_as_its_own(chaos, people):
    person = people()
    expect.private(chaos.site.get("/api/message_groups", person))
    chaos.dynamo.fail("slow", times=1)
    line = _line(chaos.site, expect.private(chaos.site.get("/api/message_groups", person)))
    assert SLOW_US <= line["dynamodb_us"] <= line["duration_us"]
    assert line.get("postgres_us", 0) < SLOW_US
    # A second try is time of the backend as well.
    chaos.dynamo.fail("error", times=1)
    chaos.dynamo.fail("slow", times=1)
    answer = expect.private(chaos.site.get("/api/message_groups", person))
    assert _line(chaos.site, answer)["dynamodb_us"] >= SLOW_US


# --- Traces ---

def _traced_calls(chaos):
    return [headers["traceparent"] for headers in chaos.dynamo.headers]


def test_a_trace_is_logged_and_goes_on_with_a_span_of_its_own(chaos, people):
    person = people()
    answer = expect.private(chaos.site.get("/api/message_groups", person,
                                           headers=[("Traceparent", SOUND)]))
    line = _line(chaos.site, answer)
    assert (line["trace_id"], line["parent_id"]) == (TRACE, SPAN)
    assert re.fullmatch("[0-9a-f]{16}", line["span_id"]) and line["span_id"] != SPAN
    assert set(_traced_calls(chaos)) == {f"00-{TRACE}-{line['span_id']}-01"}
    signed = [headers["Authorization"] for headers in chaos.dynamo.headers]
    assert all(";traceparent;" in header for header in signed)
    # And it ends with its request.
    chaos.dynamo.reset()
    for _ in range(8):
        expect.private(chaos.site.get("/api/message_groups", person))
    assert set(_traced_calls(chaos)) == {None}


@pytest.mark.parametrize("headers", [
    [("traceparent", f"ff-{TRACE}-{SPAN}-01")], [("traceparent", f"00-{TRACE}-{'0' * 16}-01")],
    [("traceparent", f"00-{TRACE.upper()}-{SPAN}-01")], [("traceparent", SOUND + "-more")],
    [("traceparent", SOUND), ("traceparent", SOUND)], [("tracestate", "congo=t61rcWkgMzE")]])
def test_what_is_no_trace_is_ignored(chaos, people, headers):
    person = people()
    answer = expect.private(chaos.site.get("/api/message_groups", person, headers=headers))
    assert "trace_id" not in _line(chaos.site, answer)
    assert set(_traced_calls(chaos)) == {None}


def test_the_state_of_a_trace_does_not_go_on(chaos, people):
    """Text of a stranger's choosing, which would have to be signed."""
    headers = [("traceparent", f"cc-{TRACE}-{SPAN}-00-later"), ("tracestate", "congo=a  b")]
    answer = expect.private(chaos.site.get("/api/message_groups", people(), headers=headers))
    line = _line(chaos.site, answer)
    assert set(_traced_calls(chaos)) == {f"00-{TRACE}-{line['span_id']}-00"}
    assert {headers["tracestate"] for headers in chaos.dynamo.headers} == {None}


def test_every_line_of_a_request_has_its_id(chaos, people):
    """Its trace stands in the line of the request; the id leads there from all others."""
    chaos.dynamo.fail("error", times=1)
    answer = expect.private(chaos.site.get("/api/message_groups", people(),
                                           headers=[("traceparent", SOUND)]))
    request_id = answer.header("X-Request-Id")
    _line(chaos.site, answer)
    events = [entry["event"] for entry in log_lines.judge_all(chaos.site.workers.log, "cruddur-fcgi")
              if entry.get("request_id") == request_id]
    assert "aws_retry" in events and events[-1] == "request"


def test_an_event_that_nginx_does_not_take_is_told_with_its_request(make_worker, people, folder,
                                                                    mint):
    worker = make_worker({"CRUDDUR_LIVE_SOCKET": str(folder / "nobody")})
    left, right = people.several(2)
    request_id = some_uuid()
    body = f'{{"message":"x","handle":"{right.handle}"}}'.encode()
    headers = JSON + [("Authorization", f"Bearer {mint.token(left.sub)}")]
    answer = fastcgi.call(worker.socket, fastcgi.environ(
        "POST", "/api/messages", headers, body, request_id=request_id), body)
    assert answer.status == 200, answer
    line = log_lines.of_request(worker.log, request_id)
    events = [entry["event"] for entry in log_lines.judge_all(worker.log, "cruddur-fcgi")
              if entry.get("request_id") == request_id]
    assert events[-2:] == ["live_not_published", "request"] and line["live_us"] > 0

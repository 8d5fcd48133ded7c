# SPDX-License-Identifier: MIT
"""What the contract says of answers in general: one function for each kind of answer.

It knows nothing of a single route's content.
"""
import re

REQUEST_ID = re.compile(r"[0-9a-f]{32}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CREATED_AT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
SECONDS = 5.5


def common(answer):
    """True of every answer whoever gave it: an id, never cached across origins, never late."""
    request_id = answer.header("X-Request-Id")
    assert request_id and REQUEST_ID.fullmatch(request_id), answer
    assert "origin" in [name.lower() for name in answer.list_header("Vary")], answer
    assert answer.header("Content-Type") in ("application/json", None), answer
    assert answer.status == 204 or answer.header("Content-Type") == "application/json", answer
    return answer


def ok(answer):
    assert answer.status == 200, answer
    return common(answer)


def private(answer):
    """A 200 to somebody who is signed in."""
    ok(answer)
    assert answer.header("Cache-Control") == "no-store", answer
    return answer


def error(answer, status, *codes):
    """An error of the contract: this status and exactly these codes in this order."""
    assert answer.status == status, answer
    common(answer)
    assert answer.json() == list(codes), answer
    return answer


def unauthorized(answer):
    assert answer.status == 401, answer
    common(answer)
    assert answer.body == b"{}", answer
    assert answer.header("WWW-Authenticate").split()[0] == "Bearer", answer
    return answer


def unavailable(answer, status=503):
    error(answer, status, "service_unavailable")
    assert re.fullmatch(r"[1-9]\d*", answer.header("Retry-After") or ""), answer
    assert answer.seconds < SECONDS, f"took {answer.seconds:.2f} s"
    return answer


def not_allowed(answer, *methods):
    error(answer, 405, "method_not_allowed")
    assert set(methods) <= set(answer.list_header("Allow")), answer
    return answer


def message(item):
    """The five fields of a message or group as lists show them, with the right types."""
    for name in ("uuid", "display_name", "handle", "message", "created_at"):
        assert isinstance(item[name], str), item
    return item


def fresh_message(item):
    message(item)
    assert UUID.fullmatch(item["uuid"]) and CREATED_AT.fullmatch(item["created_at"]), item
    return item


def same_but_request_id(one, other):
    """Two answers that nobody can tell apart: status, bytes, and headers but the id and date."""
    def visible(answer):
        return [(name.lower(), value) for name, value in answer.headers
                if name.lower() not in ("x-request-id", "date")]
    assert (one.status, one.body) == (other.status, other.body), (one, other)
    assert visible(one) == visible(other), (one, other)

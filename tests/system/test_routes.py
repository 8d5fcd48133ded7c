# SPDX-License-Identifier: MIT
"""Which paths and methods exist, and the order: route, then method, then token."""
import pytest

import expect
from site_api import some_uuid

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
GET_ROUTES = ["/api/health-check", "/api/ready", "/api/message_groups", f"/api/messages/{GROUP}",
              "/api/users/@andrewbrown/short", "/api/users/me"]
NO_ROUTES = [
    "/api/", "/api/nothing", "/api/messages/", "/api/message_groups/", "/api//message_groups",
    "/api/Message_groups", "/api/MESSAGES", "/api/health-check/", "/api/health-check/x",
    "/api/healthcheck", f"/api/messages/{GROUP}/", f"/api/messages//{GROUP}",
    f"/api/messages/{GROUP}/more", f"/api/Messages/{GROUP}", "/api/users/andrewbrown/short",
    "/api/users/@andrewbrown", "/api/users/@andrewbrown/short/", "/api/users/@andrewbrown/Short",
    "/api/users/@andrewbrown/x/short", "/api/users//@andrewbrown/short",
    "/api/users/%2540andrewbrown/short", "/api/message_groups%20", "/api/activities/home",
    "/api/users/me/", "/api/users/ME", "/api/users/@me",
    "/api/message_groupsx", "/api/message_group", "/api/health-check%00x", "/api/ready.json",
]


@pytest.mark.parametrize("path", [path for path in NO_ROUTES if "%00" not in path])
def test_unknown_path_is_not_found(site, path):
    expect.error(site.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_unknown_path_is_not_found_whatever_the_method(site, method):
    expect.error(site.request(method, "/api/nothing"), 404, "not_found")


def test_unknown_path_is_not_found_before_the_token_is_looked_at(site):
    expect.error(site.get("/api/nothing", token="bad"), 404, "not_found")


def test_path_is_percent_decoded_exactly_once(site, people):
    person = people()
    plain = expect.ok(site.get(f"/api/users/@{person.handle}/short"))
    encoded = "".join(f"%{ord(letter):02x}" for letter in "@" + person.handle)
    assert expect.ok(site.get(f"/api/users/{encoded}/short")).body == plain.body
    assert expect.ok(site.get(f"/api/users/%40{person.handle}/short")).body == plain.body
    assert expect.private(site.get("/api/message%5fgroups", person)).json() == []


def test_query_is_no_part_of_the_path(site):
    expect.ok(site.get("/api/health-check?x=/api/nothing"))
    expect.error(site.get("/api/nothing?/api/health-check"), 404, "not_found")


@pytest.mark.parametrize("path", GET_ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_get_route_refuses_other_methods_before_it_asks_for_a_token(site, method, path):
    answer = expect.not_allowed(site.request(method, path), "GET", "HEAD", "OPTIONS")
    assert "POST" not in answer.list_header("Allow")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_post_route_refuses_other_methods(site, method):
    answer = site.request(method, "/api/messages")
    assert answer.status == 405, answer
    assert {"POST", "OPTIONS"} <= set(answer.list_header("Allow")), answer
    assert "GET" not in answer.list_header("Allow")
    if method != "HEAD":
        expect.not_allowed(answer, "POST")


def test_made_up_and_lower_case_methods_are_refused(site):
    for method in ("BREW", "get", "PROPFIND"):
        answer = site.request(method, "/api/health-check")
        assert answer.status in (400, 405), answer
        assert answer.json() in (["method_not_allowed"], ["malformed_request"]), answer


@pytest.mark.parametrize("path", ["/api/message_groups", f"/api/messages/{GROUP}",
                                  "/api/messages/not-a-uuid", "/api/users/me"])
def test_private_get_asks_for_a_token(site, path):
    expect.unauthorized(site.get(path))


def test_post_asks_for_a_token_before_it_looks_at_the_body(site):
    """The seed parsed the body first: bad tokens on bad bodies were 500 or 400."""
    for body in (b"", b"{", b"[]", b"x" * 20000, b'{"message":""}'):
        expect.unauthorized(site.request("POST", "/api/messages", body=body))
        expect.unauthorized(site.request("POST", "/api/messages", body=body, token="bad"))


def test_head_answers_like_get_without_a_body(site, pair):
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    for path, who in (("/api/health-check", None), ("/api/message_groups", left),
                      (f"/api/messages/{group}", right), ("/api/message_groups", None),
                      ("/api/users/me", left), ("/api/users/me", None),
                      (f"/api/users/@{left.handle}/short", None), ("/api/users/@nobody/short", None),
                      (f"/api/messages/{some_uuid()}", left), ("/api/nothing", None)):
        get, head = site.get(path, who), site.request("HEAD", path, who)
        assert (head.status, head.body) == (get.status, b""), (path, head)
        assert head.header("Content-Type") == get.header("Content-Type")
        assert head.header("Cache-Control") == get.header("Cache-Control")
        assert head.header("X-Request-Id")


def test_every_answer_has_an_id_of_its_own(site):
    seen = {expect.common(site.get(path)).header("X-Request-Id")
            for path in ("/api/health-check", "/api/nothing", "/api/message_groups") * 5}
    assert len(seen) == 15


def test_the_client_does_not_choose_the_request_id(site):
    chosen = "f" * 32
    answer = site.get("/api/health-check", headers=[("X-Request-Id", chosen)])
    assert expect.ok(answer).header("X-Request-Id") != chosen

# SPDX-License-Identifier: MIT
"""Cross-origin headers: two origins are allowed, nobody else learns that there are any."""
import pytest

import expect
from conftest import BACKEND, FRONTEND
from site_api import some_uuid

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
ROUTES = [("/api/health-check", "GET"), ("/api/ready", "GET"), ("/api/message_groups", "GET"),
          (f"/api/messages/{GROUP}", "GET"), ("/api/messages/not-a-uuid", "GET"),
          ("/api/messages", "POST"), ("/api/live", "GET"),
          ("/api/users/@andrewbrown/short", "GET"),
          ("/api/users/me", "GET"), (f"/api/message_groups/{GROUP}/read", "POST")]
FOREIGN = ["https://evil.test", "null", "", "*", FRONTEND + ".evil.test", FRONTEND + "/",
           FRONTEND + ":443", FRONTEND + ":8443", FRONTEND.replace("https", "http"),
           FRONTEND.upper(), "https://evil.test/" + FRONTEND, FRONTEND[:-1], "cruddur.test",
           f"{FRONTEND} {BACKEND}", f"{FRONTEND},{BACKEND}", FRONTEND + "#", "https://cruddur.test"]


def _origin(value):
    return [("Origin", value)]


def _allows_nobody(answer):
    expect.common(answer)
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def _allows(answer, origin):
    assert answer.header("Access-Control-Allow-Origin") == origin, answer
    assert {"link", "x-request-id"} <= {
        name.lower() for name in answer.list_header("Access-Control-Expose-Headers")}, answer
    assert answer.list_header("Vary").count("Origin") == 1, answer


@pytest.mark.parametrize("origin", [FRONTEND, BACKEND])
@pytest.mark.parametrize("path, method", ROUTES)
def test_preflight_of_an_allowed_origin(site, path, method, origin):
    answer = site.request("OPTIONS", path, headers=_origin(origin) + [
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "authorization,content-type,idempotency-key")])
    assert answer.status == 204 and answer.body == b"", answer
    expect.common(answer)
    assert answer.header("Access-Control-Allow-Origin") == origin
    assert method in answer.list_header("Access-Control-Allow-Methods")
    assert {"authorization", "content-type", "idempotency-key"} == {
        name.lower() for name in answer.list_header("Access-Control-Allow-Headers")}
    assert int(answer.header("Access-Control-Max-Age")) > 0


@pytest.mark.parametrize("path, method", ROUTES)
def test_preflight_of_another_origin_gets_nothing(site, path, method):
    answer = site.request("OPTIONS", path, headers=_origin("https://evil.test") + [
        ("Access-Control-Request-Method", method)])
    assert answer.status == 204, answer
    _allows_nobody(answer)


def test_preflight_needs_no_token_and_minds_no_bad_one(site):
    answer = site.request("OPTIONS", "/api/messages", token="bad", headers=_origin(FRONTEND))
    assert answer.status == 204, answer


@pytest.mark.parametrize("origin", [FRONTEND, "https://evil.test"])
def test_preflight_of_an_unknown_route_is_404(site, origin):
    answer = site.request("OPTIONS", "/api/nothing", headers=_origin(origin) + [
        ("Access-Control-Request-Method", "GET")])
    expect.error(answer, 404, "not_found")
    if origin == FRONTEND:
        _allows(answer, FRONTEND)
    else:
        _allows_nobody(answer)


@pytest.mark.parametrize("origin", FOREIGN)
def test_origin_that_is_almost_allowed_is_not(site, people, origin):
    """The seed's POST routes allowed every origin."""
    person = people()
    _allows_nobody(expect.private(site.get("/api/message_groups", person,
                                           headers=_origin(origin))))
    _allows_nobody(site.post(person, {}, headers=_origin(origin)))
    _allows_nobody(site.request("OPTIONS", "/api/messages", headers=_origin(origin)))


def test_no_origin_no_headers(site):
    _allows_nobody(expect.ok(site.get("/api/health-check")))


@pytest.mark.parametrize("origin", [FRONTEND, BACKEND])
def test_every_answer_to_an_allowed_origin_can_be_read_by_its_page(site, people, origin):
    me, other = people.several(2)
    headers = _origin(origin)
    json_type = [("Content-Type", "application/json")]
    first = expect.private(site.post(me, {"message": "x", "handle": other.handle}, headers=headers))
    group = first.json()["message_group_uuid"]
    answers = {
        200: [first, site.get("/api/health-check", headers=headers),
              site.get("/api/message_groups", me, headers=headers),
              site.get(f"/api/messages/{group}?limit=1", me, headers=headers),
              site.get(f"/api/users/@{me.handle}/short", headers=headers)],
        400: [site.get("/api/message_groups?limit=0", me, headers=headers),
              site.request("POST", "/api/messages", me, body=b"{", headers=headers + json_type)],
        401: [site.get("/api/message_groups", headers=headers),
              site.get("/api/message_groups", token="bad", headers=headers),
              site.request("POST", "/api/messages", body=b"{}", headers=headers + json_type)],
        404: [site.get("/api/nothing", headers=headers),
              site.get(f"/api/messages/{some_uuid()}", me, headers=headers),
              site.get("/api/users/@nobody-has-this/short", headers=headers)],
        405: [site.request("DELETE", "/api/messages", headers=headers)],
        413: [site.request("POST", "/api/messages", me, body=b"x" * 20000,
                           headers=headers + json_type),
              site.request("POST", "/api/messages", me, body=b"x" * 70000,
                           headers=headers + json_type)],
        415: [site.request("POST", "/api/messages", me, body=b"{}", headers=headers)],
        422: [site.post(me, {}, headers=headers),
              site.get("/api/message_groups", people.stranger(), headers=headers)],
    }
    for status, group_of_answers in answers.items():
        for answer in group_of_answers:
            assert answer.status == status, answer
            expect.common(answer)
            _allows(answer, origin)


def test_503_can_be_read_by_an_allowed_page(chaos, people):
    chaos.dynamo.refuse()
    answer = chaos.site.get("/api/message_groups", people(), headers=_origin(FRONTEND))
    expect.unavailable(answer)
    _allows(answer, FRONTEND)


def test_only_the_configured_origins_are_allowed(make_site):
    site = make_site({"FRONTEND_URL": None, "BACKEND_URL": None}, workers=1)
    for origin in (FRONTEND, BACKEND, "", "null"):
        _allows_nobody(site.get("/api/health-check", headers=_origin(origin)))


def test_workers_answer_cors_themselves_behind_any_nginx(make_worker):
    worker = make_worker()
    _allows(expect.ok(worker.call("GET", "/api/health-check", _origin(FRONTEND))), FRONTEND)
    _allows(expect.unauthorized(worker.call("GET", "/api/message_groups", _origin(FRONTEND))),
            FRONTEND)
    _allows_nobody(worker.call("GET", "/api/health-check", _origin("https://evil.test")))

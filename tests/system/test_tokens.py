# SPDX-License-Identifier: MIT
"""Tokens: each wrong one is 401 with `{}`, told apart from the others by nothing.

The attacks themselves are in tests/support/attacks.py. Where keys come from is in test_jwks.py.
"""
import pytest

import attacks
import expect
from jwks_server import JwksServer


@pytest.fixture(scope="module")
def lure():
    """A server that no worker may ever ask for anything."""
    server = JwksServer("lure", [])
    yield server
    server.close()


@pytest.fixture(scope="module")
def person(people):
    return people()


@pytest.fixture(scope="module")
def kit(mint, keys, person, lure):
    return attacks.Kit(mint, keys, person.sub, lure.endpoint)


def _get(site, value):
    return site.get("/api/message_groups", headers=[("Authorization", value)])


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_attack_is_refused(site, kit, lure, name):
    """The seed compared neither alg nor crit nor iss nor token_use, and answered 500 to half."""
    token = attacks.ATTACKS[name](kit)
    expect.unauthorized(_get(site, f"Bearer {token}"))
    assert lure.hits == lure.other_hits == 0


@pytest.mark.parametrize("name", attacks.SOUND)
def test_sound_token_passes(site, kit, lure, name):
    token = attacks.SOUND[name](kit)
    assert len(token) <= 8192
    assert expect.private(_get(site, f"Bearer {token}")).json() == []
    assert lure.hits == lure.other_hits == 0


def test_all_refusals_look_the_same(site, kit):
    plain = site.get("/api/message_groups")
    for name in list(attacks.ATTACKS)[::7]:
        expect.same_but_request_id(_get(site, f"Bearer {attacks.ATTACKS[name](kit)}"), plain)


def test_attack_is_refused_on_every_private_route(site, kit, person):
    bad = attacks.ATTACKS["key: foreign key under a known kid"](kit)
    for method, path in (("GET", "/api/message_groups"), ("HEAD", "/api/message_groups"),
                         ("GET", "/api/messages/5ae290ed-55d1-47a0-bc6d-fe2bc2700399"),
                         ("GET", "/api/users/me"), ("POST", "/api/messages"),
                         ("POST", "/api/message_groups/5ae290ed-55d1-47a0-bc6d-fe2bc2700399/read")):
        assert site.request(method, path, token=bad).status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_scheme_is_read_in_any_case(site, kit, scheme):
    expect.private(_get(site, f"{scheme} {kit.token()}"))


@pytest.mark.parametrize("form", [
    "%s", "Bearer%s", "Bearer\t%s", "Basic %s", "Token %s", "Bearer %s x", "Bearer x %s",
    "Bearer Bearer %s", "Bearer: %s", "JWT %s", "Bearer %s,", "Bearer \"%s\"", "Bearer token=%s",
    "Bearer %s, Bearer %s", "\u00e9 %s", "Bearer,%s", "Bearers %s", "Beare %s"])
def test_other_form_of_the_header_is_refused(site, kit, form):
    """A third word was a 500 in the seed, and its scheme was never looked at."""
    expect.unauthorized(_get(site, form.replace("%s", kit.token())))


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "bearer .", ".", "null", "undefined",
                                   "Bearer null", "Bearer undefined", "Basic YTpi"])
def test_header_without_a_token_is_refused(site, value):
    expect.unauthorized(_get(site, value))


def test_two_spaces_are_no_error_of_the_server(site, kit):
    answer = _get(site, f"Bearer  {kit.token()}")
    assert answer.status in (200, 401), answer


def test_token_is_read_from_the_header_only(site, kit):
    token = kit.token()
    for path in (f"/api/message_groups?access_token={token}",
                 f"/api/message_groups?token={token}&authorization=Bearer%20{token}"):
        expect.unauthorized(site.get(path))
    for header in ("X-Authorization", "Cookie", "X-Access-Token", "Proxy-Authorization"):
        expect.unauthorized(site.get("/api/message_groups", headers=[(header, f"Bearer {token}")]))


def test_zero_bytes_and_line_ends_in_the_header_are_refused(make_worker, kit):
    """No nginx lets these through: the worker does not count on that. (What follows a zero byte is
    beyond libfcgi, whose parameters are C strings.)"""
    worker = make_worker()
    token = kit.token()
    for value in (f"Bearer {token}.\0", f"Bearer {token}\r\n", f"Bearer {token}\n", f"Bearer\n{token}",
                  f"Bearer \0{token}", f"\0Bearer {token}", "Bearer " + "\0" * 100,
                  b"Bearer \xff\xfe", f"Bearer {token}\x01", "Bearer " + "a" * 100000,
                  "Bearer " + "." * 60000):
        expect.unauthorized(worker.call("GET", "/api/message_groups", [("Authorization", value)]))
    expect.private(worker.call("GET", "/api/message_groups", [("Authorization", f"Bearer {token}")]))


def test_very_long_header_is_401_through_nginx_as_well(site):
    for size in (8185, 9000, 31000):
        expect.unauthorized(_get(site, "Bearer " + "a" * size))


def test_no_token_or_kid_reaches_a_log(site, kit, person):
    """The seed logged all claims. A log line is one JSON object whatever a client sends."""
    sent = []
    for kid in ("marker-kid\r\n{\"level\":\"forged\"}", "marker\u001b[31m", "marker\u2028kid"):
        sent.append(kit.token({"kid": kid}))
        expect.unauthorized(_get(site, f"Bearer {sent[-1]}"))
    sent.append(kit.token())
    expect.private(_get(site, f"Bearer {sent[-1]}"))
    text = site.workers.log.text()
    for token in sent:
        assert token.encode() not in text
        assert token.rpartition(".")[2].encode() not in text
    assert b"forged" not in text.replace(b'\\"', b"") or all(
        entry.get("level") != "forged" for entry in site.workers.log.entries())
    assert all(isinstance(entry, dict) for entry in site.workers.log.entries())


def test_workers_survived_it_all_and_answer_the_sound_token(site, kit):
    for _ in range(8):
        expect.private(_get(site, f"Bearer {kit.token()}"))

# SPDX-License-Identifier: MIT
"""GET /api/users/@{handle}/short and GET /api/users/me."""
from urllib.parse import quote

import pytest

import expect
from people import Person, psql, quoted
from site_api import some_uuid


def test_short_profile_has_uuid_handle_and_name(site, people):
    person = people()
    answer = expect.ok(site.get(f"/api/users/@{person.handle}/short"))
    assert answer.json() == {"uuid": person.uuid, "handle": person.handle,
                             "display_name": person.display_name}


def test_short_profile_needs_no_token_and_minds_no_bad_one(site, people):
    person = people()
    expect.ok(site.get(f"/api/users/@{person.handle}/short", token="bad"))


def test_short_profile_shows_neither_mail_nor_cognito_id(site, people):
    person = people()
    body = site.get(f"/api/users/@{person.handle}/short").body
    assert person.email.encode() not in body and person.sub.encode() not in body


def test_unknown_handle_is_404(site):
    """The seed answered 200 with an empty object in text."""
    expect.error(site.get("/api/users/@nobody-has-this/short"), 404, "user_not_found")


@pytest.mark.parametrize("handle", [
    "'; DROP TABLE users; --", "' OR '1'='1", "%", "_", "a" * 300, "-1", "NULL", "$1", "%s", "\\",
    "a b", "@", "ünbekannt", "\U0001f600"])
def test_odd_handle_is_only_a_handle_nobody_has(site, handle):
    expect.error(site.get(f"/api/users/@{quote(handle, safe='')}/short"), 404, "user_not_found")


def test_handle_that_is_no_utf8_is_not_found(site):
    answer = site.get("/api/users/@%ff%fe/short")
    assert answer.status == 404 and answer.json()[0] in ("user_not_found", "not_found"), answer


def test_handle_with_a_zero_byte_is_not_found(make_worker):
    answer = make_worker().call("GET", "/api/users/@a%00b/short")
    assert answer.status in (400, 404), answer


def test_handle_and_name_outside_ascii(site, people):
    tag = some_uuid()[:8]
    person = Person(some_uuid(), f"jürgen{tag}", 'Jürgen "Łódź" \\ <Møller> \U0001f44b',
                    f"{tag}@example.test", some_uuid())
    people.insert(person)
    answer = expect.ok(site.get(f"/api/users/@{quote(person.handle)}/short"))
    assert answer.json()["display_name"] == person.display_name
    assert answer.json()["handle"] == person.handle


def test_new_name_is_shown_at_once(site, people, stack):
    person = people()
    expect.ok(site.get(f"/api/users/@{person.handle}/short"))
    psql(stack.env["CONNECTION_URL"], "UPDATE public.users SET display_name = 'Renamed'"
         f" WHERE uuid = {quoted(person.uuid)};")
    for _ in range(8):
        assert site.get(f"/api/users/@{person.handle}/short").json()["display_name"] == "Renamed"


def test_own_profile_is_that_of_the_token(site, people):
    for person in people.several(2):
        answer = expect.private(site.get("/api/users/me", person))
        assert answer.json() == {"uuid": person.uuid, "handle": person.handle,
                                 "display_name": person.display_name}


def test_own_profile_of_somebody_who_is_not_in_postgres(site, people):
    expect.error(site.get("/api/users/me", people.stranger()), 422, "cognito_user_id_not_found")


def test_someone_whose_handle_is_me_has_a_short_profile(site, people, stack):
    person = people()
    psql(stack.env["CONNECTION_URL"], "UPDATE public.users SET handle = 'me'"
         f" WHERE uuid = {quoted(person.uuid)};")
    assert expect.ok(site.get("/api/users/@me/short")).json()["uuid"] == person.uuid
    expect.unauthorized(site.get("/api/users/me"))

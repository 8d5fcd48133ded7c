# SPDX-License-Identifier: MIT
"""GET /api/messages/{message_group_uuid}?after=: what came after a message, for catching up."""
from urllib.parse import parse_qs, quote, urlsplit

import pytest

import expect
from rows import LegacyConversation, message_row
from site_api import some_uuid

MESSAGES = 250


def _times(count):
    return [f"20{22 + n // 100}-05-01T10:{n // 60 % 60:02d}:{n % 60:02d}.{n:06d}+00:00"
            for n in range(count)]


@pytest.fixture(scope="module")
def talk(people, table):
    left, right = people.several(2)
    return LegacyConversation(table, left, right, _times(MESSAGES))


def _path(talk, message_uuid, query=""):
    return f"/api/messages/{talk.group}?after={message_uuid}{query}"


@pytest.mark.parametrize("limit", [1, 20, 37, 100])
@pytest.mark.parametrize("known", [0, 131, 229, 248])
def test_everything_after_it_once_in_order_of_time(site, talk, known, limit):
    expected = talk.expected_messages()
    pages = site.pages(talk.left, _path(talk, expected[known]["uuid"], f"&limit={limit}"))
    assert sum(pages, []) == expected[known + 1:]
    assert all(len(page) == limit for page in pages[:-1])


def test_limit_is_twenty_and_a_last_page_leads_nowhere(site, talk):
    expected = talk.expected_messages()
    answer = expect.private(site.get(_path(talk, expected[100]["uuid"]), talk.right))
    assert answer.json() == expected[101:121] and answer.next_link()
    answer = expect.private(site.get(_path(talk, expected[-21]["uuid"]), talk.right))
    assert answer.json() == expected[-20:] and answer.next_link() is None


def test_nothing_after_the_newest(site, talk):
    answer = expect.private(site.get(_path(talk, talk.expected_messages()[-1]["uuid"]), talk.left))
    assert answer.json() == [] and answer.next_link() is None


def test_link_leads_forward_and_only_by_its_cursor(site, talk):
    expected = talk.expected_messages()
    path = _path(talk, expected[10]["uuid"], "&limit=5")
    link = site.get(path, talk.left).next_link()
    query = parse_qs(urlsplit(link).query)
    assert set(query) == {"limit", "cursor"} and query["limit"] == ["5"]
    answer = site.get(site.client.follow(path, link), talk.left)
    assert answer.json() == expected[16:21]


def test_messages_that_are_sent_while_somebody_catches_up_are_on_the_last_page(site, pair):
    left, right = pair
    first = site.start(left, right, "0")
    group, seen = first["message_group_uuid"], []
    for n in range(1, 6):
        site.send(left, group, str(n))
    path = f"/api/messages/{group}?limit=2&after={first['uuid']}"
    while path:
        answer = site.get(path, right)
        seen += [item["message"] for item in answer.json()]
        link = answer.next_link()
        path = site.client.follow(path, link) if link else None
        if len(seen) == 2:
            site.send(right, group, "6")
    assert seen == [str(n) for n in range(1, 7)]


def test_what_a_200_acknowledged_comes_after_what_was_before(site, pair):
    left, right = pair
    last = site.start(left, right, "0")
    group = last["message_group_uuid"]
    for n in range(1, 21):
        sender, reader = (left, right) if n % 2 else (right, left)
        sent = site.send(sender, group, str(n))
        assert site.messages(reader, group, f"?after={last['uuid']}") == [
            {name: value for name, value in sent.items() if name != "message_group_uuid"}]
        last = sent


def test_both_members_catch_up_alike_and_in_any_case(site, talk):
    uuid = talk.expected_messages()[200]["uuid"]
    answers = [site.get(_path(talk, spelt), reader).body
               for reader in (talk.left, talk.right) for spelt in (uuid, uuid.upper())]
    assert len(set(answers)) == 1


def test_uuid_that_another_program_stored_in_upper_case(site, pair, table):
    talk = LegacyConversation(table, *pair, _times(3))
    upper = {**talk.rows[1], "message_uuid": talk.rows[1]["message_uuid"].upper()}
    table.plant(upper)
    assert site.messages(pair[0], talk.group, f"?after={upper['message_uuid']}") == [
        talk.expected(talk.rows[2])]


@pytest.mark.parametrize("after", ["", "0", "null", "not-a-uuid", "%ff", "%00", "x" * 3000,
                                   "5ae290ed55d147a0bc6dfe2bc2700399", "2023-04-15T10:11:12"])
def test_after_that_is_no_uuid(site, talk, after):
    expect.error(site.get(_path(talk, after), talk.left), 400, "malformed_request")


def test_after_that_no_message_of_the_group_has(site, talk, pair, table):
    """Neither one that nobody has, nor one of the caller's other conversation, nor the group's."""
    other = LegacyConversation(table, talk.left, pair[0], _times(2))
    broken = message_row(talk.group, talk.left, "2019-01-01")
    del broken["message"]
    table.plant(broken)
    for after in (some_uuid(), other.rows[0]["message_uuid"], talk.group, broken["message_uuid"]):
        expect.error(site.get(_path(talk, after), talk.left), 400, "malformed_request")


def test_after_together_with_a_cursor_or_twice(site, talk):
    uuid = talk.expected_messages()[100]["uuid"]
    for path in (f"/api/messages/{talk.group}?limit=2", _path(talk, uuid, "&limit=2")):
        cursor = quote(parse_qs(urlsplit(site.get(path, talk.left).next_link()).query)["cursor"][0])
        expect.error(site.get(_path(talk, uuid, f"&cursor={cursor}"), talk.left), 400,
                     "malformed_request")
    for query in (f"&after={uuid}", "&after=", f"&%61fter={uuid}"):
        expect.error(site.get(_path(talk, uuid, query), talk.left), 400, "malformed_request")


def test_cursor_of_one_direction_or_conversation_is_none_of_another(site, talk, pair, table):
    other = LegacyConversation(table, talk.left, pair[0], talk.times[:30])
    link = site.get(_path(talk, talk.expected_messages()[3]["uuid"]), talk.left).next_link()
    cursor = quote(parse_qs(urlsplit(link).query)["cursor"][0])
    for path in (f"/api/messages/{other.group}", "/api/message_groups", "/api/messages/no-uuid"):
        expect.error(site.get(f"{path}?cursor={cursor}", talk.left), 400, "malformed_request")


def test_stranger_learns_nothing_by_it(site, talk, people):
    stranger = people()
    site.start(stranger, people())
    for after in (talk.expected_messages()[0]["uuid"], some_uuid()):
        expect.same_but_request_id(
            site.get(_path(talk, after), stranger),
            expect.error(site.get(f"/api/messages/{some_uuid()}?after={after}", stranger), 404,
                         "message_group_not_found"))


def test_group_lists_know_no_after(site, people):
    assert site.get("/api/message_groups?after=x", people()).json() == []


def test_looking_for_a_message_looks_at_the_newest_first_and_little_more(chaos, table, pair):
    """A message that was just seen is in the first page; an old one takes a few calls, not one a
    message."""
    talk = LegacyConversation(table, *pair, _times(MESSAGES))
    expected = talk.expected_messages()
    chaos.site.groups(pair[0])
    chaos.site.messages(pair[0], talk.group)
    for known, calls in ((-3, 2), (0, 7)):
        chaos.dynamo.reset()
        assert chaos.site.get(_path(talk, expected[known]["uuid"]), pair[0]).status == 200
        found = chaos.dynamo.calls
        assert found["Query"] <= calls and found["Query"] >= 2, (known, found)


def test_only_so_many_of_the_newest_are_looked_through(chaos, table, pair):
    """Whoever names what is not there must not have a long conversation read to its end."""
    talk = LegacyConversation(table, *pair, _times(4100))
    last, first, nearest = (talk.expected_messages()[at]["uuid"] for at in (-4096, -4097, -1))
    read = f"/api/message_groups/{talk.group}/read"
    assert chaos.site.get(_path(talk, nearest), pair[0]).json() == []
    assert len(chaos.site.get(_path(talk, last), pair[0]).json()) == 20
    for uuid in (first, some_uuid()):
        chaos.dynamo.reset()
        expect.error(chaos.site.get(_path(talk, uuid), pair[0]), 400, "malformed_request")
        assert chaos.dynamo.calls["Query"] == 10
        expect.error(chaos.site.request("POST", read, pair[0], data={"message_uuid": uuid}), 404,
                     "message_not_found")
        assert chaos.dynamo.calls["Query"] == 20

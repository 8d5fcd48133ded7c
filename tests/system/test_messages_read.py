# SPDX-License-Identifier: MIT
"""GET /api/messages/{message_group_uuid}: the newest page, and who may read it."""
import pytest

import expect
from rows import LegacyConversation
from site_api import some_uuid

NOT_UUIDS = ["not-a-uuid", "0", "null", "@andrewbrown", "GRP%23x", "x" * 200, "%e2%82%ac",
             "5ae290ed55d147a0bc6dfe2bc2700399", "{5ae290ed-55d1-47a0-bc6d-fe2bc2700399}",
             "5ae290ed-55d1-47a0-bc6d-fe2bc270039g", "5ae290ed-55d1-47a0-bc6d-fe2bc27003991",
             "%275ae290ed-55d1-47a0-bc6d-fe2bc2700399"]


def test_messages_are_shown_with_their_sender_in_order_of_time(site, pair):
    left, right = pair
    sent = [site.start(left, right, "one")]
    group = sent[0]["message_group_uuid"]
    sent += [site.send(right, group, "two"), site.send(left, group, "three")]
    for reader in pair:
        answer = expect.private(site.get(f"/api/messages/{group}", reader))
        shown = [expect.fresh_message(item) for item in answer.json()]
        assert [item["message"] for item in shown] == ["one", "two", "three"]
        assert [item["handle"] for item in shown] == [left.handle, right.handle, left.handle]
        assert [item["user_uuid"] for item in shown] == [left.uuid, right.uuid, left.uuid]
        assert [item["display_name"] for item in shown] == [
            left.display_name, right.display_name, left.display_name]
        for item, first in zip(shown, sent):
            assert item == {name: first[name] for name in item}
        assert [item["created_at"] for item in shown] == sorted(
            item["created_at"] for item in shown)


def test_both_members_read_the_same_bytes(site, pair):
    group = site.start(*pair)["message_group_uuid"]
    site.send(pair[1], group, "an answer")
    answers = [site.get(f"/api/messages/{group}", reader).body for reader in pair]
    assert answers[0] == answers[1]


def test_newest_twenty_by_default(site, pair, table):
    times = [f"2024-05-01T10:00:{second:02d}.000000+00:00" for second in range(25)]
    talk = LegacyConversation(table, *pair, times)
    shown = site.messages(pair[0], talk.group)
    assert [item["created_at"] for item in shown] == times[5:]


@pytest.mark.parametrize("letter", ["\x01", "\U0001f600", '"', "x"], ids=ascii)
def test_largest_page_there_can_be(site, pair, table, letter):
    """A hundred messages of 1,024 characters, each of them as long in JSON as characters get."""
    talk = LegacyConversation(table, *pair, [f"2024-05-01T10:{i // 60:02d}:{i % 60:02d}.000000+00:00"
                                             for i in range(101)])
    for row in talk.rows:
        row["message"] = letter * 1024
    table.plant(*talk.rows)
    answer = expect.private(site.get(f"/api/messages/{talk.group}?limit=100", pair[0]))
    assert [item["message"] for item in answer.json()] == [letter * 1024] * 100
    assert answer.next_link()


def test_group_uuid_matches_in_any_case(site, pair):
    group = site.start(*pair)["message_group_uuid"]
    assert group == group.lower()
    for spelt in (group.upper(), group[:9] + group[9:].upper()):
        assert site.get(f"/api/messages/{spelt}", pair[0]).body == site.get(
            f"/api/messages/{group}", pair[0]).body
    answer = site.post(pair[1], {"message": "shouted", "message_group_uuid": group.upper()})
    assert expect.private(answer).json()["message_group_uuid"] == group
    assert site.messages(pair[0], group)[-1]["message"] == "shouted"


def test_what_a_200_acknowledged_is_in_the_next_read_of_anybody(site, pair):
    """The seed read an index that lags; here four workers take turns."""
    left, right = pair
    group = site.start(left, right, "0")["message_group_uuid"]
    for index in range(1, 41):
        sender, reader = (left, right) if index % 2 else (right, left)
        sent = site.send(sender, group, str(index))
        assert site.messages(reader, group)[-1]["uuid"] == sent["uuid"]


def test_group_is_visible_to_both_the_moment_it_was_acknowledged(site, people):
    for _ in range(15):
        left, right = people.several(2)
        group = site.start(left, right)["message_group_uuid"]
        assert [shown["uuid"] for shown in site.groups(right)] == [group]
        assert len(site.messages(right, group)) == 1


def test_stranger_reads_what_is_read_of_a_group_that_does_not_exist(site, people):
    """The seed's list of messages took the group's uuid and asked nobody who was asking."""
    left, right, stranger = people.several(3)
    group = site.start(left, right, "private words")["message_group_uuid"]
    site.start(stranger, left, "own conversation")
    absent = site.get(f"/api/messages/{some_uuid()}", stranger)
    expect.error(absent, 404, "message_group_not_found")
    foreign = site.get(f"/api/messages/{group}", stranger)
    expect.same_but_request_id(foreign, absent)
    for path in NOT_UUIDS:
        expect.same_but_request_id(site.get(f"/api/messages/{path}", stranger), absent)


def test_stranger_learns_nothing_from_queries_or_head(site, people):
    left, right, stranger = people.several(3)
    group = site.start(left, right)["message_group_uuid"]
    for query in ("?limit=1", "?limit=100", "?foo=bar"):
        expect.same_but_request_id(site.get(f"/api/messages/{group}{query}", stranger),
                                   site.get(f"/api/messages/{some_uuid()}{query}", stranger))
    expect.same_but_request_id(site.request("HEAD", f"/api/messages/{group}", stranger),
                               site.request("HEAD", f"/api/messages/{some_uuid()}", stranger))


def test_uuid_of_a_user_is_no_group(site, pair):
    site.start(*pair)
    for person in pair:
        expect.error(site.get(f"/api/messages/{person.uuid}", pair[0]), 404,
                     "message_group_not_found")


def test_caller_who_is_not_in_postgres_is_told_so(site, people, pair):
    group = site.start(*pair)["message_group_uuid"]
    for path in (group, some_uuid(), "not-a-uuid"):
        expect.error(site.get(f"/api/messages/{path}", people.stranger()), 422,
                     "cognito_user_id_not_found")


def test_messages_cannot_be_cached(site, pair):
    group = site.start(*pair)["message_group_uuid"]
    for path in (f"/api/messages/{group}", f"/api/messages/{some_uuid()}"):
        assert site.get(path, pair[0]).header("Cache-Control") == "no-store"


@pytest.mark.parametrize("text", [
    "plain", " leading and trailing \n", "\ttab\r\nnewline", "\u00e9 \u0065\u0301 not normalised",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u202eright to left\u202c", "\ufeffBOM inside",
    "</script><b>&amp;", '"quoted" \\ back\\slash \\u0041', "a\u2028\u2029b", "\x01\x1f\x7f\x80",
    "\ufffe\uffff\U0010ffff", "'; DROP TABLE users; --", "{\"json\":[1,2]}", "%s%n%x", "\u200b",
    "0", "null", "-"], ids=lambda text: ascii(text)[:30])
def test_text_comes_back_byte_for_byte(site, people, table, text):
    left, right = people.several(2)
    group = site.start(left, right, text)["message_group_uuid"]
    sent = site.send(right, group, text)
    assert sent["message"] == text
    assert [item["message"] for item in site.messages(left, group)] == [text, text]
    assert [row["message"] for row in table.messages(group)] == [text, text]
    assert site.groups(right)[0]["message"] == text

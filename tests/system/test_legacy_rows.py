# SPDX-License-Identifier: MIT
"""Rows of other programs: the former service's shapes, and rows that are broken."""
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

import expect
from rows import LegacyConversation, group_row, message_row
from site_api import some_uuid

NAIVE = ["2023-04-15T10:11:12.123456", "2023-04-15T10:11:13", "2023-04-16T00:00:00.000001"]
ZONED = ["2023-04-15T10:11:12.123456+02:00", "2023-04-15T10:11:13+02:00",
         "2023-04-16T00:00:00.000001+02:00"]
MIXED = ["2022-12-31T23:59:59.999999", "2023-01-01T00:00:00Z", "2023-01-01T00:00:00.5+02:00",
         "2023-04-15 10:11:12", "2023-07-01T12:00:00-05:00", "2024-02-29"]


@pytest.fixture(params=[NAIVE, ZONED, MIXED], ids=["naive", "zoned", "mixed"])
def talk(request, table, pair):
    return LegacyConversation(table, *pair, request.param)


def test_legacy_conversation_is_listed_with_its_time_as_stored(site, talk):
    for me, other in ((talk.left, talk.right), (talk.right, talk.left)):
        shown = site.groups(me)
        newest = talk.expected_messages()[-1]
        assert [{name: item[name] for name in newest} for item in shown] == [{
            "uuid": talk.group, "user_uuid": other.uuid, "display_name": other.display_name,
            "handle": other.handle,
            "message": newest["message"], "created_at": newest["created_at"]}]


def test_legacy_messages_are_read_by_both_members_as_stored(site, talk):
    for reader in (talk.left, talk.right):
        shown = site.messages(reader, talk.group)
        expected = talk.expected_messages()
        assert [{name: item[name] for name in expected[0]} for item in shown] == expected


def test_legacy_conversation_is_no_strangers_business(site, talk, people):
    stranger = people()
    expect.same_but_request_id(site.get(f"/api/messages/{talk.group}", stranger),
                               site.get(f"/api/messages/{some_uuid()}", stranger))
    expect.error(site.post(stranger, {"message": "x", "message_group_uuid": talk.group}), 404,
                 "message_group_not_found")
    assert len(site.messages(talk.left, talk.group)) == len(talk.rows)


def test_sending_into_a_legacy_conversation(site, talk):
    sent = site.send(talk.right, talk.group, "new times")
    assert expect.CREATED_AT.fullmatch(sent["created_at"])
    shown = site.messages(talk.left, talk.group)
    assert [item["message"] for item in shown] == [
        item["message"] for item in talk.expected_messages()] + ["new times"]


def test_paging_through_a_legacy_conversation(site, talk):
    pages = site.pages(talk.left, f"/api/messages/{talk.group}?limit=1")
    assert [item["uuid"] for item in sum(pages[::-1], [])] == [
        item["uuid"] for item in talk.expected_messages()]


def test_starting_with_a_legacy_partner_lands_in_the_conversation(site, talk, table):
    for me, other in ((talk.left, talk.right), (talk.right, talk.left)):
        assert site.start(me, other, "hello again")["message_group_uuid"] == talk.group
        assert len(table.shown_groups(me)) == len(table.shown_groups(other)) == 1
    assert len(table.messages(talk.group)) == len(talk.rows) + 2


def test_starts_at_once_with_a_legacy_partner_land_in_the_conversation(site, talk, table):
    from concurrent.futures import ThreadPoolExecutor
    pair = (talk.left, talk.right)
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda i: site.start(pair[i % 2], pair[1 - i % 2], str(i)),
                                range(8)))
    assert {item["message_group_uuid"] for item in started} == {talk.group}
    assert len(table.messages(talk.group)) == len(talk.rows) + 8


def test_member_by_the_oldest_of_many_legacy_rows(site, people, table):
    """Membership is no question of the first page of a partition."""
    me, oldest, *others = people.several(122)
    talk = LegacyConversation(table, me, oldest, NAIVE)
    table.plant(*[group_row(me, other, some_uuid(), f"2024-01-01T00:00:00.{index:06d}", "x" * 1024)
                  for index, other in enumerate(others)])
    assert len(site.messages(me, talk.group)) == len(NAIVE)
    assert site.send(me, talk.group)["message_group_uuid"] == talk.group
    assert site.start(me, oldest)["message_group_uuid"] == talk.group


def test_member_by_a_row_beyond_a_megabyte_of_rows(site, people, table):
    """DynamoDB answers at most 1 MB at a time, and may answer an empty page with more to come."""
    me, oldest, *others = people.several(302)
    talk = LegacyConversation(table, me, oldest, NAIVE)
    table.plant(*[{**group_row(me, other, some_uuid(), f"2024-01-01T00:00:00.{index:06d}"),
                   "note": "n" * 4000} for index, other in enumerate(others)])
    assert len(site.messages(me, talk.group)) == len(NAIVE)
    assert len(sum(site.pages(me, "/api/message_groups?limit=100"), [])) == 301
    assert site.start(me, oldest)["message_group_uuid"] == talk.group


def test_group_on_one_side_only(site, pair, table):
    """What the seed's batch left behind when it was cut: the other side's row is missing."""
    left, right = pair
    talk = LegacyConversation(table, left, right, NAIVE, sides=1)
    assert [group["uuid"] for group in site.groups(left)] == [talk.group]
    assert len(site.messages(left, talk.group)) == len(NAIVE)
    site.send(left, talk.group, "anybody there?")
    assert site.start(left, right, "hello again")["message_group_uuid"] == talk.group
    # Whoever was missing is a member from then on, whichever side started.
    assert [group["uuid"] for group in site.groups(right)] == [talk.group]
    assert site.messages(right, talk.group)[-1]["message"] == "hello again"


def test_two_one_sided_groups_become_one_conversation_of_both(site, people, table):
    """Each side has only its own half-made group, and both start at the same instant: one of the two
    groups is settled on, and nobody's message goes into a group that he cannot read. The groups are
    of different years: planting the second must not overwrite what the stream consumer completes of
    the first."""
    later = ["2024" + time[4:] for time in NAIVE]
    for _ in range(8):
        left, right = people.several(2)
        LegacyConversation(table, left, right, NAIVE, sides=1)
        LegacyConversation(table, right, left, later, sides=1)
        with ThreadPoolExecutor(2) as pool:
            sent = list(pool.map(lambda pair: site.start(*pair), [(left, right), (right, left)]))
        group, = {answer["message_group_uuid"] for answer in sent}
        for member in (left, right):
            shown = [item["uuid"] for item in site.messages(member, group)]
            assert {answer["uuid"] for answer in sent} <= set(shown)
            assert group in [item["uuid"] for item in site.groups(member)]


def test_thousands_of_rows_that_cannot_be_shown_cost_few_calls(site, pair, table):
    left, right = pair
    talk = LegacyConversation(table, left, right, ["2021-01-01T00:00:00.000000"])
    broken = message_row(talk.group, left, "x")
    del broken["message"]
    table.plant(*[{**broken, "sk": f"2022-01-01T00:00:00.{index:06d}"} for index in range(3000)])
    for limit in (1, 20):
        answer = site.get(f"/api/messages/{talk.group}?limit={limit}", left)
        assert answer.status == 200, answer
        assert [item["message"] for item in answer.json()] == ["legacy 0"]


def test_start_from_the_side_that_has_no_row(site, pair, table):
    left, right = pair
    talk = LegacyConversation(table, left, right, NAIVE, sides=1)
    group = site.start(right, left, "I have no row")["message_group_uuid"]
    for member in pair:
        assert group in [item["uuid"] for item in site.groups(member)]
        assert site.messages(member, group)[-1]["message"] == "I have no row"
    assert site.start(left, right)["message_group_uuid"] == site.start(
        right, left)["message_group_uuid"]
    assert talk.group in [item["uuid"] for item in site.groups(left)]


def test_two_legacy_groups_of_one_pair(site, pair, table):
    """Two people who started at once in the seed: both groups stay readable, starts agree."""
    left, right = pair
    talks = [LegacyConversation(table, left, right, NAIVE),
             LegacyConversation(table, right, left, [sk + "+02:00" for sk in NAIVE])]
    groups = {talk.group for talk in talks}
    for member in pair:
        assert {group["uuid"] for group in site.groups(member)} == groups
        for group in groups:
            assert len(site.messages(member, group)) == len(NAIVE)
    landed = {site.start(*order, "again")["message_group_uuid"]
              for order in ((left, right), (right, left), (left, right))}
    assert len(landed) == 1 and landed <= groups
    assert len(table.shown_groups(left)) == len(table.shown_groups(right)) == 2


def test_two_conversations_that_share_every_sk(site, people, table):
    me, one, two = people.several(3)
    talks = [LegacyConversation(table, me, one, NAIVE, text="one"),
             LegacyConversation(table, two, one, NAIVE, text="two")]
    for talk in talks:
        assert site.messages(talk.left, talk.group) == talk.expected_messages()
    assert {group["uuid"] for group in site.groups(one)} <= {talk.group for talk in talks}


def test_one_person_twice_in_a_list_is_shown_once(site, pair, table):
    """What the seed's Lambda left behind after a stale read: a second row for the same member."""
    left, right = pair
    talk = LegacyConversation(table, left, right, NAIVE)
    table.plant(group_row(left, right, talk.group, "2023-04-10T00:00:00", "older"))
    shown = site.groups(left)
    assert [(item["uuid"], item["created_at"]) for item in shown] == [(talk.group, NAIVE[-1])]


def test_one_group_twice_is_shown_once_over_all_pages(site, people, table):
    me, *others = people.several(6)
    groups = []
    for index, other in enumerate(others):
        groups.append(some_uuid())
        table.plant(group_row(me, other, groups[-1], f"2023-04-15T10:11:{20 + index}", "new"),
                    group_row(me, other, groups[-1], f"2023-04-15T10:11:{10 + index}", "old"))
    for limit in (1, 2, 3, 100):
        shown = sum(site.pages(me, f"/api/message_groups?limit={limit}"), [])
        assert [item["uuid"] for item in shown] == groups[::-1], limit


def test_sender_who_left_postgres_is_still_shown(site, people, table):
    me = people()
    gone = people.stranger()
    talk = LegacyConversation(table, me, gone, NAIVE)
    assert site.groups(me)[0]["handle"] == gone.handle
    assert [item["display_name"] for item in site.messages(me, talk.group)] == [
        item["display_name"] for item in talk.expected_messages()]
    site.send(me, talk.group, "anybody there?")


def test_attributes_that_nobody_knows_disturb_nothing(site, pair, table):
    talk = LegacyConversation(table, *pair, NAIVE)
    extra = {"unread": 5, "muted": True, "tags": {"a", "b"}, "note": None, "list": [1, "x"],
             "map": {"x": Decimal("1.5")}, "blob": b"\x00\xff"}
    table.plant({**talk.group_rows[0], **extra}, {**talk.rows[0], **extra})
    assert site.messages(pair[0], talk.group) == talk.expected_messages()
    assert [group["uuid"] for group in site.groups(pair[0])] == [talk.group]
    site.send(pair[0], talk.group)
    for row in table.shown_groups(pair[0]):
        assert row["unread"] == 5 and row["muted"] is True


BROKEN_VALUES = [..., None, 5, True, b"bytes", ["list"], {"map": "x"}]


@pytest.mark.parametrize("name", ["message", "user_uuid", "user_display_name", "user_handle",
                                  "message_uuid"])
def test_broken_message_row_breaks_no_list(site, pair, table, name):
    """In the seed one row without an attribute made the whole list a 500."""
    talk = LegacyConversation(table, *pair, [f"2023-04-15T10:11:{i:02d}" for i in range(10, 20)])
    broken = []
    for index, value in enumerate(BROKEN_VALUES):
        row = {**message_row(talk.group, pair[0], f"2023-04-15T10:11:{10 + index}.5"), name: value}
        broken.append({key: item for key, item in row.items() if item is not ...})
    table.plant(*broken)
    try:
        good = [row["message_uuid"] for row in talk.rows]
        for limit in (1, 3, 100):
            pages = site.pages(pair[1], f"/api/messages/{talk.group}?limit={limit}")
            shown = [item["uuid"] for item in sum(pages[::-1], [])]
            assert [uuid for uuid in shown if uuid in good] == good
    finally:
        table.remove(*broken)


@pytest.mark.parametrize("name", ["message", "user_uuid", "user_display_name", "user_handle"])
def test_broken_group_row_breaks_no_list(site, people, table, name):
    me, *others = people.several(11)
    sound = [group_row(me, other, some_uuid(), f"2023-04-15T10:11:{10 + index}")
             for index, other in enumerate(others)]
    broken = []
    for index, value in enumerate(BROKEN_VALUES):
        row = {**group_row(me, people(), some_uuid(), f"2023-04-15T10:11:{10 + index}.5"),
               name: value}
        broken.append({key: item for key, item in row.items() if item is not ...})
    table.plant(*sound, *broken)
    try:
        good = [row["message_group_uuid"] for row in sound[::-1]]
        for limit in (1, 3, 100):
            shown = sum(site.pages(me, f"/api/message_groups?limit={limit}"), [])
            assert [item["uuid"] for item in shown if item["uuid"] in good] == good
    finally:
        table.remove(*broken)


@pytest.mark.parametrize("value", [..., None, 5], ids=str)
def test_person_that_a_row_does_not_name_is_left_out(site, pair, table, value):
    talk = LegacyConversation(table, *pair, NAIVE)
    message, group = ({name: item for name, item in {**row, "user_uuid": value}.items()
                       if item is not ...} for row in (talk.rows[0], talk.group_rows[0]))
    table.plant(message, group)
    try:
        shown = site.messages(pair[0], talk.group)
        assert "user_uuid" not in shown[0] and shown[0]["uuid"] == message["message_uuid"]
        assert all(item["user_uuid"] for item in shown[1:])
        item, = site.groups(pair[0])
        assert "user_uuid" not in item and item["uuid"] == talk.group
    finally:
        table.remove(message, group)


@pytest.mark.parametrize("group", [..., "not-a-uuid"], ids=str)
def test_group_row_without_a_group_breaks_no_list(site, pair, table, group):
    talk = LegacyConversation(table, *pair, NAIVE)
    row = group_row(pair[0], pair[1], group, "2023-04-17T00:00:00")
    row = {key: item for key, item in row.items() if item is not ...}
    table.plant(row)
    try:
        assert talk.group in [item["uuid"] for item in site.groups(pair[0])]
        assert len(site.messages(pair[0], talk.group)) == len(NAIVE)
        assert site.start(*pair)["message_group_uuid"] == talk.group
    finally:
        table.remove(row)

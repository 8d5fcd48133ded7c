# SPDX-License-Identifier: MIT
"""POST /api/messages with a handle: two people have one conversation, whoever starts it."""
from concurrent.futures import ThreadPoolExecutor

import pytest

import expect
from rows import GROUP_NAMES, MESSAGE_NAMES


def test_start_stores_the_message_and_both_group_rows(site, pair, table):
    left, right = pair
    answer = expect.private(site.post(left, {"message": "hello", "handle": right.handle}))
    first = expect.fresh_message(answer.json())
    group = first["message_group_uuid"]
    assert expect.UUID.fullmatch(group) and group != first["uuid"]
    assert (first["handle"], first["message"]) == (left.handle, "hello")
    rows = table.messages(group)
    assert [{name: row[name] for name in MESSAGE_NAMES} for row in rows] == [{
        "pk": f"MSG#{group}", "sk": first["created_at"], "message_uuid": first["uuid"],
        "message": "hello", "user_uuid": left.uuid, "user_display_name": left.display_name,
        "user_handle": left.handle}]
    for me, other in ((left, right), (right, left)):
        own = table.shown_groups(me)
        rows += own
        assert [{name: row[name] for name in GROUP_NAMES} for row in own] == [{
            "pk": f"GRP#{me.uuid}", "sk": first["created_at"], "message_group_uuid": group,
            "message": "hello", "user_uuid": other.uuid,
            "user_display_name": other.display_name, "user_handle": other.handle}]
    assert all(isinstance(value, str) for row in rows for value in row.values()), rows


def test_null_group_means_start(site, pair):
    answer = site.post(pair[0], {"message": "x", "handle": pair[1].handle,
                                 "message_group_uuid": None})
    assert expect.private(answer).json()["message_group_uuid"]


def test_second_start_from_either_side_lands_in_the_first(site, pair, table):
    """The seed never looked: every start made a new group."""
    left, right = pair
    group = site.start(left, right, "one")["message_group_uuid"]
    assert site.start(left, right, "two")["message_group_uuid"] == group
    assert site.start(right, left, "three")["message_group_uuid"] == group
    assert [row["message"] for row in table.messages(group)] == ["one", "two", "three"]
    assert len(table.shown_groups(left)) == len(table.shown_groups(right)) == 1


@pytest.mark.parametrize("turn", range(4))
def test_sixteen_starts_at_once_from_both_sides_give_one_conversation(site, pair, table, turn):
    def begin(index):
        me, other = pair[index % 2], pair[1 - index % 2]
        return site.post(me, {"message": f"{turn}.{index}", "handle": other.handle})

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(begin, range(16)))
    assert [answer.status for answer in answers] == [200] * 16, answers
    groups = {answer.json()["message_group_uuid"] for answer in answers}
    assert len(groups) == 1
    rows = table.messages(groups.pop())
    assert sorted(row["message"] for row in rows) == sorted(f"{turn}.{i}" for i in range(16))
    assert {row["message_uuid"] for row in rows} == {answer.json()["uuid"] for answer in answers}
    assert len(table.shown_groups(pair[0])) == len(table.shown_groups(pair[1])) == 1
    assert len(site.groups(pair[0])) == len(site.groups(pair[1])) == 1


def test_sixteen_starts_at_once_with_different_people_all_stay(site, people, table):
    """Two groups of one person that would share an sk both stay."""
    me, *others = people.several(17)
    with ThreadPoolExecutor(16) as pool:
        started = list(pool.map(lambda other: site.start(me, other), others))
    expected = {item["message_group_uuid"] for item in started}
    assert len(expected) == 16
    assert {row["message_group_uuid"] for row in table.shown_groups(me)} == expected
    assert {group["uuid"] for group in site.groups(me, "?limit=100")} == expected


def test_sixteen_people_starting_with_one_at_once_all_stay(site, people):
    me, *others = people.several(17)
    with ThreadPoolExecutor(16) as pool:
        started = list(pool.map(lambda other: site.start(other, me), others))
    assert {group["uuid"] for group in site.groups(me, "?limit=100")} == {
        item["message_group_uuid"] for item in started}


def test_different_pairs_have_different_conversations(site, people):
    one, two, three = people.several(3)
    groups = {site.start(a, b)["message_group_uuid"]
              for a, b in ((one, two), (one, three), (two, three))}
    assert len(groups) == 3


@pytest.mark.parametrize("handle", [..., None, "", " ", "\u3000\n", 5, True, [], {}], ids=ascii)
def test_blank_handle(site, people, handle):
    body = {"message": "x"} if handle is ... else {"message": "x", "handle": handle}
    expect.error(site.post(people(), body), 422, "user_receiver_handle_blank")


@pytest.mark.parametrize("handle", ["nobody-has-this", "a\u0000b", "'; --", "x" * 3000, "%", "_"],
                         ids=lambda handle: ascii(handle)[:20])
def test_unknown_handle(site, people, handle):
    """The seed answered 500 to an unknown handle."""
    expect.error(site.post(people(), {"message": "x", "handle": handle}), 422,
                 "user_receiver_handle_not_found")


def test_nobody_talks_to_oneself(site, people, table):
    person = people()
    expect.error(site.post(person, {"message": "x", "handle": person.handle}), 422,
                 "user_receiver_handle_is_self")
    assert table.groups(person) == []


def test_caller_who_is_not_in_postgres_is_told_so(site, people):
    expect.error(site.post(people.stranger(), {"message": "x", "handle": people().handle}), 422,
                 "cognito_user_id_not_found")


def test_new_conversation_is_seen_by_its_two_members_only(site, people):
    left, right, third = people.several(3)
    group = site.start(left, right)["message_group_uuid"]
    assert site.groups(third) == []
    expect.error(site.get(f"/api/messages/{group}", third), 404, "message_group_not_found")
    assert len(site.messages(right, group)) == len(site.messages(left, group)) == 1


def test_refused_start_leaves_no_trace(site, people, table):
    left, right = people.several(2)
    site.post(left, {"message": "", "handle": right.handle})
    site.post(left, {"message": "x" * 1025, "handle": right.handle})
    assert table.groups(left) == table.groups(right) == []
    site.start(left, right, "now")
    assert len(table.shown_groups(left)) == 1

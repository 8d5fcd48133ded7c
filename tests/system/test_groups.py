# SPDX-License-Identifier: MIT
"""GET /api/message_groups. Its pages are in test_paging.py, foreign rows in test_legacy_rows.py."""
import threading

import expect
from rows import group_row
from site_api import some_uuid


def test_nobody_talked_to_is_an_empty_list(site, people):
    assert expect.private(site.get("/api/message_groups", people())).body == b"[]"


def test_each_member_sees_the_other_and_the_latest_message(site, pair):
    left, right = pair
    first = site.start(left, right, "first words")
    for me, other in ((left, right), (right, left)):
        answer = expect.private(site.get("/api/message_groups", me))
        assert len(answer.json()) == 1
        shown = answer.json()[0]
        expect.message(shown)
        assert shown["uuid"] == first["message_group_uuid"]
        assert shown["user_uuid"] == other.uuid
        assert shown["display_name"] == other.display_name and shown["handle"] == other.handle
        assert shown["message"] == "first words" and shown["created_at"] == first["created_at"]


def test_newest_conversation_is_first(site, people):
    me, *others = people.several(5)
    started = [site.start(me, other)["message_group_uuid"] for other in others]
    assert [group["uuid"] for group in site.groups(me)] == started[::-1]


def test_order_is_the_byte_order_of_sk(site, people, table):
    me, *others = people.several(5)
    times = ["2024-01-01T00:00:00.000000+00:00", "2024-01-01T00:00:00+02:00",
             "2024-01-01 00:00:00", "2024-01-01T00:00:00Z", "2023-12-31T23:59:59.999999"]
    for other, sk in zip(others, times):
        table.plant(group_row(me, other, some_uuid(), sk))
    shown = [group["created_at"] for group in site.groups(me)]
    assert shown == sorted(times[:len(others)], key=str.encode, reverse=True)


def test_group_lists_are_private_to_each_person(site, people):
    """The seed kept the claims of a token on a shared object: two people could swap places."""
    persons = people.several(4)
    for index in (0, 2):
        site.start(persons[index], persons[index + 1])
    expected = {person: [persons[index ^ 1].handle] for index, person in enumerate(persons)}
    wrong = []

    def look(person):
        for _ in range(25):
            handles = [group["handle"] for group in site.groups(person)]
            if handles != expected[person]:
                wrong.append((person.handle, handles))

    threads = [threading.Thread(target=look, args=(person,)) for person in persons]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_caller_who_is_not_in_postgres_is_told_so(site, people):
    """The seed answered 500 to a user confirmed in Cognito without a row in Postgres."""
    expect.error(site.get("/api/message_groups", people.stranger()), 422,
                 "cognito_user_id_not_found")


def test_caller_is_looked_up_before_the_query(site, people):
    expect.error(site.get("/api/message_groups?limit=0", people.stranger()), 422,
                 "cognito_user_id_not_found")


def test_caller_found_as_soon_as_the_row_is_there(site, people):
    late = people.stranger()
    for _ in range(4):
        expect.error(site.get("/api/message_groups", late), 422, "cognito_user_id_not_found")
    people.insert(late)
    for _ in range(8):
        assert expect.private(site.get("/api/message_groups", late)).json() == []


def test_list_never_doubles_or_loses_a_group_while_its_row_moves(site, people, table):
    """The consumer moves a row in one transaction; a list is one moment, not two."""
    me, *others = people.several(31)
    rows = [group_row(me, other, some_uuid(), f"2024-03-01T10:00:{index:02d}.000000+00:00")
            for index, other in enumerate(others)]
    table.plant(*rows)
    expected = sorted(row["message_group_uuid"] for row in rows)
    ended, wrong = threading.Event(), []

    def move():
        turn = 0
        while not ended.is_set():
            turn += 1
            row = rows[turn % len(rows)]
            sk = f"2024-03-02T10:{turn // 60 % 60:02d}:{turn % 60:02d}.{turn:06d}+00:00"
            rows[turn % len(rows)] = table.move_group(row, sk)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        for _ in range(60):
            shown = sorted(group["uuid"] for group in site.groups(me, "?limit=100"))
            if shown != expected:
                wrong.append(shown)
    finally:
        ended.set()
        mover.join()
    assert not wrong

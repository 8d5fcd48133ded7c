# SPDX-License-Identifier: MIT
"""POST /api/messages into a group: what is stored, what is refused, and in which order."""
from concurrent.futures import ThreadPoolExecutor

import pytest

import expect
from http_api import UNSET
from rows import MESSAGE_NAMES, LegacyConversation
from site_api import some_uuid

WHITE_SPACE = [0x9, 0xa, 0xb, 0xc, 0xd, 0x20, 0x85, 0xa0, 0x1680, *range(0x2000, 0x200b), 0x2028,
               0x2029, 0x202f, 0x205f, 0x3000]
NO_WHITE_SPACE = [0x8, 0xe, 0x1f, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0x2800, 0x3164]


@pytest.fixture
def group(site, pair):
    return site.start(*pair)["message_group_uuid"]


def test_answer_is_what_a_later_get_shows_plus_the_group(site, pair, group):
    """The seed answered the sender's uuid as the message's: list and answer disagreed."""
    answer = expect.private(site.post(pair[1], {"message": "hi", "message_group_uuid": group}))
    sent = answer.json()
    expect.fresh_message(sent)
    assert sent["message_group_uuid"] == group
    assert sent["user_uuid"] == pair[1].uuid
    assert sent["handle"] == pair[1].handle and sent["display_name"] == pair[1].display_name
    assert sent["uuid"] not in (pair[0].uuid, pair[1].uuid, group)
    shown = site.messages(pair[0], group)[-1]
    assert {**shown, "message_group_uuid": group} == sent


def test_row_has_the_shape_that_other_programs_read(site, pair, group, table):
    sent = site.send(pair[1], group, "shape")
    row = table.messages(group)[-1]
    assert all(isinstance(value, str) for value in row.values()), row
    assert {name: row[name] for name in MESSAGE_NAMES} == {
        "pk": f"MSG#{group}", "sk": sent["created_at"], "message_uuid": sent["uuid"],
        "message": "shape", "user_uuid": pair[1].uuid, "user_display_name": pair[1].display_name,
        "user_handle": pair[1].handle}
    assert "message_group_uuid" not in row


def test_two_hundred_at_once_are_stored_once_each(site, pair, group, table):
    """The seed's sort key was the time alone and its put unconditional: two messages of one
    microsecond overwrote one another."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(
            lambda index: site.post(pair[index % 2], {"message": f"m{index}",
                                                      "message_group_uuid": group}), range(200)))
    assert [answer.status for answer in answers] == [200] * 200
    sent = [answer.json() for answer in answers]
    rows = table.messages(group)[1:]
    assert len({item["uuid"] for item in sent}) == 200
    assert len({item["created_at"] for item in sent}) == 200
    assert sorted((row["message_uuid"], row["sk"], row["message"]) for row in rows) == sorted(
        (item["uuid"], item["created_at"], item["message"]) for item in sent)
    shown = sum(site.pages(pair[0], f"/api/messages/{group}?limit=100")[::-1], [])
    assert [item["uuid"] for item in shown[1:]] == [row["message_uuid"] for row in rows]


def test_messages_of_one_sender_keep_their_order(site, pair, group):
    sent = [site.send(pair[0], group, str(index))["created_at"] for index in range(30)]
    assert sent == sorted(sent) and len(set(sent)) == 30


def test_a_row_from_the_future_is_not_overwritten(site, pair, table):
    talk = LegacyConversation(table, *pair, ["2023-01-01T00:00:00.000000+00:00",
                                             "2099-01-01T00:00:00.000000+00:00"])
    for index in range(3):
        site.send(pair[0], talk.group, f"now {index}")
    assert sorted(row["message"] for row in table.messages(talk.group)) == [
        "legacy 0", "legacy 1", "now 0", "now 1", "now 2"]


def test_group_wins_where_a_handle_is_given_too(site, people, pair, group):
    other = people()
    answer = site.post(pair[0], {"message": "to the group", "message_group_uuid": group,
                                 "handle": other.handle})
    assert expect.private(answer).json()["message_group_uuid"] == group
    assert site.groups(other) == []


def test_stranger_writes_nothing_and_is_told_that_there_is_no_such_group(site, people, pair, group,
                                                                         table):
    """In the seed any user could write into any group, and into groups that never were."""
    stranger = people()
    absent = some_uuid()
    nothing = site.post(stranger, {"message": "x", "message_group_uuid": absent})
    expect.error(nothing, 404, "message_group_not_found")
    for target in (group, "not-a-uuid", "", "GRP#x", "\u0000", "x" * 5000, pair[0].uuid):
        expect.same_but_request_id(
            site.post(stranger, {"message": "x", "message_group_uuid": target}), nothing)
    assert len(table.messages(group)) == 1
    assert table.messages(absent) == [] and table.messages("not-a-uuid") == []
    assert site.groups(stranger) == []


def test_stranger_with_a_key_learns_no_more(site, people, group):
    stranger = people()
    for _ in range(2):
        expect.same_but_request_id(
            site.post(stranger, {"message": "x", "message_group_uuid": group}, key="k1"),
            site.post(stranger, {"message": "x", "message_group_uuid": some_uuid()}, key="k2"))


@pytest.mark.parametrize("body, codes", [
    ({}, ["message_blank"]),
    ({"message": None}, ["message_blank"]),
    ({"message": ""}, ["message_blank"]),
    ({"message": " \t\n"}, ["message_blank"]),
    ({"message": "".join(map(chr, WHITE_SPACE))}, ["message_blank"]),
    ({"message": "x" * 1025}, ["message_exceed_max_chars"]),
    ({"message": "\U0001f600" * 1025}, ["message_exceed_max_chars"]),
    ({"message": 5}, ["message_invalid"]),
    ({"message": True}, ["message_invalid"]),
    ({"message": ["x"]}, ["message_invalid"]),
    ({"message": {"x": 1}}, ["message_invalid"]),
    ({"message": "a\u0000b"}, ["message_invalid"]),
    ({"message": "\u0000"}, ["message_invalid"]),
    ({"message": "\u0000" + "x" * 1024}, ["message_exceed_max_chars", "message_invalid"]),
], ids=lambda value: ascii(value)[:40] if isinstance(value, dict) else "")
def test_bad_message_is_named(site, pair, group, table, body, codes):
    """In the seed every validation error was a 500, and only the last one was kept."""
    expect.error(site.post(pair[0], {**body, "message_group_uuid": group}), 422, *codes)
    assert len(table.messages(group)) == 1


@pytest.mark.parametrize("code", WHITE_SPACE, ids=lambda code: f"U+{code:04X}")
def test_every_unicode_white_space_alone_is_blank(site, pair, group, code):
    expect.error(site.post(pair[0], {"message": chr(code) * 3, "message_group_uuid": group}), 422,
                 "message_blank")


def test_what_is_not_white_space_is_a_message(site, pair, group):
    for code in NO_WHITE_SPACE:
        assert site.send(pair[0], group, chr(code))["message"] == chr(code)


@pytest.mark.parametrize("text", ["x" * 1024, "\u00e9" * 1024, "\U0001f600" * 1024,
                                  " " * 1023 + "x"], ids=["ascii", "latin", "astral", "spaces"])
def test_1024_code_points_are_allowed_however_long_in_bytes(site, pair, group, text):
    assert site.send(pair[0], group, text)["message"] == text
    assert site.messages(pair[1], group)[-1]["message"] == text


@pytest.mark.parametrize("group_value", [5, True, False, [], {}, 1.5], ids=str)
def test_group_that_is_no_string_is_invalid(site, pair, group_value):
    expect.error(site.post(pair[0], {"message": "x", "message_group_uuid": group_value}), 422,
                 "message_group_uuid_invalid")


def test_all_codes_that_apply_come_in_the_order_of_the_contract(site, pair):
    person = pair[0]
    for body, codes in [
            ({"message": "", "message_group_uuid": 5},
             ["message_blank", "message_group_uuid_invalid"]),
            ({"message": "x" * 1025, "message_group_uuid": []},
             ["message_exceed_max_chars", "message_group_uuid_invalid"]),
            ({}, ["message_blank", "user_receiver_handle_blank"]),
            ({"message": 1}, ["message_invalid", "user_receiver_handle_blank"]),
            ({"message": "\u0000" * 1025, "handle": ""},
             ["message_exceed_max_chars", "message_invalid", "user_receiver_handle_blank"]),
            ({"message": "", "handle": "nobody-has-this"},
             ["message_blank", "user_receiver_handle_not_found"]),
            ({"message": 0, "handle": person.handle},
             ["message_invalid", "user_receiver_handle_is_self"])]:
        expect.error(site.post(person, body), 422, *codes)


def test_validation_comes_before_membership(site, people):
    expect.error(site.post(people(), {"message": "", "message_group_uuid": some_uuid()}), 422,
                 "message_blank")


def test_order_of_checks_up_to_the_end(site, people):
    """Each request has every later fault too; the first check in the contract's order speaks."""
    known, unknown = people(), people.stranger()
    big, wrong = b"[" * 20000, [("Content-Type", "text/plain")]
    json_type = [("Content-Type", "application/json")]
    bad_key = [("Idempotency-Key", "k" * 65)]
    expect.error(site.request("POST", "/api/message", unknown, body=big, headers=wrong), 404,
                 "not_found")
    expect.not_allowed(site.request("PUT", "/api/messages", unknown, body=big, headers=wrong))
    expect.unauthorized(site.request("POST", "/api/messages", token="bad", body=big,
                                     headers=wrong + bad_key))
    expect.error(site.request("POST", "/api/messages", unknown, body=big, headers=wrong + bad_key),
                 422, "cognito_user_id_not_found")
    expect.error(site.request("POST", "/api/messages", known, body=big, headers=wrong + bad_key),
                 400, "malformed_request")
    expect.error(site.request("POST", "/api/messages", known, body=big, headers=wrong), 413,
                 "body_too_large")
    expect.error(site.request("POST", "/api/messages", known, body=b"[", headers=wrong), 415,
                 "unsupported_media_type")
    expect.error(site.request("POST", "/api/messages", known, body=b"[", headers=json_type), 400,
                 "malformed_json")
    expect.error(site.request("POST", "/api/messages", known, body=b"{}", headers=json_type), 422,
                 "message_blank", "user_receiver_handle_blank")


def test_query_of_a_list_is_checked_before_membership(site, people):
    expect.error(site.get(f"/api/messages/{some_uuid()}?limit=0", people()), 400,
                 "malformed_request")


def test_answer_is_200_and_not_201(site, pair, group):
    assert site.post(pair[0], {"message": "x", "message_group_uuid": group}).status == 200


def test_post_without_a_body_or_type_is_no_json(site, pair):
    expect.error(site.post(pair[0], UNSET), 415, "unsupported_media_type")

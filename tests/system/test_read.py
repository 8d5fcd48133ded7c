# SPDX-License-Identifier: MIT
"""Read positions and unread counts: POST /api/message_groups/{message_group_uuid}/read, and what the
list says. Moments at which two writers meet are in test_read_races.py."""
import pytest

import expect
import processes
from rows import GROUP_NAMES, LegacyConversation
from site_api import some_uuid
from stream_world import now_sk, sk_at


def mark(site, who, group, message_uuid, **more):
    return site.request("POST", f"/api/message_groups/{group}/read", who,
                        data={"message_uuid": message_uuid}, **more)


def marked(site, who, group, message_uuid):
    return expect.private(mark(site, who, group, message_uuid)).json()


def shown(site, who, group):
    """What the list says of the conversation: how many are unread, more than that, and read up to."""
    item, = [item for item in site.groups(who, "?limit=100") if item["uuid"] == group]
    assert type(item["unread_count"]) is int and item.get("unread_capped", True) is True, item
    return item["unread_count"], item.get("unread_capped", False), item["last_read_message_uuid"]


def wait_shown(site, who, group, *wanted):
    processes.wait_until(lambda: shown(site, who, group) == wanted, 10, f"the list says {wanted}")


def test_who_starts_a_conversation_has_read_it_and_the_other_has_not(site, pair):
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    assert shown(site, left, group) == (0, False, None)
    assert shown(site, right, group) == (1, False, None)


def test_messages_of_the_other_are_unread_and_own_ones_never(live, people):
    site, (left, right) = live.site, people.several(2)
    group = site.start(left, right)["message_group_uuid"]
    for n in range(2, 5):
        site.send(left, group)
        wait_shown(site, right, group, n, False, None)
    assert shown(site, left, group) == (0, False, None)
    site.send(right, group)
    wait_shown(site, left, group, 1, False, None)
    assert shown(site, right, group) == (4, False, None)


def test_mark_is_in_the_answer_and_at_once_in_the_list(site, pair):
    """No consumer is waited for."""
    left, right = pair
    first = site.start(left, right)
    group = first["message_group_uuid"]
    assert marked(site, right, group, first["uuid"]) == {
        "message_group_uuid": group, "last_read_message_uuid": first["uuid"], "unread_count": 0}
    assert shown(site, right, group) == (0, False, first["uuid"])
    assert shown(site, left, group) == (0, False, None)


def test_mark_in_the_middle_leaves_what_others_wrote_after_it(live, people):
    site, (left, right) = live.site, people.several(2)
    sent = [site.start(left, right)]
    group = sent[0]["message_group_uuid"]
    sent += [site.send((left, right)[n % 3 == 0], group) for n in range(1, 10)]
    unread = [sum(n % 3 != 0 for n in range(at + 1, 10)) for at in range(10)]
    for at in (0, 4, 5, 8, 9):
        assert marked(site, right, group, sent[at]["uuid"]) == {
            "message_group_uuid": group, "last_read_message_uuid": sent[at]["uuid"],
            "unread_count": unread[at]}
        wait_shown(site, right, group, unread[at], False, sent[at]["uuid"])


def test_position_never_goes_back(live, people):
    site, (left, right) = live.site, people.several(2)
    sent = [site.start(left, right)]
    group = sent[0]["message_group_uuid"]
    sent += [site.send(left, group) for _ in range(4)]
    forward = marked(site, right, group, sent[3]["uuid"])
    assert forward["unread_count"] == 1
    for at in (0, 2, 3):
        assert marked(site, right, group, sent[at]["uuid"]) == forward
    wait_shown(site, right, group, 1, False, sent[3]["uuid"])


def test_same_mark_again_gets_the_same_answer_and_writes_nothing(chaos, pair):
    left, right = pair
    first = chaos.site.start(left, right)
    group = first["message_group_uuid"]
    answers = [mark(chaos.site, right, group, first["uuid"]).body]
    chaos.dynamo.reset()
    answers += [mark(chaos.site, right, group, first["uuid"]).body for _ in range(3)]
    assert len(set(answers)) == 1
    # The position's own write is tried, and refused; the row is only looked at.
    assert chaos.dynamo.calls["UpdateItem"] == 3
    assert all(b"MBR#" in body for name, body in chaos.dynamo.bodies if name == "UpdateItem")


def test_new_message_after_a_mark_is_unread(live, people):
    site, (left, right) = live.site, people.several(2)
    first = site.start(left, right)
    group = first["message_group_uuid"]
    marked(site, right, group, first["uuid"])
    second = site.send(left, group)
    wait_shown(site, right, group, 1, False, first["uuid"])
    marked(site, right, group, second["uuid"])
    site.send(right, group)
    wait_shown(site, left, group, 1, False, None)
    assert shown(site, right, group) == (0, False, second["uuid"])


def test_position_of_one_member_is_no_business_of_the_other(site, pair):
    left, right = pair
    group = site.start(left, right)["message_group_uuid"]
    second = site.send(right, group)
    marked(site, left, group, second["uuid"])
    assert shown(site, right, group)[2] is None


@pytest.mark.parametrize("foreign", [98, 99, 100, 101, 300])
def test_count_ends_at_99(live, people, foreign):
    talk = live.world.talk()
    rows = [talk.messages[0]] + [talk.say() for _ in range(foreign - 1)]
    talk.say(sender=talk.right)
    capped = foreign > 99
    wait_shown(live.site, talk.right, talk.group, min(foreign, 99), capped, None)
    answer = marked(live.site, talk.right, talk.group, rows[0]["message_uuid"])
    assert (answer["unread_count"], answer.get("unread_capped", False)) == (
        min(foreign - 1, 99), foreign - 1 > 99)
    assert ("unread_capped" in answer) == (foreign - 1 > 99)
    newest = rows[-1]["message_uuid"]
    assert marked(live.site, talk.right, talk.group, newest)["unread_count"] == 0
    wait_shown(live.site, talk.right, talk.group, 0, False, newest)
    talk.say()
    wait_shown(live.site, talk.right, talk.group, 1, False, newest)


def test_count_looks_at_the_newest_messages_only(live):
    """Somebody who writes on and on and never marks: that has a price, and an end."""
    talk = live.world.talk()
    for _ in range(3):
        talk.say(sender=talk.right)
    for _ in range(197):
        talk.say(sender=talk.left)
    wait_shown(live.site, talk.left, talk.group, 3, False, None)
    talk.say(sender=talk.left)
    wait_shown(live.site, talk.left, talk.group, 2, False, None)
    wait_shown(live.site, talk.right, talk.group, 99, True, None)
    live.world.wait_right(10)


def test_more_than_99_stays_so_without_being_counted_again(live):
    talk = live.world.talk()
    for _ in range(120):
        talk.say()
    wait_shown(live.site, talk.right, talk.group, 99, True, None)
    newest = talk.say()
    talk.wait_shows(newest)
    assert shown(live.site, talk.right, talk.group) == (99, True, None)
    live.world.wait_right(10)


def test_rows_of_other_programs_are_unread_until_read(world, make_site):
    """How much is unread is not known before the consumer saw them: something is."""
    site = make_site({"CRUDDUR_MESSAGES_TABLE": world.name})
    talk = world.talk(ours=False)
    talk.say(sender=talk.right)
    newest = talk.say(sender=talk.right)
    assert shown(site, talk.left, talk.group) == (1, True, None)
    world.once()
    assert shown(site, talk.left, talk.group) == (2, False, None)
    assert shown(site, talk.right, talk.group) == (1, False, None)
    assert marked(site, talk.left, talk.group, newest["message_uuid"])["unread_count"] == 0
    assert shown(site, talk.left, talk.group) == (0, False, newest["message_uuid"])
    assert world.problems() == []


def test_mark_in_rows_of_other_programs_needs_no_consumer(site, pair, table):
    talk = LegacyConversation(table, *pair, [sk_at(1600000000_000000 + n) for n in range(7)])
    answer = marked(site, pair[0], talk.group, talk.rows[2]["message_uuid"])
    assert answer["unread_count"] == 2  # 3 and 5 are the other's
    assert shown(site, pair[0], talk.group) == (2, False, talk.rows[2]["message_uuid"])


def test_attributes_of_other_programs_stay(site, pair, table):
    talk = LegacyConversation(table, *pair, [now_sk()])
    row = {**talk.group_rows[0], "pinned": True, "unread": {"deep": [1]}}
    table.plant(row)
    marked(site, pair[0], talk.group, talk.rows[0]["message_uuid"])
    now, = table.groups(pair[0])
    assert now == {**row, "unread_count": "0",
                   "last_read": talk.rows[0]["message_uuid"]}


def test_row_that_another_program_moved_shows_the_mark_at_once(world, make_site):
    """It stands elsewhere than we know, without our attributes, and no consumer has seen it."""
    site, talk = make_site({"CRUDDUR_MESSAGES_TABLE": world.name}), world.talk()
    row, newest = talk.row(talk.right), talk.messages[-1]["message_uuid"]
    world.table.move_group({name: row[name] for name in GROUP_NAMES}, now_sk())
    assert shown(site, talk.right, talk.group) == (1, True, None)
    assert marked(site, talk.right, talk.group, newest)["unread_count"] == 0
    assert shown(site, talk.right, talk.group) == (0, False, newest)
    assert len(talk.rows(talk.right)) == 1


@pytest.mark.parametrize("value", [7, None, "many", "-1", "0x10", {"a": 1}], ids=repr)
def test_count_of_another_program_that_is_none_blocks_nobody(world, make_site, value):
    site, talk = make_site({"CRUDDUR_MESSAGES_TABLE": world.name}), world.talk()
    world.table.plant({**talk.row(talk.right), "unread_count": value})
    assert shown(site, talk.right, talk.group) == (1, True, None)
    talk.say()
    world.once()
    assert shown(site, talk.right, talk.group) == (2, False, None)
    world.table.plant({**talk.row(talk.right), "unread_count": value})
    marked(site, talk.right, talk.group, talk.messages[0]["message_uuid"])
    assert shown(site, talk.right, talk.group)[0] == 1
    assert world.problems() == []


def test_uuid_is_taken_in_any_case_and_answered_as_lists_show_it(site, pair, table):
    left, right = pair
    first = site.start(left, right)
    group = first["message_group_uuid"]
    answer = marked(site, right, group.upper(), first["uuid"].upper())
    assert answer["message_group_uuid"] == group
    assert answer["last_read_message_uuid"] == first["uuid"]
    talk = LegacyConversation(table, *pair, [now_sk()])
    upper = {**talk.rows[0], "message_uuid": talk.rows[0]["message_uuid"].upper()}
    table.plant(upper)
    answer = marked(site, left, talk.group, upper["message_uuid"])
    assert answer["last_read_message_uuid"] == upper["message_uuid"] == site.messages(
        left, talk.group)[0]["uuid"]


# --- what is refused --------------------------------------------------------------------------


@pytest.fixture
def first(site, pair):
    return site.start(*pair)


def _post(site, who, group, **more):
    return site.request("POST", f"/api/message_groups/{group}/read", who, **more)


@pytest.mark.parametrize("value", [None, 1, True, [], {}, "", "x", "not-a-uuid", "\u0000",
                                   "5ae290ed55d147a0bc6dfe2bc2700399",
                                   "5ae290ed-55d1-47a0-bc6d-fe2bc27003990"], ids=repr)
def test_message_uuid_that_is_none(site, pair, first, value):
    for group in (first["message_group_uuid"], some_uuid(), "no-uuid"):
        expect.error(mark(site, pair[1], group, value), 422, "message_uuid_invalid")


def test_message_uuid_that_is_missing(site, pair, first):
    expect.error(_post(site, pair[1], first["message_group_uuid"], data={}), 422,
                 "message_uuid_invalid")


def test_message_that_the_group_does_not_have(site, people, pair, first):
    group, other = first["message_group_uuid"], site.start(pair[0], people())
    for uuid in (some_uuid(), other["uuid"], group):
        expect.error(mark(site, pair[0], group, uuid), 404, "message_not_found")
    assert shown(site, pair[0], group) == (0, False, None)


def test_group_that_is_none_of_the_callers(site, people, first):
    stranger = people()
    site.start(stranger, people())
    absent = expect.error(mark(site, stranger, some_uuid(), first["uuid"]), 404,
                          "message_group_not_found")
    for uuid in (first["uuid"], some_uuid()):
        for group in (first["message_group_uuid"], "no-uuid", stranger.uuid):
            expect.same_but_request_id(mark(site, stranger, group, uuid), absent)


def test_body_is_judged_as_that_of_a_message(site, pair, first):
    group = first["message_group_uuid"]
    for body in (b"", b"{", b"[]", b'"x"', b'{"message_uuid":"x","message_uuid":"x"}'):
        expect.error(_post(site, pair[1], group, body=body,
                           headers=[("Content-Type", "application/json")]), 400, "malformed_json")
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        expect.error(_post(site, pair[1], group, body=b"{}", headers=[("Content-Type", kind)]), 415,
                     "unsupported_media_type")
    expect.error(_post(site, pair[1], group, body=b" " * 16385), 413, "body_too_large")


def test_caller_comes_first(site, people, first):
    group = first["message_group_uuid"]
    expect.unauthorized(_post(site, None, group, body=b"{"))
    expect.unauthorized(_post(site, None, group, body=b"{", token="bad"))
    expect.error(_post(site, people.stranger(), group, body=b"{"), 422, "cognito_user_id_not_found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods(site, first, method):
    answer = site.request(method, f"/api/message_groups/{first['message_group_uuid']}/read")
    assert answer.status == 405 and set(answer.list_header("Allow")) == {"POST", "OPTIONS"}, answer


@pytest.mark.parametrize("path", ["/api/message_groups//read", "/api/message_groups/read",
                                  "/api/message_groups/x/read/", "/api/message_groups/x/Read",
                                  "/api/message_groups/x/y/read", "/api/message_groups/x"])
def test_other_paths(site, path):
    expect.error(site.request("POST", path), 404, "not_found")


def test_backend_that_is_down_is_503_and_a_later_mark_works(chaos, pair):
    first = chaos.site.start(*pair)
    group = first["message_group_uuid"]
    chaos.dynamo.fail("error", ["UpdateItem"])
    expect.unavailable(mark(chaos.site, pair[1], group, first["uuid"]))
    chaos.dynamo.reset()
    assert marked(chaos.site, pair[1], group, first["uuid"])["unread_count"] == 0
    assert shown(chaos.site, pair[1], group) == (0, False, first["uuid"])

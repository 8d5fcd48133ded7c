# SPDX-License-Identifier: MIT
"""Idempotency-Key: a repeated request gets the first answer and stores nothing."""
from concurrent.futures import ThreadPoolExecutor

import pytest

import expect
from site_api import json_bytes, some_uuid

JSON = [("Content-Type", "application/json")]


@pytest.fixture
def group(site, pair):
    return site.start(*pair, "first")["message_group_uuid"]


def test_repeat_gets_the_first_answer_and_stores_nothing(site, pair, group, table):
    """The seed had no client id: a retry after a lost answer sent twice."""
    body = {"message": "once", "message_group_uuid": group}
    answers = [expect.private(site.post(pair[0], body, key="key-1")) for _ in range(12)]
    assert {answer.body for answer in answers} == {answers[0].body}
    assert [row["message"] for row in table.messages(group)] == ["first", "once"]


def test_repeat_through_another_worker_gets_the_first_answer(make_worker, mint, pair, site, group,
                                                             table):
    workers = [make_worker(), make_worker()]
    body = json_bytes({"message": "once", "message_group_uuid": group})
    headers = JSON + [("Authorization", "Bearer " + mint.token(pair[0].sub)),
                      ("Idempotency-Key", "cross-worker")]
    answers = [expect.private(worker.call("POST", "/api/messages", headers, body))
               for worker in workers * 2]
    assert {answer.body for answer in answers} == {answers[0].body}
    assert len(table.messages(group)) == 2


def test_repeated_start_gets_the_first_answer(site, pair, table):
    body = {"message": "once", "handle": pair[1].handle}
    answers = [expect.private(site.post(pair[0], body, key="start")) for _ in range(6)]
    assert {answer.body for answer in answers} == {answers[0].body}
    assert len(table.messages(answers[0].json()["message_group_uuid"])) == 1
    assert len(table.shown_groups(pair[0])) == 1


def test_simultaneous_repeats_all_get_the_first_answer(site, pair, group, table):
    """Get-then-set caches let two simultaneous posts both win."""
    for turn in range(3):
        body = {"message": f"turn {turn}", "message_group_uuid": group}
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: site.post(pair[0], body, key=f"s{turn}"), range(8)))
        assert [answer.status for answer in answers] == [200] * 8, answers
        assert len({answer.body for answer in answers}) == 1
    assert len(table.messages(group)) == 4


def test_simultaneous_repeats_of_a_start(site, pair, table):
    body = {"message": "once", "handle": pair[1].handle}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.post(pair[0], body, key="s"), range(8)))
    assert [answer.status for answer in answers] == [200] * 8, answers
    assert len({answer.body for answer in answers}) == 1
    assert len(table.messages(answers[0].json()["message_group_uuid"])) == 1


def test_first_answer_stays_though_the_conversation_went_on(site, pair, group):
    body = {"message": "once", "message_group_uuid": group}
    first = site.post(pair[0], body, key="k")
    for index in range(25):
        site.send(pair[1], group, str(index))
    assert site.post(pair[0], body, key="k").body == first.body


def test_other_body_with_the_same_key_is_refused(site, pair, group, table):
    site.send(pair[0], group, "once", key="k")
    answer = site.post(pair[0], {"message": "other", "message_group_uuid": group}, key="k")
    expect.error(answer, 422, "idempotency_key_reused")
    assert len(table.messages(group)) == 2


def test_same_request_means_the_same_body_bytes(site, pair, group, table):
    body = {"message": "once", "message_group_uuid": group}
    spaced = json_bytes(body).replace(b":", b": ")
    send = dict(headers=JSON + [("Idempotency-Key", "bytes")])
    expect.private(site.request("POST", "/api/messages", pair[0], body=json_bytes(body), **send))
    expect.error(site.request("POST", "/api/messages", pair[0], body=spaced, **send), 422,
                 "idempotency_key_reused")
    assert len(table.messages(group)) == 2


def test_key_of_another_person_is_another_key(site, pair, group, table):
    body = {"message": "mine", "message_group_uuid": group}
    mine, theirs = site.post(pair[0], body, key="same"), site.post(pair[1], body, key="same")
    assert expect.private(mine).json()["uuid"] != expect.private(theirs).json()["uuid"]
    assert theirs.json()["handle"] == pair[1].handle
    assert len(table.messages(group)) == 3


def test_keys_are_told_apart_exactly(site, pair, group, table):
    body = {"message": "x", "message_group_uuid": group}
    keys = ["a", "A", "a ".strip() + "b", "a#b", "a/b", "!", "~", "k" * 64, "k" * 63, '"a"', "0"]
    uuids = {expect.private(site.post(pair[0], body, key=key)).json()["uuid"] for key in keys}
    assert len(uuids) == len(keys)
    assert len(table.messages(group)) == len(keys) + 1


@pytest.mark.parametrize("key", ["k" * 65, "", "two words", "tab\tinside", "k" * 4000,
                                 "caf\u00e9", "\x7f", "bell\x07"], ids=ascii)
def test_bad_key_is_a_malformed_request(site, pair, group, table, key):
    expect.error(site.post(pair[0], {"message": "x", "message_group_uuid": group}, key=key), 400,
                 "malformed_request")
    assert len(table.messages(group)) == 1


def test_only_a_200_is_remembered(site, people, pair, table):
    left, right = pair
    expect.error(site.post(left, {"message": "", "handle": right.handle}, key="k"), 422,
                 "message_blank")
    expect.error(site.post(left, {"message": "x", "message_group_uuid": some_uuid()}, key="k"), 404,
                 "message_group_not_found")
    expect.error(site.request("POST", "/api/messages", left, body=b"{",
                              headers=JSON + [("Idempotency-Key", "k")]), 400, "malformed_json")
    group = site.start(left, right, "now", key="k")["message_group_uuid"]
    assert len(table.messages(group)) == 1


def test_remembered_answer_is_not_for_a_token_that_fails(site, pair, group):
    body = {"message": "x", "message_group_uuid": group}
    site.post(pair[0], body, key="k")
    answer = site.client.request("POST", "/api/messages", token="bad", data=body,
                                 headers=[("Idempotency-Key", "k")])
    expect.unauthorized(answer)


def test_get_minds_no_key(site, people):
    expect.private(site.get("/api/message_groups", people(),
                            headers=[("Idempotency-Key", "fine")]))


def test_without_a_key_each_request_is_its_own(site, pair, group, table):
    body = {"message": "same", "message_group_uuid": group}
    assert site.post(pair[0], body).json()["uuid"] != site.post(pair[0], body).json()["uuid"]
    assert len(table.messages(group)) == 3


def test_key_works_after_a_restart_of_all_workers(make_site, pair, table):
    """The memory is the table's and no process's."""
    first_site = make_site(workers=1)
    body = {"message": "once", "handle": pair[1].handle}
    first = expect.private(first_site.post(pair[0], body, key="k"))
    first_site.workers.stop()
    second_site = make_site(workers=1)
    assert second_site.post(pair[0], body, key="k").body == first.body
    assert len(table.messages(first.json()["message_group_uuid"])) == 1

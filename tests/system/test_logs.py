# SPDX-License-Identifier: MIT
"""The worker's log: one JSON object a line, with the request id, and nobody's secrets in it."""
import json

import expect
import processes
from people import Person
from site_api import some_uuid


def _entries_of(site, answer):
    request_id = answer.header("X-Request-Id")
    processes.wait_until(lambda: request_id.encode() in site.workers.log.text(), 5, "logged")
    return [entry for entry in site.workers.log.entries()
            if request_id in json.dumps(entry)]


def test_every_line_is_one_json_object(site, people):
    site.groups(people())
    lines = site.workers.log.lines()
    assert lines
    for line in lines:
        assert isinstance(json.loads(line), dict), line


def test_every_request_leaves_a_line_with_its_id(site, people):
    person = people()
    for answer in (site.get("/api/health-check"), site.get("/api/nothing"),
                   site.get("/api/message_groups"), site.get("/api/message_groups", person),
                   site.post(person, {}), site.request("OPTIONS", "/api/messages")):
        assert _entries_of(site, answer)


def test_a_line_cannot_be_forged(site, people):
    """Line ends, quotes and control characters of clients arrive escaped."""
    marker = "forged" + some_uuid()
    site.get(f"/api/%0a%7b%22level%22:%22{marker}%22%7d")
    site.get(f"/api/users/@%22%0d%0a{marker}%1b[31m/short")
    site.get("/api/nothing", headers=[("User-Agent", f'"}}{marker}'), ("Origin", f'"}}{marker}'),
                                      ("Idempotency-Key", f'"}}{marker}')])
    for entry in site.workers.log.entries():
        assert marker not in map(str, entry.keys())
        assert not str(entry.get("level", "")).startswith("forged")
    assert b"\x1b" not in site.workers.log.text()


def test_no_message_token_or_value_is_logged_even_at_debug_level(site, people):
    """The seed printed queries, parameters, items, answers and all claims."""
    tag = some_uuid()
    me = Person(some_uuid(), f"h{tag[:8]}", f"Name {tag}", f"{tag}@mail.test", f"sub-{tag}")
    other = people()
    people.insert(me)
    text = f"private words {tag}"
    group = site.start(other, me, text)["message_group_uuid"]
    site.send(me, group, text + " answer", key=f"key-{tag}")
    site.send(me, group, text + " answer", key=f"key-{tag}")
    site.messages(me, group)
    site.groups(me)
    site.post(me, {"message": text * 40, "handle": f"nobody-{tag}"})
    site.request("POST", "/api/messages", me, body=text.encode() + b"{",
                 headers=[("Content-Type", "application/json")])
    site.get(f"/api/message_groups?limit=1&secret={tag}", me)
    log = site.workers.log.text()
    for secret in (text, tag, site.token(me), site.token(me).split(".")[1], me.email, me.sub):
        assert secret.encode() not in log, secret[:20]
    assert me.handle.encode() not in log


def test_no_credential_is_logged(site, stack, people):
    site.groups(people())
    log = site.workers.log.text()
    password = stack.env["CONNECTION_URL"].partition("//")[2].rpartition("@")[0].partition(":")[2]
    assert password and password.encode() not in log
    assert b"Authorization" not in log and b"AWS4-HMAC" not in log


def test_debug_level_says_the_name_of_the_statement(make_site, people):
    site = make_site({"CRUDDUR_LOG_LEVEL": "debug"}, workers=1)
    site.groups(people())
    assert b"uuid_from_cognito_user_id" in site.workers.log.text()


def test_level_is_obeyed(make_site, people):
    quiet = make_site({"CRUDDUR_LOG_LEVEL": "error"}, workers=1)
    usual = make_site({"CRUDDUR_LOG_LEVEL": None}, workers=1)
    chatty = make_site({"CRUDDUR_LOG_LEVEL": "debug"}, workers=1)
    person = people()
    for site in (quiet, usual, chatty):
        for _ in range(5):
            expect.private(site.get("/api/message_groups", person))
    assert quiet.workers.log.lines() == []
    assert 5 <= len(usual.workers.log.lines()) < len(chatty.workers.log.lines())


def test_fault_of_a_backend_is_told_in_the_log_and_not_in_the_answer(chaos, people):
    person = people()
    chaos.site.groups(person)
    chaos.dynamo.fail("no_table")
    answer = expect.unavailable(chaos.site.get("/api/message_groups", person))
    chaos.dynamo.reset()
    entries = _entries_of(chaos.site, answer)
    assert any(str(entry.get("level", "")).lower().startswith(("warn", "err"))
               for entry in entries), entries
    assert all(isinstance(json.loads(line), dict) for line in chaos.site.workers.log.lines())

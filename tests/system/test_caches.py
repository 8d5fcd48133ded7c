# SPDX-License-Identifier: MIT
"""What a worker remembers never outlives its truth: tokens, who somebody is, who is a member.

Each test talks to one worker of its own, so that it is the one that remembers.
"""
import time

import pytest

import expect
import processes
from jwks_server import JwksServer
from people import Person, psql, quoted
from rows import group_row, message_row
from site_api import json_bytes, some_uuid
from tokens import Mint, b64u, compact

POOL_ID = "us-east-1_CacheTst"
JSON = [("Content-Type", "application/json")]
AGE = 10.0  # seconds that a user's names may be old


class Api:
    """One worker, and people who call it with a token each that stays the same."""

    def __init__(self, worker, mint):
        self.worker, self.mint, self.tokens = worker, mint, {}

    def call(self, method, path, who, headers=(), body=b"", token=None):
        token = token or self.tokens.setdefault(who, self.mint.token(who.sub))
        return self.worker.call(method, path,
                                [*headers, ("Authorization", f"Bearer {token}")], body)

    def groups(self, who, token=None):
        return self.call("GET", "/api/message_groups", who, token=token)

    def messages(self, who, group):
        return self.call("GET", f"/api/messages/{group}", who)

    def post(self, who, **data):
        return self.call("POST", "/api/messages", who, JSON, json_bytes(data))

    def send(self, who, group, message="hello"):
        return self.post(who, message=message, message_group_uuid=group)

    def start(self, who, other, message="first"):
        sent = expect.private(self.post(who, message=message, handle=other.handle)).json()
        return sent["message_group_uuid"]


@pytest.fixture
def api(make_worker, mint):
    return Api(make_worker(), mint)


@pytest.fixture
def url(stack):
    return stack.env["CONNECTION_URL"]


# --- Tokens ------------------------------------------------------------------------------------


def test_remembered_token_is_401_from_the_second_on_that_it_ends(api, people, mint):
    person = people()
    ends = int(time.time() + processes.scaled(3))
    token = mint.token(person.sub, exp=ends)
    expect.private(api.groups(person, token))

    def ended():
        before = time.time()
        answer = api.groups(person, token)
        assert answer.status == 200 or time.time() >= ends, answer
        return answer if before >= ends else None

    expect.unauthorized(processes.wait_until(ended, 5, "the token ends", 0.02))
    expect.unauthorized(api.groups(person, token))


def test_remembered_token_vouches_for_no_other_bytes(api, pair, mint):
    """Another payload, another signature, a bit more or less: each is looked at for itself."""
    me, other = pair
    token = mint.token(me.sub)
    expect.private(api.groups(me, token))
    header, _, signature = token.split(".")
    claims = b64u(compact(mint.claims(other.sub)))
    forged = [f"{header}.{claims}.{signature}", token[:-6] + "AAAAAA", token[:-4], token + "AAAA",
              token + ".", " ".join((token, token)), token.upper()]
    for _ in range(2):
        for bad in forged:
            expect.unauthorized(api.groups(me, bad))
        expect.private(api.groups(me, token))


def test_key_that_leaves_the_jwks_takes_its_remembered_tokens_along(make_worker, people, keys,
                                                                    mint):
    server = JwksServer(POOL_ID, [keys.pool])
    try:
        worker = make_worker({"AWS_COGNITO_USER_POOL_ID": POOL_ID,
                              "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.endpoint})
        api = Api(worker, Mint(keys.pool, server.issuer, mint.client_id))
        next_mint = Mint(keys.other, server.issuer, mint.client_id)
        person = people()
        expect.private(api.groups(person))
        server.publish(keys.other)
        expect.private(api.groups(person))
        token = next_mint.token(person.sub)
        processes.wait_until(lambda: api.groups(person, token).status == 200, 60,
                             "a token of the new key makes the worker fetch it", 0.1)
        expect.unauthorized(api.groups(person))
        expect.private(api.groups(person, token))
        assert server.hits == 2
    finally:
        server.close()


# --- Who somebody is ---------------------------------------------------------------------------


def test_new_name_is_in_what_its_bearer_writes_within_ten_seconds(api, pair, url, table):
    me, other = pair
    group = api.start(me, other)
    expect.private(api.send(me, group))
    new = f"n{me.handle}"
    psql(url, f"UPDATE public.users SET display_name = 'Renamed', handle = {quoted(new)}"
              f" WHERE uuid = {quoted(me.uuid)};")
    names = {("Renamed", new), (me.display_name, me.handle)}

    def sent():
        item = expect.private(api.send(me, group)).json()
        assert (item["display_name"], item["handle"]) in names
        return item if item["handle"] == new else None

    item = processes.wait_within(sent, AGE + 1, "the new name shows", 0.05)
    row = [row for row in table.messages(group) if row["message_uuid"] == item["uuid"]][0]
    assert (row["user_display_name"], row["user_handle"]) == ("Renamed", new)
    shown = expect.private(api.messages(other, group)).json()[-1]
    assert (shown["display_name"], shown["handle"]) == ("Renamed", new)


def test_new_name_is_in_a_new_conversation_at_once(api, people, url):
    me, *others = people.several(3)
    api.start(me, others[0])
    psql(url, f"UPDATE public.users SET display_name = 'Renamed' WHERE uuid = {quoted(me.uuid)};")
    answer = expect.private(api.post(me, message="x", handle=others[1].handle))
    assert answer.json()["display_name"] == "Renamed"


def test_removed_user_is_422_within_ten_seconds_on_every_private_route(api, pair, url):
    me, other = pair
    group = api.start(me, other)
    expect.private(api.groups(me))
    psql(url, f"DELETE FROM public.users WHERE uuid = {quoted(me.uuid)};")
    processes.wait_within(lambda: api.groups(me).status != 200, AGE + 1, "the user is gone", 0.05)
    for answer in (api.groups(me), api.messages(me, group), api.send(me, group),
                   api.post(me, message="x", handle=other.handle)):
        expect.error(answer, 422, "cognito_user_id_not_found")
    expect.private(api.groups(other))


def test_removed_user_starts_nothing_from_the_first_moment(api, people, url):
    """A new conversation reads both people as they are, whatever is remembered."""
    me, *others = people.several(3)
    api.start(me, others[0])
    psql(url, f"DELETE FROM public.users WHERE uuid = {quoted(me.uuid)};")
    expect.error(api.post(me, message="x", handle=others[1].handle), 422,
                 "cognito_user_id_not_found")


def test_new_user_is_known_at_once(api, people):
    person = people.stranger()
    for _ in range(2):
        expect.error(api.groups(person), 422, "cognito_user_id_not_found")
    people.insert(person)
    expect.private(api.groups(person))


def test_user_with_long_names_is_shown_as_anybody(api, people, pair):
    tag = some_uuid()
    person = Person(some_uuid(), f"l{tag}", "\u00e9" * 400, f"{tag}@example.test", some_uuid())
    people.insert(person)
    group = api.start(pair[0], person)
    for _ in range(3):
        item = expect.private(api.send(person, group)).json()
        assert (item["display_name"], item["handle"]) == (person.display_name, person.handle)


def test_users_are_known_for_ten_seconds_while_postgres_hangs_and_no_longer(chaos, make_worker, mint,
                                                                            people):
    api = Api(make_worker(chaos.settings), mint)
    known = people.several(1)[0]
    expect.private(api.groups(known))
    chaos.postgres.hang()
    expect.private(api.groups(known))
    answer = processes.wait_within(
        lambda: next((a for a in [api.groups(known)] if a.status != 200), None), AGE + 1,
        "what was known is too old", 0.05)
    expect.unavailable(answer)
    chaos.postgres.reset()
    processes.wait_until(lambda: api.groups(known).status == 200, 5, "it works again", 0.05)


def test_nobody_is_known_once_postgres_has_stopped(chaos, make_worker, mint, people):
    api = Api(make_worker(chaos.settings), mint)
    known, unknown = people.several(2)
    expect.private(api.groups(known))
    chaos.postgres.refuse()
    processes.wait_within(lambda: api.groups(known).status == 503, AGE / 2, "nobody is known", 0.05)
    expect.unavailable(api.groups(known))
    expect.unavailable(api.groups(unknown))
    chaos.postgres.reset()
    processes.wait_until(lambda: api.groups(known).status == 200, 5, "it works again", 0.05)
    expect.private(api.groups(unknown))


# --- Who is a member ---------------------------------------------------------------------------


def test_stranger_is_let_in_by_nobody_elses_membership(api, people):
    left, right, stranger = people.several(3)
    group, own = api.start(left, right), api.start(stranger, right)
    for _ in range(5):
        for member in (left, right):
            expect.private(api.messages(member, group))
            expect.private(api.send(member, group))
        expect.private(api.messages(stranger, own))
        expect.error(api.messages(stranger, group), 404, "message_group_not_found")
        expect.error(api.messages(stranger, group.upper()), 404, "message_group_not_found")
        expect.error(api.send(stranger, group), 404, "message_group_not_found")
        expect.error(api.messages(left, own), 404, "message_group_not_found")
    assert len(expect.private(api.messages(left, group)).json()) == 11


def test_both_members_are_themselves_on_one_worker(api, pair):
    left, right = pair
    group = api.start(left, right)
    for index in range(6):
        who = pair[index % 2]
        item = expect.private(api.send(who, group, str(index))).json()
        assert item["handle"] == who.handle
        shown = expect.private(api.messages(pair[1 - index % 2], group)).json()[-1]
        assert (shown["handle"], shown["message"]) == (who.handle, str(index))


def test_new_member_is_one_at_once(api, pair, people):
    """Neither side of a conversation has been heard of by this worker before."""
    left, right = pair
    for who in pair:
        expect.error(api.messages(who, some_uuid()), 404, "message_group_not_found")
    group = api.start(left, right)
    expect.private(api.messages(right, group))
    expect.private(api.send(right, group))
    expect.private(api.messages(left, group))
    expect.error(api.messages(people(), group), 404, "message_group_not_found")


def test_member_that_another_program_adds_is_one_at_once(api, pair, table):
    """A group without messages, which no stream consumer completes meanwhile."""
    left, right = pair
    group, sk = some_uuid(), "2024-05-01T10:00:00.000000+00:00"
    table.plant(group_row(left, right, group, sk))
    expect.private(api.messages(left, group))
    for _ in range(3):
        expect.error(api.messages(right, group), 404, "message_group_not_found")
        expect.error(api.send(right, group), 404, "message_group_not_found")
    table.plant(group_row(right, left, group, sk))
    expect.private(api.messages(right, group))
    expect.private(api.send(right, group))


def test_remembered_member_sees_what_others_write_at_once(api, pair, table):
    """Membership is remembered; messages are not."""
    left, right = pair
    group = api.start(left, right)
    expect.private(api.messages(left, group))
    for index in range(3):
        row = message_row(group, right, f"2099-01-01T00:00:00.00000{index}+00:00", f"m{index}")
        table.plant(row)
        shown = expect.private(api.messages(left, group)).json()
        assert shown[-1]["message"] == f"m{index}"


def test_member_who_is_remembered_costs_one_call_to_read_and_one_to_send(chaos, make_worker, mint,
                                                                         pair):
    api = Api(make_worker(chaos.settings), mint)
    group = api.start(*pair)
    expect.private(api.messages(pair[0], group))
    chaos.dynamo.reset()
    expect.private(api.messages(pair[0], group))
    assert dict(chaos.dynamo.calls) == {"Query": 1}
    chaos.dynamo.reset()
    expect.private(api.send(pair[0], group))
    assert dict(chaos.dynamo.calls) == {"PutItem": 1}

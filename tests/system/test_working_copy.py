# SPDX-License-Identifier: MIT
"""The stack as `scripts/dev` leaves it: its nginx, its workers, Cognito's own tokens."""
import json
import re
import time
import urllib.request

import pytest

import expect
import processes
from http_api import Client
from tokens import b64u, compact

SECTION_2 = ["CONNECTION_URL", "AWS_COGNITO_USER_POOL_ID", "AWS_COGNITO_USER_POOL_CLIENT_ID",
             "AWS_REGION", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
             "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
SEEDED = {"andrewbrown": "Andrew Brown", "testuser": "Test User", "londo": "Londo Mollari"}


@pytest.fixture(scope="module")
def base(stack):
    return Client(stack.env["BASE_URL"])


@pytest.fixture(scope="module")
def seeded(stack):
    """Fresh access tokens of the seed users, from `scripts/dev token`."""
    tokens = {}
    for handle in SEEDED:
        done = stack.dev("token", handle)
        assert done.returncode == 0, done.stderr
        tokens[handle] = done.stdout.strip()
    return tokens


def test_env_names_everything(stack):
    for name in SECTION_2 + ["BASE_URL", "DEV_PASSWORD", "DEV_USERS"]:
        assert stack.env.get(name), name
    assert set(SEEDED) <= set(stack.env["DEV_USERS"].split())


def test_seed_users_exist(base):
    for handle, name in SEEDED.items():
        answer = expect.ok(base.request("GET", f"/api/users/@{handle}/short"))
        assert answer.json()["display_name"] == name


def test_seeded_conversation_is_there_for_the_first_two_only(base, seeded):
    groups = {handle: expect.private(base.request("GET", "/api/message_groups", token=token)).json()
              for handle, token in seeded.items()}
    by_other = {group["handle"]: group for group in groups["andrewbrown"]}
    uuid = by_other["testuser"]["uuid"]
    assert uuid in [group["uuid"] for group in groups["testuser"]]
    assert uuid not in [group["uuid"] for group in groups["londo"]]
    messages = expect.private(base.request("GET", f"/api/messages/{uuid}?limit=100",
                                           token=seeded["testuser"])).json()
    assert len(messages) >= 2
    assert {item["handle"] for item in messages} == {"andrewbrown", "testuser"}
    expect.error(base.request("GET", f"/api/messages/{uuid}", token=seeded["londo"]), 404,
                 "message_group_not_found")


def test_real_tokens_hold_a_conversation(base, seeded):
    started = base.request("POST", "/api/messages", token=seeded["londo"],
                           data={"message": "Good evening", "handle": "andrewbrown"})
    group = expect.private(started).json()["message_group_uuid"]
    answered = base.request("POST", "/api/messages", token=seeded["andrewbrown"],
                            data={"message": "Good evening, Londo", "message_group_uuid": group})
    expect.private(answered)
    shown = base.request("GET", f"/api/messages/{group}", token=seeded["londo"]).json()
    assert [item["handle"] for item in shown[-2:]] == ["londo", "andrewbrown"]
    again = base.request("POST", "/api/messages", token=seeded["andrewbrown"],
                         data={"message": "Again", "handle": "londo"})
    assert again.json()["message_group_uuid"] == group


def test_id_token_of_the_real_pool_is_refused(base, stack):
    request = urllib.request.Request(
        stack.env["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"] + "/", json.dumps({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": stack.env["AWS_COGNITO_USER_POOL_CLIENT_ID"].split(",")[0],
            "AuthParameters": {"USERNAME": "andrewbrown",
                               "PASSWORD": stack.env["DEV_PASSWORD"]}}).encode(),
        {"Content-Type": "application/x-amz-json-1.1",
         "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        tokens = json.load(answer)["AuthenticationResult"]
    expect.private(base.request("GET", "/api/message_groups", token=tokens["AccessToken"]))
    expect.unauthorized(base.request("GET", "/api/message_groups", token=tokens["IdToken"]))


def test_changed_real_token_is_refused(base, seeded):
    head, _, signature = seeded["londo"].split(".")
    forged = f"{head}.{b64u(compact({'sub': 'x', 'exp': 9000000000}))}.{signature}"
    expect.unauthorized(base.request("GET", "/api/message_groups", token=forged))


def test_everything_is_ready(base, seeded):
    base.request("GET", "/api/message_groups", token=seeded["londo"])
    processes.wait_until(lambda: base.request("GET", "/api/ready").status == 200, 15, "ready")


def test_front_end_and_own_origin_are_allowed(base, stack):
    for name in ("FRONTEND_URL", "BACKEND_URL"):
        origin = stack.env[name]
        answer = base.request("OPTIONS", "/api/messages", headers=[
            ("Origin", origin), ("Access-Control-Request-Method", "POST")])
        assert answer.status == 204
        assert answer.header("Access-Control-Allow-Origin") == origin
        big = base.request("POST", "/api/messages", token="x", body=b" " * 70000,
                           headers=[("Origin", origin)])
        assert big.header("Access-Control-Allow-Origin") == origin


def test_burst_of_requests_meets_no_rate_limit(base):
    assert {base.request("GET", "/api/health-check").status for _ in range(300)} == {200}


def test_table_has_the_keys_index_and_stream_of_the_contract(table):
    shown = table.client.describe_table(TableName=table.name)["Table"]
    assert {(key["AttributeName"], key["KeyType"]) for key in shown["KeySchema"]} == {
        ("pk", "HASH"), ("sk", "RANGE")}
    index = {index["IndexName"]: index for index in shown["GlobalSecondaryIndexes"]}[
        "message-group-sk-index"]
    assert {(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]} == {
        ("message_group_uuid", "HASH"), ("sk", "RANGE")}
    assert index["Projection"]["ProjectionType"] == "ALL"
    assert shown["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def test_seed_rows_have_the_shape_of_the_contract(table, base, seeded):
    group = next(item["uuid"] for item in base.request(
        "GET", "/api/message_groups", token=seeded["testuser"]).json()
        if item["handle"] == "andrewbrown")
    rows = table.messages(group)
    assert rows
    for row in rows:
        assert set(row) >= {"message_uuid", "message", "user_uuid", "user_display_name",
                            "user_handle"}
        assert "message_group_uuid" not in row
        assert all(isinstance(value, str) for value in row.values())


def test_second_up_is_fast_and_changes_nothing(stack, base):
    before = stack.dev("status").stdout
    assert re.search(r"^figures +http://127\.0\.0\.1:\d+/metrics$", before, re.M)
    started = time.monotonic()
    done = stack.dev("up")
    assert done.returncode == 0, done.stderr[-2000:]
    # Four seconds on a machine that has nothing else to do; what is started anew takes far longer.
    assert time.monotonic() - started < processes.scaled(40)
    assert expect.ok(base.request("GET", "/api/health-check"))
    assert stack.dev("status").stdout == before


def test_handles_and_cognito_ids_are_unique(stack, people):
    """The seed's schema let three users share one Cognito id."""
    from people import Person, psql, quoted
    known = people()
    other = people.stranger()
    for clash in (Person(other.uuid, known.handle, "x", "x@example.test", other.sub),
                  Person(other.uuid, other.handle, "x", "x@example.test", known.sub)):
        with pytest.raises(AssertionError, match="unique|duplicate"):
            people.insert(clash)
    plan = psql(stack.env["CONNECTION_URL"], "SET enable_seqscan = off; EXPLAIN SELECT uuid FROM"
                f" public.users WHERE cognito_user_id = {quoted(known.sub)};")
    assert "Index" in plan


def test_unknown_handle_has_no_token(stack):
    done = stack.dev("token", "nobody-has-this")
    assert done.returncode != 0 and not done.stdout.strip()

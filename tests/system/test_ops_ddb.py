# SPDX-License-Identifier: MIT
"""scripts/ddb, scripts/cognito and enable-stream before DynamoDB Local and cognito-local."""
import json
import os
import uuid

import pytest

import ops
from aws_scripts import AWS

DOWN = {"AWS_MAX_ATTEMPTS": "1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:1",
        "AWS_COGNITO_USER_POOL_ID": "us-east-1_x", "AWS_REGION": "us-east-1"}
NOBODY = str(uuid.UUID(int=1))


@pytest.fixture(scope="module")
def environment(stack, tmp_path_factory):
    """The stack's settings and a table name of ours; Debian's AWS CLI comes first."""
    assert AWS, "the AWS CLI is not installed"
    tools = tmp_path_factory.mktemp("tools")
    (tools / "aws").symlink_to(AWS)
    return {**stack.env, "CRUDDUR_MESSAGES_TABLE": f"ops-{uuid.uuid4()}",
            "PATH": f"{tools}:{os.environ['PATH']}"}


def do(script, *options, env, **more):
    done = ops.run(script, *options, env=env, **more)
    assert done.returncode == 0, (script, done.stderr)
    return done


def test_a_table_from_nothing_to_a_conversation_and_back(environment):
    """One after the other, as each start of the AWS CLI takes its time."""
    env, name = environment, environment["CRUDDUR_MESSAGES_TABLE"]
    absent = ops.at_once([
        lambda s=script: (s, ops.run(s[0], *s[1:], "--yes", env=env))
        for script in (("ddb/drop",), ("ddb/seed",), ("ddb/scan",),
                       ("ddb/patterns/list-conversations", NOBODY))])
    assert absent[0][1].returncode == 0 and absent[0][1].stderr.endswith(f"there is no table {name}\n")
    for script, done in absent[1:]:
        assert done.returncode == 1 and f"there is no table {name}" in done.stderr, (script, done.stderr)
    do("ddb/schema-load", "--quiet", env=env)

    bare = ops.at_once([
        lambda s=script: do(s[0], *s[1:], env=env) for script in
        (("ddb/scan",), ("ddb/patterns/list-conversations", "andrewbrown"),
         ("ddb/patterns/get-conversation", NOBODY), ("ddb/list-tables",))])
    assert [one.stdout for one in bare[:3]] == [""] * 3
    assert "rows: 0, pages: 1," in bare[0].stderr
    assert name in bare[3].stdout.splitlines()

    assert "seeded 36 messages" in do("ddb/seed", env=env).stderr
    with_data(env)
    drop(env, name)


def with_data(env):
    again, shown, rows, scanned = ops.at_once([
        lambda: do("ddb/seed", env=env),
        lambda: do("ddb/patterns/list-conversations", "@testuser", env=env),
        lambda: do("ddb/scan", "--page-size", "20", env=env),
        lambda: do("ddb/scan", "--page-size", "30", "--pages", "1", env=env)])
    assert "have a conversation already" in again.stderr
    (at, group, other, text), = [line.split("\t") for line in shown.stdout.splitlines()]
    assert other == "andrewbrown"
    assert shown.stderr.endswith(" read units\n")
    assert shown.stderr.splitlines()[-1].startswith("1 conversations, ")
    assert float(shown.stderr.splitlines()[-1].split()[2]) > 0

    found = [json.loads(line) for line in rows.stdout.splitlines()]
    assert len(found) == 38 and len({(row["pk"], row["sk"]) for row in found}) == 38
    assert "rows: 38, pages: 2," in rows.stderr
    talk = sorted((row["sk"], row["user_handle"], row["message"]) for row in found
                  if row["pk"] == f"MSG#{group}")
    assert len(talk) > 30 and {row[1] for row in talk} == {"andrewbrown", "testuser"}
    assert (at, text) == (talk[-1][0], talk[-1][2])

    start = scanned.stderr.partition("--start '")[2].rpartition("'")[0]
    rest, last, before = ops.at_once([
        lambda: do("ddb/scan", "--quiet", "--start", start, env=env),
        lambda: do("ddb/patterns/get-conversation", "--limit", "10", group.upper(), env=env),
        lambda: do("ddb/patterns/get-conversation", "--limit", "100", "--before", talk[-10][0], group,
                   env=env)])
    assert len(scanned.stdout.splitlines()) + len(rest.stdout.splitlines()) == 38
    assert set(scanned.stdout.splitlines() + rest.stdout.splitlines()) == set(rows.stdout.splitlines())
    lines = [tuple(line.split("\t")) for line in (before.stdout + last.stdout).splitlines()]
    assert lines == talk
    assert f"--before {talk[-10][0]}" in last.stderr and "10 messages, " in last.stderr


def drop(env, name):
    typed = ops.run("ddb/drop", env=env, typed="yes\n")
    assert typed.returncode == 1 and "not confirmed" in typed.stderr and "38 rows" in typed.stderr
    do("ddb/drop", env=env, typed=f"{name}\n")
    assert name not in do("ddb/list-tables", env=env).stdout


def test_the_pools_people_and_the_tables_stream_are_shown(environment, stack):
    listed, stream, unknown = ops.at_once([
        lambda: do("cognito/list-users", "--json", env=environment),
        lambda: do("aws/enable-stream", "--table", stack.env["CRUDDUR_MESSAGES_TABLE"], env=environment),
        lambda: ops.run("ddb/patterns/list-conversations", "nobody'; --", env=environment)])
    people = [json.loads(line) for line in listed.stdout.splitlines()]
    assert {(who["handle"], who["status"]) for who in people} >= {
        (handle, "CONFIRMED") for handle in stack.env["DEV_USERS"].split()}
    assert all(who["sub"] and who["email"] for who in people)
    assert ":table/cruddur-messages/stream/" in stream.stdout
    assert unknown.returncode == 1 and "nobody has the handle nobody'; --" in unknown.stderr


def test_a_backend_that_is_down_is_said_to_be(environment):
    env = {**DOWN, "PATH": environment["PATH"], "CONNECTION_URL": "postgresql://u@127.0.0.1:1/x"}
    users = json.dumps([{"uuid": NOBODY, "handle": "h", "display_name": "d"}] * 2)
    scripts = [("ddb/schema-load",), ("ddb/drop",), ("ddb/list-tables",), ("ddb/scan",),
               ("ddb/seed", "--users", users), ("ddb/seed",), ("aws/enable-stream",), ("cognito/list-users",),
               ("ddb/patterns/get-conversation", NOBODY), ("ddb/patterns/list-conversations", NOBODY),
               ("rds/update-sg-rule", "--group-id", "sg-1", "--rule-id", "sgr-1", "--ip", "192.0.2.1"),
               ("aws/create-vpc-endpoint", "--vpc-id", "vpc-1", "--route-table-id", "rtb-1")]
    results = ops.at_once([lambda s=script: (s, ops.run(s[0], *s[1:], "--yes", env=env)) for script in scripts])
    for script, done in results:
        assert done.returncode == 1 and done.stdout == "", script
        assert "127.0.0.1" in done.stderr.replace("port", "") and len(done.stderr.splitlines()) <= 5, done.stderr
        assert "Could not connect" in done.stderr or "refused" in done.stderr, done.stderr

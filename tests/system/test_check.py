# SPDX-License-Identifier: MIT
"""--check: a line for each thing that a program needs, and the right one says "failed"."""
import re
import socket
import subprocess
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

import processes
import stream_process
from conftest import POOL_ID
from jwks_server import JwksServer
from people import psql
from stack import ROOT

LINE = re.compile(r"(ok|failed) {2,6}([a-z]+) {2,}(\S.*)")
WORKER = ["settings", "postgres", "statements", "credentials", "dynamodb", "index", "stream",
          "jwks", "live", "memory"]
STREAM = WORKER[:7] + ["shards", "memory"]
AWS = ["dynamodb", "index", "stream"]


class Result:
    """What a run printed, by the word of each line, and its exit status."""

    def __init__(self, done):
        self.status, self.text = done.returncode, done.stdout.decode("utf-8")
        assert done.stderr == b"", done.stderr
        self.lines = [LINE.fullmatch(line) for line in self.text.splitlines()]
        assert all(self.lines), self.text
        assert self.text.replace("\n", "").isprintable(), self.text

    def names(self):
        return [line[2] for line in self.lines]

    def failed(self):
        """The words of the lines that failed, and what those say."""
        return {line[2]: line[3] for line in self.lines if line[1] == "failed"}


def _run(binary, settings, option="--check"):
    return Result(subprocess.run(
        processes.command(binary) + [option], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=processes.scaled(20), env=processes.clean_env(settings), check=False))


@pytest.fixture(scope="module")
def sound(shared_site):
    """The settings of a worker to which nothing is wanting."""
    return shared_site.workers.settings


@pytest.fixture
def check(stack, sound):
    """check(changes) runs cruddur-fcgi --check with these settings changed."""
    return lambda changes=(), option="--check": _run(stack.binary, {**sound, **dict(changes)},
                                                     option)


@pytest.fixture
def check_stream(stack, sound):
    return lambda changes=(), option="--check": _run(
        stream_process.binary(stack), {**sound, **dict(changes)}, option)


def test_all_is_well(check):
    result = check()
    assert (result.status, result.failed(), result.names()) == (0, {}, WORKER), result.text


def test_all_is_well_for_the_stream_daemon(check_stream):
    result = check_stream()
    assert (result.status, result.failed(), result.names()) == (0, {}, STREAM), result.text


def test_no_secret_is_shown(check, sound):
    password = urlsplit(sound["CONNECTION_URL"]).password
    wrong = sound["CONNECTION_URL"].replace(password, "wr0ngword")
    for result in (check({"AWS_SECRET_ACCESS_KEY": "s3cretword", "AWS_SESSION_TOKEN": "t0kenword"}),
                   check({"CONNECTION_URL": wrong}),
                   check({"CONNECTION_URL": "postgresql://u:wr0ngword@h/d?no_such_option=1"})):
        for secret in (password, "wr0ngword", "s3cretword", "t0kenword"):
            assert secret not in result.text


# --- Settings ---

NOWHERE = {"CONNECTION_URL": "postgresql://x@127.0.0.1:1/x",
           "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
           "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": "http://127.0.0.1:1",
           "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:1",
           "CRUDDUR_LIVE_SOCKET": "/nonexistent/socket"}


def test_settings_alone_ask_nobody(check, check_stream):
    for run in (check, check_stream):
        result = run(NOWHERE, "--check=settings")
        assert (result.status, result.names()) == (0, ["settings"]), result.text


@pytest.mark.parametrize("option", ["--check", "--check=settings"])
@pytest.mark.parametrize("name, value", [
    ("CONNECTION_URL", "nonsense"), ("AWS_REGION", "A B"), ("AWS_SECRET_ACCESS_KEY", None),
    ("CRUDDUR_LOG_LEVEL", "loud")])
def test_a_wrong_setting_is_the_end_of_it(check, check_stream, option, name, value):
    for run in (check, check_stream):
        result = run({name: value}, option)
        assert (result.status, list(result.failed())) == (78, ["settings"]), result.text
        assert name in result.text and len(result.lines) == 1


def test_what_only_the_worker_needs_is_its_own_affair(check, check_stream):
    changes = {"AWS_COGNITO_USER_POOL_ID": None, "CRUDDUR_LIVE_SOCKET": None}
    assert check(changes).status == 78
    assert check_stream(changes).status == 0
    result = check({"CRUDDUR_LIVE_SOCKET": None})
    assert result.status == 0 and "CRUDDUR_LIVE_SOCKET is not set" in result.text


@pytest.mark.parametrize("option", ["--check=all", "--checks", "--check="])
def test_other_checks_are_wrong_usage(stack, option):
    for binary in (stack.binary, stream_process.binary(stack)):
        done = subprocess.run(processes.command(binary) + [option], capture_output=True,
                              timeout=processes.scaled(5), env=processes.clean_env({}), check=False)
        assert done.returncode == 64 and b"usage:" in done.stderr


# --- Postgres ---

@pytest.fixture(scope="module")
def as_superuser(stack):
    """as_superuser(sql) runs it as the cluster's owner, who comes in by its own socket."""
    started = (stack.var / "postgres" / "data" / "postmaster.pid").read_text("utf-8").splitlines()
    url = f"postgresql://postgres@/postgres?host={started[4]}&port={started[3]}"
    return lambda sql: psql(url, sql)


@pytest.fixture(scope="module")
def database(stack, as_superuser):
    """database(sql) makes a database of its own with that in it, and gives its URL."""
    url, made = urlsplit(stack.env["CONNECTION_URL"]), []

    def make(sql):
        name = f"check_{uuid.uuid4().hex[:12]}"
        as_superuser(f"CREATE DATABASE {name} OWNER {url.username}")
        made.append(name)
        there = url._replace(path=f"/{name}").geturl()
        psql(there, sql)
        return there

    yield make
    for name in made:
        as_superuser(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def reader(as_superuser):
    """The name of a role that may nothing yet; its password is x."""
    name = f"reader_{uuid.uuid4().hex[:12]}"
    as_superuser(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    yield name
    as_superuser(f"DROP ROLE {name}")


def test_a_wrong_password_is_told(check, sound):
    password = urlsplit(sound["CONNECTION_URL"]).password
    result = check({"CONNECTION_URL": sound["CONNECTION_URL"].replace(password, "wrong")})
    assert result.status == 1 and list(result.failed()) == ["postgres"], result.text
    assert "password authentication failed" in result.failed()["postgres"]


def test_what_a_backend_says_cannot_write_lines_or_colours(check, sound):
    evil = urlsplit(sound["CONNECTION_URL"])._replace(path="/x%1b%5b31m%0aok%20%20%c2%9b%ff").geturl()
    result = check({"CONNECTION_URL": evil})  # whose lines are judged as all are
    assert result.status == 1 and list(result.failed()) == ["postgres"], result.text
    assert "x?[31m ok" in result.failed()["postgres"] and result.names() == [
        name for name in WORKER if name != "statements"]


@pytest.mark.parametrize("sql, code", [
    ("", "42P01"),
    ("CREATE TABLE public.users (uuid uuid, handle text, display_name text)", "42703")])
def test_a_schema_that_is_not_there_is_told(check, database, sql, code):
    result = check({"CONNECTION_URL": database(sql)})
    assert result.status == 1 and list(result.failed()) == ["statements"], result.text
    assert f"sqlstate={code}" in result.failed()["statements"]
    assert "sql_users_uuid_from_cognito_user_id" in result.failed()["statements"]


def test_a_database_that_takes_no_writes_is_told_to_who_writes(check, check_stream, database, sound):
    url = database((ROOT / "sql" / "schema.sql").read_text("utf-8"))
    standby = {"CONNECTION_URL": f"{url}?options=-cdefault_transaction_read_only%3Don"}
    assert check(standby).status == 0
    result = check_stream(standby)
    assert result.status == 1 and "takes no writes" in result.failed()["postgres"], result.text


def test_the_name_of_a_role_cannot_write_lines(check, as_superuser, sound):
    role = f"r{uuid.uuid4().hex[:8]}\nfailed  jwks          forged"
    as_superuser(f'CREATE ROLE "{role}" LOGIN PASSWORD \'x\' IN ROLE pg_read_all_data')
    try:
        host = urlsplit(sound["CONNECTION_URL"])
        result = check({"CONNECTION_URL": host._replace(
            netloc=f"{quote(role)}:x@{host.hostname}:{host.port}").geturl()})
        assert "jwks" not in result.failed() and result.names() == WORKER, result.text
    finally:
        as_superuser(f'DROP ROLE "{role}"')


def test_a_missing_grant_is_told(check, check_stream, database, reader):
    url = database((ROOT / "sql" / "schema.sql").read_text("utf-8"))
    host = urlsplit(url)
    theirs = {"CONNECTION_URL":
              host._replace(netloc=f"{reader}:x@{host.hostname}:{host.port}").geturl()}
    try:
        result = check(theirs)
        assert list(result.failed()) == ["statements"], result.text
        assert "sqlstate=42501" in result.failed()["statements"]
        psql(url, f"GRANT SELECT ON users TO {reader}")
        assert check(theirs).status == 0
        # The daemon writes: what it may only read is not enough. Nothing is written to find out.
        tables = "stream_checkpoints, stream_dead_letters, stream_repairs"
        psql(url, f"GRANT SELECT ON {tables} TO {reader}")
        assert "sqlstate=42501" in check_stream(theirs).failed()["statements"]
        psql(url, f"GRANT INSERT, UPDATE, DELETE ON {tables} TO {reader}")
        assert check_stream(theirs).status == 0
        assert psql(url, "SELECT count(*) FROM stream_checkpoints").strip() == "0"
    finally:
        psql(url, f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {reader}")


# --- DynamoDB ---

SOUND_TABLE = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"}
                             for name in ("pk", "sk", "message_group_uuid")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                  {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [{
        "IndexName": "message-group-sk-index",
        "KeySchema": [{"AttributeName": "message_group_uuid", "KeyType": "HASH"},
                      {"AttributeName": "sk", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"}}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
INDEX = SOUND_TABLE["GlobalSecondaryIndexes"][0]


def _attributes(*names, number=None):
    return [{"AttributeName": name, "AttributeType": "N" if name == number else "S"}
            for name in names]


@pytest.fixture
def made_table(table):
    """made_table(changes) makes a table that is as it should be but for those parts."""
    client, made = table.client, []

    def make(changes):
        name = f"check-{uuid.uuid4().hex[:12]}"
        wanted = {**SOUND_TABLE, **changes}
        client.create_table(TableName=name, **{part: value for part, value in wanted.items()
                                               if value is not None})
        made.append(name)
        return name

    yield make
    for name in made:
        client.delete_table(TableName=name)


@pytest.mark.parametrize("changes, failed", [
    ({}, {}),
    ({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}, {}),
    ({"StreamSpecification": None}, {"stream": "off"}),
    ({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
     {"stream": "image"}),
    ({"GlobalSecondaryIndexes": None, "AttributeDefinitions": _attributes("pk", "sk")},
     {"index": "none of that name"}),
    ({"GlobalSecondaryIndexes": [{**INDEX, "IndexName": "another"}]}, {"index": "none of that name"}),
    ({"GlobalSecondaryIndexes": [{**INDEX, "Projection": {"ProjectionType": "KEYS_ONLY"}}]},
     {"index": "project"}),
    ({"GlobalSecondaryIndexes": [{**INDEX, "KeySchema": INDEX["KeySchema"][:1]}]},
     {"index": "keys"}),
    ({"AttributeDefinitions": _attributes("pk", "sk", "message_group_uuid",
                                          number="message_group_uuid")}, {"index": "keys"}),
    ({"AttributeDefinitions": _attributes("pk", "sk", "message_group_uuid", number="pk")},
     {"dynamodb": "keys"})],
    ids=lambda value: "-".join(value)[:40] or "sound")
def test_a_table_that_is_not_the_contracts_is_told(check, check_stream, made_table, changes, failed):
    name = made_table(changes)
    for run in (check, check_stream):
        result = run({"CRUDDUR_MESSAGES_TABLE": name})
        known = {word: text for word, text in result.failed().items() if word != "shards"}
        assert known.keys() == failed.keys(), result.text
        assert all(part in known[word] for word, part in failed.items()), result.text
        assert result.status == (1 if failed else 0)


@pytest.mark.parametrize("member, word", [("TableStatus", "dynamodb"), ("IndexStatus", "index")])
def test_what_is_still_being_made_is_not_there(check, chaos, member, word):
    def making(answer):
        place = answer["Table"]
        if member == "IndexStatus":
            place = place["GlobalSecondaryIndexes"][0]
        place[member] = "CREATING"
        return answer
    chaos.dynamo.edit("DescribeTable", making)
    try:
        result = check({"AWS_ENDPOINT_URL_DYNAMODB": chaos.dynamo.endpoint})
    finally:
        chaos.dynamo.edit("DescribeTable", None)
    assert list(result.failed()) == [word] and "not active" in result.failed()[word]


def test_no_table_and_no_right_to_look_are_told(check, chaos):
    result = check({"CRUDDUR_MESSAGES_TABLE": "no-such-table"})
    assert result.status == 1 and list(result.failed()) == ["dynamodb"], result.text
    assert "there is no table no-such-table" in result.text
    chaos.dynamo.fail("denied")
    result = check({"AWS_ENDPOINT_URL_DYNAMODB": chaos.dynamo.endpoint})
    assert "AccessDeniedException" in result.failed()["dynamodb"]


def test_credentials_say_where_they_are_from(check, folder):
    assert "from environment, without an end" in check().text
    shared = folder / "credentials"
    shared.write_text("[default]\naws_access_key_id = local\naws_secret_access_key = local\n", "ascii")
    unset = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    assert "from file, without an end" in check({**unset, "AWS_SHARED_CREDENTIALS_FILE":
                                                 str(shared)}).text
    result = check({**unset, "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
                    "AWS_EC2_METADATA_DISABLED": "true"})
    assert result.status == 1 and list(result.failed()) == ["credentials", "dynamodb"], result.text


# --- Keys, live events, and everything at once ---

@pytest.mark.parametrize("mode", ["empty", "nonsense", "error"])
def test_a_pool_without_a_usable_key_is_told(check, mode):
    server = JwksServer(POOL_ID, [])
    server.mode = mode
    try:
        result = check({"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.endpoint})
    finally:
        server.close()
    assert result.status == 1 and list(result.failed()) == ["jwks"], result.text
    assert server.issuer in result.text


def test_a_live_socket_that_nobody_listens_on_is_told(check, folder):
    result = check({"CRUDDUR_LIVE_SOCKET": str(folder / "nobody")})
    assert result.status == 1 and list(result.failed()) == ["live"], result.text


def test_everything_is_told_at_once(check, check_stream):
    result = check(NOWHERE)
    assert result.status == 1 and set(result.failed()) == {"postgres", "dynamodb", "jwks", "live"}
    assert set(check_stream(NOWHERE).failed()) == {"postgres", "dynamodb", "shards"}


def test_backends_that_hang_hold_it_for_seconds_only(check):
    """They accept, and say nothing. Without credentials of its own it also asks for those in vain."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        hanging = {"CONNECTION_URL": url.replace("http", "postgresql"),
                   "AWS_ENDPOINT_URL_DYNAMODB": url,
                   "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": url}
        bare = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/"}
        results = {}

        def run(name, changes):
            started = time.monotonic()
            results[name] = (check(changes), time.monotonic() - started)
        runs = [threading.Thread(target=run, args=pair)
                for pair in (("own", hanging), ("bare", {**hanging, **bare}))]
        for thread in runs:
            thread.start()
        for thread in runs:
            thread.join()
    failed = {name: set(result.failed()) for name, (result, _) in results.items()}
    assert failed == {"own": {"postgres", "dynamodb", "jwks"},
                      "bare": {"postgres", "credentials", "dynamodb", "jwks"}}
    assert all(seconds < processes.scaled(13) for _, seconds in results.values()), results


# --- Memory ---

def test_memory_is_looked_at_and_left_alone(check, check_stream, tmp_path):
    setting = {"CRUDDUR_SHARED_MEMORY": str(tmp_path / "shared")}
    before = set(Path("/dev/shm").iterdir())
    for run in (check, check_stream):
        result = run(setting)
        assert result.status == 0 and f"{tmp_path}/shared." in result.text, result.text
        assert check().status == 0
    assert not list(tmp_path.iterdir())
    assert not [file for file in set(Path("/dev/shm").iterdir()) - before
                if file.name.startswith("cruddur-")]


def test_memory_that_others_can_touch_is_told(check, check_stream, make_worker, tmp_path):
    setting = {"CRUDDUR_SHARED_MEMORY": str(tmp_path / "shared")}
    make_worker(setting).stop()
    file, = tmp_path.iterdir()
    assert check(setting).status == 0
    file.chmod(0o644)
    for run in (check, check_stream):
        result = run(setting)
        assert result.status == 1 and list(result.failed()) == ["memory"], result.text
        assert "not_ours" in result.failed()["memory"]


def test_memory_without_a_folder_is_told(check, tmp_path):
    result = check({"CRUDDUR_SHARED_MEMORY": str(tmp_path / "none" / "shared")})
    assert list(result.failed()) == ["memory"], result.text

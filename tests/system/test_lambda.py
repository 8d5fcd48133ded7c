# SPDX-License-Identifier: MIT
"""The Lambda function, run from its unpacked archive, between a stand-in of Lambda's Runtime API
and the real DynamoDB Local. Its table is its own: nothing else moves that one's rows.
"""
import filecmp
import os
import shutil
import ssl
import subprocess
import time
import uuid
from urllib.parse import urlsplit

import pytest

import lambda_function
import processes
from dynamo_proxy import DynamoProxy
from lambda_function import Function
from rows import StaleConversation, Table, message_row, stream_record as record
from runtime_api import RuntimeApi, batch

NAME = f"cruddur-lambda-{uuid.uuid4().hex[:8]}"
SCHEMA_LOAD = lambda_function.SCRIPT.parents[1] / "ddb" / "schema-load"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="chroot(8) is for root")


@pytest.fixture(scope="module")
def archive(stack, tmp_path_factory):
    return lambda_function.package(stack.build, tmp_path_factory.mktemp("zip") / "bootstrap.zip")


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    return lambda_function.unpack(archive, tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="module")
def own_env(stack):
    """What Lambda and the function's configuration would put into the environment."""
    wanted = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
              "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
    return {**{name: stack.env[name] for name in wanted if name in stack.env},
            "CRUDDUR_MESSAGES_TABLE": NAME, "CRUDDUR_LOG_LEVEL": "debug"}


@pytest.fixture(scope="module")
def own_table(own_env):
    done = subprocess.run([str(SCHEMA_LOAD), "--quiet"], env={**os.environ, **own_env},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    made = Table(own_env)
    yield made
    made.client.delete_table(TableName=NAME)


@pytest.fixture
def api():
    made = RuntimeApi()
    yield made
    made.close()


@pytest.fixture
def start(unpacked, own_env, api, folder):
    """A factory of functions that wait for work from `api`."""
    made = []

    def run(changes=None, ready=True, where=None, root=False, arguments=()):
        settings = {**own_env, "AWS_LAMBDA_RUNTIME_API": api.address, **(changes or {})}
        function = Function(where or unpacked, settings, folder / f"log{len(made)}", root,
                            arguments)
        made.append(function)
        if ready:
            assert api.waiting.acquire(timeout=processes.scaled(10)), function.log.text()
        return function

    yield run
    for function in made:
        function.stop()


@pytest.fixture
def dynamo(own_env):
    made = DynamoProxy(own_env.get("AWS_ENDPOINT_URL_DYNAMODB") or own_env["AWS_ENDPOINT_URL"])
    yield made
    made.close()


@pytest.fixture
def talk(own_table, people):
    return lambda: StaleConversation(own_table, *people.several(2))


def _poison(table, people):
    """A message of a group that has no rows and of which one member only is known."""
    row = message_row(str(uuid.uuid4()), people(), StaleConversation.NEW, "nobody else is here")
    table.plant(row)
    return row


def test_a_good_batch_moves_the_rows_of_its_groups(start, api, talk):
    function, talks = start(), [talk() for _ in range(3)]
    answered = api.invoke(batch(*[one.change(str(100 + i)) for i, one in enumerate(talks)]))
    assert answered.failures() == []
    assert all(one.moved() for one in talks), [one.places() for one in talks]
    # The same records once more, as at-least-once delivery has it.
    again = api.invoke(batch(*[one.change(str(100 + i)) for i, one in enumerate(talks)]))
    assert again.failures() == [] and all(one.moved() for one in talks)
    assert function.terminate() < processes.scaled(2)


def test_poison_is_named_and_costs_the_others_nothing(start, api, talk, own_table, people):
    start()
    first, last = talk(), talk()
    poison = _poison(own_table, people)
    odd = {**poison, "pk": "MSG#no-uuid"}
    answered = api.invoke(batch(
        record("5", poison), first.change("4"), record("3", odd), last.change("2"),
        record("1", {**poison, "message": "again"}, "MODIFY")))
    assert answered.failures() == ["5", "3", "1"]
    assert first.moved() and last.moved()


def test_records_that_are_not_ours_are_done_with(start, api, talk):
    function, one = start(), talk()
    answered = api.invoke(batch(
        one.change("1", "REMOVE"), record("2", one.group_rows[0], "MODIFY"),
        record("3", {"pk": "MBR#x", "sk": "y"})))
    assert answered.failures() == [] and one.unmoved()
    entry, = function.entries("invocation")
    assert (entry["records"], entry["skipped"], entry["failed"]) == (3, 3, 0)


def test_an_empty_batch_is_an_empty_answer(start, api):
    start()
    assert api.invoke(batch()).body == b'{"batchItemFailures":[]}'


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"detail": "scheduled"}, [], "x",
                                   b"no JSON", b""])
def test_what_is_no_event_of_a_stream_is_an_error(start, api, event):
    start()
    answered = api.invoke(event)
    assert answered.kind == "error"
    assert answered.error_type == "Function.InvalidEvent"
    body = answered.json()
    assert body.pop("errorMessage")
    assert body == {"errorType": "Function.InvalidEvent", "stackTrace": []}
    assert api.invoke(batch()).failures() == []


def test_a_failed_record_without_a_number_fails_the_batch(start, api, talk, own_table, people):
    start()
    one = talk()
    answered = api.invoke(batch(one.change("1"), record("", _poison(own_table, people))))
    assert (answered.kind, answered.error_type) == ("error", "Function.UnnamedRecord")
    assert one.moved()


def test_over_the_deadline_all_is_named_and_nothing_begun(start, api, talk):
    start()
    one = talk()
    answered = api.invoke(batch(one.change("1"), one.change("2")), seconds=0.3)
    assert answered.failures() == ["1", "2"]
    assert one.unmoved()


def test_the_answer_leaves_before_the_deadline(start, api, talk, dynamo):
    start({"AWS_ENDPOINT_URL_DYNAMODB": dynamo.endpoint})
    talks = [talk() for _ in range(5)]
    dynamo.fail("hang")
    answered = api.invoke(batch(*[one.change(str(i)) for i, one in enumerate(talks)]), seconds=3)
    assert answered.failures() == ["0", "1", "2", "3", "4"]
    assert answered.answered_at < answered.deadline
    dynamo.reset()
    again = api.invoke(batch(*[one.change(str(i)) for i, one in enumerate(talks)]))
    assert again.failures() == [] and all(one.moved() for one in talks)


def test_a_connection_that_died_while_frozen_costs_nothing(start, api, talk, dynamo):
    function = start({"AWS_ENDPOINT_URL_DYNAMODB": dynamo.endpoint})
    first, second = talk(), talk()
    assert api.invoke(batch(first.change("1"))).failures() == []
    assert api.waiting.acquire(timeout=processes.scaled(10))
    assert dynamo.close_connections() > 0
    api.break_waiter()
    assert api.waiting.acquire(timeout=processes.scaled(10))
    assert api.invoke(batch(second.change("2"))).failures() == []
    assert second.moved()
    assert function.terminate() < processes.scaled(2)


def test_an_api_that_fails_ends_the_function_at_once(start, api):
    function = start()
    api.statuses["next"].append(500)
    assert api.invoke(batch()).failures() == []
    assert function.ends() == 1
    assert api.asked == 2


def test_an_answer_that_the_api_cannot_keep_ends_the_function(start, api):
    function = start()
    api.statuses["response"].append(500)
    api.put(batch())
    assert function.ends() == 1
    assert api.asked == 1


def test_an_answer_that_is_too_large_becomes_an_error(start, api, talk):
    start()
    api.statuses["response"].append(413)
    answered = api.invoke(batch(talk().change("1")), seconds=0.3)
    assert (answered.kind, answered.error_type) == ("error", "Function.AnswerTooLarge")
    assert api.invoke(batch()).failures() == []


def test_an_answer_that_came_too_late_does_not_end_the_function(start, api):
    start()
    api.statuses["response"].append(400)
    late = api.put(batch())
    assert api.invoke(batch()).failures() == []
    assert not late.kind


def test_sigterm_ends_an_idle_function(start):
    assert start().terminate() < processes.scaled(2)


def test_sigterm_lets_a_busy_function_answer(start, api, talk, dynamo):
    function = start({"AWS_ENDPOINT_URL_DYNAMODB": dynamo.endpoint})
    first, second = talk(), talk()
    dynamo.fail("pause", times=1)
    put = api.put(batch(first.change("1"), second.change("2")))
    assert dynamo.waiting.acquire(timeout=processes.scaled(10))
    function.process.terminate()
    dynamo.reset()
    assert api.wait(put).failures() == ["2"]
    assert function.ends() == 0
    assert first.moved() and second.unmoved()


def test_one_line_a_batch_and_no_text_in_it(start, api, talk, own_table, people):
    function, one = start(), talk()
    answered = api.invoke(batch(one.change("1"), record("2", _poison(own_table, people))))
    entry, = processes.wait_until(lambda: function.entries("invocation"), 5, "its log line")
    assert entry["request_id"] == answered.request_id
    assert entry["trace_id"] == answered.trace_id
    assert entry["level"] == "warn" and entry["reason"]
    assert (entry["records"], entry["done"], entry["failed"], entry["groups"]) == (2, 1, 1, 1)
    assert entry["moved"] == 2 and 0 <= entry["ms"] < 30000
    text = function.log.text()
    assert b"newest words" not in text and b"nobody else" not in text


@pytest.mark.parametrize("name, value", [("CRUDDUR_MESSAGES_TABLE", "x"),
                                         ("AWS_ENDPOINT_URL_DYNAMODB", "dynamodb"),
                                         ("CRUDDUR_LOG_LEVEL", "loud"),
                                         ("AWS_SECRET_ACCESS_KEY", None)])
def test_a_bad_setting_is_reported_and_named(start, api, name, value):
    function = start({name: value}, ready=False)
    assert function.ends() == 78
    line, = function.log.lines()
    assert name.encode() in line
    (error_type, body), = api.init_errors
    assert error_type == body["errorType"] == "Runtime.ConfigInvalid"
    assert name in body["errorMessage"] and body["stackTrace"] == []
    assert api.asked == 0


@pytest.mark.parametrize("value", [None, "", "http://127.0.0.1:1", "127.0.0.1:1/x"])
def test_without_the_apis_address_there_is_no_start(start, value):
    function = start({"AWS_LAMBDA_RUNTIME_API": value}, ready=False)
    assert function.ends() == 78
    line, = function.log.lines()
    assert b"AWS_LAMBDA_RUNTIME_API" in line


@pytest.mark.parametrize("option, says", [("--version", b"bootstrap (cruddur) "),
                                          ("--help", b"usage: bootstrap")])
def test_version_and_help_answer(start, option, says):
    function = start(ready=False, arguments=[option])
    assert function.ends() == 0
    assert function.process.stdout.read().startswith(says)


def test_wrong_usage_is_64(start):
    assert start(ready=False, arguments=["--what"]).ends() == 64


def test_memory_is_flat_over_a_thousand_invocations(start, api, talk):
    function, one = start(), talk()

    def some(count):
        for i in range(count):
            trace = f"Root=1-{i:08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]}"
            answered = api.invoke(batch(one.change("1"), one.change("2")), trace_id=trace)
            assert answered.failures() == []
        return function.rss_kb()

    before = some(200)
    assert some(800) - before < 256


def test_the_archive_is_the_same_every_time(stack, archive, folder):
    other = lambda_function.package(stack.build, folder / "again.zip")
    assert filecmp.cmp(archive, other, shallow=False)
    # Lambda takes 50 MB.
    assert archive.stat().st_size < 20_000_000


def _empty_root(archive, folder):
    return lambda_function.unpack(archive, folder / "root")


@needs_root
def test_it_runs_where_nothing_is_but_the_archive(start, api, talk, archive, folder):
    root = _empty_root(archive, folder)
    assert sorted(os.listdir(root)) == ["bootstrap", "lib", "libexec"]
    version = start(ready=False, where=root, root=True, arguments=["--version"])
    assert version.ends() == 0
    assert version.process.stdout.read().startswith(b"bootstrap (cruddur) ")
    one, function = talk(), start(where=root, root=True)
    assert api.invoke(batch(one.change("1"))).failures() == []
    assert one.moved()
    assert function.terminate() < processes.scaled(2)


@needs_root
def test_names_are_looked_up_by_what_is_in_the_archive(start, api, talk, archive, folder, own_env):
    """Amazon Linux names sources of host names that the archive's C library does not have."""
    root = _empty_root(archive, folder)
    (root / "etc").mkdir()
    (root / "etc" / "hosts").write_text("127.0.0.1 dynamodb.test\n", "ascii")
    (root / "etc" / "nsswitch.conf").write_text(
        "hosts: resolve [!UNAVAIL=return] files myhostname dns\n", "ascii")
    endpoint = own_env.get("AWS_ENDPOINT_URL_DYNAMODB") or own_env["AWS_ENDPOINT_URL"]
    start({"AWS_ENDPOINT_URL_DYNAMODB": f"http://dynamodb.test:{urlsplit(endpoint).port}"},
          where=root, root=True)
    one = talk()
    assert api.invoke(batch(one.change("1"))).failures() == []
    assert one.moved()


@pytest.fixture
def https(own_env, folder):
    """DynamoDB behind TLS, with a certificate of its own making."""
    pem = folder / "pem"
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=dynamodb.test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(pem),
         "-out", str(folder / "crt")], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", pem)
    made = DynamoProxy(
        own_env.get("AWS_ENDPOINT_URL_DYNAMODB") or own_env["AWS_ENDPOINT_URL"], context)
    made.certificate = folder / "crt"
    yield made
    made.close()


def test_servers_are_trusted_by_the_archives_certificates(start, api, talk, https, archive,
                                                          folder):
    place = lambda_function.unpack(archive, folder / "task")
    one, own = talk(), {"AWS_ENDPOINT_URL_DYNAMODB": https.endpoint}
    start(own, where=place).terminate()
    function = start(own, where=place)
    assert api.invoke(batch(one.change("1")), seconds=4).failures() == ["1"]
    assert one.unmoved() and https.calls.total() == 0
    assert b"certificate" in function.log.text()
    function.terminate()
    shutil.copy(https.certificate, place / "lib" / "ca-certificates.crt")
    start(own, where=place)
    assert api.invoke(batch(one.change("1"))).failures() == []
    assert one.moved() and https.calls.total() > 0


def test_an_operators_certificates_come_first(start, api, talk, https):
    one = talk()
    start({"AWS_ENDPOINT_URL_DYNAMODB": https.endpoint, "SSL_CERT_FILE": str(https.certificate)})
    assert api.invoke(batch(one.change("1"))).failures() == []
    assert one.moved()


def test_a_batch_of_six_megabytes_is_worked_off(start, api, talk):
    start()
    one = talk()
    long = {**one.newest, "message": "é" * 1024}
    records = [record(str(i), long) for i in range(880)]
    started = time.monotonic()
    answered = api.invoke(batch(*records))
    assert 5_800_000 < len(answered.event) <= 6 << 20
    assert answered.failures() == [] and one.moved()
    assert time.monotonic() - started < processes.scaled(10)

# SPDX-License-Identifier: MIT
"""`cruddur-stream` as a program: command line, settings, signals, figures, what it never logs."""
import json
import signal
import subprocess
import time

import pytest

import processes
import stream_process
from dynamo_proxy import DynamoProxy
from stream_world import quoted

EX_USAGE, EX_CONFIG = 64, 78
BAD = [
    ("CONNECTION_URL", None), ("CONNECTION_URL", ""), ("CONNECTION_URL", "nonsense"),
    ("CONNECTION_URL", "postgresql://user:s3cretword@host/db?no_such_option=1"),
    ("AWS_REGION", "US_EAST_1"), ("AWS_REGION", "us east"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:8000"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://a b"),
    ("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "ftp://x"), ("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "x"),
    ("CRUDDUR_MESSAGES_TABLE", "ab"), ("CRUDDUR_MESSAGES_TABLE", "with space"),
    ("CRUDDUR_LOG_LEVEL", "verbose"),
    ("AWS_ACCESS_KEY_ID", None), ("AWS_SECRET_ACCESS_KEY", None),
]


@pytest.fixture
def run(stack, settings):
    def start(*options, **changes):
        return stream_process.run(stack, {**settings, **changes}, *options, timeout=10)
    return start


@pytest.mark.parametrize("option", [(), ("--once",), ("--repair",), ("--replay-dead-letters",)],
                         ids=lambda option: option[0] if option else "daemon")
@pytest.mark.parametrize("name, value", BAD, ids=lambda value: ascii(value)[:40])
def test_bad_setting_ends_the_start_and_is_named(run, name, value, option):
    done = run(*option, **{name: value})
    lines = done.stderr.splitlines()
    assert done.returncode == EX_CONFIG, done
    assert len(lines) == 1, lines
    other = {"AWS_ACCESS_KEY_ID": b"AWS_SECRET_ACCESS_KEY",
             "AWS_SECRET_ACCESS_KEY": b"AWS_ACCESS_KEY_ID"}.get(name, name.encode())
    assert name.encode() in lines[0] or other in lines[0], lines
    assert b"s3cretword" not in lines[0]


def test_empty_environment_ends_the_start(stack):
    done = stream_process.run(stack, {}, timeout=10)
    assert done.returncode == EX_CONFIG and len(done.stderr.splitlines()) == 1, done


def test_it_needs_no_cognito_and_no_origins(world):
    talk = world.talk()
    talk.say()
    world.once({name: None for name in (
        "AWS_COGNITO_USER_POOL_ID", "AWS_COGNITO_USER_POOL_CLIENT_ID", "FRONTEND_URL",
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "BACKEND_URL", "CRUDDUR_LOG_LEVEL")})
    assert world.problems() == []


def test_general_endpoint_serves_both_apis(world):
    talk = world.talk()
    talk.say()
    endpoint = world.settings["AWS_ENDPOINT_URL_DYNAMODB"]
    world.once({"AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_DYNAMODB": None,
                "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": None})
    assert world.problems() == []


def test_streams_endpoint_is_the_special_one_else_dynamodbs(world):
    streams = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    world.talk().say()
    world.once({"AWS_ENDPOINT_URL_DYNAMODB_STREAMS": streams.endpoint})
    assert streams.calls["GetRecords"] > 0 and streams.calls["Query"] == 0
    streams.reset()
    world.once({"AWS_ENDPOINT_URL_DYNAMODB": streams.endpoint,
                "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": None})
    streams.close()
    assert streams.calls["GetRecords"] > 0


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_command_line_answers_without_any_setting(stack, option):
    done = stream_process.run(stack, {}, option, timeout=10)
    assert done.returncode == 0 and b"cruddur-stream" in done.stdout, done


def test_help_names_every_option(stack):
    shown = stream_process.run(stack, {}, "--help", timeout=10).stdout
    for option in (b"--once", b"--repair", b"--replay-dead-letters", b"--version", b"--help"):
        assert option in shown


@pytest.mark.parametrize("options", [["--no-such-option"], ["word"], ["--once", "--repair"],
                                     ["--repair", "--replay-dead-letters"], ["--once=1"], [""]])
def test_wrong_usage_is_an_error(run, options):
    done = run(*options)
    assert done.returncode == EX_USAGE and done.stderr.strip(), done


def test_once_drains_and_ends_and_remembers_how_far_it_was(world):
    talks = world.talks(5)
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    for talk in talks:
        talk.say()
    world.once()
    assert world.problems() == []
    world.once({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    assert proxy.calls["TransactWriteItems"] == 0 and proxy.calls["PutItem"] == 0
    world.once({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    assert proxy.calls["Query"] == 0, "nothing is read again"
    proxy.close()


def test_once_of_a_table_without_records_ends(world):
    world.once()


def test_what_was_written_while_nobody_read_is_caught_up(world):
    talks = world.talks(3)
    daemon = world.start()
    for talk in talks:
        talk.wait_shows(talk.say(), 10)
    daemon.finish()
    for talk in talks:
        talk.say()
        talk.say()
    world.start()
    world.wait_right(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_daemon_leaves_at_once(world, number):
    talk, daemon = world.talk(), world.start()
    talk.wait_shows(talk.say(), 10)
    assert daemon.finish(number) < processes.scaled(2)


def test_daemon_that_just_started_leaves_at_once(world):
    """Wherever in its start the signal meets it, once it has taken over from the default action."""
    for _ in range(10):
        daemon = world.start()
        assert daemon.finish() < processes.scaled(3)


def test_busy_daemon_finishes_and_leaves_its_place_to_the_next(world):
    talks = world.talks(20)
    daemon = world.start()
    for turn in range(100):
        talks[turn % 20].say()
    assert daemon.finish() < processes.scaled(10)
    before = int(world.sql("SELECT count(*) FROM public.stream_checkpoints"
                           f" WHERE table_name = {quoted(world.name)}"))
    assert before > 0
    world.once()
    assert world.problems() == []


def test_signal_during_an_outage_is_obeyed(world):
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    proxy.fail("hang")
    daemon = world.start({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint})
    assert proxy.waiting.acquire(timeout=processes.scaled(10))
    assert daemon.finish(seconds=10) < processes.scaled(10)
    proxy.close()


def test_repair_that_is_told_to_stop_stops(world):
    world.talks(3)
    proxy = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
    proxy.fail("pause", ["Scan"])
    repair = world.start({"AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint}, "--repair")
    assert proxy.waiting.acquire(timeout=processes.scaled(10))
    repair.process.send_signal(signal.SIGTERM)
    proxy.reset()
    assert repair.process.wait(processes.scaled(10)) == 1
    proxy.close()


def test_figures_are_one_line_with_numbers(world):
    talk, daemon = world.talk(), world.start()
    talk.wait_shows(talk.say(), 10)
    processes.wait_until(lambda: daemon.figures()["lag_ms"] == 0, 10, "everything is read")
    entry = daemon.figures()
    for name in ("records", "moved", "unchanged", "skipped", "retried", "set_aside", "lag_ms"):
        assert isinstance(entry[name], int) and entry[name] >= 0, name
    assert entry["records"] >= 2 and entry["moved"] >= 1, entry


def test_lag_is_the_age_of_what_is_still_to_be_read(scene):
    """Of a message that was written a hundred seconds ago, in the stand-in's exact time."""
    talk, shard = scene.world.talk(), scene.stub.add()
    scene.table.fail("error", ["Query"])
    scene.stub.put(shard, talk.say(), created=time.time() - 100)
    daemon = scene.start()
    processes.wait_until(lambda: daemon.figures()["lag_ms"] > 0, 10, "it is behind")
    assert 99_000 <= daemon.figures()["lag_ms"] <= 130_000
    scene.table.reset()
    scene.world.wait_right(20)
    processes.wait_until(lambda: daemon.figures()["lag_ms"] == 0, 10, "nothing is left")


def test_nothing_private_is_logged_at_debug_level(world, stack):
    daemon = world.start({"CRUDDUR_LOG_LEVEL": "debug", "AWS_SESSION_TOKEN": "session-word"})
    talk = world.talk()
    row = talk.say("private words")
    talk.wait_shows(row, 10)
    talk.edit(row, "private words edited")
    talk.wait_shows({**row, "message": "private words edited"})
    poison = {**row, "pk": "MSG#nobody", "message": "private poison"}
    world.table.plant(poison)
    processes.wait_until(lambda: world.sql(
        f"SELECT 1 FROM public.stream_dead_letters WHERE table_name = {quoted(world.name)}"), 10,
        "it is set aside")
    daemon.figures()
    log = daemon.log.text()
    password = stack.env["CONNECTION_URL"].partition("//")[2].rpartition("@")[0].partition(":")[2]
    for secret in ("private", talk.left.display_name, talk.left.handle, password, "session-word",
                   "AWS4-HMAC", "Authorization"):
        assert secret.encode() not in log, secret
    for line in daemon.log.lines():
        assert isinstance(json.loads(line), dict), line
    assert "private" not in world.sql("SELECT l::text FROM public.stream_dead_letters l"
                                      f" WHERE table_name = {quoted(world.name)}")


def test_error_level_says_nothing_while_all_is_well(world):
    daemon = world.start({"CRUDDUR_LOG_LEVEL": "error"})
    talk = world.talk()
    talk.wait_shows(talk.say(), 10)
    daemon.process.send_signal(signal.SIGTERM)  # finish() waits for a line that is not there
    assert daemon.process.wait(processes.scaled(10)) == 0
    assert daemon.log.lines() == []


def test_progress_of_a_repair_is_shown_on_a_terminal_only(world, stack, folder):
    for _ in range(3):
        world.talk().say()
    plain = world.run("--repair")
    assert b"\r" not in plain.stderr + plain.stdout
    shown = subprocess.run(
        ["script", "-q", "-e", "-c", str(stream_process.binary(stack)) + " --repair",
         str(folder / "typescript")], stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=processes.scaled(30), env={**processes.clean_env(world.settings), "TERM": "xterm"})
    assert shown.returncode == 0, shown
    assert b"\r" in shown.stdout.replace(b"\r\n", b"\n"), shown

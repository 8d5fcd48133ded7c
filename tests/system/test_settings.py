# SPDX-License-Identifier: MIT
"""The environment: what ends a start at once, what does not, and the command line."""
import subprocess
import time

import pytest

import expect
import processes
from conftest import CLIENT_ID, OTHER_CLIENT_ID
from tokens import Mint

EX_CONFIG = 78
BAD = [
    ("CONNECTION_URL", None), ("CONNECTION_URL", ""), ("CONNECTION_URL", "nonsense"),
    ("CONNECTION_URL", "postgresql://[::1/cruddur"), ("CONNECTION_URL", "no_such_option=1"),
    ("CONNECTION_URL", "postgresql://user:s3cretword@host/db?no_such_option=1"),
    ("AWS_COGNITO_USER_POOL_ID", None), ("AWS_COGNITO_USER_POOL_ID", ""),
    ("AWS_COGNITO_USER_POOL_CLIENT_ID", None), ("AWS_COGNITO_USER_POOL_CLIENT_ID", ""),
    ("AWS_COGNITO_USER_POOL_CLIENT_ID", ","), ("AWS_COGNITO_USER_POOL_CLIENT_ID", " , ,"),
    ("AWS_REGION", "US_EAST_1"), ("AWS_REGION", "us east"), ("AWS_REGION", "us-east-1/evil"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:8000"), ("AWS_ENDPOINT_URL_DYNAMODB", "ftp://x"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "http://"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://a b"),
    ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "nonsense"),
    ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "file:///etc/passwd"),
    ("CRUDDUR_MESSAGES_TABLE", "ab"), ("CRUDDUR_MESSAGES_TABLE", "a" * 256),
    ("CRUDDUR_MESSAGES_TABLE", "with space"), ("CRUDDUR_MESSAGES_TABLE", "slash/ed"),
    ("CRUDDUR_MESSAGES_TABLE", "ümlaut"), ("FRONTEND_URL", "localhost:3000"),
    ("FRONTEND_URL", "ftp://example.test"), ("FRONTEND_URL", "*"), ("FRONTEND_URL", "https://"),
    ("BACKEND_URL", "example.test"), ("BACKEND_URL", "javascript:alert(1)"),
    ("CRUDDUR_LOG_LEVEL", "verbose"), ("CRUDDUR_LOG_LEVEL", "INFO "),
    ("CRUDDUR_LIVE_SOCKET", "run/s"), ("CRUDDUR_LIVE_SOCKET", "/" + "a" * 107),
    ("CRUDDUR_MAX_REQUESTS", "-1"), ("CRUDDUR_MAX_REQUESTS", "many"),
    ("AWS_ACCESS_KEY_ID", None), ("AWS_SECRET_ACCESS_KEY", None),
]


def _start(make_worker, changes):
    started = time.monotonic()
    worker = make_worker(changes, ready=False)
    status = worker.process.wait(processes.scaled(5))
    assert time.monotonic() - started < processes.scaled(2)
    return status, worker.log.lines()


@pytest.mark.parametrize("name, value", BAD, ids=lambda value: ascii(value)[:40])
def test_bad_setting_ends_the_start_and_is_named(make_worker, name, value):
    status, lines = _start(make_worker, {name: value})
    assert status == EX_CONFIG, lines
    assert len(lines) == 1, lines
    other = {"AWS_ACCESS_KEY_ID": b"AWS_SECRET_ACCESS_KEY",
             "AWS_SECRET_ACCESS_KEY": b"AWS_ACCESS_KEY_ID"}.get(name, name.encode())
    assert name.encode() in lines[0] or other in lines[0], lines
    assert b"s3cretword" not in lines[0]


def test_no_region_at_all_ends_the_start(make_worker):
    status, lines = _start(make_worker, {"AWS_REGION": None, "AWS_DEFAULT_REGION": None})
    assert status == EX_CONFIG and len(lines) == 1 and b"AWS_REGION" in lines[0], lines


def test_empty_environment_ends_the_start(make_worker, settings):
    status, lines = _start(make_worker, {name: None for name in settings})
    assert status == EX_CONFIG and len(lines) == 1, lines


def test_general_endpoint_is_checked_where_it_counts(make_worker):
    status, lines = _start(make_worker, {"AWS_ENDPOINT_URL_DYNAMODB": None,
                                         "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": None,
                                         "AWS_ENDPOINT_URL": "nonsense"})
    assert status == EX_CONFIG and len(lines) == 1 and b"AWS_ENDPOINT_URL" in lines[0], lines


def test_backends_that_are_down_do_not_stop_a_start(make_worker):
    nowhere = f"127.0.0.1:{processes.free_port()}"
    worker = make_worker({"CONNECTION_URL": f"postgresql://x@{nowhere}/x",
                          "AWS_ENDPOINT_URL_DYNAMODB": f"http://{nowhere}",
                          "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": f"http://{nowhere}"})
    assert worker.call("GET", "/api/health-check").status == 200


def _groups(worker, mint, person):
    return worker.call("GET", "/api/message_groups",
                       [("Authorization", "Bearer " + mint.token(person.sub))])


def test_defaults_are_enough(make_worker, mint, people):
    worker = make_worker({name: None for name in (
        "FRONTEND_URL", "BACKEND_URL", "CRUDDUR_LOG_LEVEL", "CRUDDUR_MESSAGES_TABLE",
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "AWS_DEFAULT_REGION")})
    expect.private(_groups(worker, mint, people()))


def test_default_region_and_general_endpoint_stand_in(make_worker, settings, mint, people):
    worker = make_worker({"AWS_REGION": None, "AWS_DEFAULT_REGION": settings["AWS_REGION"],
                          "AWS_ENDPOINT_URL": settings["AWS_ENDPOINT_URL_DYNAMODB"],
                          "AWS_ENDPOINT_URL_DYNAMODB": None,
                          "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": None})
    expect.private(_groups(worker, mint, people()))


def test_special_endpoint_and_region_win_over_the_general(make_worker, mint, people):
    nowhere = f"http://127.0.0.1:{processes.free_port()}"
    worker = make_worker({"AWS_ENDPOINT_URL": nowhere, "AWS_DEFAULT_REGION": "eu-west-1"})
    expect.private(_groups(worker, mint, people()))


def test_table_is_the_one_that_was_named(make_worker, mint, people):
    worker = make_worker({"CRUDDUR_MESSAGES_TABLE": "no-such-table"})
    expect.unavailable(_groups(worker, mint, people()))


def test_tokens_of_every_configured_client_are_accepted_and_of_no_other(make_worker, mint, people):
    worker, person = make_worker(), people()
    for client in (CLIENT_ID, OTHER_CLIENT_ID):
        expect.private(_groups(worker, Mint(mint.key, mint.issuer, client), person))
    single = make_worker({"AWS_COGNITO_USER_POOL_CLIENT_ID": CLIENT_ID})
    expect.private(_groups(single, mint, person))
    expect.unauthorized(_groups(single, Mint(mint.key, mint.issuer, OTHER_CLIENT_ID), person))


def test_session_token_and_credentials_file_are_accepted(make_worker, mint, people, folder):
    expect.private(_groups(make_worker({"AWS_SESSION_TOKEN": "session"}), mint, people()))
    shared = folder / "credentials"
    shared.write_text("[default]\naws_access_key_id = local\naws_secret_access_key = local\n"
                      "[other]\naws_access_key_id = local\naws_secret_access_key = local\n", "ascii")
    for profile in (None, "other"):
        worker = make_worker({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                              "AWS_SHARED_CREDENTIALS_FILE": str(shared), "AWS_PROFILE": profile})
        expect.private(_groups(worker, mint, people()))


def test_no_credentials_anywhere_is_503_and_no_end(make_worker, mint, people, folder):
    worker = make_worker({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                          "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
                          "AWS_EC2_METADATA_DISABLED": "true"})
    expect.unavailable(_groups(worker, mint, people()))


def _check_settings(stack, settings):
    return subprocess.run(processes.command(stack.binary) + ["--check-settings"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=processes.scaled(5), env=processes.clean_env(settings),
                          check=False)


def test_settings_can_be_checked_without_any_backend(stack, settings):
    down = {"CONNECTION_URL": "postgresql://nobody@127.0.0.1:1/none",
            "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:1"}
    done = _check_settings(stack, {**settings, **down})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = _check_settings(stack, {**settings, "CRUDDUR_LOG_LEVEL": "verbose"})
    assert done.returncode == EX_CONFIG
    assert done.stderr.count("\n") == 1 and "CRUDDUR_LOG_LEVEL" in done.stderr


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_command_line_answers_without_any_setting(stack, option):
    done = subprocess.run(processes.command(stack.binary) + [option], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=processes.scaled(5),
                          env=processes.clean_env({}), check=False)
    assert done.returncode == 0
    assert done.stdout.strip()
    if option == "--version":
        assert any(letter.isdigit() for letter in done.stdout)


def test_help_names_the_program(stack):
    shown = subprocess.run(processes.command(stack.binary) + ["--help"], capture_output=True,
                           text=True, timeout=processes.scaled(5), check=True).stdout
    assert "cruddur-fcgi" in shown


def test_unknown_option_is_an_error(stack):
    done = subprocess.run(processes.command(stack.binary) + ["--no-such-option"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=processes.scaled(5), env=processes.clean_env({}), check=False)
    assert done.returncode != 0

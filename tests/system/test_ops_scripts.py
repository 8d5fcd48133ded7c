# SPDX-License-Identifier: MIT
"""What all of the operator's scripts have in common, before stand-ins for psql and the AWS CLI that note each call."""
import ctypes
import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

import ops
from aws_scripts import ACCOUNT, IDENTITY, AwsScripts

LOCAL = {"CONNECTION_URL": "postgresql://cruddur@127.0.0.1:1/cruddur",
         "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
         "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:1",
         "AWS_COGNITO_USER_POOL_ID": "us-east-1_x", "AWS_REGION": "eu-central-1"}
# Words without which a script would not get as far as asking where to work.
NEEDED = {"aws/create-vpc-endpoint": ["--vpc-id", "vpc-1", "--route-table-id", "rtb-1"],
          "rds/update-sg-rule": ["--group-id", "sg-1", "--rule-id", "sgr-1", "--ip", "192.0.2.1"],
          "ddb/patterns/get-conversation": ["00000000-0000-4000-8000-000000000001"],
          "ddb/patterns/list-conversations": ["00000000-0000-4000-8000-000000000001"],
          "ddb/seed": ["--users", json.dumps([{"uuid": "u", "handle": "h", "display_name": "d"}] * 2)]}
SCRIPTS = [script for script in ops.SCRIPTS if script != "aws/package-lambda"]
DB = [script for script in SCRIPTS if script.startswith("db/")]
AWS = [script for script in SCRIPTS if not script.startswith("db/")]
PSQL = """#!/usr/bin/python3
import json, os, sys
with open(os.environ["AWS_STAND_IN"] + "/psql", "a") as calls:
    calls.write(json.dumps([sys.argv[1:], {n: v for n, v in os.environ.items() if n[:2] == "PG"}]) + "\\n")
sys.exit(2)
"""


@pytest.fixture
def calls(folder):
    """Runs scripts with an environment of their own; `aws()` and `psql()` are the calls they made."""
    aws = AwsScripts(folder)
    (folder / "bin" / "psql").write_text(PSQL, "utf-8")
    (folder / "bin" / "psql").chmod(0o755)

    class Calls:
        @staticmethod
        def run(script, *options, env=None):
            return ops.run(script, *options, env={
                "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "AWS_STAND_IN": str(folder),
                **(env or {})})

        @staticmethod
        def aws():
            return aws.calls if (folder / "calls").exists() else []

        @staticmethod
        def psql():
            path = folder / "psql"
            return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

        @staticmethod
        def none():
            return Calls.aws() == [] and Calls.psql() == []

    Calls.folder, Calls.answer = folder, aws.answer
    return Calls


def each(calls, scripts, *options, env):
    return ops.at_once([lambda s=script: (s, calls.run(s, *NEEDED.get(s, []), *options, env=env))
                        for script in scripts])


def one_line(done):
    """Of a script that refuses: what is wrong, and at most what to do about it."""
    lines = done.stderr.splitlines()
    return done.returncode == 1 and done.stdout == "" and 1 <= len(lines) <= 2 and (
        len(lines) == 1 or lines[1].startswith("  "))


def test_every_script_can_be_run_and_says_how(calls):
    for script, done in ops.at_once([lambda s=s: (s, calls.run(s, "--help")) for s in ops.SCRIPTS]):
        assert done.returncode == 0 and done.stderr == "", (script, done.stderr)
        assert done.stdout.startswith(f"Usage: scripts/{script}"), script
    assert calls.none()


def test_the_manual_names_every_script_with_each_of_its_options():
    manual = (ops.ROOT / "man" / "cruddur-scripts.7").read_text("utf-8")
    entries = dict(re.findall(r"^\.It Pa ((?:aws|cognito|db|ddb|rds)/\S+)(.*)$", manual, re.M))
    assert sorted(entries) == ops.SCRIPTS
    common = set(re.findall(r"Fl -([a-z-]+)", manual.partition(".Ss Database")[0]))
    for script, entry in entries.items():
        shown = ops.run(script, "--help").stdout
        options = set(re.findall(r"--([a-z][a-z-]+)", shown.partition("\n\n")[2].partition("\n\n")[0]))
        named = set(re.findall(r"Fl -([a-z-]+)", entry))
        assert options - common == named, script


def test_wrong_arguments_are_refused_before_anything_is_called(calls):
    for options in (["--nonsense"], ["a", "b", "c"], ["--env-file"], ["--env-file", "/nowhere/at all"]):
        for script, done in each(calls, SCRIPTS, *options, env={}):
            if options[0] == "a" and script == "db/connect":
                continue
            assert one_line(done), (script, options, done.stderr)
    for script, options in (("ddb/scan", ["--pages", "0"]), ("ddb/scan", ["--start", "here"]),
                            ("ddb/drop", ["--table", "a b"]), ("ddb/seed", ["--users", "[]"]),
                            ("ddb/patterns/get-conversation", ["not-a-uuid"]),
                            ("ddb/patterns/get-conversation", []),
                            ("ddb/patterns/list-conversations", []),
                            ("cognito/list-users", ["--pool", "a b"])):
        assert one_line(calls.run(script, "--quiet", *options, env=LOCAL)), (script, options)
    assert calls.none()


def test_without_a_target_and_without_prod_nothing_is_called(calls):
    for script, done in each(calls, SCRIPTS, "--yes", env=ops.NO_TARGET):
        assert one_line(done) and "--prod" in done.stderr, (script, done.stderr)
    assert calls.none()


@pytest.mark.parametrize("url", [
    "postgresql://cruddur@db.example.com/cruddur", "postgresql://127.0.0.1@db.example.com/cruddur",
    "postgresql://cruddur@127.0.0.1,db.example.com/cruddur", "postgresql://u:p@10.0.0.1:5432/cruddur",
    "postgresql://u@127.0.0.1.example.com/cruddur", "postgresql://u@127.0.0.1/cruddur?host=db.example.com",
    "postgresql://u@127.0.0.1/cruddur?hostaddr=192.0.2.1", "postgresql://u@/cruddur?%68ost=db.example.com",
    "postgresql:///cruddur?service=prod", "postgresql://u@127.0.0.1/cruddur?a=b&dbname=host%3Dx",
    "postgresql://u:p/w@127.0.0.1/cruddur", "postgresql://u@127.0.0.1?x@db.example.com/cruddur",
    "postgresql://u@127.999.0.1/cruddur", "postgresql://u@127.0.0.1,\ndb.example.com/cruddur",
    "postgresql://u@%2Ftmp%2Cdb.example.com/cruddur", "postgresql://u@127.0.0.1%2cdb.example.com:1/cruddur",
    "postgresql://u@/cruddur?host=/tmp%2Cdb.example.com", "postgresql://u@/cruddur?hostaddr=127.0.0.1%2C192.0.2.1",
    "postgresql://u@127.0.0.1%0A,db.example.com/cruddur", "postgresql://u@127.0.0.1%00/cruddur",
    "host=127.0.0.1 dbname=cruddur", "postgresql://u@localhost/", "postgresql://u@localhost/a%20b"])
def test_a_database_that_is_not_on_this_host_is_refused(calls, url):
    for script in ("db/drop", "db/sessions"):
        done = calls.run(script, "--yes", env={"CONNECTION_URL": url})
        assert one_line(done), done.stderr
    assert calls.none()


@pytest.mark.parametrize("url", [
    "postgres://u:a%20b@localhost:1/cruddur", "postgresql://[::1]:5432/cruddur", "postgresql:///cruddur",
    "postgresql://u@%2Frun%2Fpg/cruddur", "postgresql://u@/cruddur?host=/run/pg&port=5",
    "postgresql://u@127.0.0.1,localhost:2/cruddur?connect_timeout=2"])
def test_a_database_on_this_host_is_gone_to_whatever_the_environment_says(calls, url):
    calls.run("db/sessions", env={"CONNECTION_URL": url, "PGHOST": "db.example.com",
                                  "PGHOSTADDR": "192.0.2.1", "PGSERVICE": "prod"})
    (arguments, environment), = calls.psql()
    given = arguments[arguments.index("-d") + 1]
    assert given.partition("://")[2] == url.partition("://")[2].replace(":a%20b", "")
    assert environment.get("PGPASSWORD") == ("a b" if "a%20b" in url else None)
    assert not {"PGHOST", "PGHOSTADDR", "PGSERVICE"} & set(environment)
    # A pooler refuses a connection that has options.
    assert "PGOPTIONS" not in environment and "inet_server_addr()" in arguments[arguments.index("-c") + 1]


@pytest.mark.parametrize("endpoint", [
    "https://dynamodb.us-east-1.amazonaws.com", "http://127.0.0.1.example.com", "http://127.0.0.1@example.com",
    "http://localhost@example.com:80", "http://10.0.0.1:8000", "127.0.0.1:8000", "http://[::1]x/",
    "http://example.com/127.0.0.1", "http://example.com?http://127.0.0.1"])
def test_an_endpoint_that_is_not_on_this_host_is_refused(calls, endpoint):
    for script in ("ddb/list-tables", "aws/enable-stream"):
        assert one_line(calls.run(script, "--yes", "--endpoint-url", endpoint))
        assert one_line(calls.run(script, "--yes", env={"AWS_ENDPOINT_URL_DYNAMODB": endpoint}))
    assert calls.none()


@pytest.mark.parametrize("endpoint", ["http://localhost:8000", "http://127.0.0.1", "https://[::1]:1/"])
def test_an_endpoint_on_this_host_is_gone_to_with_credentials_of_no_account(calls, endpoint):
    calls.answer("dynamodb.list-tables", {"TableNames": ["one", "two"]})
    assert calls.run("ddb/list-tables", "--endpoint-url", endpoint).stdout == "one\ntwo\n"
    call, = calls.aws()
    assert call.globals[call.globals.index("--endpoint-url") + 1] == endpoint


def test_prod_has_no_endpoint_and_asks_before_it_destroys(calls):
    calls.answer("dynamodb.describe-table", {"Table": {"TableStatus": "ACTIVE", "ItemCount": 7}})
    calls.answer("dynamodb.query", {"Count": 0})
    calls.answer("sts.get-caller-identity", IDENTITY)
    for script in ("ddb/drop", "ddb/seed"):
        done = calls.run(script, *NEEDED.get(script, []), "--prod", "--region", "eu-west-3", env=LOCAL)
        assert done.returncode == 1 and "not confirmed" in done.stderr
        assert f"at account {ACCOUNT}, eu-west-3, as arn:aws:iam::{ACCOUNT}:user/op.\n" in done.stderr
    assert len(calls.aws()) == 4 and not any(call.changes for call in calls.aws())
    assert all("--endpoint-url" not in call.globals and call.ignores_endpoints == "true"
               for call in calls.aws())
    for script in ("db/seed", "db/kill-all"):
        assert "not confirmed" in calls.run(script, "--prod", env=LOCAL).stderr
    assert calls.psql() == []


def test_an_account_that_does_not_say_who_it_is_is_not_changed(calls):
    calls.answer("dynamodb.describe-table", {"Table": {"TableStatus": "ACTIVE", "ItemCount": 7}})
    calls.answer("sts.get-caller-identity", "ExpiredToken")
    done = calls.run("ddb/drop", "--prod", env={"AWS_REGION": "eu-west-3"})
    assert done.returncode == 1 and "ExpiredToken" in done.stderr and "Type" not in done.stderr
    assert not any(call.changes for call in calls.aws())


def test_the_region_of_a_local_endpoint_is_not_taken_for_the_real_one(calls):
    calls.answer("dynamodb.list-tables", {"TableNames": []})
    for script in AWS:
        done = calls.run(script, *NEEDED.get(script, []), "--prod", "--yes", env=LOCAL)
        assert one_line(done) and "--region" in done.stderr or script == "aws/deploy-lambda", (script, done.stderr)
    assert calls.none()
    settings = calls.folder / "cruddur.env"
    settings.write_text("AWS_REGION=eu-west-3\n", "utf-8")
    done = calls.run("ddb/list-tables", "--prod", "--env-file", str(settings), env=LOCAL)
    assert done.returncode == 0, done.stderr
    assert calls.aws()[0].globals[:2] == ["--region", "eu-west-3"]


def test_each_script_says_where_it_works_and_who_said_so(calls):
    settings = calls.folder / "cruddur.env"
    settings.write_text("CONNECTION_URL=postgresql://u:s3cret@db.example.com/x\nAWS_REGION=eu-west-3\n"
                        "AWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=s3cret\n", "utf-8")
    calls.answer("dynamodb.list-tables", {"TableNames": []})
    real = ("--prod", "--env-file", str(settings))
    for script, options, env, line in (
            ("db/sessions", (), LOCAL, f"on {LOCAL['CONNECTION_URL']} (CONNECTION_URL of the environment)"),
            ("db/sessions", real, LOCAL, f"on postgresql://u@db.example.com/x (CONNECTION_URL of {settings})"),
            ("ddb/list-tables", (), LOCAL, "on http://127.0.0.1:1 (AWS_ENDPOINT_URL of the environment)"),
            ("ddb/list-tables", ("--endpoint-url", "http://[::1]:5"), LOCAL, "on http://[::1]:5 (--endpoint-url)"),
            ("ddb/list-tables", ("--prod", "--region", "eu-west-1"), LOCAL, "on the real account, eu-west-1"
             " (--region; credentials: those that the AWS CLI finds)"),
            ("ddb/list-tables", real, {}, "on the real account, eu-west-3"
             f" (AWS_REGION of {settings}; credentials: AWS_ACCESS_KEY_ID of {settings})")):
        done = calls.run(script, *options, env=env)
        assert done.stderr.splitlines()[0] == line, done.stderr
        assert "s3cret" not in done.stderr
        assert line not in calls.run(script, *options, "--quiet", env=env).stderr


# --- The settings file ----------------------------------------------------------------------------


def test_settings_are_read_from_a_file_and_never_run(calls):
    trap = calls.folder / "trap"
    settings = calls.folder / "cruddur.env"
    settings.write_text("""# CONNECTION_URL=postgresql://wrong
; CONNECTION_URL=postgresql://wrong
CONNECTION_URL=postgresql://first@db.example.com/first
 CONNECTION_URL = 'postgresql://u:$(touch "$TRAP")`touch "$TRAP"`%3B@db.example.com/cruddur'  
PGOPTIONS=$(touch "$TRAP")
IFS=x
NO LINE OF OURS $(touch "$TRAP")
AWS_COGNITO_USER_POOL_ID="us-east-1_\\$POOL\\"s" """, "utf-8")
    environ = {"TRAP": str(trap)}
    calls.run("db/sessions", "--prod", "--env-file", str(settings), env=environ)
    (arguments, environment), = calls.psql()
    assert "postgresql://u@db.example.com/cruddur" in arguments
    assert environment["PGPASSWORD"] == '$(touch "$TRAP")`touch "$TRAP"`;'
    done = calls.run("cognito/list-users", "--prod", "--region", "eu-west-3", "--env-file", str(settings),
                     env=environ)
    assert done.stderr.splitlines()[-1] == 'list-users: no id of a user pool: us-east-1_$POOL"s'
    assert not trap.exists() and calls.aws() == []


def test_a_file_that_was_named_comes_before_the_environment(calls):
    """What belongs together comes from one place: no key of the file with a token of the environment."""
    settings = calls.folder / "cruddur.env"
    settings.write_text("CONNECTION_URL=postgresql://db.example.com/other\nAWS_ACCESS_KEY_ID=key\n"
                        "AWS_SECRET_ACCESS_KEY=of-the-file\nCRUDDUR_MESSAGES_TABLE='the-table'\n", "utf-8")
    calls.run("db/sessions", "--prod", "--env-file", str(settings), env=LOCAL)
    assert "postgresql://db.example.com/other" in calls.psql()[0][0]
    calls.answer("dynamodb.describe-table", "ResourceNotFoundException")
    (calls.folder / "bin" / "jq").write_text(
        f'#!/bin/sh\nenv >{calls.folder}/env\nexec {shutil.which("jq")} "$@"\n', "utf-8")
    (calls.folder / "bin" / "jq").chmod(0o755)
    done = calls.run("ddb/drop", "--env-file", str(settings), env={
        **LOCAL, "AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "t", "CRUDDUR_MESSAGES_TABLE": "another"})
    assert done.stderr.splitlines()[-1] == "there is no table the-table"
    env = (calls.folder / "env").read_text("utf-8")
    assert "AWS_SECRET_ACCESS_KEY=of-the-file\n" in env
    assert "AWS_PROFILE=" not in env and "AWS_SESSION_TOKEN=" not in env


def test_without_a_named_file_the_environment_comes_first(calls, folder):
    """Of the installed settings: RUNBOOK and README give another CONNECTION_URL for one call."""
    tree, settings = folder / "tree", folder / "installed.env"
    shutil.copytree(ops.ROOT / "scripts" / "lib", tree / "scripts" / "lib")
    shutil.copytree(ops.ROOT / "scripts" / "db", tree / "scripts" / "db")
    common = tree / "scripts" / "lib" / "common.sh"
    common.write_text(common.read_text("utf-8").replace("/etc/cruddur/cruddur.env", str(settings)), "utf-8")
    settings.write_text("CONNECTION_URL=postgresql://db.example.com/installed\n", "utf-8")
    env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "AWS_STAND_IN": str(folder)}
    done = ops.run("db/sessions", "--prod", env=env, root=tree)
    assert f"/installed (CONNECTION_URL of {settings})" in done.stderr
    done = ops.run("db/sessions", "--prod", env={**env, **LOCAL}, root=tree)
    assert f"on {LOCAL['CONNECTION_URL']} (CONNECTION_URL of the environment)" in done.stderr


def test_a_file_names_local_backends_too_and_they_have_to_be_local(calls):
    settings = calls.folder / "cruddur.env"
    settings.write_text("AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:5\nAWS_REGION=us-east-1\n", "utf-8")
    calls.answer("dynamodb.list-tables", {"TableNames": []})
    assert calls.run("ddb/list-tables", "--env-file", str(settings)).returncode == 0
    assert calls.aws()[0].globals[:2] == ["--endpoint-url", "http://127.0.0.1:5"]
    settings.write_text("AWS_ENDPOINT_URL_DYNAMODB=https://example.com\n", "utf-8")
    assert one_line(calls.run("ddb/list-tables", "--env-file", str(settings)))


@pytest.mark.parametrize("value", ["'postgresql://x", '"a" \'b', "'a\n#'\nb='"])
def test_a_value_that_does_not_end_is_an_error_with_its_line(calls, value):
    settings = calls.folder / "cruddur.env"
    settings.write_text(f"\nCONNECTION_URL={value}\n", "utf-8")
    done = calls.run("db/sessions", "--env-file", str(settings))
    assert one_line(done) and re.search("line [24]: the quotes of", done.stderr)
    assert "postgres" not in done.stderr


@pytest.mark.parametrize("text, value", [
    ("V=a'b", "a'b"), ("V=a\"b\"", 'a"b"'), ("V='a' \"b\"c'd'", "abc'd'"), ("V= a b \t", "a b"), ("V=a\\ ", "a "),
    ("V=a\\\n b", "a b"), ("V='a\nb'", "a\nb"), ('V="a\\\nb\\x\\$"', "ab\\x$"), ("V=1\n# c\\\nV=2", "1"),
    ("V=1\n# c\\\\\nV=2", "2"), ("; c\rV=3", "3"), ("V=a\r\nW=b", "a"), ("V =a#;", "a#;"), ("V", None),
    ("V=a\\", "a"), ("V=\nV\n=x", ""), ("W='\nV=1\n'\nV=2", "2"), ("V=\\'a'", "'a'"), ("export V=1", None)])
def test_a_file_is_read_as_systemd_reads_it(folder, text, value):
    """Every value here is what version 252 itself makes of the text."""
    (folder / "env").write_bytes(text.encode("utf-8"))
    done = subprocess.run(
        ["bash", "-ec", 'source "$1"; read_settings file V <"$2"; printf "%s" "${found[V]-none at all}"', "x",
         str(ops.ROOT / "scripts" / "lib" / "common.sh"), str(folder / "env")],
        capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == ("none at all" if value is None else value)
    library = Path("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so")
    if library.exists():
        assert systemd_reads(library, folder / "env").get(b"V") == (
            None if value is None else value.encode("utf-8"))


def systemd_reads(library, path):
    entries = ctypes.POINTER(ctypes.c_char_p)()
    assert ctypes.CDLL(str(library)).load_env_file(None, os.fsencode(path), ctypes.byref(entries)) == 0
    found, index = {}, 0
    while entries and entries[index]:
        name, _, value = entries[index].partition(b"=")
        found[name] = value
        index += 1
    return found


# --- The installation -----------------------------------------------------------------------------


def test_what_is_installed_is_all_there_is_and_works_from_there(stack, folder):
    env = {**ops.clean_environ(), "MAKEFLAGS": ""}
    done = subprocess.run(
        ["make", "-s", "-C", str(stack.build), f"DESTDIR={folder}", "pkgdatadir=/cruddur",
         "install-data-local"], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    installed = folder / "cruddur"
    for part in ("scripts/lib", "sql/migrations", *(f"scripts/{name}" for name in ops.FOLDERS)):
        there = {path.relative_to(installed): path.stat().st_mode & stat.S_IXUSR
                 for path in (installed / part).rglob("*") if path.is_file()}
        wanted = {path.relative_to(ops.ROOT): path.stat().st_mode & stat.S_IXUSR
                  for path in (ops.ROOT / part).rglob("*")
                  if path.is_file() and path.suffix != ".md"}
        assert there == wanted, part
    done = ops.run("db/migrate", "--status", env=stack.env, root=installed)
    assert done.returncode == 0 and done.stdout.startswith("applied  0001_"), done.stderr
    assert ops.run("ddb/seed", "--dry-run", "--quiet", env=stack.env, root=installed).returncode == 0
    done = ops.run("db/sessions", root=installed)
    assert one_line(done) and "--prod" in done.stderr

# SPDX-License-Identifier: MIT
"""Runs the operator's scripts before a stand-in for `aws`; the real one can judge its calls."""
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENDPOINT = "http://127.0.0.1:1"  # nothing listens there
ACCOUNT = "123456789012"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/cruddur-messages"
IDENTITY = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/op"}
STREAM_ARN = f"{TABLE_ARN}/stream/2026-11-22T18:07:57.599"
READS = ("get-", "describe-", "list-", "query", "scan", "wait")
AWS = shutil.which("aws", path="/usr/bin:" + os.environ.get("PATH", ""))


class Call:
    """One call of the AWS CLI that a script made."""

    def __init__(self, entry):
        self.name, self.globals = entry["name"], entry["global"]
        self.arguments, self.ignores_endpoints = entry["arguments"], entry["ignores_endpoints"]
        self.files = entry["files"]

    def __repr__(self):
        return f"{self.name} {self.arguments}"

    def option(self, name):
        return self.arguments[self.arguments.index(name) + 1] if name in self.arguments else None

    def json(self, name):
        return json.loads(self.option(name))

    @property
    def changes(self):
        return not self.name.partition(".")[2].startswith(READS)

    @property
    def words(self):
        return [*self.name.split("."), *self.arguments]


class AwsScripts:
    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "aws").symlink_to(Path(__file__).with_name("aws_stand_in.py"))

    def answer(self, name, *answers):
        """What SERVICE.OPERATION answers; a text is an error's, anything else is printed."""
        laid_out = [{"error": a} if isinstance(a, str) else {"out": a} for a in answers]
        (self.folder / f"{name}.json").write_text(json.dumps(laid_out), "utf-8")

    def run(self, script, *options, env=None):
        """Runs scripts/SCRIPT; `calls` holds what this run said to the AWS CLI."""
        (self.folder / "calls").write_text("", "utf-8")
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("AWS_", "CRUDDUR_"))}
        return subprocess.run(
            [str(ROOT / "scripts" / script), *options], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False, cwd=self.folder,
            env={**clean, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                 "AWS_STAND_IN": str(self.folder), **(env or {})})

    @property
    def calls(self):
        return [Call(json.loads(line))
                for line in (self.folder / "calls").read_text("utf-8").splitlines()]

    @property
    def changes(self):
        return [call for call in self.calls if call.changes]


def table(**changes):
    """What DescribeTable answers for the contract's table."""
    description = {
        "TableStatus": "ACTIVE", "LatestStreamArn": STREAM_ARN,
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                      {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"}
                                 for name in ("pk", "sk", "message_group_uuid")],
        "GlobalSecondaryIndexes": [{
            "IndexName": "message-group-sk-index", "IndexStatus": "ACTIVE",
            "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "message_group_uuid", "KeyType": "HASH"},
                          {"AttributeName": "sk", "KeyType": "RANGE"}]}]}
    return {"Table": {**description, **changes}}


def names(calls):
    return [call.name for call in calls]


def printed(done):
    """The commands of a dry run, as a shell would read them."""
    return [shlex.split(line) for line in done.stdout.splitlines()]


def parsed_by_the_real_cli(words, folder):
    """Why the real AWS CLI refuses a call, empty if it does not.

    It holds the parameters against the service's model before it connects, which it can't.
    """
    done = subprocess.run(
        [AWS, *words, "--endpoint-url", ENDPOINT], capture_output=True, text=True, timeout=60,
        check=False, stdin=subprocess.DEVNULL, cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_ACCESS_KEY_ID": "none",
             "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1",
             "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""})
    if "Could not connect to the endpoint URL" in done.stderr:
        return ""
    return done.stderr or f"status {done.returncode}: {done.stdout}"

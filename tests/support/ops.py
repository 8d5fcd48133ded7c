# SPDX-License-Identifier: MIT
"""Runs the operator's scripts as an operator does; databases for them to work on."""
import os
import re
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("aws", "cognito", "db", "ddb", "rds")
SCRIPTS = sorted(str(path.relative_to(ROOT / "scripts")) for folder in FOLDERS
                 for path in (ROOT / "scripts" / folder).rglob("*")
                 if path.is_file() and path.suffix != ".txt")
NO_TARGET = {"CONNECTION_URL": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_DYNAMODB": "",
             "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": ""}


def clean_environ():
    """The environment without anything that says where a backend is."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("AWS_", "CRUDDUR_", "PG", "DB_")) and name != "CONNECTION_URL"}


def start(script, *options, env=None, root=ROOT):
    return subprocess.Popen(
        [str(root / "scripts" / script), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd="/", env={**clean_environ(), **(env or {})})


def run(script, *options, env=None, typed="", root=ROOT):
    """The finished process; `typed` is what the operator types."""
    process = start(script, *options, env=env, root=root)
    out, err = process.communicate(typed, timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def at_once(calls):
    """The results of several functions, in parallel."""
    with ThreadPoolExecutor(4) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


class Database:
    """A name for a database in the stack's cluster, which the scripts may make."""

    def __init__(self, env):
        self.name = f"ops-{uuid.uuid4().hex[:12]}"
        parts = urlsplit(env["CONNECTION_URL"])
        self.url = parts._replace(path=f"/{self.name}").geturl()
        self._admin = parts._replace(path="/postgres").geturl()
        self.env = {**env, "CONNECTION_URL": self.url}

    def run(self, script, *options, typed="", env=None, root=ROOT):
        return run(f"db/{script}", *options, env={**self.env, **(env or {})}, typed=typed,
                   root=root)

    def do(self, script, *options, **more):
        """As run; it has to succeed."""
        done = self.run(script, *options, **more)
        assert done.returncode == 0, (script, done.stderr)
        return done

    def start(self, script, *options, root=ROOT):
        return start(f"db/{script}", *options, env=self.env, root=root)

    def psql(self, *arguments, url=None, check=True, typed=""):
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url or self.url,
             *arguments], input=typed, capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def query(self, statement):
        return self.psql("-c", statement)

    def exists(self):
        return self.psql("-c", "SELECT 1 FROM pg_database WHERE datname = "
                         f"'{self.name}'", url=self._admin) == "1"

    def session(self):
        """An open psql that takes statements on stdin."""
        return subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", self.url],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, bufsize=1)

    def create(self):
        self.psql("-c", f'CREATE DATABASE "{self.name}"', url=self._admin)
        return self

    def remove(self):
        self.psql("-c", f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)', url=self._admin)

    def schema(self):
        """What pg_dump says of everything but rows, without what differs from run to run."""
        done = subprocess.run(["pg_dump", "-s", "-d", self.url], capture_output=True, text=True,
                              timeout=60, check=True)
        return [line for line in done.stdout.splitlines()
                if line and not re.match(r"--|\\(un)?restrict", line)]

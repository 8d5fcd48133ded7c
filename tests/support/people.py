# SPDX-License-Identifier: MIT
"""Users made in Postgres for the tests, by psql; each test takes people nobody else has met.

It creates no Cognito accounts: their tokens are minted by the tests.
"""
import os
import subprocess
import threading
import uuid
from dataclasses import dataclass

BATCH = 250


@dataclass(frozen=True)
class Person:
    uuid: str
    handle: str
    display_name: str
    email: str
    sub: str


def psql(url, sql, timeout=30):
    """Runs the statements in one psql and returns what it prints, unaligned."""
    done = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"],
        input=sql.encode("utf-8"), capture_output=True, timeout=timeout, check=False,
        env={**os.environ, "PGCLIENTENCODING": "UTF8"})
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8")


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


class People:
    """A factory: `people()` is a fresh person who exists in Postgres."""

    def __init__(self, url):
        self.url, self._spare, self._lock, self._made = url, [], threading.Lock(), 0

    def __call__(self):
        with self._lock:
            if not self._spare:
                fresh = [self._imagine() for _ in range(BATCH)]
                self.insert(*fresh)
                self._spare = fresh
            return self._spare.pop()

    def several(self, count):
        return [self() for _ in range(count)]

    def _imagine(self):
        self._made += 1
        tag = uuid.uuid4().hex[:12]
        return Person(str(uuid.uuid4()), f"u{tag}", f"Zoë O'Tester {self._made} \U0001f600",
                      f"{tag}@example.test", str(uuid.uuid4()))

    def stranger(self):
        """Somebody with a sound token who is not in Postgres."""
        return self._imagine()

    def insert(self, *persons):
        values = ",\n".join(
            "(%s)" % ", ".join(quoted(text) for text in (
                person.uuid, person.display_name, person.handle, person.email, person.sub))
            for person in persons)
        psql(self.url, "INSERT INTO public.users (uuid, display_name, handle, email,"
                       f" cognito_user_id) VALUES\n{values};\n")

# SPDX-License-Identifier: MIT
"""One `cruddur-stream`: started with settings and options, seen through its log, ended by pid."""
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import processes

# Events of its log that tests wait for.
ACTIVE, STANDS_BY, LOCK_LOST = "stream_active", "stream_stands_by", "stream_lock_lost"
MISSED, MISSING, NO_IMAGE = "stream_data_missed", "stream_missing", "stream_has_no_image"
FIGURES = "stream_figures"
BACKEND_DOWN, BACKEND_BACK = "stream_backend_down", "stream_backend_back"


def binary(stack):
    return Path(os.environ.get("CRUDDUR_STREAM") or stack.build / "cruddur-stream")


def run(stack, settings, *options, timeout=240, **more):
    """Runs it to its end, which --once and its like come to by themselves. --repair takes as long as
    the table is large, and that holds what all tests before left."""
    return subprocess.run(processes.command(binary(stack)) + list(options),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=processes.scaled(timeout),
                          env=processes.clean_env(settings), check=False, **more)


class StreamProcess:
    """A daemon in the background."""

    def __init__(self, stack, settings, *options):
        self.folder = Path(tempfile.mkdtemp(dir=stack.sockets, prefix="stream-"))
        self.log = processes.LogReader(self.folder / "log")
        with open(self.log.path, "wb") as stderr:
            self.process = subprocess.Popen(
                processes.command(binary(stack)) + list(options), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=stderr, env=processes.clean_env(settings))

    @property
    def pid(self):
        return self.process.pid

    def entries(self, event=None):
        """Whole lines of the log, decoded; the last may still be on its way."""
        whole = self.log.text().rpartition(b"\n")[0]
        entries = [json.loads(line) for line in whole.split(b"\n") if line]
        return [entry for entry in entries if event is None or entry["event"] == event]

    def wait_for(self, event, seconds=10, count=1):
        """The entry that makes it `count` of this event."""
        def there():
            assert self.process.poll() is None or self.entries(event), self.tail()
            found = self.entries(event)
            return found[count - 1] if len(found) >= count else None
        return processes.wait_until(there, seconds, f"{event} in the log of {self.folder}")

    def tail(self):
        return self.log.text()[-4000:].decode("utf-8", "replace")

    def wait_signals(self):
        """From its first line on, no signal that it knows has the default action, which would end it."""
        self.wait_for("stream_starts")

    def figures(self):
        """What it answers to SIGUSR1."""
        self.wait_signals()
        before = len(self.entries(FIGURES))
        self.process.send_signal(signal.SIGUSR1)
        return self.wait_for(FIGURES, 10, before + 1)

    def kill(self):
        self.process.kill()
        self.process.wait(5)

    def finish(self, number=signal.SIGTERM, seconds=10):
        """Ends it with the signal; returns how long that took. It has to be a good end."""
        self.wait_signals()
        started = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(processes.scaled(seconds))
        assert status == 0, f"{status}: {self.tail()}"
        return time.monotonic() - started

    def stop(self):
        asked = self.process.poll() is None
        processes.end(self.process)
        assert not self.log.complaints(), self.tail()
        status = self.process.returncode
        assert not asked or status == 0, f"{status}: {self.tail()}"

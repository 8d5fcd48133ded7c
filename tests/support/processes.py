# SPDX-License-Identifier: MIT
"""Starts the worker and what stands around it (multiwatch, nginx) and ends it again by pid.

The backends are not its business: `scripts/dev` starts those, see stack.py.
"""
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import fastcgi

TIME_FACTOR = float(os.environ.get("CRUDDUR_TEST_TIME_FACTOR", "1"))
PATIENCE = float(os.environ.get("CRUDDUR_TEST_PATIENCE", "1"))

COMPLAINT = re.compile(rb"Sanitizer|runtime error:|definitely lost: [1-9]|Invalid (read|write)")


def scaled(seconds):
    """A limit of time, longer where the workers run under valgrind."""
    return seconds * TIME_FACTOR


def wait_until(condition, seconds, what, pause=0.01):
    """Returns the first true value of `condition()`, or fails the test after `seconds`: for what
    may take longer where other tests run beside."""
    return wait_within(condition, seconds * PATIENCE, what, pause)


def wait_within(condition, seconds, what, pause=0.01):
    """As wait_until, where the time is what the test is about."""
    deadline = time.monotonic() + scaled(seconds)
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(pause)


def free_port(count=1):
    """A port with `count - 1` free neighbours, below the range that the kernel hands out."""
    for _ in range(200):
        base = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
        sockets = []
        try:
            for port in range(base, base + count):
                sock = socket.socket()
                sockets.append(sock)
                sock.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for sock in sockets:
                sock.close()
    raise RuntimeError("no free ports")


def children(pid):
    """Direct children that live: a zombie is no worker."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return []
    return sorted(int(child) for child in listed if alive(int(child)))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2][1] != "Z"
    except OSError:
        return False


def listening_ports(pid):
    """The TCP ports, of any address, that a process listens on."""
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(os.readlink(link))
        except OSError:
            continue
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return sorted(ports)


def end(process, seconds=10):
    """SIGTERM, then SIGKILL to what is left of it and its children."""
    below = children(process.pid)
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(scaled(seconds))
        except subprocess.TimeoutExpired:
            below = children(process.pid)
            process.kill()
            process.wait(5)
    for pid in below:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def command(binary):
    return shlex.split(os.environ.get("CRUDDUR_FCGI_WRAPPER", "")) + [str(binary)]


def clean_env(settings):
    """The environment of a worker: the settings, and nothing of the one that runs the tests."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
            "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env.update({name: value for name, value in settings.items() if value is not None})
    return env


def serves(pid):
    """Whether a worker has come so far that it leaves in order when it is asked to: what is still a
    copy of multiwatch, or starts up, dies of the signal."""
    try:
        # In this order: from one program to the next nothing stays caught.
        if os.readlink(f"/proc/{pid}/exe").endswith("/multiwatch"):
            return False
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)[1], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


class LogReader:
    """What a process wrote to its stderr file."""

    def __init__(self, path):
        self.path = Path(path)

    def text(self):
        return self.path.read_bytes() if self.path.exists() else b""

    def lines(self):
        return [line for line in self.text().split(b"\n") if line]

    def entries(self):
        return [json.loads(line) for line in self.lines()]

    def complaints(self):
        """What a sanitizer or valgrind has to say, if the workers run under one."""
        return [line for line in self.lines() if COMPLAINT.search(line)]


class Worker:
    """One worker without a parent process, on a socket that the test hands over as fd 0."""

    def __init__(self, folder, binary, settings):
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.socket = self.folder / "s"
        self.log = LogReader(self.folder / "log")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.socket))
        self.listener.listen(128)
        with open(self.log.path, "wb") as stderr:
            self.process = subprocess.Popen(command(binary), stdin=self.listener.fileno(),
                                            stdout=subprocess.DEVNULL, stderr=stderr,
                                            env=clean_env(settings))

    def call(self, method, uri, headers=(), body=b"", **more):
        return fastcgi.call(self.socket, fastcgi.environ(method, uri, headers, body), body, **more)

    def wait_ready(self):
        answer = self.call("GET", "/api/health-check", timeout=scaled(10))
        assert answer.status == 200, answer
        return self

    def stop(self):
        """Ends it and looks at how it ended: a leak makes a sanitized worker's status another."""
        asked = self.process.poll() is None
        self.listener.close()
        end(self.process)
        assert not self.log.complaints(), b"\n".join(self.log.lines()[-60:]).decode()
        assert not asked or self.process.returncode == 0, self.process.returncode


class WorkerSet:
    """`spawn-fcgi` and `multiwatch` with N workers."""

    def __init__(self, folder, binary, settings, workers):
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.socket, self.log = self.folder / "s", LogReader(self.folder / "log")
        self.settings, self.front = settings, None
        self._stderr = open(self.log.path, "wb")
        self.process = subprocess.Popen(
            [shutil.which("spawn-fcgi") or "/usr/bin/spawn-fcgi", "-n", "-s", str(self.socket),
             "-M", "0666", "-b", "512", "--", "/usr/bin/multiwatch", "-f", str(workers),
             "-r", "30", "--",
             *command(binary)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._stderr,
            env=clean_env(settings))
        self.workers = workers

    def pids(self):
        return children(self.process.pid)

    def wait_ready(self):
        wait_until(lambda: self.process.poll() is not None or self._answers(), 20,
                   "the workers answer a health check")
        assert self.process.poll() is None, self.log.text()[-2000:]
        wait_until(lambda: sum(map(serves, self.pids())) == self.workers, 20, "all workers serve")
        return self

    def _answers(self):
        try:
            return self.call("GET", "/api/health-check").status == 200
        except OSError:
            return False

    def call(self, method, uri, headers=(), body=b"", **more):
        return fastcgi.call(self.socket, fastcgi.environ(method, uri, headers, body), body, **more)

    def stop(self):
        if self.front:
            self.front.stop()
        end(self.process)
        self._stderr.close()
        assert not self.log.complaints(), b"\n".join(self.log.lines()[-60:]).decode()

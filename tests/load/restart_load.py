#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two people talk and read for a while, during which somebody restarts what serves them; not one
request may fail.

usage: restart_load.py --host NAME --ca FILE --seconds N --until FILE [--clients N]

It goes on for N seconds at least, and until the FILE is there. NAME is reached at 127.0.0.1, port 443; tokens come in SENDER_TOKEN and READER_TOKEN. Each client
has an address of its own (127.0.0.2 and on), and each request a connection of its own. Prints one
line. Exit status 1: a request was answered with anything but 200, or not within five seconds, or
what was sent is not there once.
"""
import argparse
import http.client
import json
import os
import socket
import ssl
import sys
import threading
import time

# The contract's, and a little for this machine.
SLOWEST_S = 5.5
# Seconds between the requests of one client: an address may have 20 requests a second.
PAUSE_S = 0.1


class Connection(http.client.HTTPSConnection):
    """To the name's TLS, at 127.0.0.1, from an address of one's own."""

    def __init__(self, host, context, source):
        super().__init__(host, context=context, timeout=10)
        self.context, self.source = context, source

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", 443), self.timeout, (self.source, 0))
        self.sock = self.context.wrap_socket(raw, server_hostname=self.host)


class Load:
    """What all clients share: where they go, what they sent, what went wrong."""

    def __init__(self, host, ca):
        self.host, self.context = host, ssl.create_default_context(cafile=ca)
        self.sender, self.reader = os.environ["SENDER_TOKEN"], os.environ["READER_TOKEN"]
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.requests, self.failures, self.slowest, self.sent = 0, [], 0.0, []

    def call(self, token, path, body=None, source="127.0.0.1"):
        """One request; the body of a 200, or None with a line in failures."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection = Connection(self.host, self.context, source)
        started = time.monotonic()
        try:
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            problem = None if answer.status == 200 else f"{answer.status} {text[:80]!r}"
        except (OSError, http.client.HTTPException) as error:
            text, problem = b"", repr(error)
        finally:
            connection.close()
        took = time.monotonic() - started
        if problem is None and took > SLOWEST_S:
            problem = f"took {took:.1f} s"
        with self.lock:
            self.requests += 1
            self.slowest = max(self.slowest, took)
            if problem:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {path}: {problem}")
        return None if problem else json.loads(text)

    def client(self, number, group):
        source, turn = f"127.0.0.{number + 2}", 0
        while not self.stop.wait(PAUSE_S):
            turn += 1
            text = f"{os.getpid()} client {number} turn {turn}"
            body = json.dumps({"message": text, "message_group_uuid": group})
            answer = self.call(self.sender, "/api/messages", body, source)
            if answer:
                with self.lock:
                    self.sent.append(answer["uuid"])
            self.call(self.reader, f"/api/messages/{group}", source=source)
            self.call(self.reader, "/api/message_groups", source=source)

    def stored(self, group, first):
        """The messages of the group after the first one, by the history."""
        uuids, after = [], first
        while True:
            page = self.call(self.reader, f"/api/messages/{group}?limit=100&after={after}")
            if not page:
                return uuids
            uuids += [message["uuid"] for message in page]
            after = uuids[-1]


def run(load, options):
    group = load.call(load.sender, "/api/message_groups")[0]["uuid"]
    first = load.call(load.sender, f"/api/messages/{group}")[-1]["uuid"]
    threads = [threading.Thread(target=load.client, args=(number, group))
               for number in range(options.clients)]
    ends = time.monotonic() + options.seconds
    for thread in threads:
        thread.start()
    while time.monotonic() < ends or not os.path.exists(options.until):
        load.stop.wait(PAUSE_S)
    load.stop.set()
    for thread in threads:
        thread.join()
    stored = load.stored(group, first)
    if sorted(stored) != sorted(load.sent):
        load.failures.append(f"{len(load.sent)} were sent, {len(stored)} are stored")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--until", required=True)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    load = Load(options.host, options.ca)
    run(load, options)
    for line in load.failures[:20]:
        print(line, file=sys.stderr)
    print(f"{load.requests} requests, {len(load.failures)} failed, the slowest took "
          f"{load.slowest * 1000:.0f} ms")
    return 1 if load.failures or not load.sent else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""One live stream as a client sees it: a thread reads it and notes each event and when it came.

For many at once, see live_crowd.py.
"""
import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import processes


class Event:
    """`name`, `data` (the object), `raw` (the data as it came), `at` (monotonic)."""

    def __init__(self, name, raw):
        self.name, self.raw, self.at = name, raw, time.monotonic()
        self.data = json.loads(raw)

    def __repr__(self):
        return f"<{self.name} {self.raw!r}>"


class LiveStream:
    """GET /api/live, open until the server ends it or `close` is called. With `unix` it goes to that
    socket, whatever base_url says."""

    def __init__(self, base_url, token=None, headers=(), path="/api/live", unix=None):
        parts = urlsplit(base_url)
        self.events, self.comments, self.began = [], [], time.monotonic()
        self.ended_at = None
        if unix:
            self._sock = socket.socket(socket.AF_UNIX)
            self._sock.settimeout(90)
            self._sock.connect(str(unix))
        else:
            self._sock = socket.create_connection((parts.hostname, parts.port), timeout=90)
        lines = [f"GET {path} HTTP/1.1", "Host: live", "Accept: text/event-stream"]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        lines += [f"{name}: {value}" for name, value in headers]
        self._sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        self._answer = http.client.HTTPResponse(self._sock, method="GET")
        self._answer.begin()
        self.status = self._answer.status
        self.headers = [(name.lower(), value) for name, value in self._answer.getheaders()]
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        name, data = "message", []
        try:
            while line := self._answer.readline():
                text = line.decode("utf-8").rstrip("\n")
                if text.startswith(":"):
                    self.comments.append(text)
                elif text.startswith("event: "):
                    name = text[7:]
                elif text.startswith("data: "):
                    data.append(text[6:])
                elif text == "" and data:
                    self.events.append(Event(name, "\n".join(data)))
                    name, data = "message", []
        except (OSError, ValueError, http.client.HTTPException):
            pass  # cut off, or closed by the test
        self.ended_at = time.monotonic()

    def header(self, name):
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    @property
    def ended(self):
        return self.ended_at is not None

    def life(self):
        """Seconds from its opening to its end."""
        return self.ended_at - self.began

    def ready(self):
        """Waits until nchan has it in its books: it says so with a comment."""
        assert self.status == 200, (self.status, self.headers)
        processes.wait_until(lambda: self.comments or self.ended, 5, "the stream's first word")
        return self

    def uuids(self):
        return [event.data.get("uuid") for event in self.events if event.name == "message"]

    def wait_message(self, uuid, seconds=5):
        """The event of that message."""
        processes.wait_until(lambda: uuid in self.uuids() or self.ended, seconds,
                             f"an event of {uuid}")
        assert uuid in self.uuids(), f"ended without {uuid}: {self.comments}"
        return next(event for event in self.events if event.data.get("uuid") == uuid)

    def wait_end(self, seconds):
        processes.wait_within(lambda: self.ended, seconds, "the stream ends")
        return self

    def close(self):
        self._sock.close()


# src/live/channel.h
SPAN = 30
# What a test that opens a stream wants to be over in.
ROOM = 6


def left_of_span(person):
    """Seconds until the first event will end this person's streams (src/live/channel.c)."""
    number = 14695981039346656037
    for byte in person.uuid.encode("ascii"):
        number = (number ^ byte) * 1099511628211 % 2**64
    return SPAN - (time.time() + number % SPAN) % SPAN


class Streams:
    """A factory that closes what it opened."""

    def __init__(self):
        self.made = []

    def open(self, site, who=None, room=ROOM, **more):
        """A stream of `who` at `site` that has an answer, when none is about to be ended by the
        clock within `room` seconds; `token` instead of `who` is sent as it is."""
        if who:
            processes.wait_until(lambda: left_of_span(who) > room, room + 2, "a span begins")
        token = more.pop("token", None) or (site.token(who) if who else None)
        made = LiveStream(site.base_url, token, **more)
        self.made.append(made)
        return made

    def start(self, site, left, right, heard_at=()):
        """A conversation of which the first message has been told to both, so that it comes to none
        of the streams that are opened later: a worker tells of it after its answer."""
        early = [self.open(front, who).ready() for front in heard_at or [site] for who in (left, right)]
        sent = site.start(left, right)
        for stream in early:
            stream.wait_message(sent["uuid"])
            stream.close()
        return sent["message_group_uuid"]

    def close(self):
        for stream in self.made:
            stream.close()

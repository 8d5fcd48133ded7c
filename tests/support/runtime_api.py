# SPDX-License-Identifier: MIT
"""A stand-in for AWS Lambda's Runtime API: hands out invocations, keeps what they were answered.

It is what the AWS Lambda Developer Guide documents of version 2018-06-01, and what can go wrong
with it on cue; it starts no function.
"""
import json
import queue
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import processes

PREFIX = "/2018-06-01/runtime/"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:cruddur-stream"


@dataclass
class Invocation:
    """`kind` is response or error once it was answered."""

    event: bytes
    deadline: float  # seconds since 1970
    trace_id: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    kind: str = ""
    body: bytes = b""
    error_type: str = ""
    answered_at: float = 0.0

    def json(self):
        return json.loads(self.body)

    def failures(self):
        """The sequence numbers that a response names."""
        assert self.kind == "response", (self.kind, self.body)
        body = self.json()
        assert set(body) == {"batchItemFailures"}, body
        assert all(set(item) == {"itemIdentifier"} for item in body["batchItemFailures"]), body
        return [item["itemIdentifier"] for item in body["batchItemFailures"]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A function that was ended while it waited is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path != PREFIX + "invocation/next":
            self.answer(404)
            return
        self.server.owner.next(self)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        words = self.path.removeprefix(PREFIX).split("/")
        if self.path == PREFIX + "init/error":
            self.server.owner.init_failed(self, body)
        elif len(words) == 3 and words[0] == "invocation" and words[2] in ("response", "error"):
            self.server.owner.answered(self, words[1], words[2], body)
        else:
            self.answer(404)

    def answer(self, status, body=b'{"status":"OK"}', headers=()):
        self.send_response_only(status)
        for name, value in [("Content-Type", "application/json"), *headers]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class RuntimeApi:
    """`waiting` is released whenever the function asks for work; `init_errors` is what it reported.

    `statuses` maps next, response or error to the statuses that the following such requests get
    instead of a sound answer.
    """

    def __init__(self):
        self.waiting = threading.Semaphore(0)
        self.statuses = {"next": [], "response": [], "error": []}
        self.init_errors, self.taken, self.asked = [], [], 0
        self._queue, self._given, self._changed = queue.Queue(), {}, threading.Condition()
        self._ended, self._waiter = threading.Event(), None
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_address[1]}"

    def put(self, event, seconds=30.0, trace_id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"):
        """Queues an invocation that is over in so many seconds."""
        text = event if isinstance(event, bytes) else json.dumps(event).encode("utf-8")
        invocation = Invocation(text, time.time() + seconds, trace_id)
        self._queue.put(invocation)
        return invocation

    def wait(self, invocation, seconds=30):
        """The invocation once it was answered."""
        with self._changed:
            done = self._changed.wait_for(lambda: invocation.kind, processes.scaled(seconds))
        assert done, "the invocation was not answered"
        return invocation

    def invoke(self, event, **more):
        return self.wait(self.put(event, **more))

    def break_waiter(self):
        """Ends the connection that waits for work without a word."""
        self._waiter.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _cue(self, what):
        return self.statuses[what].pop(0) if self.statuses[what] else None

    def next(self, handler):
        self.asked += 1
        self._waiter = handler.connection
        self.waiting.release()
        status = self._cue("next")
        if status:
            handler.answer(status, b'{"errorMessage":"on cue","errorType":"Cue"}')
            return
        invocation = self._take(handler.connection)
        if invocation is None:
            handler.close_connection = True
            return
        self._given[invocation.request_id] = invocation
        self.taken.append(invocation)
        handler.answer(200, invocation.event, [
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
            ("Lambda-Runtime-Trace-Id", invocation.trace_id),
            ("Lambda-Runtime-Invoked-Function-Arn", ARN)])

    def _take(self, connection):
        """The next invocation; None if the function or this server went first."""
        while not self._ended.is_set():
            try:
                invocation = self._queue.get(timeout=0.02)
            except queue.Empty:
                invocation = None
            if self._gone(connection):
                if invocation:
                    self._queue.put(invocation)
                return None
            if invocation:
                return invocation
        return None

    @staticmethod
    def _gone(connection):
        try:
            return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def answered(self, handler, request_id, kind, body):
        invocation = self._given.get(request_id)
        status = self._cue(kind)
        if invocation is None or invocation.kind:
            status = status or 400
        if status is None or status < 300:
            with self._changed:
                invocation.body, invocation.answered_at = body, time.time()
                invocation.error_type = handler.headers.get(
                    "Lambda-Runtime-Function-Error-Type", "")
                invocation.kind = kind
                self._changed.notify_all()
        handler.answer(status or 202)

    def init_failed(self, handler, body):
        self.init_errors.append(
            (handler.headers.get("Lambda-Runtime-Function-Error-Type", ""), json.loads(body)))
        handler.answer(202)


def batch(*records):
    return {"Records": list(records)}

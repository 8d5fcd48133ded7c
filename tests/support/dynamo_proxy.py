# SPDX-License-Identifier: MIT
"""A proxy in front of DynamoDB Local that fails on cue, in every way a network and AWS can.

It passes sound calls on unchanged and keeps no data of its own.
"""
import http.client
import json
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
ERRORS = {
    "throttle": (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                 "The level of configured provisioned throughput for the table was exceeded."),
    "throttling": (400, "com.amazon.coral.availability#ThrottlingException", "Rate exceeded"),
    "error": (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "Internal server error"),
    "denied": (400, "com.amazon.coral.service#AccessDeniedException", "Not authorized"),
    "no_table": (400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                 "Requested resource not found"),
    "conflict": (400, "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
                 "Transaction is ongoing for the item"),
    "limit": (400, "com.amazonaws.dynamodb.v20120810#LimitExceededException", "Too many calls"),
    "validation": (400, "com.amazon.coral.validate#ValidationException", "not valid"),
    "in_progress": (400, "com.amazonaws.dynamodb.v20120810#TransactionInProgressException",
                    "The transaction with the given request token is already in progress."),
}


SLOW_S = 0.3


class Rule:
    """`action` for the calls of `operations` (all if None) whose body holds `containing`, for the
    next `times` (all if None)."""

    def __init__(self, action, operations=None, times=None, containing=b""):
        self.action, self.operations, self.times = action, operations, times
        self.containing = containing

    def applies(self, operation, body):
        if self.times == 0 or (self.operations and operation not in self.operations):
            return False
        if self.containing not in body:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Connections that break are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.upstream = None
        self.server.owner.joined(self.connection)

    def finish(self):
        self.server.owner.left(self.connection)
        if self.upstream:
            self.upstream.close()
        super().finish()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.server.owner.handle(self, operation, body)

    def log_message(self, *args):
        pass


class DynamoProxy:
    """Listens on a port of its own and keeps what came: `calls` by operation, `bodies`, `headers`.

    `tls`, an SSLContext, makes it speak HTTPS.

    Actions: hang (never answers), slow (answers after SLOW_S), pause (answers after `reset`; `waiting` is released when a call
    arrived), drop_before and drop_after (closes instead of an answer, without or with the call's
    effect), nonsense, truncated, html (a 200 with a page in it), and the names of ERRORS.
    """

    def __init__(self, upstream, tls=None):
        parts = urlsplit(upstream)
        self.target = (parts.hostname, parts.port)
        self.calls, self.bodies, self.headers = Counter(), [], []
        self.port, self._rules, self._sockets, self._edits = 0, [], set(), {}
        self._lock, self._released = threading.Lock(), threading.Event()
        self.waiting = threading.Semaphore(0)
        self.alias = None  # (the table as callers name it, its true name), as bytes
        self._server, self._tls = None, tls
        self.listen()

    @property
    def endpoint(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def listen(self):
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.owner = self
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    def refuse(self):
        """From now on connections are refused, and those that exist are closed."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.close_connections()

    def close_connections(self):
        """What AWS does to idle connections: they close without a word."""
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        return len(sockets)

    def fail(self, action, operations=None, times=None, containing=b""):
        with self._lock:
            self._rules.append(Rule(action, operations, times, containing))

    def edit(self, operation, change):
        """What a sound answer to this operation says is put through `change`, which gets and
        returns it decoded; None: no more. It outlasts `reset`."""
        self._edits[operation] = change

    def reset(self):
        """Sound again: forgets the rules and counters, lets go of what hangs."""
        with self._lock:
            self._rules = []
            self.calls.clear()
            self.bodies.clear()
            self.headers.clear()
            self._released.set()
            self._released = threading.Event()
            self.waiting = threading.Semaphore(0)
        if self._server is None:
            self.listen()

    def close(self):
        self._released.set()
        self.refuse()

    def joined(self, sock):
        with self._lock:
            self._sockets.add(sock)

    def left(self, sock):
        with self._lock:
            self._sockets.discard(sock)

    def handle(self, handler, operation, body):
        with self._lock:
            self.calls[operation] += 1
            self.bodies.append((operation, body))
            self.headers.append(handler.headers)
            rule = next((rule for rule in self._rules if rule.applies(operation, body)),
                        None)
            released = self._released
        action = rule.action if rule else None
        if action == "hang" or action == "drop_before":
            if action == "hang":
                self.waiting.release()
                released.wait(30)
            handler.close_connection = True
            return
        if action == "slow":
            released.wait(SLOW_S)
        if action == "pause":
            self.waiting.release()
            released.wait(30)
        if action in ERRORS:
            status, name, text = ERRORS[action]
            self._send(handler, status, json.dumps({"__type": name, "message": text}).encode())
            return
        if action == "nonsense":
            self._send(handler, 200, b"\x00\xff{{{ this is not JSON")
            return
        if action == "html":
            self._send(handler, 200, b"<html><body>Welcome to the hotel's network</body></html>")
            return
        status, headers, content = self._forward(handler, operation, body)
        change = self._edits.get(operation)
        if change and status == 200:
            headers, content = (), json.dumps(change(json.loads(content))).encode()
        if action == "drop_after":
            handler.close_connection = True
            return
        if action == "truncated":
            handler.send_response(status)
            handler.send_header("Content-Type", "application/x-amz-json-1.0")
            handler.send_header("Content-Length", str(len(content) // 2))
            handler.end_headers()
            handler.wfile.write(content[:len(content) // 2])
            return
        self._send(handler, status, content, headers)

    def _forward(self, handler, operation, body):
        passed = {name: value for name, value in handler.headers.items()
                  if name.lower() not in ("host", "connection", "content-length", "expect")}
        if self.alias:
            body = body.replace(*self.alias)
        for attempt in (1, 2):
            if handler.upstream is None:
                handler.upstream = http.client.HTTPConnection(*self.target, timeout=20)
            try:
                handler.upstream.request("POST", "/", body, passed)
                answer = handler.upstream.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                handler.upstream.close()
                handler.upstream = None
                if attempt == 2:
                    raise
        raise AssertionError("not reached")

    @staticmethod
    def _send(handler, status, content, headers=()):
        handler.send_response_only(status)
        kept = [(name, value) for name, value in headers
                if name.lower() in ("content-type", "x-amz-crc32", "x-amzn-requestid")]
        for name, value in kept or [("Content-Type", "application/x-amz-json-1.0")]:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

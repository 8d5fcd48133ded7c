# SPDX-License-Identifier: MIT
"""A stand-in for Cognito's JWKS address that counts, rotates keys, hangs, refuses or talks nonsense.

It signs nobody in: the tests mint their own tokens.
"""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A worker that gave up on a hanging answer is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.owner.answer(self)

    def log_message(self, *args):
        pass


class JwksServer:
    """`keys` are the Key objects now published; `mode` is ok, hang, nonsense, error or empty."""

    def __init__(self, pool_id, keys):
        self.pool_id, self.entries, self.mode = pool_id, [key.jwk() for key in keys], "ok"
        self.hits, self.other_hits, self.fetched_at = 0, 0, []
        self.port, self._server, self._lock = 0, None, threading.Lock()
        self._released = threading.Event()
        self.listen()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self):
        return f"{self.endpoint}/{self.pool_id}"

    def publish(self, *keys):
        self.entries = [key.jwk() for key in keys]

    def listen(self):
        """Starts to listen, again on the same port after a `refuse`."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    def refuse(self):
        self._server.shutdown()
        self._server.server_close()

    def reset(self):
        """Lets go of whatever hangs and answers soundly from now on."""
        self.mode = "ok"
        self._released.set()
        self._released = threading.Event()

    def close(self):
        self._released.set()
        self.refuse()

    def answer(self, handler):
        if handler.path != f"/{self.pool_id}/.well-known/jwks.json":
            with self._lock:
                self.other_hits += 1
            handler.send_error(404)
            return
        with self._lock:
            self.hits += 1
            self.fetched_at.append(time.monotonic())
        mode = self.mode
        if mode == "hang":
            self._released.wait(30)
            handler.close_connection = True
            return
        status, body = 200, json.dumps({"keys": self.entries}).encode("utf-8")
        if mode == "error":
            status, body = 500, b"<h1>Internal Server Error</h1>"
        elif mode == "nonsense":
            body = b"<html>not the JSON you look for</html>"
        elif mode == "truncated":
            body = body[:len(body) // 2]
        elif mode == "empty":
            body = b'{"keys":[]}'
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

# SPDX-License-Identifier: MIT
"""An HTTP client that shows an answer as it is: status, every header in order, the bytes.

It is no convenience library: it follows nothing, decodes nothing and repeats nothing by itself.
"""
import http.client
import json
import re
import socket
import time
from urllib.parse import urljoin, urlsplit

UNSET = object()


class Response:
    """One answer: `status`, `headers` (pairs as received), `body` (bytes), `seconds` it took."""

    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The only value of this header, or None; a header given twice fails the test."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def list_header(self, name):
        return [part.strip() for value in self.all(name) for part in value.split(",")]

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def next_link(self):
        """The target of the `Link` header with rel="next" as it stands there, or None."""
        value = self.header("Link")
        if value is None:
            return None
        found = re.fullmatch(r'<([^<>\s]+)>; rel="next"', value)
        assert found, f"not the Link form of the contract: {value!r}"
        return found[1]

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r} in {self.seconds:.3f} s>"


class Client:
    """Requests to one base URL, one connection for each."""

    def __init__(self, base_url, timeout=12.0):
        self.base_url = base_url.rstrip("/")
        parts = urlsplit(self.base_url)
        self.host, self.port, self.timeout = parts.hostname, parts.port, timeout

    def request(self, method, path, token=None, data=UNSET, body=None, headers=()):
        """`data` is sent as JSON; `body` as it is; `headers` is a list of pairs, repeats allowed."""
        pairs = list(headers)
        if data is not UNSET:
            body = json.dumps(data).encode("utf-8")
            pairs.append(("Content-Type", "application/json"))
        if token is not None:
            pairs.append(("Authorization", f"Bearer {token}"))
        if body is not None and not any(key.lower() in ("content-length", "transfer-encoding")
                                        for key, _ in pairs):
            pairs.append(("Content-Length", str(len(body))))
        started = time.monotonic()
        conn = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            conn.putrequest(method, path, skip_accept_encoding=True)
            for key, value in pairs:
                conn.putheader(key, value)
            conn.endheaders(body)
            answer = conn.getresponse()
            content = answer.read()
            return Response(answer.status, answer.getheaders(), content,
                            time.monotonic() - started)
        finally:
            conn.close()

    def raw(self, data):
        """Sends these bytes on a fresh connection and reads one answer."""
        started = time.monotonic()
        with socket.create_connection((self.host, self.port), timeout=self.timeout) as sock:
            sock.sendall(data)
            answer = http.client.HTTPResponse(sock, method=data.split(b" ", 1)[0].decode("latin-1"))
            answer.begin()
            content = answer.read()
            return Response(answer.status, answer.getheaders(), content,
                            time.monotonic() - started)

    def follow(self, path, link):
        """The path and query that `link`, found in the answer to `path`, points at."""
        target = urlsplit(urljoin(self.base_url + path, link))
        base = urlsplit(self.base_url)
        assert (target.scheme, target.netloc) == (base.scheme, base.netloc), link
        return target.path + ("?" + target.query if target.query else "")

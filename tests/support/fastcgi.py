# SPDX-License-Identifier: MIT
"""A small FastCGI client: one request over a Unix socket, with every byte under the test's control.

It is for what no well-behaved nginx would send (a lying CONTENT_LENGTH, a missing parameter, one
twice). It is not a full client: one request on one connection, the responder role only.
"""
import socket
import struct
import time

from http_api import Response

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
CHUNK = 32768


def _bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


def _length(size):
    return bytes([size]) if size < 128 else struct.pack("!I", size | 0x80000000)


def _record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def _stream(kind, content):
    parts = [content[i:i + CHUNK] for i in range(0, len(content), CHUNK)]
    return b"".join(_record(kind, part) for part in parts) + _record(kind)


def encode_params(params):
    """Name-value pairs in the order given; a name may come twice."""
    out = []
    for name, value in params:
        name, value = _bytes(name), _bytes(value)
        out.append(_length(len(name)) + _length(len(value)) + name + value)
    return b"".join(out)


def environ(method, uri, headers=(), body=b"", request_id="0123456789abcdef0123456789abcdef"):
    """The parameters that the project's nginx would send for this request, as a list of pairs."""
    path, _, query = uri.partition("?")
    params = [
        ("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("DOCUMENT_URI", path),
        ("SCRIPT_NAME", path), ("QUERY_STRING", query), ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("GATEWAY_INTERFACE", "CGI/1.1"), ("REMOTE_ADDR", "127.0.0.1"),
        ("CONTENT_LENGTH", len(body) if body else ""),
    ]
    content_type = ""
    for name, value in headers:
        if name.lower() == "content-type":
            content_type = value
        else:
            params.append(("HTTP_" + name.upper().replace("-", "_"), value))
    params.append(("CONTENT_TYPE", content_type))
    if request_id is not None:
        params.append(("HTTP_X_REQUEST_ID", request_id))
    return params


def _receive_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise ConnectionError("the worker closed the connection inside a record")
        data += part
    return data


def _parse(stdout, seconds):
    head, _, body = stdout.partition(b"\r\n\r\n")
    headers, status = [], 200
    for line in head.split(b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name, value.strip()))
    return Response(status, headers, body, seconds)


def connect(path, timeout=10.0):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    sock.connect(str(path))
    return sock


def opening(params, keep=False):
    """The bytes up to and with the end of the parameters; the body may follow. `keep` asks for the
    connection to stay open (FCGI_KEEP_CONN)."""
    begin = _record(BEGIN, struct.pack("!HB5x", 1, int(keep)))
    return begin + _stream(PARAMS, encode_params(params))


def read_answer(sock, started=None):
    started = started or time.monotonic()
    out = b""
    while True:
        _, kind, _, size, padding = struct.unpack("!BBHHBx", _receive_exactly(sock, 8))
        content = _receive_exactly(sock, size)
        _receive_exactly(sock, padding)
        if kind == STDOUT:
            out += content
        elif kind == END:
            return _parse(out, time.monotonic() - started)


def call(path, params, body=b"", timeout=10.0):
    """Sends one request and returns the Response; raises ConnectionError if the worker hangs up."""
    started = time.monotonic()
    with connect(path, timeout) as sock:
        sock.sendall(opening(params) + _stream(STDIN, body))
        return read_answer(sock, started)


def body_records(body, close=True):
    """The body as FastCGI records; without `close` the worker goes on waiting for more."""
    return b"".join(_record(STDIN, body[i:i + CHUNK]) for i in range(0, len(body), CHUNK)) + (
        _record(STDIN) if close else b"")

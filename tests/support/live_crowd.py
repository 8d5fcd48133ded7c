# SPDX-License-Identifier: MIT
"""Many people with a live stream each, in one asyncio loop, as the web client does it: when a stream
ends it is opened again, and what was missed is read from the history.

For one stream in a test, see live_stream.py.
"""
import asyncio
import json
import time
from urllib.parse import urlsplit

HISTORY = 50
# More at once would be shed: the workers' queue is 512 long.
OPENED_A_SECOND = 200


async def _read_head(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
    return int(head[0].split()[1]), headers


async def _lines(reader, chunked):
    """The lines of an answer's body, to its end."""
    if not chunked:
        while line := await reader.readline():
            yield line
        return
    rest = b""
    while size := int(await reader.readline() or b"0", 16):
        rest += (await reader.readexactly(size + 2))[:-2]
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line


class Api:
    """Requests to nginx, one connection for each."""

    def __init__(self, base_url):
        parts = urlsplit(base_url)
        self.host, self.port = parts.hostname, parts.port

    async def open(self, method, path, token, body=b"", accept="application/json"):
        reader, writer = await asyncio.open_connection(self.host, self.port)
        lines = [f"{method} {path} HTTP/1.1", "Host: crowd", f"Authorization: Bearer {token}",
                 f"Accept: {accept}"]
        if method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body)
        await writer.drain()
        return reader, writer

    async def call(self, method, path, token, data=None):
        """(status, the answer's object)"""
        body = b"" if data is None else json.dumps(data).encode("utf-8")
        reader, writer = await self.open(method, path, token, body)
        try:
            status, headers = await _read_head(reader)
            content = await reader.readexactly(int(headers.get("content-length", 0)))
            return status, json.loads(content) if content else None
        finally:
            writer.close()


class Member:
    """Somebody in the crowd: `heard` is when each message's event came, `found` what only the
    history told."""

    def __init__(self, api, token, group):
        self.api, self.token, self.group = api, token, group
        self.heard, self.found, self.ends, self.refused = {}, set(), [], []
        self.connected = asyncio.Event()
        self.lives = []

    async def follow(self):
        while True:
            started = time.monotonic()
            try:
                await self._stream()
            except (OSError, asyncio.IncompleteReadError):
                pass
            self.connected.clear()
            self.lives.append(time.monotonic() - started)
            await asyncio.sleep(0.01)

    async def _stream(self):
        reader, writer = await self.api.open("GET", "/api/live", self.token,
                                             accept="text/event-stream")
        try:
            status, headers = await _read_head(reader)
            if status != 200:
                self.refused.append(status)
                await asyncio.sleep(0.2)
                return
            self.connected.set()
            reading = asyncio.ensure_future(self._read_events(
                _lines(reader, headers.get("transfer-encoding") == "chunked")))
            await self.catch_up()
            await reading
        finally:
            writer.close()

    async def _read_events(self, lines):
        name = ""
        async for line in lines:
            if line.startswith(b"event: "):
                name = line[7:].strip()
            elif line.startswith(b"data: ") and name == b"message":
                now = time.monotonic()
                self.heard.setdefault(json.loads(line[6:])["uuid"], now)
            elif line.startswith(b":4"):
                self.ends.append(line.strip())

    async def catch_up(self):
        status, messages = await self.api.call(
            "GET", f"/api/messages/{self.group}?limit={HISTORY}", self.token)
        if status == 200:
            self.found.update(message["uuid"] for message in messages)

    def knows(self, uuid):
        return uuid in self.heard or uuid in self.found


class Crowd:
    """Pairs of `Member`s who follow their streams while messages are sent."""

    def __init__(self, base_url):
        self.api, self.pairs, self.tasks = Api(base_url), [], []
        self.sent = {}  # uuid: (when its 200 came, the pair)
        self.failed = 0

    async def meet(self, tokens, handles):
        """Conversations of each two in a row, few at a time."""
        gate = asyncio.Semaphore(4)

        async def start(k):
            async with gate:
                status, answer = await self.api.call(
                    "POST", "/api/messages", tokens[k],
                    {"message": "we meet", "handle": handles[k + 1]})
            assert status == 200, answer
            group = answer["message_group_uuid"]
            self.pairs.append([Member(self.api, tokens[k + n], group) for n in (0, 1)])

        await asyncio.gather(*(start(k) for k in range(0, len(tokens), 2)))

    @property
    def members(self):
        return [member for pair in self.pairs for member in pair]

    async def open(self):
        for member in self.members:
            self.tasks.append(asyncio.ensure_future(member.follow()))
            await asyncio.sleep(1 / OPENED_A_SECOND)
        await asyncio.gather(*(member.connected.wait() for member in self.members))

    async def send(self, pair, text):
        status, answer = await self.api.call(
            "POST", "/api/messages", pair[0].token,
            {"message": text, "message_group_uuid": pair[0].group})
        if status == 200:
            self.sent[answer["uuid"]] = (time.monotonic(), pair)
        else:
            self.failed += 1

    async def talk(self, rate, seconds):
        """Messages in turn from all pairs, one each 1/rate seconds, from either side."""
        started, sending = time.monotonic(), []
        for n in range(int(rate * seconds)):
            pair = self.pairs[n % len(self.pairs)]
            turn = pair if n // len(self.pairs) % 2 == 0 else pair[::-1]
            sending.append(asyncio.ensure_future(self.send(turn, f"message {n}")))
            await asyncio.sleep(max(0, started + (n + 1) / rate - time.monotonic()))
        await asyncio.gather(*sending)

    async def settle(self):
        """A last catch-up of everybody, after which nothing may be missing."""
        await asyncio.sleep(1)
        gate = asyncio.Semaphore(8)

        async def ask(member):
            async with gate:
                await member.catch_up()

        await asyncio.gather(*(ask(member) for member in self.members))

    async def leave(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def delays(self):
        """Seconds from a message's 200 to its event at each of its two; the events that came."""
        return [member.heard[uuid] - at for uuid, (at, pair) in self.sent.items()
                for member in pair if uuid in member.heard]

    def deliveries(self):
        return 2 * len(self.sent)

    def missed(self):
        """Deliveries that came by the history only, and those that did not come at all."""
        late = lost = 0
        for uuid, (_, pair) in self.sent.items():
            for member in pair:
                late += uuid not in member.heard
                lost += not member.knows(uuid)
        return late, lost

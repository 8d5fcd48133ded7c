# SPDX-License-Identifier: MIT
"""One set of workers with nginx in front, seen as the people who use it see it.

It adds who is calling to http_api.Client; what an answer must look like is said in expect.py.
"""
import json
import uuid

from http_api import UNSET, Client



class Site:
    """`workers` (processes.WorkerSet) behind `front` (front.Nginx), tokens from `mint`."""

    def __init__(self, workers, front, mint):
        self.workers, self.front, self.mint = workers, front, mint
        self.client = Client(front.base_url)
        self._tokens = {}

    @property
    def base_url(self):
        return self.client.base_url

    def token(self, person):
        if person not in self._tokens:
            self._tokens[person] = self.mint.token(person.sub)
        return self._tokens[person]

    def request(self, method, path, who=None, **more):
        if who is not None:
            more["token"] = self.token(who)
        return self.client.request(method, path, **more)

    def get(self, path, who=None, **more):
        return self.request("GET", path, who, **more)

    def post(self, who, data=UNSET, key=None, headers=(), **more):
        """POST /api/messages with `data` as JSON, and `key` as the Idempotency-Key."""
        headers = list(headers) + ([("Idempotency-Key", key)] if key is not None else [])
        return self.request("POST", "/api/messages", who, data=data, headers=headers, **more)

    def start(self, who, other, message="hello", **more):
        """Starts a conversation; returns the answer's object after the checks every 200 needs."""
        answer = self.post(who, {"message": message, "handle": other.handle}, **more)
        assert answer.status == 200, answer
        return answer.json()

    def send(self, who, group, message="hello", **more):
        answer = self.post(who, {"message": message, "message_group_uuid": group}, **more)
        assert answer.status == 200, answer
        return answer.json()

    def groups(self, who, query=""):
        answer = self.get("/api/message_groups" + query, who)
        assert answer.status == 200, answer
        return answer.json()

    def messages(self, who, group, query=""):
        answer = self.get(f"/api/messages/{group}{query}", who)
        assert answer.status == 200, answer
        return answer.json()

    def pages(self, who, path):
        """Every page from `path` on, by following Link to the end."""
        pages, answer = [], self.get(path, who)
        while True:
            assert answer.status == 200, answer
            pages.append(answer.json())
            link = answer.next_link()
            if link is None:
                return pages
            path = self.client.follow(path, link)
            assert len(pages) < 2000, "Link never ends"
            answer = self.get(path, who)


def json_bytes(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def some_uuid():
    return str(uuid.uuid4())

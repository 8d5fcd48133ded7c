# SPDX-License-Identifier: MIT
"""Backends that stop, hang, throttle or talk nonsense; workers that are killed.

Always: 503 within 5 s, service again within 5 s of the backend's return, by the same workers; what
was acknowledged is stored once, and what was not is stored once or not at all.
"""
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

import expect
import processes
from dynamo_proxy import WRITES
from site_api import json_bytes

JSON = [("Content-Type", "application/json")]


class Talk:
    """Two people in a conversation that was started while all was well."""

    def __init__(self, chaos, people):
        self.site = chaos.site
        self.left, self.right = people.several(2)
        self.group = self.site.start(self.left, self.right, "first")["message_group_uuid"]

    def body(self, message):
        return {"message": message, "message_group_uuid": self.group}

    def requests(self, other):
        """One request of each kind that needs the backends, to be called."""
        return [lambda: self.site.get("/api/message_groups", self.left),
                lambda: self.site.get(f"/api/messages/{self.group}", self.right),
                lambda: self.site.post(self.left, self.body("during")),
                lambda: self.site.post(self.left, {"message": "x", "handle": other.handle})]


@pytest.fixture
def talk(chaos, people):
    return Talk(chaos, people)


@pytest.fixture(autouse=True)
def same_workers(request):
    """Whatever a backend does, no worker is started anew for it."""
    if "chaos" not in request.fixturenames:
        yield
        return
    workers = request.getfixturevalue("chaos").site.workers
    before = workers.pids()
    yield
    assert workers.pids() == before, workers.log.text()[-3000:].decode("utf-8", "replace")


def _all_at_once(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def _works_again(talk, seconds=5):
    """Every worker serves again: as many good answers in a row as make that sure."""
    deadline, right = time.monotonic() + processes.scaled(seconds), 0
    while right < 16:
        answer = talk.site.get(f"/api/messages/{talk.group}", talk.left)
        right = right + 1 if answer.status == 200 else 0
        assert answer.status in (200, 503), answer
        assert right or time.monotonic() < deadline, "no service again"
    assert talk.site.send(talk.left, talk.group, "again")


DYNAMO_FAULTS = ["hang", "drop_before", "throttle", "throttling", "error", "nonsense", "html",
                 "truncated", "denied", "no_table"]


@pytest.mark.parametrize("fault", DYNAMO_FAULTS)
def test_dynamodb_that_fails_is_503_in_time(chaos, talk, people, fault):
    chaos.dynamo.fail(fault)
    for answer in _all_at_once(talk.requests(people())):
        expect.unavailable(answer)
    chaos.dynamo.reset()
    _works_again(talk)


def test_dynamodb_that_refuses_is_503_in_time(chaos, talk, people):
    chaos.dynamo.refuse()
    for answer in _all_at_once(talk.requests(people())):
        expect.unavailable(answer)
    chaos.dynamo.reset()
    _works_again(talk)


@pytest.mark.parametrize("fault", ["throttle", "throttling", "error", "drop_before"])
def test_one_fault_in_passing_is_retried_and_seen_by_nobody(chaos, talk, table, fault):
    for make in talk.requests(None)[:3]:
        chaos.dynamo.reset()
        chaos.dynamo.fail(fault, times=1)
        assert make().status == 200
        assert sum(chaos.dynamo.calls.values()) > 1
    assert [row["message"] for row in table.messages(talk.group)] == ["first", "during"]


@pytest.mark.parametrize("fault", ["throttle", "error", "conflict", "in_progress", "drop_before"])
def test_write_that_fails_once_is_retried_with_the_same_bytes(chaos, talk, people, table, fault):
    """Another body under the same token would be refused; another uuid would be a second one."""
    chaos.dynamo.fail(fault, WRITES, times=1)
    sent = talk.site.send(talk.left, talk.group, "once")
    writes = [body for operation, body in chaos.dynamo.bodies if operation in WRITES]
    assert len(writes) >= 2
    rows = table.messages(talk.group)
    assert [row["message"] for row in rows] == ["first", "once"]
    assert rows[1]["message_uuid"] == sent["uuid"]


def test_postgres_that_refuses_is_503_in_time(chaos, talk, people):
    chaos.postgres.refuse()
    fresh = people.several(2)
    answers = _all_at_once([
        lambda: talk.site.get("/api/message_groups", fresh[0]),
        lambda: talk.site.post(fresh[0], {"message": "x", "handle": fresh[1].handle}),
        lambda: talk.site.get(f"/api/users/@{fresh[1].handle}/short")])
    for answer in answers:
        expect.unavailable(answer)
    chaos.postgres.reset()
    _works_again(talk)


def test_postgres_that_hangs_is_503_in_time(chaos, talk, people):
    fresh = people.several(2)
    chaos.postgres.hang()
    answers = _all_at_once([
        lambda: talk.site.get("/api/message_groups", fresh[0]),
        lambda: talk.site.post(fresh[0], {"message": "x", "handle": fresh[1].handle}),
        lambda: talk.site.get(f"/api/users/@{fresh[1].handle}/short")])
    for answer in answers:
        expect.unavailable(answer)
    chaos.postgres.reset()
    _works_again(talk)


def test_postgres_that_hangs_on_new_connections_only_is_503_in_time(chaos, talk, people):
    chaos.postgres.hang()
    chaos.postgres.cut()
    expect.unavailable(talk.site.get(f"/api/users/@{people().handle}/short"))
    chaos.postgres.reset()
    _works_again(talk)


def test_statement_that_waits_for_a_lock_is_503_in_time(chaos, talk, people, stack):
    fresh = people()
    holder = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", stack.env["CONNECTION_URL"]],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        holder.stdin.write("BEGIN; LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE;"
                           " SELECT 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline().strip() == "held"
        expect.unavailable(talk.site.get(f"/api/users/@{fresh.handle}/short"))
    finally:
        holder.stdin.close()
        holder.wait(10)
        holder.stdout.close()
    _works_again(talk)


def test_both_backends_down_is_503_and_comes_back(chaos, talk, people):
    chaos.postgres.refuse()
    chaos.dynamo.refuse()
    for answer in _all_at_once(talk.requests(people())):
        expect.unavailable(answer)
    chaos.postgres.reset()
    chaos.dynamo.reset()
    _works_again(talk)


def test_idle_connections_that_a_backend_closed_are_reopened_within_the_request(chaos, talk,
                                                                                people):
    """What AWS and Postgres do to idle connections is nobody's 503."""
    for _ in range(3):
        _works_again(talk)
        assert chaos.dynamo.close_connections() > 0
        assert chaos.postgres.cut() > 0
        fresh = people.several(2)
        for answer in _all_at_once(talk.requests(fresh[0]) + [
                lambda: talk.site.get("/api/message_groups", fresh[1]),
                lambda: talk.site.get(f"/api/users/@{fresh[1].handle}/short")]):
            assert answer.status == 200, answer


def test_dynamodb_that_closes_after_every_answer_is_no_503(chaos, talk):
    for index in range(20):
        chaos.dynamo.close_connections()
        assert talk.site.post(talk.left, talk.body(str(index))).status == 200
    assert len(talk.site.messages(talk.right, talk.group, "?limit=100")) == 21


@pytest.mark.parametrize("key", [None, "with-key"])
def test_lost_answer_to_a_send_is_stored_once(chaos, talk, table, key):
    """In the seed a retry after a lost answer sent twice."""
    chaos.dynamo.fail("drop_after", WRITES, times=1)
    answer = talk.site.post(talk.left, talk.body("once"), key=key)
    sent = expect.private(answer).json()
    rows = table.messages(talk.group)
    assert [row["message"] for row in rows] == ["first", "once"]
    assert (rows[1]["message_uuid"], rows[1]["sk"]) == (sent["uuid"], sent["created_at"])
    assert sum(chaos.dynamo.calls[name] for name in WRITES) >= 2


@pytest.mark.parametrize("key", [None, "with-key"])
def test_lost_answer_to_a_start_makes_one_conversation(chaos, people, table, key):
    left, right = people.several(2)
    chaos.dynamo.fail("drop_after", WRITES, times=1)
    answer = chaos.site.post(left, {"message": "once", "handle": right.handle}, key=key)
    group = expect.private(answer).json()["message_group_uuid"]
    assert [row["message_uuid"] for row in table.messages(group)] == [answer.json()["uuid"]]
    assert len(table.shown_groups(left)) == len(table.shown_groups(right)) == 1


def test_answers_lost_again_and_again_are_stored_once_with_a_key(chaos, talk, table):
    chaos.dynamo.fail("drop_after", WRITES)
    expect.unavailable(talk.site.post(talk.left, talk.body("once"), key="k"))
    chaos.dynamo.reset()
    answers = {expect.private(talk.site.post(talk.left, talk.body("once"), key="k")).body
               for _ in range(5)}
    assert len(answers) == 1
    assert [row["message"] for row in table.messages(talk.group)] == ["first", "once"]


def test_start_that_fails_leaves_nothing_behind(chaos, people, table):
    """The seed wrote a conversation in an unconditional batch: a message without groups, or a
    group on one side, answered as a success."""
    for fault in ("throttle", "error", "drop_before", "denied"):
        left, right = people.several(2)
        chaos.dynamo.reset()
        chaos.dynamo.fail(fault, WRITES)
        expect.unavailable(chaos.site.post(left, {"message": "x", "handle": right.handle}))
        assert table.groups(left) == table.groups(right) == []
        chaos.dynamo.reset()
        group = chaos.site.start(left, right, "now")["message_group_uuid"]
        assert [row["message"] for row in table.messages(group)] == ["now"]


def test_start_is_one_transaction(chaos, people):
    left, right = people.several(2)
    chaos.dynamo.reset()
    group = chaos.site.start(left, right)["message_group_uuid"]
    writes = [(operation, body) for operation, body in chaos.dynamo.bodies if operation in WRITES]
    whole = [body for operation, body in writes if operation == "TransactWriteItems"
             and all(part.encode() in body for part in (
                 f"GRP#{left.uuid}", f"GRP#{right.uuid}", f"MSG#{group}"))]
    assert len(whole) == 1, writes


def test_membership_and_lists_are_read_consistently(chaos, talk):
    """The index lags behind the table by nature: what decides is never read from it alone."""
    chaos.dynamo.reset()
    talk.site.groups(talk.left)
    talk.site.messages(talk.right, talk.group)
    reads = [body for operation, body in chaos.dynamo.bodies
             if operation in ("Query", "GetItem") and b"message-group-sk-index" not in body]
    assert reads
    assert all(b'"ConsistentRead":true' in body.replace(b" ", b"") for body in reads), reads


def _worker_post(worker, token, body, key):
    headers = JSON + [("Authorization", f"Bearer {token}"), ("Idempotency-Key", key)]
    return worker.call("POST", "/api/messages", headers, body)


def test_repeat_after_the_first_worker_died_in_the_middle(chaos, talk, make_worker, mint, table):
    """SIGKILL between the write and the answer: the repeat finds what was stored."""
    token, body = mint.token(talk.left.sub), json_bytes(talk.body("once"))
    for turn, action in enumerate(("hang", "drop_after")):
        first, second = make_worker(chaos.settings), make_worker(chaos.settings)
        first.call("GET", "/api/message_groups", [("Authorization", f"Bearer {token}")])
        chaos.dynamo.reset()
        chaos.dynamo.fail(action, WRITES)
        with ThreadPoolExecutor(1) as pool:
            lost = pool.submit(_worker_post, first, token, body, f"died-{turn}")
            processes.wait_until(lambda: sum(chaos.dynamo.calls[name] for name in WRITES), 5,
                                 "the write arrived")
            first.process.kill()
            with pytest.raises((ConnectionError, OSError)):
                lost.result()
        chaos.dynamo.reset()
        answers = {expect.private(_worker_post(second, token, body, f"died-{turn}")).body
                   for _ in range(3)}
        assert len(answers) == 1
        assert len(table.messages(talk.group)) == 2 + turn


class Load:
    """Threads that send and note what was acknowledged, refused, or left open."""

    def __init__(self, site, pair, group, threads=6):
        self.site, self.pair, self.group = site, pair, group
        self.acknowledged, self.open, self.wrong = {}, set(), []
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(index,))
                         for index in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self, index):
        count = 0
        while not self._ended.is_set():
            count += 1
            self._send(self.pair[index % 2], f"{index}.{count}", f"load-{index}-{count}")

    def _send(self, who, text, key):
        """Sends, and repeats with the same key until the answer is clear."""
        body = {"message": text, "message_group_uuid": self.group}
        for _ in range(6):
            try:
                answer = self.site.post(who, body, key=key)
            except OSError:
                continue
            if answer.status == 200:
                with self._lock:
                    self.acknowledged[text] = answer.json()["uuid"]
                return
            if answer.status not in (502, 503, 504):
                self.wrong.append(answer)
                return
        self.open.add(text)


def test_nothing_acknowledged_is_lost_when_workers_are_killed_under_load(make_site, people, table):
    """SIGKILL again and again while six people's worth of messages come in."""
    site = make_site(workers=4)
    pair = people.several(2)
    group = site.start(*pair, "first")["message_group_uuid"]
    dice = random.Random(4)
    with Load(site, pair, group) as load:
        deadline = time.monotonic() + 8
        kills = 0
        while time.monotonic() < deadline:
            pids = site.workers.pids()
            if len(load.acknowledged) >= 10 * (kills + 1) and pids and kills < 20:
                os.kill(dice.choice(pids), signal.SIGKILL)
                kills += 1
            time.sleep(0.02)
    assert not load.wrong, load.wrong[:3]
    assert kills >= 5 and len(load.acknowledged) > 50
    rows = table.messages(group)
    stored = Counter(row["message"] for row in rows)
    assert all(count == 1 for count in stored.values()), stored.most_common(3)
    by_text = {row["message"]: row["message_uuid"] for row in rows}
    assert {text: by_text.get(text) for text in load.acknowledged} == load.acknowledged
    assert set(by_text) - {"first"} <= set(load.acknowledged) | load.open
    shown = sum(site.pages(pair[0], f"/api/messages/{group}?limit=100")[::-1], [])
    assert [item["uuid"] for item in shown] == [row["message_uuid"] for row in rows]


def test_conversations_are_whole_when_workers_are_killed_under_starts(make_site, people, table):
    site = make_site(workers=4)
    pairs = [people.several(2) for _ in range(40)]
    ended, dice = threading.Event(), random.Random(5)

    def kill():
        for _ in range(15):
            if ended.wait(0.15):
                return
            pids = site.workers.pids()
            if pids:
                os.kill(dice.choice(pids), signal.SIGKILL)

    def begin(pair):
        for _ in range(8):
            try:
                answer = site.post(pair[0], {"message": "x", "handle": pair[1].handle}, key="start")
            except OSError:
                continue
            if answer.status == 200:
                return answer.json()["message_group_uuid"]
            assert answer.status in (502, 503, 504), answer
        return None

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with ThreadPoolExecutor(6) as pool:
            groups = list(pool.map(begin, pairs))
    finally:
        ended.set()
        killer.join()
    assert sum(group is not None for group in groups) > 30
    for (left, right), group in zip(pairs, groups):
        mine, theirs = table.shown_groups(left), table.shown_groups(right)
        assert len(mine) == len(theirs) <= 1
        if group:
            assert mine[0]["message_group_uuid"] == theirs[0]["message_group_uuid"] == group
        for row in mine:
            assert len(table.messages(row["message_group_uuid"])) == 1

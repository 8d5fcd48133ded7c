# SPDX-License-Identifier: MIT
"""GET /metrics: what is counted, over all workers and their deaths; who may see it; and that the
alert rules, the dashboard and doc/metrics.md speak of the same figures."""
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

import conftest
import expect
import fastcgi
import processes
from figures import Figures, Operator

ROOT = Path(__file__).resolve().parents[2]
REQUESTS = "cruddur_http_requests_total"
DURATION = "cruddur_http_request_duration_seconds"
PROMTOOL = shutil.which("promtool")


@pytest.fixture(scope="module")
def site(stack, settings, mint, tmp_path_factory):
    """Four workers that count where nobody else does."""
    memory = tmp_path_factory.mktemp("memory") / "shared"
    made = conftest._build_site(stack, {**settings, "CRUDDUR_SHARED_MEMORY": str(memory)}, mint,
                                workers=4)
    yield made
    made.workers.stop()


@pytest.fixture(scope="module")
def operator(site):
    return Operator(site.front)


class Counted:
    """What came to the figures within a `with`."""

    def __init__(self, operator):
        self.operator = operator

    def __enter__(self):
        self.before = self.operator.read()
        return self

    def __exit__(self, *_):
        self.after = self.operator.read()

    def __call__(self, name, **labels):
        return self.after.value(name, **labels) - self.before.value(name, **labels)


@pytest.fixture
def counted(operator):
    return Counted(operator)


# --- What is counted -----------------------------------------------------------------------------

def test_each_kind_of_request_is_counted_under_its_route(site, counted, people, streams):
    left, right = people.several(2)
    with counted:
        for _ in range(8):
            expect.ok(site.get("/api/health-check"))
        site.request("HEAD", "/api/health-check")
        site.request("OPTIONS", "/api/health-check")
        site.request("DELETE", "/api/health-check")
        site.get(f"/api/nothing/{left.uuid}")
        group = site.start(left, right)["message_group_uuid"]
        for _ in range(3):
            site.post(right, {"message": "again", "message_group_uuid": group}, key="one-key")
        site.post(left, {"message": " ", "message_group_uuid": group})
        site.messages(left, group)
        site.groups(right)
        expect.ok(site.get(f"/api/users/@{left.handle}/short"))
        expect.ok(site.get("/api/users/me", left))
        streams.open(site, left)
        site.get("/api/message_groups")

    def requests(route, method, status):
        return counted(REQUESTS, route=route, method=method, status=str(status))

    assert requests("/api/health-check", "GET", 200) == 8
    assert requests("/api/health-check", "HEAD", 200) == 1
    assert requests("/api/health-check", "OPTIONS", 204) == 1
    assert requests("/api/health-check", "other", 405) == 1
    assert requests("none", "GET", 404) == 1
    assert requests("/api/messages", "POST", 200) == 4
    assert requests("/api/messages", "POST", 422) == 1
    assert requests("/api/messages/{message_group_uuid}", "GET", 200) == 1
    assert requests("/api/message_groups", "GET", 200) == 1
    assert requests("/api/message_groups", "GET", 401) == 1
    assert requests("/api/users/@{handle}/short", "GET", 200) == 1
    assert requests("/api/users/me", "GET", 200) == 1
    assert requests("/api/live", "GET", 204) == 1
    # The first of the two readings is in the second.
    assert requests("/metrics", "GET", 200) == 1
    assert counted(REQUESTS) == 24
    assert counted(f"{DURATION}_count") == 24
    assert counted("cruddur_http_request_queue_seconds_count") == 24
    assert counted("cruddur_messages_sent_total") == 2
    assert counted("cruddur_messages_repeated_total") == 2
    assert counted("cruddur_auth_failures_total", reason="no_token") == 1
    assert counted("cruddur_auth_failures_total") == 1
    lookups = "cruddur_cache_lookups_total"
    signed_in = 9
    for cache in ("tokens", "people"):
        assert counted(lookups, cache=cache) == signed_in, cache
        assert counted(lookups, cache=cache, outcome="miss") >= 2
    assert counted("cruddur_backend_calls_total", backend="dynamodb") >= 6
    assert counted("cruddur_backend_calls_total", backend="postgres") >= 2
    assert counted("cruddur_backend_wait_seconds_count", backend="dynamodb") >= 6
    assert 0 < counted("cruddur_backend_wait_seconds_sum") < 24 * 5


def test_live_events_are_counted_when_the_answer_has_left(site, operator, people):
    left, right = people.several(2)
    before = operator.read().value("cruddur_live_events_total", outcome="published")
    site.start(left, right)
    processes.wait_until(
        lambda: operator.read().value("cruddur_live_events_total", outcome="published")
        == before + 1, 5, "the event is counted")
    assert operator.read().value("cruddur_backend_calls_total", backend="live") >= 2


def test_tokens_that_do_not_verify_are_counted_by_what_is_wrong(site, counted, mint, keys, people):
    person = people()
    wrong = {
        "no_token": [None, ""], "parts": ["a.b", "nonsense"], "size": ["a" * 9000],
        "expired": [mint.token(person.sub, exp=1)], "iss": [mint.token(person.sub, iss="https://x")],
        "token_use": [mint.token(person.sub, token_use="id")],
        "unknown_user": [mint.token("nobody-has-this-sub")],
        "other": [],
    }
    with counted:
        for tokens in wrong.values():
            for token in tokens:
                headers = [] if token is None else [("Authorization", f"Bearer {token}")]
                assert site.get("/api/users/me", headers=headers).status in (401, 422)
    for reason, tokens in wrong.items():
        assert counted("cruddur_auth_failures_total", reason=reason) == len(tokens), reason


def test_every_word_for_a_refused_token_is_a_label(operator):
    said = {"size", "no_token", "unknown_user", "unknown_kid", "signature", "other"}
    for name in ("jwt", "claims"):
        text = (ROOT / "src" / "auth" / f"{name}.c").read_text("utf-8")
        said |= set(re.findall(r'(?:return|why =) "(\w+)";', text))
    assert "nbf_in_the_future" in said and "signature_shape" in said
    assert operator.read().label_values("reason") == said


def test_a_backend_that_fails_is_counted(make_site, chaos, people, folder):
    site = make_site({"AWS_ENDPOINT_URL_DYNAMODB": chaos.dynamo.endpoint,
                      "CRUDDUR_SHARED_MEMORY": str(folder / "memory")}, workers=1)
    counted, person = Counted(Operator(site.front)), people()
    with counted:
        chaos.dynamo.fail("throttle", times=1)
        site.groups(person)
        chaos.dynamo.fail("error")
        expect.error(site.get("/api/message_groups", person), 503, "service_unavailable")
    assert counted("cruddur_backend_failures_total", backend="dynamodb") == 1
    assert counted("cruddur_backend_retries_total", backend="dynamodb") >= 1
    assert counted("cruddur_backend_failures_total", backend="postgres") == 0
    assert counted(REQUESTS, route="/api/message_groups", status="503") == 1


def test_how_fetches_of_the_keys_end_is_counted(make_site, folder, people):
    site = make_site({"CRUDDUR_SHARED_MEMORY": str(folder / "memory")}, workers=1)
    operator = Operator(site.front)
    first = operator.read()
    assert not first.has("cruddur_jwks_last_success_timestamp_seconds")
    site.groups(people())
    after = operator.read()
    assert after.value("cruddur_jwks_refreshes_total", outcome="fetched") == 1
    assert after.value("cruddur_jwks_refreshes_total") == 1
    since = after.value("cruddur_jwks_last_success_timestamp_seconds")
    assert since >= after.value("cruddur_counters_start_timestamp_seconds") > 0


# --- Several workers, and their deaths -----------------------------------------------------------

def _load(site, people, stop, seen):
    person = people()
    while not stop.is_set():
        for path, who in (("/api/health-check", None), ("/api/message_groups", person)):
            seen.append(site.get(path, who).status)


def _watch(operator, stop, problems):
    last = {}
    while not stop.is_set():
        answer = operator.client.request("GET", "/metrics")
        if answer.status != 200:  # the worker that had it was killed
            continue
        now = Figures(answer.body.decode("utf-8")).steady()
        problems += [(key, value, now.get(key)) for key, value in last.items()
                     if now.get(key, -1) < value]
        last = now


def test_counters_survive_killed_workers_and_never_go_backwards(site, operator, people):
    """What a process of others that do so keeps for itself is lost with it, or counted twice when
    another takes its place."""
    stop, seen, problems = threading.Event(), [], []
    before = operator.read()
    threads = [threading.Thread(target=_load, args=(site, people, stop, seen)) for _ in range(3)]
    threads.append(threading.Thread(target=_watch, args=(operator, stop, problems)))
    for thread in threads:
        thread.start()
    kills = 0
    try:
        for _ in range(8):
            wanted = len(seen) + 20
            processes.wait_until(lambda w=wanted: len(seen) >= w, 20, "requests go on")
            victim = site.workers.pids()[0]
            os.kill(victim, signal.SIGKILL)
            kills += 1
            processes.wait_until(
                lambda v=victim: v not in site.workers.pids() and len(site.workers.pids()) == 4, 10,
                "another worker takes its place")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not problems, problems[:5]
    after = operator.read()
    routes = ("/api/health-check", "/api/message_groups")
    answered = sum(after.value(REQUESTS, route=route, status="200")
                   - before.value(REQUESTS, route=route, status="200") for route in routes)
    got = seen.count(200)
    # A worker may be killed between the counting and the answer, and never the other way round.
    assert got <= answered <= got + kills
    processes.wait_until(
        lambda: operator.read().value("cruddur_worker_starts_total") == 4 + kills, 10, "all serve")
    assert operator.read().value("cruddur_worker_exits_total") == 0


def test_a_worker_that_leaves_in_order_is_counted_as_such(make_site, folder):
    site = make_site({"CRUDDUR_SHARED_MEMORY": str(folder / "memory")}, workers=2)
    operator = Operator(site.front)
    victim = site.workers.pids()[0]
    os.kill(victim, signal.SIGTERM)
    processes.wait_until(lambda: operator.read().value("cruddur_worker_starts_total") == 3, 10,
                         "another serves in its place")
    assert operator.read().value("cruddur_worker_exits_total") == 1


def test_without_shared_memory_each_worker_counts_for_itself(make_site):
    site = make_site({"CRUDDUR_SHARED_MEMORY": ""}, workers=1)
    operator = Operator(site.front)
    for _ in range(3):
        site.get("/api/users/me")
    assert operator.read().value(REQUESTS, route="/api/users/me", status="401") == 3


def test_the_stream_consumer_counts_in_the_workers_memory(make_site, make_world, folder):
    world = make_world()
    memory = {"CRUDDUR_SHARED_MEMORY": str(folder / "memory")}
    operator = Operator(make_site(memory, workers=1).front)
    assert not operator.read().has("cruddur_stream_lag_seconds")
    daemon = world.start(memory)
    daemon.wait_for("stream_active")
    conversation = world.talk()
    conversation.wait_shows(conversation.say(), 10)
    processes.wait_until(
        lambda: operator.read().value("cruddur_stream_records_total", outcome="settled") >= 2, 10,
        "the records are counted")
    figures = operator.read()
    assert figures.value("cruddur_stream_groups_total") >= 1
    assert figures.value("cruddur_stream_starts_total") == 1
    assert figures.value("cruddur_stream_dead_letters_total") == 0
    assert figures.has("cruddur_stream_lag_seconds")
    assert figures.value("cruddur_stream_last_read_timestamp_seconds") > 0
    # DynamoDB Local's records are as old as the minute that they were written in.
    processes.wait_until(lambda: operator.read().value("cruddur_stream_lag_seconds") == 0, 10,
                         "nothing is unread")
    daemon.stop()
    figures = operator.read()
    assert not figures.has("cruddur_stream_lag_seconds")
    assert figures.has("cruddur_stream_last_read_timestamp_seconds")


# --- Who may see it ------------------------------------------------------------------------------

def test_nobody_else_finds_the_route(site, people):
    hostile = [("CRUDDUR_OPERATOR", "1"), ("CRUDDUR-OPERATOR", "1"), ("Http-Cruddur-Operator", "1"),
               ("X-Forwarded-For", "127.0.0.1")]
    for path in ("/metrics", "/api/metrics", "/api/../metrics", "/api/%2e%2e/metrics", "//metrics",
                 "/nginx_status", "/metrics/", "/api/%2fmetrics"):
        answer = site.get(path, people(), headers=hostile)
        assert answer.status == 404 and b"cruddur_http" not in answer.body, (path, answer)
    for params in ([], [("CRUDDUR_OPERATOR", "")], [("CRUDDUR_OPERATOR", "0")],
                   [("CRUDDUR_OPERATOR", "11")], [("HTTP_CRUDDUR_OPERATOR", "1")],
                   [("CRUDDUR_INTERNAL", "live")], [("cruddur_operator", "1")]):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            answer = fastcgi.call(site.workers.socket,
                                  fastcgi.environ(method, "/metrics") + params, b"")
            assert answer.status == 404, (method, params, answer)


def test_the_operator_finds_it_and_nothing_else_there(site, operator):
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 405), ("OPTIONS", 204)):
        answer = operator.client.request(method, "/metrics")
        assert answer.status == status, (method, answer)
    for path in ("/", "/api/health-check", "/api/message_groups", "/metrics/", "/index.html"):
        assert operator.client.request("GET", path).status == 404, path
    assert b"Active connections" in operator.client.request("GET", "/nginx_status").body
    table = Path(f"/proc/{site.front.process.pid}/net/tcp").read_text("ascii")
    port = f":{site.front.metrics_port:04X} "
    listening = [line.split()[1] for line in table.splitlines()
                 if port in line and line.split()[3] == "0A"]
    assert listening == [f"0100007F{port.strip()}"]


def test_production_listens_for_the_operator_alone():
    text = (ROOT / "conf" / "nginx" / "cruddur-metrics.conf").read_text("utf-8")
    assert re.findall(r"^\s*listen (.*);", text, re.M) == ["127.0.0.1:9145"]
    inside = (ROOT / "conf" / "nginx" / "cruddur-operator.conf").read_text("utf-8")
    assert re.findall(r"^(?:allow|deny) .*;", inside, re.M) == ["allow 127.0.0.1;", "allow ::1;",
                                                                "deny all;"]


def test_nothing_that_a_client_sends_becomes_a_label(site, operator):
    odd = 'x"} 1\nevil_total{a="b'
    for method in ("GET", "PURGE", "X" * 60):
        for path in ("/api/users/@evil%22%7d%0a/short", "/api/evil", "/api/messages/evil%0a"):
            site.request(method, path, headers=[("Authorization", "Bearer evil.evil.evil"),
                                                ("User-Agent", "evil")])
    for method in (odd, "GET\n", ""):
        site.workers.call(method, "/api/" + odd, [("X-Request-Id", odd)])
    figures = operator.read()
    assert "evil" not in figures.text
    assert figures.label_values("method") == {"GET", "HEAD", "POST", "OPTIONS", "other"}
    routes = (ROOT / "src" / "app" / "routes.c").read_text("utf-8")
    known = set(re.findall(r'^\t\{ "(/[^"]*)"', routes, re.M))
    assert "/api/messages" in known
    assert figures.label_values("route") == known | {"none"}
    assert figures.label_values("status") <= {"200", "204", "400", "401", "404", "405", "413", "415",
                                              "422", "500", "503"}


# --- Everything that speaks of them --------------------------------------------------------------

def test_document_lists_exactly_what_there_is(operator):
    figures = operator.read()
    text = (ROOT / "doc" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `(cruddur_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", text, re.M)
    assert {name: kind for name, kind, _, _ in rows} == figures.types
    assert [name for name, *_ in rows] == list(figures.types), "another order"
    assert set(figures.helps) == set(figures.types)
    for name, _, labels, about in rows:
        theirs = {label for (each, series) in figures.series for label, _ in series
                  if figures.family(each) == name and label != "le"}
        if figures.has(name) or theirs:
            assert theirs == set(re.findall(r"`(\w+)`", labels)), name
        outcomes = {dict(series).get("outcome") for (each, series) in figures.series
                    if each == name} - {None}
        assert outcomes <= set(re.findall(r"`(\w+)`", about)), name
    reasons = dict((name, about) for name, _, _, about in rows)["cruddur_auth_failures_total"]
    assert figures.label_values("reason") <= set(re.findall(r"`(\w+)`", reasons))


def _dashboard():
    return json.loads((ROOT / "conf" / "grafana" / "cruddur.json").read_text("utf-8"))


def _queries():
    return [target["expr"] for panel in _dashboard()["panels"]
            for target in panel.get("targets", [])]


def test_rules_and_dashboard_ask_only_for_what_there_is(operator):
    figures = operator.read()
    rules = (ROOT / "conf" / "prometheus" / "cruddur-alerts.yml").read_text("utf-8")
    queries = " ".join(_queries())
    for text in (rules, queries):
        asked = {figures.family(name) for name in re.findall(r"\bcruddur_\w+", text)}
        assert asked and asked <= set(figures.types), asked - set(figures.types)
    for text in (rules, queries):
        for label in re.findall(r"(\w+)(?:!~|=~|!=|=)\"", text):
            assert label in {"job", "instance"} | {
                name for _, labels in figures.series for name, _ in labels}, label
    # A new figure that nobody looks at is one too many.
    shown = {figures.family(name) for name in re.findall(r"\bcruddur_\w+", queries)}
    assert shown == set(figures.types)


def test_dashboard_is_sound():
    made = _dashboard()
    ids = [panel["id"] for panel in made["panels"]]
    assert len(set(ids)) == len(ids) and made["uid"] == "cruddur"
    taken = set()
    for panel in made["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["targets"], panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    named = set(re.findall(r"\$\{?(\w+)", json.dumps(made))) - {"__rate_interval", "__all"}
    assert named == {variable["name"] for variable in made["templating"]["list"]}


@pytest.mark.skipif(not PROMTOOL, reason="no promtool")
def test_promtool_has_nothing_to_say(operator, folder):
    checked = subprocess.run([PROMTOOL, "check", "metrics"], input=operator.read().text, text=True,
                             capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    rules = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"query:{number}", "expr": expr.replace("$__rate_interval", "5m")}
        for number, expr in enumerate(_queries())]}]}
    (folder / "rules.yml").write_text(json.dumps(rules), "utf-8")
    checked = subprocess.run([PROMTOOL, "check", "rules", str(folder / "rules.yml")], text=True,
                             capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr

# SPDX-License-Identifier: MIT
"""doc/openapi.yaml is true: every example is what the server answers, every route and every code of
the code is in it, and nothing else is.

Its people and their conversations exist in this module as they stand in it, so that uuids, times
and cursors are compared as they are. That the file is OpenAPI 3.1 is checked by `scripts/dev lint`.
"""
import json
import os
import re
import signal
import uuid
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

pytest.importorskip("yaml")
pytest.importorskip("jsonschema")

import expect  # noqa: E402
import openapi  # noqa: E402
import processes  # noqa: E402
from conftest import FRONTEND, _build_site  # noqa: E402
from http_api import Response  # noqa: E402
from people import Person  # noqa: E402
from rows import group_row, message_row  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = openapi.DOCUMENT
EXAMPLES = openapi.examples()
STREAM = "text/event-stream"


# --- The world of the examples ----------------------------------------------------------------


@pytest.fixture(scope="module")
def persons(people):
    made = {name: Person(who["uuid"], who["handle"], who["display_name"],
                         f"{name}@example.test", str(uuid.uuid4()))
            for name, who in DOCUMENT["x-people"].items()}
    people.insert(*made.values())
    return {**made, "stranger": people.stranger()}


@pytest.fixture(scope="module")
def told(shared_site, table, persons):
    """What was said before the first example, counted by the stack's own stream consumer."""
    for talk in DOCUMENT["x-conversations"]:
        left, right = (persons[name] for name in talk["people"])
        last = talk["messages"][-1]
        table.plant(
            *(message_row(talk["uuid"], persons[said["sender"]], said["created_at"],
                          said["message"], said["uuid"]) for said in talk["messages"]),
            group_row(left, right, talk["uuid"], last["created_at"], last["message"]),
            group_row(right, left, talk["uuid"], last["created_at"], last["message"]))
    for who in {name for talk in DOCUMENT["x-conversations"] for name in talk["people"]}:
        processes.wait_until(
            lambda who=who: not any("unread_capped" in group
                                    for group in shared_site.groups(persons[who])),
            20, f"{who}'s conversations are counted")


class Sites:
    """The ordinary one, and those in some trouble, each made when it is asked for."""

    def __init__(self, ordinary, build):
        self.made, self._build = {"": ordinary}, build

    def at(self, where):
        if where not in self.made:
            self.made[where] = getattr(self, "_" + where)()
        return self.made[where]

    def close(self):
        for name, site in self.made.items():
            if name:
                if name == "hung":
                    self._signal(site, signal.SIGCONT)
                site.workers.stop()

    @staticmethod
    def _signal(site, number):
        for pid in site.workers.pids():
            os.kill(pid, number)

    def _limited(self):
        site = self._build(limits={"rate": "1r/m"})
        site.get("/api/health-check")
        return site

    def _full(self):
        """Every place in the queue is taken: as if, by one line."""
        return self._build(edits={"cruddur-api.conf": lambda text: text.replace(
            "fastcgi_pass cruddur_workers;", "return 503;", 1)})

    def _down(self):
        port = processes.free_port()
        return self._build({"CONNECTION_URL": f"postgresql://nobody@127.0.0.1:{port}/none",
                            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}"})

    def _gone(self):
        site = self._build()
        processes.end(site.workers.process)
        return site

    def _hung(self):
        site = self._build(edits={"cruddur-api.conf": lambda text: text.replace(
            "fastcgi_read_timeout 8s;", "fastcgi_read_timeout 100ms;")})
        self._signal(site, signal.SIGSTOP)
        return site

    def _quiet(self):
        return self._build({"CRUDDUR_LIVE_SOCKET": ""})

    def _deaf(self):
        site = self._build()
        site.front.stop_live()
        return site


@pytest.fixture(scope="module")
def sites(stack, settings, mint, shared_site):
    def build(changes=None, limits=None, edits=None):
        return _build_site(stack, {**settings, **(changes or {})}, mint, 1, limits, edits)
    made = Sites(shared_site, build)
    yield made
    made.close()


# --- Requests ---------------------------------------------------------------------------------


def _path(path, request):
    for name, value in request.get("path", {}).items():
        path = path.replace("{%s}" % name, quote(value))
    assert "{" not in path, f"a value for each piece of {path}"
    query = request.get("query")
    return path + ("?" + urlencode(query) if query else "")


def _body(request):
    if "size" in request:
        return b" " * request["size"]
    if "raw" in request:
        return request["raw"].encode()
    if "body" not in request:
        return None
    body = dict(request["body"])
    if "message_length" in request:
        body["message"] = "x" * request["message_length"]
    return json.dumps(body).encode()


def _send(site, persons, example, request, headers=()):
    caller, body = request["caller"], _body(request)
    method = request.get("method", example.method).upper()
    pairs = dict(request.get("headers", {}))
    if body is not None:
        pairs.setdefault("Content-Type", "application/json")
    token = {"none": None, "forged": "no.sound.token"}.get(caller, ...)
    if token is ...:
        token = site.token(persons[caller])
    return site.request(method, _path(example.path, request), token=token, body=body,
                        headers=[*pairs.items(), *headers])


def _answer(sites, persons, example, headers=()):
    request = example.request
    site = sites.at(request.get("where", ""))
    if "before" in request:
        first = _send(site, persons, example, openapi.merged(request, request["before"]))
        assert first.status == 200, first
    return _send(site, persons, example, request, headers)


# --- Examples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.media != STREAM],
                         ids=lambda example: example.id)
def test_example_is_what_the_server_answers(sites, persons, told, example):
    example.judge(_answer(sites, persons, example))


def test_stream_is_as_its_example(shared_site, persons, told, streams):
    example = next(e for e in EXAMPLES if e.media == STREAM)
    (_, sent), (_, read) = openapi.events(example.value)
    reader = persons[example.request["caller"]]
    writer = next(who for who in persons.values() if who.uuid == sent["user_uuid"])
    stream = streams.open(shared_site, reader, headers=[("Origin", FRONTEND)]).ready()
    answer = Response(stream.status, stream.headers, b"", 0)
    assert answer.status == 200 and answer.header("Content-Type").split(";")[0] == STREAM, answer
    example.judge_headers(answer, given=("Access-Control-Allow-Origin",
                                         "Access-Control-Expose-Headers"))
    _judge_cors(answer)
    shared_site.send(writer, sent["message_group_uuid"], sent["message"])
    answer = shared_site.request(
        "POST", f"/api/message_groups/{read['message_group_uuid']}/read", reader,
        data={"message_uuid": read["message_uuid"]})
    expect.private(answer)
    processes.wait_until(lambda: len(stream.events) == 2, 5, "both events")
    assert stream.comments[0].startswith(":")
    first, second = sorted(stream.events, key=lambda event: event.name)
    assert [first.name, second.name] == ["message", "read"]
    assert list(first.data) == list(sent)
    openapi.validate(first.data, {"$ref": "#/components/schemas/SentMessage"})
    assert (openapi.without(first.data, ["uuid", "created_at"])
            == openapi.without(sent, ["uuid", "created_at"]))
    openapi.validate(second.data, {"$ref": "#/components/schemas/ReadEvent"})
    assert second.data == read


def _judge_cors(answer):
    for name in ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers"):
        header = DOCUMENT["components"]["headers"][name]
        assert answer.header(name), (name, answer)
        openapi.validate(answer.header(name), header["schema"])


@pytest.mark.parametrize("status", sorted({e.status for e in EXAMPLES}))
def test_answer_to_a_page_has_the_headers_for_it(sites, persons, told, status):
    example = next(e for e in EXAMPLES
                   if e.status == status and e.media != STREAM and not e.varies)
    answer = _answer(sites, persons, example, headers=[("Origin", FRONTEND)])
    assert answer.status == status
    _judge_cors(answer)


@pytest.mark.parametrize("path, method, operation",
                         [entry for entry in openapi.operations() if entry[1] == "options"])
def test_preflight_is_as_described(site, path, method, operation):
    for origin in (FRONTEND, "https://stranger.test"):
        answer = site.request("OPTIONS", path.replace("{", "").replace("}", ""), headers=[
            ("Origin", origin), ("Access-Control-Request-Method", "GET")])
        assert (answer.status, answer.body) == (204, b""), answer
        declared = {name: openapi.resolved(header) for name, header
                    in operation["responses"]["204"]["headers"].items()}
        allowed = origin == FRONTEND
        assert (answer.header("Access-Control-Allow-Methods") is not None) == allowed
        openapi.judge_headers(declared, answer, given=(
            "Access-Control-Allow-Origin", "Access-Control-Expose-Headers") if allowed else ())
        methods = {word.upper() for word in DOCUMENT["paths"][path] if word in openapi.METHODS}
        assert set(answer.list_header("Allow")) == methods


@pytest.mark.parametrize("path", [path for path, method, _ in openapi.operations()
                                  if method == "head"])
def test_head_is_get_without_the_body(site, persons, told, path):
    example = next(e for e in EXAMPLES if (e.path, e.method, e.status) == (path, "get", 200))
    get = _send(site, persons, example, example.request)
    head = _send(site, persons, example, {**example.request, "method": "HEAD"})
    assert head.body == b"" and get.body
    assert [(name, value) for name, value in head.headers if name not in ("X-Request-Id", "Date")] \
        == [(name, value) for name, value in get.headers if name not in ("X-Request-Id", "Date")]


# --- Completeness -----------------------------------------------------------------------------


def test_paths_are_the_route_tables():
    described = {(path, method) for path, method, _ in openapi.operations()}
    assert described == openapi.routes()


def test_what_is_no_path_is_not_found(site):
    expect.error(site.get("/api/nothing-of-the-kind"), 404, "not_found")


def test_codes_are_the_codes_that_are_sent():
    assert openapi.codes_described() == openapi.codes_sent()


def test_each_answer_has_an_example():
    lacking = [(path, method, status) for path, method, operation in openapi.operations()
               if method in ("get", "post") for status, response in operation["responses"].items()
               if status != "500"
               and not any(content.get("examples") for content
                           in openapi.resolved(response)["content"].values())]
    assert lacking == []


def test_each_code_has_an_example():
    shown = {(e.status, code) for e in EXAMPLES if isinstance(e.value, list) and e.status >= 400
             for code in e.value}
    assert openapi.codes_described() - shown == {(500, "internal_error")}


def test_requests_that_succeed_fit_the_request_schema():
    checked = 0
    for path, method, operation in openapi.operations():
        if "requestBody" not in operation:
            continue
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for example in EXAMPLES:
            if (example.path, example.method, example.status) == (path, method, 200):
                openapi.validate(example.request["body"], schema)
                checked += 1
    assert checked >= 4


def test_schemas_are_schemas():
    def walk(thing):
        if isinstance(thing, dict):
            for name, value in thing.items():
                if name == "schema":
                    openapi.Draft202012Validator.check_schema(value)
                walk(value)
        elif isinstance(thing, list):
            for value in thing:
                walk(value)
    walk({name: value for name, value in DOCUMENT.items() if not name.startswith("x-")})
    for schema in DOCUMENT["components"]["schemas"].values():
        openapi.Draft202012Validator.check_schema(schema)


def test_version_is_this_version():
    configure = (ROOT / "configure.ac").read_text("utf-8")
    assert DOCUMENT["info"]["version"] == re.search(r"AC_INIT\(\[cruddur\], \[([^\]]+)\]",
                                                    configure)[1]

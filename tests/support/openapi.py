# SPDX-License-Identifier: MIT
"""doc/openapi.yaml: its operations, examples and schemas; and whether an answer is what it says.

It sends nothing. How an example's request is described is said at the top of that file.
"""
import copy
import json
import re
import warnings
from pathlib import Path

import yaml

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from jsonschema import Draft202012Validator, RefResolver

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("get", "head", "post", "options")
# Of every answer of HTTP, and of no interest to a client of ours.
OF_HTTP = {"server", "date", "connection", "content-type", "content-length", "transfer-encoding"}

DOCUMENT = yaml.safe_load((ROOT / "doc" / "openapi.yaml").read_text("utf-8"))


def resolved(thing):
    """What a reference at the very top of `thing` leads to."""
    while isinstance(thing, dict) and set(thing) == {"$ref"}:
        assert thing["$ref"].startswith("#/"), thing
        target = DOCUMENT
        for step in thing["$ref"][2:].split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        thing = target
    return thing


def validate(value, schema):
    """Fails if the value does not fit the schema, which may refer to the document's."""
    Draft202012Validator(schema, resolver=RefResolver("", DOCUMENT)).validate(value)


def operations():
    """(path, method, operation) of each."""
    return [(path, method, item[method]) for path, item in DOCUMENT["paths"].items()
            for method in METHODS if method in item]


class Example:
    """One answer of one operation, and the request that gets it."""

    def __init__(self, path, method, operation, status, response, media, name, example):
        self.path, self.method, self.status = path, method, int(status)
        self.response, self.media, self.name = response, media, name
        self.schema = response["content"][media]["schema"]
        self.value, self.headers = example["value"], example.get("x-headers", {})
        self.varies = example.get("x-varies", [])
        self.request = merged(operation.get("x-request", {}), example.get("x-request", {}))
        self.id = f"{method.upper()} {path} {status} {name}"

    def judge(self, answer):
        """Fails unless the answer is this one."""
        assert answer.status == self.status, (self.id, answer)
        assert answer.header("Content-Type") == self.media, answer
        self.judge_headers(answer)
        self.judge_body(answer.json())

    def judge_headers(self, answer, given=()):
        declared = {name: resolved(header) for name, header in self.response["headers"].items()}
        judge_headers(declared, answer, given)
        for name, value in self.headers.items():
            assert answer.header(name) == value, (self.id, name, answer)

    def judge_body(self, body):
        validate(body, self.schema)
        validate(self.value, self.schema)
        assert without(body, self.varies) == without(self.value, self.varies), (self.id, body)
        for name in self.varies:
            assert body[name] and name in self.value, (self.id, name)


def judge_headers(declared, answer, given=()):
    """Every header that has to be there is, each fits its schema, and there is no other."""
    got = {name.lower() for name, _ in answer.headers} - OF_HTTP - {name.lower() for name in given}
    assert got <= {name.lower() for name in declared}, (got, answer)
    for name, header in declared.items():
        value = answer.header(name)
        assert value is not None or not header.get("required"), (name, answer)
        if value is not None:
            validate(value, header["schema"])


def without(body, names):
    return {name: value for name, value in body.items() if name not in names} if names else body


def merged(base, changes):
    """The request of the operation with the example's changes; a body goes as a whole."""
    out = copy.deepcopy(base)
    for name, value in changes.items():
        if name in ("headers", "path", "query") and name in out:
            out[name] = {**out[name], **value}
        else:
            out[name] = value
    return out


def examples():
    found = []
    for path, method, operation in operations():
        for status, response in operation["responses"].items():
            response = resolved(response)
            for media, content in response.get("content", {}).items():
                found += [Example(path, method, operation, status, response, media, name, example)
                          for name, example in content.get("examples", {}).items()]
    return found


def events(text):
    """[(event, data)] of a stream's text."""
    return [(name, json.loads(data)) for name, data in
            re.findall(r"^event: (\w+)\n(?:id: .*\n)?data: (.*)$", text, re.M)]


def _words(schema):
    """Every string that a schema has in its const and enum."""
    def strings(value):
        if isinstance(value, list):
            return [word for item in value for word in strings(item)]
        return [value] if isinstance(value, str) else []
    found = []
    for name, value in schema.items() if isinstance(schema, dict) else ():
        if name in ("const", "enum"):
            found += strings(value)
        elif isinstance(value, dict):
            found += _words(value)
        elif isinstance(value, list):
            found += [word for item in value for word in _words(item)]
    return found


def codes_described():
    """{(status, code)} of every answer that is an error."""
    return {(int(status), word)
            for _, method, operation in operations() if method in ("get", "post")
            for status, response in operation["responses"].items() if status >= "400"
            for content in resolved(response)["content"].values()
            for word in _words(content["schema"])}


def codes_sent():
    """{(status, code)} of every error in the workers' code and in nginx's configuration."""
    found = set()
    for path in sorted((ROOT / "src").rglob("*.c")):
        text = path.read_text("utf-8")
        found |= set(re.findall(r'http_response_error\([^;]*?, (\d{3}), "(\w+)"\)', text))
        found |= {("422", code) for code in re.findall(r'\brefuse\(p, "(\w+)"\)', text)}
        found |= {("422", code) for code
                  in re.findall(r'http_response_add_code\([^;"]*"(\w+)"', text)}
        found |= set(re.findall(r'"Status: (\d{3}) [^;]*?\[\\"(\w+)\\"\]"', text))
    for path in sorted((ROOT / "conf" / "nginx").glob("*.conf")):
        found |= set(re.findall(r"return (\d{3}) '\[\"(\w+)\"\]'", path.read_text("utf-8")))
    return {(int(status), code) for status, code in found}


def routes():
    """{(path, method)} of the route table, with what each method brings along."""
    text = (ROOT / "src" / "app" / "routes.c").read_text("utf-8")
    table = re.findall(r'\{ "(/api[^"]*)", HTTP_(\w+), (\w+),', text)
    assert table, "the route table is spelt in another way"
    found = set()
    for path, method, login in table:
        found |= {(path, method.lower()), (path, "options")}
        if method == "GET" and login != "APP_ADMISSION":
            found.add((path, "head"))
    return found

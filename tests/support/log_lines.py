# SPDX-License-Identifier: MIT
"""What every line of our programs' logs promises, whatever made them write it."""
import json
import re

import processes

FIRST = ["ts", "level", "event", "program", "pid"]
REQUEST = ["trace_id", "parent_id", "span_id", "method", "route", "status", "duration_us",
           "postgres_us", "dynamodb_us", "cognito_us", "live_us", "user"]
ALWAYS = {"method", "route", "status", "duration_us"}
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
EVENT = re.compile(r"[a-z][a-z0-9_]+")
LINE_MAX = 4096  # what a pipe takes whole


def _pairs(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a field came twice: {names}"
    return dict(pairs)


def judge(line, program):
    """The line's object, after the checks that each has to pass. `line` is its bytes."""
    assert len(line) < LINE_MAX, line
    text = line.decode("utf-8")
    assert all(0x20 <= ord(c) != 0x7f and not 0x80 <= ord(c) < 0xa0 for c in text), line
    entry = json.loads(text, object_pairs_hook=_pairs)
    names = list(entry)
    assert names[:5] == FIRST, line
    assert TIME.fullmatch(entry["ts"]) and EVENT.fullmatch(entry["event"]), line
    assert entry["level"] in ("error", "warn", "info", "debug"), line
    assert entry["program"] == program and isinstance(entry["pid"], int), line
    assert all(isinstance(value, (str, int)) for value in entry.values()), line
    if entry["event"] == "request":
        _judge_request(names, entry)
    return entry


def _judge_request(names, entry):
    assert names[5] == "request_id", entry
    rest = names[6:]
    assert rest == [name for name in REQUEST if name in rest] and ALWAYS <= set(rest), entry
    traced = {"trace_id", "parent_id", "span_id"} & set(rest)
    assert len(traced) in (0, 3), entry
    spent = {name: entry[name] for name in rest if name.endswith("_us")}
    assert all(value >= 0 for value in spent.values()), entry
    asked = sum(spent.get(f"{name}_us", 0) for name in ("postgres", "dynamodb", "cognito"))
    assert asked <= spent["duration_us"], entry


def judge_all(log, program):
    """Every whole line of a processes.LogReader; the last may still be on its way."""
    whole = log.text().rpartition(b"\n")[0]
    return [judge(line, program) for line in whole.split(b"\n") if line]


def of_request(log, request_id, seconds=5):
    """The one line that this request left, waited for."""
    def there():
        return [entry for entry in judge_all(log, "cruddur-fcgi")
                if entry["event"] == "request" and entry.get("request_id") == request_id]
    found = processes.wait_until(there, seconds, f"the line of {request_id}")
    assert len(found) == 1, found
    return found[0]

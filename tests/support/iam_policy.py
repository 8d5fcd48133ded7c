# SPDX-License-Identifier: MIT
"""Reads the documents of conf/aws/ the way AWS does, as far as they go: no Deny, two conditions."""
import fnmatch
import json
from pathlib import Path

CONF = Path(__file__).resolve().parents[2] / "conf" / "aws"
VALUES = {"PARTITION": "aws", "REGION": "eu-central-1", "ACCOUNT": "123456789012", "TABLE": "chat",
          "FUNCTION": "mover", "QUEUE": "mover-failures",
          "STREAM_ARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/chat/stream/2026-11-22"}


def document(name):
    """A file of conf/aws with its placeholders filled in."""
    text = (CONF / name).read_text("utf-8")
    for placeholder, value in VALUES.items():
        text = text.replace("${" + placeholder + "}", value)
    return json.loads(text)


def many(value):
    return value if isinstance(value, list) else [value]


def allows(policy, action, resource, leading_key=None):
    """Whether a call is allowed; leading_key is the partition key it names, None: it names none."""
    return any(
        action in many(statement["Action"])
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in many(statement["Resource"]))
        and _holds(statement.get("Condition", {}), leading_key)
        for statement in policy["Statement"] if statement["Effect"] == "Allow")


def _holds(condition, leading_key):
    keys = [] if leading_key is None else [leading_key]
    known = {"ForAllValues:StringLike", "Null"}
    assert set(condition) <= known, f"unknown conditions: {set(condition) - known}"
    like = condition.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
    null = condition.get("Null", {}).get("dynamodb:LeadingKeys")
    return ((like is None or all(any(fnmatch.fnmatchcase(k, p) for p in many(like)) for k in keys))
            and (null is None or (null == "true") == (not keys)))


def passes(pattern, record):
    """Whether an event filter (objects of lists of values or {"prefix"}) passes a record."""
    for name, wanted in pattern.items():
        if isinstance(wanted, dict):
            if not isinstance(record.get(name), dict) or not passes(wanted, record[name]):
                return False
        elif not any(_fits(rule, record.get(name)) for rule in wanted):
            return False
    return True


def _fits(rule, value):
    if isinstance(rule, dict):
        assert set(rule) == {"prefix"}, rule
        return isinstance(value, str) and value.startswith(rule["prefix"])
    return rule == value

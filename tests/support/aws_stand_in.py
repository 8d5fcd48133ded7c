#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Stands in for the `aws` command: notes how it was called and gives the answer laid out for it.

Answers are in $AWS_STAND_IN/SERVICE.OPERATION.json, a list of {"out"} or {"error"}, taken one after
the other; the last one stays. A change without one succeeds; a question without one is a mistake of
the test.
"""
import json
import os
import sys
from pathlib import Path

GLOBAL = ("--endpoint-url", "--region", "--profile", "--output", "--cli-connect-timeout")


def main():
    folder, words = Path(os.environ["AWS_STAND_IN"]), sys.argv[1:]
    at = 0
    while words[at] in GLOBAL:
        at += 2
    name = ".".join(words[at:at + 2])
    if name == "configure.get":
        sys.exit(1)
    paths = [Path(word.removeprefix("file://")) for word in words if word.startswith("file://")]
    with open(folder / "calls", "a", encoding="utf-8") as calls:
        calls.write(json.dumps({
            "name": name, "global": words[:at], "arguments": words[at + 2:],
            "files": [{"mode": path.stat().st_mode & 0o777, "text": path.read_text("utf-8"),
                       "path": str(path)} for path in paths],
            "ignores_endpoints": os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")}) + "\n")
    answers = folder / f"{name}.json"
    if not answers.exists():
        if words[at + 1].startswith(("get-", "describe-", "list-")):
            sys.exit(f"no answer was laid out for {name}")
        print("{}")
        return
    first, *rest = json.loads(answers.read_text("utf-8"))
    if rest:
        answers.write_text(json.dumps(rest), "utf-8")
    if "error" in first:
        print(f"\nAn error occurred ({first['error']}) when calling it", file=sys.stderr)
        sys.exit(254)
    print(json.dumps(first["out"]))


main()

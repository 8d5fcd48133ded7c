# SPDX-License-Identifier: MIT
"""Driving a contender, checking its answers, and reading what it cost from /proc."""
import json
import os
import re
import statistics
import subprocess
import urllib.error
import urllib.request

from backends import BENCH

ROUTES = ("health", "short", "groups", "messages", "post")
FIELDS = {"uuid", "display_name", "handle", "message", "created_at"}
TICKS = os.sysconf("SC_CLK_TCK")


def tree(root):
    """The pids of a process and all its descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    children.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
            except OSError:
                pass
    pids = [root]
    for pid in pids:
        pids += children.get(pid, [])
    return pids


def cpu_seconds(root):
    """utime + stime of the tree, with the children that are gone."""
    total = 0
    for pid in tree(root):
        try:
            with open(f"/proc/{pid}/stat") as f:
                total += sum(map(int, f.read().rsplit(")", 1)[1].split()[11:15]))
        except OSError:
            pass
    return total / TICKS


def memory_mib_of(pid):
    """PSS: pages that several processes share are counted once over them."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1)) / 1024
    except (OSError, AttributeError):
        return 0


def memory_mib(root):
    return sum(memory_mib_of(pid) for pid in tree(root))


def ask(port, path, token=None, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body and json.dumps(body).encode())
    if token:
        request.add_header("Authorization", "Bearer " + token)
    if body:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def check(contender, users):
    """Nobody is measured on errors: every route must answer rightly for several users first."""

    def answer_to(path, token=None, body=None):
        """A 503 of one that is known for them is asked once more; a run counts them as errors."""
        status, got = ask(contender.front_port, path, token, body)
        return ask(contender.front_port, path, token, body) if status == 503 and contender.has_503s else (status, got)

    def want(what, good, got):
        if not good:
            raise SystemExit(f"{contender.spec}: {what}: wrong answer {str(got)[:300]}")

    want("health", answer_to("/api/health-check")[1].get("success") is True, "")
    for token, uuid, group, handle in users[:3]:
        status, got = answer_to(f"/api/users/@{handle}/short")
        want("short", status == 200 and got["handle"] == handle and got["uuid"] == uuid and got["display_name"], got)
        status, got = answer_to("/api/message_groups", token)
        want("groups", status == 200 and len(got) == 20 and all(FIELDS <= set(row) for row in got), got)
        if not contender.floor:
            want("groups: mine first", got[0]["uuid"] == group, got[0])
        status, got = answer_to("/api/messages/" + group, token)
        want("messages", status == 200 and len(got) == 20 and all(FIELDS <= set(row) for row in got), got)
        want("messages: ascending", got[0]["created_at"] < got[-1]["created_at"], (got[0], got[-1]))
        status, got = answer_to("/api/messages", token, {"message": "hello", "message_group_uuid": group})
        want("post", status == 200 and FIELDS | {"message_group_uuid"} <= set(got), got)
    if contender.floor:
        return
    want("post: echo", got["message"] == "hello" and got["message_group_uuid"] == group and got["handle"] == handle, got)
    token, _, group, _ = users[0]
    forged = token[:-20] + ("A" if token[-20] != "A" else "B") + token[-19:]
    want("forged token", answer_to("/api/message_groups", forged)[0] == 401, "")
    want("no token", answer_to("/api/message_groups")[0] == 401, "")
    if len(users) > 1:
        want("not a member", answer_to("/api/messages/" + users[1][2], token)[0] == 404, "")


def result_of(output):
    """What wrk/api.lua says at its end."""
    return json.loads(re.search(r"^RESULT (.*)$", output, re.M).group(1))


def drive(contender, route, connections, seconds, users_file):
    """One wrk run: what it saw, and the CPU the contender's processes used meanwhile."""
    root = contender.process.pid
    before = cpu_seconds(root)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{int(seconds)}s", "--timeout", "20s", "-s",
         str(BENCH / "wrk" / "api.lua"), f"http://127.0.0.1:{contender.front_port}", "--", route, str(users_file)],
        check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(root) - before
    seen = result_of(output)
    count = max(seen["requests"], 1)
    return {"rps": seen["requests"] / seen["seconds"], "p50_us": seen["p50_us"], "p99_us": seen["p99_us"],
            "errors": seen["errors"], "bad_status": seen["bad_status"], "cpu_us": used * 1e6 / count,
            "pss_mib": memory_mib(root)}


def median(rounds):
    figures = {key: statistics.median(r[key] for r in rounds) for key in ("rps", "p50_us", "p99_us", "cpu_us", "pss_mib")}
    cpu = [r["cpu_us"] for r in rounds]
    return {**figures, "errors": sum(r["errors"] for r in rounds), "cpu_us_min": min(cpu), "cpu_us_max": max(cpu),
            "rounds": len(rounds)}

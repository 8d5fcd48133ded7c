#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures live events: how soon after the sender's answer they come, with many streams held open.

usage: live_load.py [--streams N] [--rate N] [--seconds N] [--workers N]

It starts a private stack (tests/support/stack.py), prints one figure a line, and ends the stack
again. Exit status 1: a message was lost, a worker or an nginx process died, workers grew with the
streams, or the 99th percentile was over 250 ms.
"""
import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.dont_write_bytecode = True

# Imports wait for the path and the flag.
import processes  # noqa: E402
import stack as stack_module  # noqa: E402
from front import Nginx, live_socket  # noqa: E402
from jwks_server import JwksServer  # noqa: E402
from live_crowd import Crowd  # noqa: E402
from people import People  # noqa: E402
from tokens import Key, Mint  # noqa: E402

POOL, CLIENT = "us-east-1_LiveLoad1", "4liveload0000000000000001"
P99_MAX_MS = 250
# What a worker may differ by between no stream and all of them: its caches fill as it serves.
GROWTH_MAX_KB = 2048


def memory_kb(pid):
    """PSS as the kernel counts it."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def figure(name, value, unit=""):
    print(f"{name}: {value} {unit}".rstrip(), flush=True)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Site:
    """Workers and nginx of our own, on the stack's backends."""

    def __init__(self, stack, workers):
        self.jwks_key = Key("pool-key")
        self.jwks = JwksServer(POOL, [self.jwks_key])
        self.mint = Mint(self.jwks_key, self.jwks.issuer, CLIENT)
        front = Nginx.folder_in(stack.sockets)
        settings = {**{name: value for name, value in stack.env.items()
                       if name not in ("BASE_URL", "DEV_PASSWORD", "DEV_USERS")},
                    "AWS_COGNITO_USER_POOL_ID": POOL, "AWS_COGNITO_USER_POOL_CLIENT_ID": CLIENT,
                    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": self.jwks.endpoint,
                    "CRUDDUR_LIVE_SOCKET": str(live_socket(front)), "CRUDDUR_LOG_LEVEL": "warn"}
        self.workers = processes.WorkerSet(stack.sockets, stack.binary, settings, workers)
        self.workers.wait_ready()
        self.front = self.workers.front = Nginx(front, self.workers.socket, settings).wait_ready()

    def memory(self):
        return [memory_kb(pid) for pid in self.workers.pids()]

    def nginx_pids(self):
        return self.front.pids() + self.front.live_pids()

    def close(self):
        self.workers.stop()
        self.jwks.close()


async def run(site, people, asked):
    crowd = Crowd(site.front.base_url)
    persons = people.several(asked.streams)
    await crowd.meet([site.mint.token(person.sub) for person in persons],
                     [person.handle for person in persons])
    await crowd.talk(asked.rate, 5)  # what a worker remembers is there before it is measured
    crowd.sent.clear()
    before, pids, nginx = site.memory(), site.workers.pids(), site.nginx_pids()
    await crowd.open()
    figure("streams open", len(crowd.members))
    held, nginx_kb = site.memory(), [sum(memory_kb(pid) for pid in nginx)]
    await crowd.talk(asked.rate, asked.seconds)
    after = site.memory()
    nginx_kb.append(sum(memory_kb(pid) for pid in nginx))
    await crowd.settle()
    await crowd.leave()
    return report(crowd, (before, held, after), nginx_kb) and \
        figure_pids(site, pids, nginx)


def figure_pids(site, pids, nginx):
    same = site.workers.pids() == pids and site.nginx_pids() == nginx
    figure("every worker and nginx process lives", same)
    return same


def report(crowd, memory, nginx_kb):
    delays = [1000 * delay for delay in crowd.delays()]
    late, lost = crowd.missed()
    lives = [life for member in crowd.members for life in member.lives]
    figure("messages sent", len(crowd.sent), f"({crowd.failed} refused)")
    figure("events", len(delays), f"of {crowd.deliveries()}")
    figure("from the 200 to the event, p50", round(percentile(delays, 0.5), 1), "ms")
    p99 = percentile(delays, 0.99)
    figure("from the 200 to the event, p99", round(p99, 1), "ms")
    figure("from the 200 to the event, longest", round(max(delays), 1), "ms")
    figure("streams that ended and were opened again", len(lives))
    figure("streams that were refused", sum(len(member.refused) for member in crowd.members))
    figure("longest life of a stream", round(max(lives, default=0), 1), "s")
    figure("came by catching up only", late)
    figure("lost after catching up", lost)
    for name, kb in zip(("no stream", "all streams", "all streams and the messages"), memory):
        figure(f"PSS of each worker with {name}", " ".join(map(str, kb)), "kB")
    figure("PSS of nginx's processes together, before the messages and after",
           " ".join(map(str, nginx_kb)), "kB")
    grown = max(memory[2]) - max(memory[0])
    return lost == 0 and crowd.failed == 0 and p99 <= P99_MAX_MS and grown <= GROWTH_MAX_KB


def main():
    parser = argparse.ArgumentParser(description="Figures of live events.")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=50, help="messages a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--workers", type=int, default=4)
    asked = parser.parse_args()
    lacking = stack_module.missing()
    if lacking:
        sys.exit(f"not installed: {lacking}")
    stack, site = stack_module.Stack(), None
    try:
        stack.up()
        site = Site(stack, asked.workers)
        good = asyncio.run(run(site, People(stack.env["CONNECTION_URL"]), asked))
    finally:
        if site:
            site.close()
        stack.down()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

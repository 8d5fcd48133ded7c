# SPDX-License-Identifier: MIT
"""How each contender is built and started. A name may carry a worker count: floor:32."""
import os
import shlex
import subprocess
import sys
from pathlib import Path

from backends import BENCH, ROOT, compile_c

FASTCGI_WORKERS = 8


class Skip(Exception):
    """It cannot be had on this machine."""


def cruddur_fcgi():
    """The worker to measure: CRUDDUR_FCGI, or what was built where builds usually are."""
    named = os.environ.get("CRUDDUR_FCGI")
    folders = [os.environ.get("CRUDDUR_BUILD_DIR"), ROOT / "var" / "build", ROOT / "build"]
    for path in [named] if named else [Path(folder) / "cruddur-fcgi" for folder in folders if folder]:
        if os.access(path, os.X_OK):
            return Path(path).resolve()
    raise Skip("no cruddur-fcgi: scripts/dev build, or name one by CRUDDUR_FCGI")


class Contender:
    fastcgi = False
    floor = False  # its answers are canned
    has_503s = False  # of itself, some in a thousand
    workers = 2

    def __init__(self, spec, work, build_dir, port_base, index):
        self.spec, self.work, self.build_dir = spec, work, build_dir
        self.name, _, workers = spec.partition(":")
        self.workers = int(workers) if workers else self.workers
        self.id = "c%d_%s" % (index, "".join(c if c.isalnum() else "_" for c in self.name))
        self.socket = work / f"{self.id}.sock"
        self.front_port, self.direct_port = port_base + 10 + index, port_base + 30 + index
        # The project's parameters for every FastCGI worker: those that nginx would pass in production.
        self.params = ROOT / "conf" / "nginx" / "fastcgi_params.cruddur"
        self.process = None

    def build(self):
        """Makes what is to be run; raises if that is not possible here."""

    def env(self):
        return {}

    def start(self, processes, env):
        env = {**env, **self.env(), "WORKERS": str(self.workers), "BENCH_SOCKET": str(self.socket),
               "BENCH_PORT": str(self.direct_port)}
        self.process = processes.start(self.id, self.command(), env=env)


class FastCGI(Contender):
    fastcgi = True
    workers = FASTCGI_WORKERS
    binary = None

    def command(self):  # -n and exec: the pid we hold is multiwatch, the workers are its children
        return ["spawn-fcgi", "-n", "-s", self.socket, "-M", "0666", "-b", "1024", "--",
                "/usr/bin/multiwatch", "-f", self.workers, "--", self.binary]


class Floor(FastCGI):
    floor = True

    def build(self):
        self.binary = self.build_dir / "floor"
        compile_c(self.binary, ["floor/floor.c", "floor/signed.c"], "-I/usr/include/postgresql", "-lfcgi", "-lpq",
                  "-lcurl")

    def env(self):
        return {"floor1": {"FLOOR_CALLS": "1"},
                "floor-signed": {"FLOOR_CALLS": "1", "FLOOR_SIGNED": "1"}}.get(self.name, {})


class Cruddur(FastCGI):
    def build(self):
        self.binary = cruddur_fcgi()

    def env(self):
        more = dict(word.split("=", 1) for word in shlex.split(os.environ.get("CRUDDUR_WORKER_ENV", "")))
        return {"CRUDDUR_LOG_LEVEL": "error", **more}


class Fastify(Contender):
    def build(self):
        home = self.build_dir / "fastify"
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "server.js"):
            (home / name).write_text((BENCH / "fastify" / name).read_text())
        if not (home / "node_modules" / "fastify").is_dir():
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home)],
                           check=True, stdout=subprocess.DEVNULL)

    def env(self):
        return {"NODE_ENV": "production"}

    def command(self):
        return ["node", self.build_dir / "fastify" / "server.js"]


class Go(Contender):
    has_503s = True  # its SDK takes connections that were closed ("use of closed network connection")

    def build(self):
        env = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
               "GOCACHE": str(self.build_dir / "gocache")}
        subprocess.run(["go", "build", "-o", str(self.build_dir / "go-peer"), str(BENCH / "go" / "main.go")],
                       check=True, env=env)

    def env(self):
        return {"GOGC": "400"} if self.name == "go-tuned" else {}

    def command(self):
        return [self.build_dir / "go-peer"]


KINDS = {"cruddur": Cruddur, "floor": Floor, "floor1": Floor, "floor-signed": Floor, "go": Go, "go-tuned": Go, "fastify": Fastify}


def make(specs, work, build_dir, port_base):
    """Builds what is asked for; what cannot be built is left out with a word."""
    made = []
    for index, spec in enumerate(specs):
        kind = KINDS.get(spec.partition(":")[0])
        if not kind:
            raise SystemExit(f"no contender {spec}; there are {', '.join(KINDS)}")
        contender = kind(spec, work, build_dir, port_base, index)
        try:
            contender.build()
        except (Skip, OSError, subprocess.CalledProcessError) as why:
            print(f"skipping {spec}: {why}", file=sys.stderr)
            continue
        made.append(contender)
    return made

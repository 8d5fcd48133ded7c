# SPDX-License-Identifier: MIT
"""A private working copy for one test run: `scripts/dev up` in a folder and on ports of its own.

Several runs, and a running `up` of the developer, live beside each other. Nothing is mocked here.
"""
import importlib.util
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import processes

ROOT = Path(__file__).resolve().parents[2]
PORTS = 12
TOOLS = ("nginx", "spawn-fcgi", "multiwatch", "psql", "java", "node", "openssl")
MODULES = ("boto3", "cryptography", "yaml", "jsonschema")


def missing():
    """What keeps the system tests from running here, in words; empty if nothing does."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"
    lacking = [tool for tool in TOOLS if not shutil.which(tool, path=path)]
    lacking += [f"python3-{name}" for name in MODULES if not importlib.util.find_spec(name)]
    if not (shutil.which("postgres") or list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))):
        lacking.append("postgres")
    if not Path("/usr/lib/nginx/modules/ngx_nchan_module.so").exists():
        lacking.append("libnginx-mod-nchan")
    if not (ROOT / "scripts" / "dev").exists():
        lacking.append("scripts/dev")
    return ", ".join(lacking)


def parse_exports(text):
    """The values of `export NAME=value` lines, as a shell would read them."""
    values = {}
    for line in text.splitlines():
        words = shlex.split(line)
        assert words[:1] == ["export"] and len(words) == 2, f"no export line: {line!r}"
        name, separator, value = words[1].partition("=")
        assert separator, line
        values[name] = value
    return values


class Stack:
    """`scripts/dev` with its own CRUDDUR_VAR and ports."""

    def __init__(self):
        var = ROOT / "var"
        parent = var if os.access(var if var.exists() else ROOT, os.W_OK) else None
        if parent:
            parent.mkdir(exist_ok=True)
        self.var = Path(tempfile.mkdtemp(prefix="test-", dir=parent))
        self.var.chmod(0o755)
        self.sockets = Path(tempfile.mkdtemp(prefix="cr-"))
        self.sockets.chmod(0o755)
        self.port_base = processes.free_port(PORTS)
        self.build = Path(os.environ.get("CRUDDUR_BUILD_DIR") or self.var / "build")
        self.env = {}

    def dev(self, *arguments, timeout=900):
        """Runs `scripts/dev ARGUMENTS` and returns the finished process, output as text."""
        env = {**os.environ, "CRUDDUR_VAR": str(self.var),
               "CRUDDUR_PORT_BASE": str(self.port_base), "CRUDDUR_BUILD_DIR": str(self.build)}
        return subprocess.run([str(ROOT / "scripts" / "dev"), *arguments], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)

    def up(self):
        done = self.dev("up", "--no-demo")
        assert done.returncode == 0, f"scripts/dev up: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        self.env = parse_exports(self.dev("env").stdout)
        return self

    @property
    def binary(self):
        return Path(os.environ.get("CRUDDUR_FCGI") or self.build / "cruddur-fcgi")

    def down(self):
        try:
            self.dev("down", timeout=120)
        finally:
            shutil.rmtree(self.sockets, ignore_errors=True)
            shutil.rmtree(self.var, ignore_errors=True)
